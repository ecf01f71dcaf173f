/* SPDX-License-Identifier: ISC */
/* The text of an rc file, as libconfuse can be given it. */
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "core/xalloc.h"
#include "io/config_inside.h"

#define FILE_MAX_OCTETS (4 << 20)

/*
 * libconfuse 3.3 counts some lines of comments more than once, and every line
 * after them is reported wrong.
 */
void config_text_blank(const char *path, char *p)
{
	char before = '\n';
	int line = 1;
	int opened = 0; /* the line of the first { that is open */
	unsigned depth = 0;

	while (*p != '\0') {
		bool starts = strchr(" \t\r\n={}(),\"'", before) != NULL;

		if (*p == '#' && !starts)
			config_mistake(path, line,
				"# right behind a value begins a comment: put "
				"the value in quotes, or a blank before the #");
		line += *p == '\n';
		before = *p;
		if (*p == '"' || *p == '\'') {
			char quote = *p++;

			while (*p != '\0' && *p != quote) {
				line += *p == '\n' ||
					(*p == '\\' && p[1] == '\n');
				p += *p == '\\' && p[1] != '\0' ? 2 : 1;
			}
			p += *p != '\0';
		} else if (starts && p[0] == '/' && p[1] == '*') {
			char *end = strstr(p + 2, "*/");
			char *stop = end == NULL ? p + strlen(p) : end + 2;

			for (; p < stop; p++) {
				line += *p == '\n';
				*p = *p == '\n' ? '\n' : ' ';
			}
		} else if (starts &&
			(p[0] == '#' || strncmp(p, "//", 2) == 0)) {
			for (; *p != '\0' && *p != '\n'; p++)
				*p = ' ';
		} else {
			if (*p == '{' && depth++ == 0)
				opened = line;
			if (*p == '}' && depth > 0)
				depth--;
			p++;
		}
	}
	/* libconfuse takes the end of the file for it. */
	if (depth > 0)
		config_mistake(path, opened,
			"the { on this line has no closing }: the file may be "
			"cut off");
}

char *config_text_read(const char *path, struct stat *st, size_t *size)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK);
	size_t length = 0;
	char *text = NULL;

	if (fd < 0 || fstat(fd, st) < 0) {
		config_mistake(path, 0, "cannot read it: %s", strerror(errno));
	} else if (!S_ISREG(st->st_mode) || st->st_size > FILE_MAX_OCTETS) {
		config_mistake(path, 0,
			"it is not a regular file of at most %d MiB",
			FILE_MAX_OCTETS >> 20);
	} else {
		*size = (size_t)st->st_size + 2;
		text = xcalloc(*size, 1);
		while (length < *size - 2) {
			ssize_t n = read(fd, text + length, *size - 2 - length);

			if (n < 0)
				config_mistake(path, 0, "cannot read it: %s",
					strerror(errno));
			if (n <= 0)
				break;
			length += (size_t)n;
		}
		text[length] = '\n';
	}
	if (fd >= 0)
		close(fd);
	return text;
}
