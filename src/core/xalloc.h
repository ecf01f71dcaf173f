/* SPDX-License-Identifier: ISC */
/* Memory that is always there: out of memory ends the program. */
#ifndef CORE_XALLOC_H
#define CORE_XALLOC_H

#include <stddef.h>

/*
 * Like malloc, calloc and realloc of count elements of size octets, but they
 * never return NULL: when memory (or the product count * size) runs out they
 * write a line to standard error and exit with EX_OSERR, which the commit
 * ladder treats as any other kill. The caller owns the result: free().
 */
void *xmalloc(size_t size);
void *xcalloc(size_t count, size_t size);
void *xreallocarray(void *old, size_t count, size_t size);

/* A copy of text, or NULL for NULL; the caller owns it. */
char *xstrdup(const char *text);

/* printf into new memory; the caller owns it. */
char *xasprintf(const char *format, ...) __attribute__((format(printf, 1, 2)));

#endif
