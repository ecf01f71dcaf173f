/* SPDX-License-Identifier: ISC */
#include "core/error.h"

#include <string.h>
#include <sysexits.h>

#include "core/xalloc.h"
#include "tap.h"

static void test_second(void)
{
	struct error none = {.kind = ERROR_NONE};
	struct error lost = {.kind = ERROR_NONE};
	struct error full = {.kind = ERROR_NONE};
	struct error err = {.kind = ERROR_NONE};

	error_set_server(&lost, ERROR_TEMPORARY, "bye", 3, "line lost");
	error_set(&full, ERROR_WRITE, "disk full");
	error_add(&err, &none);
	ok(err.kind == ERROR_NONE, "combining no errors gives no error");
	error_add(&err, &full);
	ok(err.kind == ERROR_WRITE,
		"combining with no error gives the other error");
	error_add(&err, &full);
	same(err.text, "disk full", "the same error is reported once");
	error_add(&err, &none);
	same(err.text, "disk full", "combining with no error adds nothing");
	err = lost;
	error_add(&err, &full);
	ok(err.kind == ERROR_WRITE, "the worse of two errors decides the kind");
	same(err.text, "disk full. Also: line lost",
		"the worse error comes first");
	same(err.server, "bye", "the server's text stays");
	err = full;
	error_add(&err, &lost);
	ok(err.kind == ERROR_WRITE,
		"the worse error decides even if it came first");
	same(err.text, "disk full. Also: line lost",
		"the worse error comes first in either order");
	same(err.server, "bye", "the server's text stays in either order");
	memset(lost.text, 'x', sizeof lost.text - 1);
	lost.text[sizeof lost.text - 1] = '\0';
	memset(err.text, 'y', sizeof err.text - 1);
	error_add(&err, &lost);
	ok(strlen(err.text) == sizeof err.text - 1,
		"a text that is too long is truncated");
}

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
	same(err.text, "x refused", "an error has a text");
	ok(!error_set(&err, ERROR_DATA, "later") && err.kind == ERROR_LOGIN,
		"the first error stays");
	ok(!error_set_server(&err, ERROR_DATA, "x", 1, "later") &&
			err.server[0] == '\0',
		"the first error stays whatever follows");
	err = (struct error){.kind = ERROR_NONE};
	error_set_server(&err, ERROR_PROTOCOL, "a\x1b[2Jb", 6, "odd");
	same(err.server, "a\\x1b[2Jb", "text from a server is made printable");
	memset(large, 'x', sizeof large - 1);
	large[sizeof large - 1] = '\0';
	err = (struct error){.kind = ERROR_NONE};
	error_set(&err, ERROR_DATA, "%s", large);
	ok(strlen(err.text) == sizeof err.text - 1,
		"a text that is too long is truncated");
	ok(error_worse(0, 75) == 75 && error_worse(75, 0) == 75,
		"75 is worse than 0");
	ok(error_worse(75, 69) == 69 && error_worse(69, 75) == 69,
		"an error that needs a person is worse than a temporary one");
	ok(error_worse(78, 69) == 78, "an rc file error is worst");
	ok(error_worse(0, 0) == 0, "two successes are a success");
	test_second();
	ok(xstrdup(NULL) == NULL, "no text has no copy");
	return done();
}
