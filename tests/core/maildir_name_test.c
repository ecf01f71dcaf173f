/* SPDX-License-Identifier: ISC */
#include "core/maildir_name.h"

#include <string.h>

#include "tap.h"

static const struct row {
	const char *sentence;
	const char *name;
	const char *base;
	bool ours;
	bool trashed;
} rows[] = {
	{"the base of our name ends at its flags",
		"1.M2P3Q1R4_keepmail.host:2,ST", "1.M2P3Q1R4_keepmail.host",
		true, true},
	{"it ends at any character used in place of the colon",
		"1.M2P3Q1R4_keepmail.host%2,S", "1.M2P3Q1R4_keepmail.host",
		true, false},
	{"it ends at the sizes that Dovecot appends",
		"1.M2P3Q1R4_keepmail.host,S=20,W=21:2,T",
		"1.M2P3Q1R4_keepmail.host", true, true},
	{"a host with dots belongs to the base",
		"1.M2P3Q1R4_keepmail.host.b-c:2,S",
		"1.M2P3Q1R4_keepmail.host.b-c", true, false},
	{"another program's name may contain any letters",
		"1795.R12+x=y~z.host:2,", "1795.R12+x=y~z.host", false, false},
	{"its flags may follow a semicolon or an exclamation mark",
		"1795.1_0.host;2,RT", "1795.1_0.host", false, true},
	{"its sizes are not part of the base", "1795.V1.host,S=200:2,S",
		"1795.V1.host", false, false},
	{"a T in the base is not a flag", "1795.TT2,T", "1795.TT2", false,
		false},
	{"a name may consist of the base only", "1795.1.host", "1795.1.host",
		false, false},
};

static void test_make(void)
{
	char host[] = "a/b:c.d-e_f\\057";
	char name[200];

	maildir_name_fit_host(host);
	same(host, "a_b_c.d-e_f_057", "a host is made safe for a name");
	const struct maildir_stamp stamp = {1795, 20, 3, 4, 0xab, host};

	maildir_name_make(name, sizeof name, &stamp);
	same(name, "1795.M000020P3Q4R000000ab_keepmail.a_b_c.d-e_f_057",
		"a name consists of time, process, count, random part and host");
	ok(maildir_name_is_ours(name) &&
			maildir_name_base(name) == strlen(name),
		"it is recognised as ours, and is its own base");
	ok(maildir_name_time(name) == 1795 &&
			maildir_name_time("1795.1.host") == 0,
		"it gives the time of its creation, unlike other names");
}

static void test_kinds(void)
{
	ok(maildir_name_is_message("1795.1.host:2,S") &&
			!maildir_name_is_message(".1795.1.host") &&
			!maildir_name_is_message(".") &&
			!maildir_name_is_message(".."),
		"a name that begins with a dot is not a message");
	ok(maildir_name_is_folder(".Sent") && maildir_name_is_folder("...") &&
			!maildir_name_is_folder(".") &&
			!maildir_name_is_folder("..") &&
			!maildir_name_is_folder("cur"),
		"such a name is a folder, except for . and ..");
}

int main(void)
{
	test_make();
	test_kinds();
	for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
		const struct row *row = &rows[i];
		size_t n = maildir_name_base(row->name);

		ok(n == strlen(row->base) &&
				memcmp(row->name, row->base, n) == 0 &&
				maildir_name_is_ours(row->name) == row->ours &&
				maildir_name_is_trashed(row->name) ==
					row->trashed,
			"%s", row->sentence);
	}
	return done();
}
