/* SPDX-License-Identifier: ISC */
#include "core/xalloc.h"

#include <search.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sysexits.h>

static void *checked(void *memory)
{
	if (memory == NULL) {
		fputs("keepmail: out of memory; no mail was lost, run keepmail again\n",
			stderr);
		exit(EX_OSERR);
	}
	return memory;
}

void *xmalloc(size_t size)
{
	return checked(malloc(size > 0 ? size : 1));
}

void *xcalloc(size_t count, size_t size)
{
	return checked(calloc(count > 0 ? count : 1, size > 0 ? size : 1));
}

void *xreallocarray(void *old, size_t count, size_t size)
{
	if (size > 0 && count > SIZE_MAX / size)
		return checked(NULL);
	return checked(realloc(old, count * size > 0 ? count * size : 1));
}

void *xtsearch(const void *key, void **root,
	int (*compare)(const void *a, const void *b))
{
	return checked(tsearch(key, root, compare));
}

char *xstrdup(const char *text)
{
	if (text == NULL)
		return NULL;
	size_t size = strlen(text) + 1;

	return memcpy(xmalloc(size), text, size);
}

char *xasprintf(const char *format, ...)
{
	va_list args;
	va_list again;

	va_start(args, format);
	va_copy(again, args);
	int length = vsnprintf(NULL, 0, format, args);
	char *text = checked(length < 0 ? NULL : malloc((size_t)length + 1));

	vsnprintf(text, (size_t)length + 1, format, again);
	va_end(again);
	va_end(args);
	return text;
}
