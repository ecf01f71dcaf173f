/* SPDX-License-Identifier: ISC */
#include "core/netrc.h"

#include <stdio.h>
#include <string.h>

#include "tap.h"

static const struct {
	const char *name;
	const char *text;
	const char *password; /* NULL: none */
} rows[] = {
	{"on one line", "machine pop.example.org login jane password secret\n",
		"secret"},
	{"on several, in any order",
		"machine pop.example.org\n\tpassword secret\n\tlogin jane\n",
		"secret"},
	{"the host in any case",
		"machine POP.example.org login jane password x", "x"},
	{"of another host", "machine a login jane password x", NULL},
	{"of another user", "machine pop.example.org login joe password x",
		NULL},
	{"behind that of another user",
		"machine pop.example.org login joe password x\n"
		"machine pop.example.org login jane password y",
		"y"},
	{"for any user", "machine pop.example.org password x", "x"},
	{"for any host", "machine a password x default login jane password y",
		"y"},
	{"the first counts",
		"machine pop.example.org login jane password x\n"
		"default password y",
		"x"},
	{"in quotes",
		"machine pop.example.org login \"jane\" password \"a \\\"b\\\\\"",
		"a \"b\\"},
	{"behind a comment",
		"# machine pop.example.org password x\n"
		"machine pop.example.org login jane password y # z",
		"y"},
	{"behind a macro",
		"macdef init\nmachine pop.example.org password x\n\n"
		"machine pop.example.org login jane password y",
		"y"},
	{"without one", "machine pop.example.org login jane", NULL},
	{"an account is not part of it",
		"machine pop.example.org login jane account password password x",
		"x"},
	{"nothing", "", NULL},
	{"half an entry", "machine", NULL},
	{"an open quote", "machine pop.example.org password \"abc", "abc"},
};

int main(void)
{
	for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
		const char *password = NULL;
		char text[512];

		snprintf(text, sizeof text, "%s", rows[i].text);
		bool found =
			netrc_find(text, "pop.example.org", "jane", &password);

		ok(rows[i].password == NULL ? !found
					    : found &&
					strcmp(password, rows[i].password) == 0,
			"%s", rows[i].name);
	}
	return done();
}
