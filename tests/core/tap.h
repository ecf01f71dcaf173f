/* SPDX-License-Identifier: ISC */
/* A test program's output in the Test Anything Protocol. */
#ifndef TESTS_TAP_H
#define TESTS_TAP_H

#include <stdbool.h>

/* One test: its outcome, and the sentence that must be true. Returns it. */
bool ok(bool outcome, const char *format, ...)
	__attribute__((format(printf, 2, 3)));

/* Two strings that must be the same; shown when they are not. */
bool same(const char *got, const char *wanted, const char *format, ...)
	__attribute__((format(printf, 3, 4)));

/* The last line; the exit status of main. */
int done(void);

#endif
