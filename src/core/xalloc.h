/* SPDX-License-Identifier: ISC */
/* Allocation that cannot fail: if memory runs out, the program ends. */
#ifndef CORE_XALLOC_H
#define CORE_XALLOC_H

#include <stddef.h>

/*
 * As malloc, calloc and reallocarray, but they never return NULL: if there is
 * no memory, or count * size overflows, they print a line to standard error and
 * exit with EX_OSERR, which the commit ladder survives as any other kill. The
 * caller frees the result.
 */
void *xmalloc(size_t size);
void *xcalloc(size_t count, size_t size);
void *xreallocarray(void *old, size_t count, size_t size);

/* As tsearch(3), but never returns NULL. */
void *xtsearch(const void *key, void **root,
	int (*compare)(const void *a, const void *b));

/* A copy of text, or NULL for NULL; the caller owns it. */
char *xstrdup(const char *text);

/* As sprintf, into new memory of the right size; the caller owns it. */
char *xasprintf(const char *format, ...) __attribute__((format(printf, 1, 2)));

#endif
