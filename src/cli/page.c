/* SPDX-License-Identifier: ISC */
#include "cli/page.h"

#include <locale.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "core/wrap.h"
#include "core/xalloc.h"

/* The assumed width of a terminal that does not report one, and the minimum. */
#define COLUMNS_USUAL 80
#define COLUMNS_LEAST 30

static unsigned columns;

void page_init(void)
{
	struct winsize size = {.ws_col = 0};

	columns = 0;
	if (!isatty(STDOUT_FILENO))
		return;
	/* Text is printed as UTF-8, whatever the user's locale is. */
	setlocale(LC_CTYPE, "C.UTF-8");
	ioctl(STDOUT_FILENO, TIOCGWINSZ, &size);
	columns = size.ws_col;
	if (columns == 0)
		columns = COLUMNS_USUAL;
	if (columns < COLUMNS_LEAST)
		columns = COLUMNS_LEAST;
}

unsigned page_columns(void)
{
	return columns;
}

static void print_lines(const char *text, size_t indent)
{
	/* Leave room for text after the indentation. */
	if (indent > columns / 2)
		indent = columns / 4;
	size_t room = columns - indent;
	/* Do not break a line within its first indent columns, which hold a
	 * name. */
	size_t name = strlen(text) > indent ? indent : 0;

	for (;;) {
		size_t n = name + wrap_line(text + name, room);
		size_t shown = n;

		while (shown > 0 && text[shown - 1] == ' ')
			shown--;
		fwrite(text, 1, shown, stdout);
		putchar('\n');
		name = 0;
		text += n;
		text += strspn(text, " ");
		if (*text == '\0')
			return;
		printf("%*s", (int)indent, "");
	}
}

void page_line(size_t indent, const char *format, va_list args)
{
	if (columns == 0) {
		vprintf(format, args);
		putchar('\n');
		return;
	}
	va_list again;

	va_copy(again, args);
	int length = vsnprintf(NULL, 0, format, again);

	va_end(again);
	size_t size = length < 0 ? 1 : (size_t)length + 1;
	char *text = xmalloc(size);

	text[0] = '\0';
	vsnprintf(text, size, format, args);
	print_lines(text, indent);
	free(text);
}
