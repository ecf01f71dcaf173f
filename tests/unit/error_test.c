/* SPDX-License-Identifier: ISC */
#include "core/error.h"

#include <string.h>
#include <sysexits.h>

#include "core/xalloc.h"
#include "tap.h"

int main(void)
{
	static const int statuses[] = {
		[ERROR_NONE] = 0,
		[ERROR_USAGE] = 64,
		[ERROR_DATA] = 65,
		[ERROR_HOST] = 68,
		[ERROR_UNAVAILABLE] = 69,
		[ERROR_SOFTWARE] = 70,
		[ERROR_CREATE] = 73,
		[ERROR_WRITE] = 74,
		[ERROR_TEMPORARY] = 75,
		[ERROR_PROTOCOL] = 76,
		[ERROR_LOGIN] = 77,
		[ERROR_CONFIG] = 78,
	};
	struct error err = {.kind = ERROR_NONE};
	char large[2000];

	for (int i = 0; i <= ERROR_CONFIG; i++)
		ok(error_status((enum error_kind)i) == statuses[i],
			"kind %d exits with %d", i, statuses[i]);
	ok(!error_set(&err, ERROR_LOGIN, "%s refused", "x"),
		"setting an error returns false");
	same(err.text, "x refused", "it has a sentence");
	ok(!error_set(&err, ERROR_DATA, "later") && err.kind == ERROR_LOGIN,
		"the first error stays");
	ok(!error_set_server(&err, ERROR_DATA, "x", 1, "later") &&
			err.server[0] == '\0',
		"whoever comes later");
	err = (struct error){.kind = ERROR_NONE};
	error_set_server(&err, ERROR_PROTOCOL, "a\x1b[2Jb", 6, "odd");
	same(err.server, "a\\x1b[2Jb", "a server's words are printable");
	memset(large, 'x', sizeof large - 1);
	large[sizeof large - 1] = '\0';
	err = (struct error){.kind = ERROR_NONE};
	error_set(&err, ERROR_DATA, "%s", large);
	ok(strlen(err.text) == sizeof err.text - 1, "too long text is cut");
	ok(error_worse(0, 75) == 75 && error_worse(75, 0) == 75,
		"75 is worse than 0");
	ok(error_worse(75, 69) == 69 && error_worse(69, 75) == 69,
		"what needs a person is worse than what passes");
	ok(error_worse(78, 69) == 78, "the rc file is worst");
	ok(error_worse(0, 0) == 0, "all well is all well");
	ok(xstrdup(NULL) == NULL, "no text has no copy");
	return done();
}
