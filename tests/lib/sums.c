/* SPDX-License-Identifier: ISC */
#include "sums.h"

#include <dirent.h>
#include <errno.h>
#include <openssl/evp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

static void add_sum(struct sums *sums, const char *bytes, size_t length)
{
	unsigned char sha256[32];
	char *clean = malloc(length + 2);
	char *text = malloc(65);
	size_t n = 0;

	if (clean == NULL || text == NULL)
		abort();
	for (size_t i = 0; i < length; i++) {
		if (!sums->server_side || bytes[i] != '\r' || i + 1 == length ||
			bytes[i + 1] != '\n')
			clean[n++] = bytes[i];
	}
	if (sums->server_side && n > 0 && clean[n - 1] != '\n')
		clean[n++] = '\n';
	EVP_Digest(clean, n, sha256, NULL, EVP_sha256(), NULL);
	for (size_t i = 0; i < 32; i++)
		snprintf(text + 2 * i, 3, "%02x", sha256[i]);
	sums->at = realloc(sums->at, (sums->count + 1) * sizeof sums->at[0]);
	if (sums->at == NULL)
		abort();
	sums->at[sums->count++] = text;
	free(clean);
}

static char *read_file(const char *path, size_t *length)
{
	FILE *file = fopen(path, "rb");
	struct stat st;

	if (file == NULL || fstat(fileno(file), &st) < 0) {
		perror(path);
		exit(1);
	}
	char *bytes = malloc((size_t)st.st_size + 1);

	if (bytes == NULL)
		abort();
	*length = fread(bytes, 1, (size_t)st.st_size, file);
	fclose(file);
	return bytes;
}

static int is_from(const char *line, size_t length)
{
	return length >= 5 && memcmp(line, "From ", 5) == 0;
}

/* A line that begins with ">From ", ">>From " and so on had one '>' less. */
static int is_quoted(const char *line, size_t length)
{
	size_t i = 0;

	while (i < length && line[i] == '>')
		i++;
	return i > 0 && is_from(line + i, length - i);
}

static void end_message(struct sums *sums, const char *text, size_t length)
{
	/* The empty line before the next From_ line is not part of it. */
	if (length > 0 && text[length - 1] == '\n')
		length--;
	add_sum(sums, text, length);
}

static void sum_mbox(struct sums *sums, const char *bytes, size_t length)
{
	char *text = malloc(length + 1);
	size_t n = 0;
	int open = 0;
	int blank = 1; /* may a From_ line stand here? */

	if (text == NULL)
		abort();
	for (size_t i = 0; i < length;) {
		const char *line = bytes + i;
		const char *lf = memchr(line, '\n', length - i);
		size_t size = lf == NULL ? length - i : (size_t)(lf - line) + 1;

		if (blank && is_from(line, size)) {
			if (open)
				end_message(sums, text, n);
			open = 1;
			n = 0;
		} else if (open) {
			int quoted = is_quoted(line, size);

			memcpy(text + n, line + quoted, size - (size_t)quoted);
			n += size - (size_t)quoted;
		} else {
			fprintf(stderr, "octets before the first From_ line\n");
			exit(1);
		}
		blank = size == 1;
		i += size;
	}
	if (open)
		end_message(sums, text, n);
	free(text);
}

static void sum_file(struct sums *sums, const char *path)
{
	size_t length;
	char *bytes = read_file(path, &length);

	if (is_from(bytes, length))
		sum_mbox(sums, bytes, length);
	else if (length > 0)
		add_sum(sums, bytes, length);
	free(bytes);
}

static void sum_folder(struct sums *sums, const char *path)
{
	DIR *dir = opendir(path);
	char name[4096];

	/* While a Maildir is being created, some of its parts are missing. */
	if (dir == NULL && errno == ENOENT)
		return;
	if (dir == NULL) {
		perror(path);
		exit(1);
	}
	for (struct dirent *file; (file = readdir(dir)) != NULL;) {
		size_t length;

		struct stat st;

		snprintf(name, sizeof name, "%s/%s", path, file->d_name);
		if (file->d_name[0] == '.' || stat(name, &st) < 0 ||
			!S_ISREG(st.st_mode))
			continue;
		char *bytes = read_file(name, &length);

		add_sum(sums, bytes, length);
		free(bytes);
	}
	closedir(dir);
}

static int by_text(const void *a, const void *b)
{
	return strcmp(*(char *const *)a, *(char *const *)b);
}

bool sums_add(struct sums *sums, const char *path)
{
	char new[4096];
	char cur[4096];
	struct stat st;

	snprintf(new, sizeof new, "%s/new", path);
	snprintf(cur, sizeof cur, "%s/cur", path);
	if (stat(new, &st) == 0) {
		sum_folder(sums, new);
		sum_folder(sums, cur);
	} else if (stat(path, &st) == 0 && S_ISDIR(st.st_mode)) {
		sum_folder(sums, path);
	} else if (stat(path, &st) == 0) {
		sum_file(sums, path);
	} else {
		return false;
	}
	if (sums->count > 0)
		qsort(sums->at, sums->count, sizeof sums->at[0], by_text);
	return true;
}
