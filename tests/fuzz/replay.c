/* SPDX-License-Identifier: ISC */
/*
 * A fuzz target without a fuzzer: runs it once over each file named, so that
 * every find of the past is tried in every make check, with any compiler.
 */
#include "fuzz.h"

static void replay(const char *path)
{
	/* One octet more than is ever used, so that nothing is NULL. */
	uint8_t *bytes = malloc(1 << 20);
	FILE *file = fopen(path, "rb");
	size_t size = 0;

	if (bytes == NULL || file == NULL) {
		perror(path);
		exit(1);
	}
	size = fread(bytes, 1, (1 << 20) - 1, file);
	fclose(file);
	/* Of its exact size, so that sanitizers see one octet too far. */
	uint8_t *exact = realloc(bytes, size > 0 ? size : 1);

	if (exact == NULL)
		exit(1);
	/* What is said before an abort names the input. */
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
