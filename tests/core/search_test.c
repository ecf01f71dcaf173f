/* SPDX-License-Identifier: ISC */
#include "core/search.h"

#include <stdlib.h>

#include "tap.h"

static int by_value(const void *a, const void *b)
{
	return *(const int *)a - *(const int *)b;
}

int main(void)
{
	static const int values[] = {1, 3, 3, 3, 5, 8, 8};
	static const struct {
		const char *sentence;
		int key;
		size_t count;
		size_t found;
	} rows[] = {
		{"the first of one", 1, 7, 0},
		{"the first of several", 3, 7, 1},
		{"the first of several at the end", 8, 7, 5},
		{"one in the middle", 5, 7, 4},
		{"none before all", 0, 7, 7},
		{"none between", 4, 7, 7},
		{"none behind all", 9, 7, 7},
		{"none in an empty array", 1, 0, 0},
		{"none behind the end", 5, 4, 4},
	};

	for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++)
		ok(search_first(&rows[i].key, values, rows[i].count,
			   sizeof values[0], by_value) == rows[i].found,
			"%s", rows[i].sentence);
	return done();
}
