/* SPDX-License-Identifier: ISC */
/* Text: the lines of what is reported, without its fields. */
#include <stdio.h>

#include "cli/page.h"
#include "cli/report_internal.h"

static void print_as_it_is(const char *format, va_list args)
{
	vprintf(format, args);
}

const struct report_writer report_text = {
	.line = page_line,
	.print = print_as_it_is,
};
