/* SPDX-License-Identifier: ISC */
#include "core/error.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <sysexits.h>

#include "core/text.h"

bool error_set(struct error *err, enum error_kind kind, const char *format, ...)
{
	if (err->kind != ERROR_NONE)
		return false;
	va_list args;

	va_start(args, format);
	vsnprintf(err->text, sizeof err->text, format, args);
	va_end(args);
	err->kind = kind;
	err->server[0] = '\0';
	return false;
}

bool error_set_server(struct error *err, enum error_kind kind,
	const char *words, size_t length, const char *format, ...)
{
	if (err->kind != ERROR_NONE)
		return false;
	va_list args;

	va_start(args, format);
	vsnprintf(err->text, sizeof err->text, format, args);
	va_end(args);
	err->kind = kind;
	text_printable(err->server, sizeof err->server, words, length);
	return false;
}

int error_status(enum error_kind kind)
{
	switch (kind) {
	case ERROR_NONE:
		return EX_OK;
	case ERROR_USAGE:
		return EX_USAGE;
	case ERROR_DATA:
		return EX_DATAERR;
	case ERROR_HOST:
		return EX_NOHOST;
	case ERROR_UNAVAILABLE:
		return EX_UNAVAILABLE;
	case ERROR_SOFTWARE:
		return EX_SOFTWARE;
	case ERROR_CREATE:
		return EX_CANTCREAT;
	case ERROR_WRITE:
		return EX_IOERR;
	case ERROR_TEMPORARY:
		return EX_TEMPFAIL;
	case ERROR_PROTOCOL:
		return EX_PROTOCOL;
	case ERROR_LOGIN:
		return EX_NOPERM;
	case ERROR_CONFIG:
		return EX_CONFIG;
	}
	return EX_SOFTWARE;
}

static int severity(int status)
{
	if (status == EX_OK)
		return 0;
	return status == EX_TEMPFAIL ? 1 : status;
}

int error_worse(int a, int b)
{
	return severity(a) >= severity(b) ? a : b;
}

void error_add(struct error *err, const struct error *second)
{
	char text[2 * sizeof err->text + 16];

	if (second->kind == ERROR_NONE ||
		(err->kind != ERROR_NONE &&
			strstr(err->text, second->text) != NULL))
		return;
	if (err->kind == ERROR_NONE) {
		*err = *second;
		return;
	}
	int status = error_status(err->kind);
	bool stays = error_worse(status, error_status(second->kind)) == status;

	/* First what the user has to do something about. */
	snprintf(text, sizeof text, "%s. Also: %s",
		stays ? err->text : second->text,
		stays ? second->text : err->text);
	snprintf(err->text, sizeof err->text, "%.*s", (int)sizeof err->text - 1,
		text);
	if (err->server[0] == '\0')
		memcpy(err->server, second->server, sizeof err->server);
	if (!stays)
		err->kind = second->kind;
}
