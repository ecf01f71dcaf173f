/* SPDX-License-Identifier: ISC */
/*
 * Common to all fuzz targets: the entry point, a macro to check promises, and
 * cuts.
 */
#ifndef TESTS_FUZZ_FUZZ_H
#define TESTS_FUZZ_FUZZ_H

#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

/* Longer inputs are skipped: they show nothing that shorter ones do not. */
#define FUZZ_MAX 16384

/* The entry point for libFuzzer and for tests/fuzz/replay.c. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* A broken promise is a crash, so that the fuzzer keeps the input. */
#define PROMISE(condition)                                           \
	do {                                                         \
		if (!(condition)) {                                  \
			fprintf(stderr, "broken: %s\n", #condition); \
			abort();                                     \
		}                                                    \
	} while (0)

/*
 * Returns how many of the remaining bytes come in the next block, as decided by
 * cuts, which the input supplies; 0 means everything in one piece.
 */
static inline size_t fuzz_block(uint32_t *cuts, size_t left)
{
	if (*cuts == 0)
		return left;
	*cuts = *cuts * 1664525 + 1013904223;
	size_t block = 1 + (*cuts >> 24) % (*cuts >> 8 & 1 ? 7 : 200);

	/* 0 would end the cutting. */
	*cuts |= 1;
	return block < left ? block : left;
}

#endif
