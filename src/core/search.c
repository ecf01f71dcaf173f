/* SPDX-License-Identifier: ISC */
#include "core/search.h"

size_t search_first(const void *key, const void *base, size_t count,
	size_t size, int (*compare)(const void *a, const void *b))
{
	const char *elements = base;
	size_t low = 0;
	size_t high = count;

	while (low < high) {
		size_t middle = low + (high - low) / 2;

		if (compare(elements + middle * size, key) < 0)
			low = middle + 1;
		else
			high = middle;
	}
	return low < count && compare(elements + low * size, key) == 0 ? low
								       : count;
}
