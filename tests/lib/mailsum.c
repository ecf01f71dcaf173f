/* SPDX-License-Identifier: ISC */
/*
 * mailsum [-s] PATH...: prints the checksum of each message (sums.h), one per
 * line, sorted. With -s for a server's files.
 */
#include <stdio.h>
#include <string.h>

#include "sums.h"

int main(int argc, char **argv)
{
	/* Static, so that it is reachable at exit, for the leak checker. */
	static struct sums sums;

	sums.server_side = argc > 1 && strcmp(argv[1], "-s") == 0;

	for (int i = 1 + sums.server_side; i < argc; i++) {
		if (!sums_add(&sums, argv[i])) {
			perror(argv[i]);
			return 1;
		}
	}
	for (size_t i = 0; i < sums.count; i++)
		puts(sums.at[i]);
	return 0;
}
