/* SPDX-License-Identifier: ISC */
/* Sorted arrays in which several elements may be equal. */
#ifndef CORE_SEARCH_H
#define CORE_SEARCH_H

#include <stddef.h>

/*
 * The position of the first element that compares equal to key, or count where
 * there is none, in an array of count elements (size bytes each) that compare
 * sorts in ascending order.
 */
size_t search_first(const void *key, const void *base, size_t count,
	size_t size, int (*compare)(const void *a, const void *b));

#endif
