/* SPDX-License-Identifier: ISC */
/*
 * Runs a fuzz target without a fuzzer, once for each file named, so that all
 * earlier finds are tested in every make check, with any compiler.
 */
#include "fuzz.h"

static void replay(const char *path)
{
	/* One byte more than is ever used, so that it is never NULL. */
	uint8_t *bytes = malloc(1 << 20);
	FILE *file = fopen(path, "rb");
	size_t size = 0;

	if (bytes == NULL || file == NULL) {
		perror(path);
		exit(1);
	}
	size = fread(bytes, 1, (1 << 20) - 1, file);
	fclose(file);
	/* Of the exact size, so that sanitizers detect reads beyond it. */
	uint8_t *exact = realloc(bytes, size > 0 ? size : 1);

	if (exact == NULL)
		exit(1);
	/* The last name printed before an abort is that of the input. */
	fprintf(stderr, "%s\n", path);
	LLVMFuzzerTestOneInput(exact, size);
	free(exact);
}

int main(int argc, char **argv)
{
	for (int i = 1; i < argc; i++)
		replay(argv[i]);
	return 0;
}
