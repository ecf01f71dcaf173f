/* SPDX-License-Identifier: ISC */
#include "tap.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

static unsigned count;
static unsigned failures;

__attribute__((format(printf, 2, 0))) static bool outcome_of(
	bool outcome, const char *format, va_list args)
{
	printf("%sok %u - ", outcome ? "" : "not ", ++count);
	vprintf(format, args);
	putchar('\n');
	failures += !outcome;
	return outcome;
}

bool ok(bool outcome, const char *format, ...)
{
	va_list args;

	va_start(args, format);
	outcome_of(outcome, format, args);
	va_end(args);
	return outcome;
}

bool same(const char *got, const char *wanted, const char *format, ...)
{
	bool equal = strcmp(got, wanted) == 0;
	va_list args;

	va_start(args, format);
	outcome_of(equal, format, args);
	va_end(args);
	if (!equal)
		printf("# got:    %s\n# wanted: %s\n", got, wanted);
	return equal;
}

int done(void)
{
	printf("1..%u\n", count);
	return failures > 0;
}
