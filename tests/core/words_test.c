/* SPDX-License-Identifier: ISC */
#include "core/words.h"

#include <string.h>

#include "core/header.h"
#include "tap.h"

static const struct row {
	const char *sentence;
	const char *text;
	const char *wanted;
} rows[] = {
	{"plain text stays", "Hello, world", "Hello, world"},
	{"blanks at the ends go", "  Hello \t", "Hello"},
	{"where a line was folded, one blank is left", "a\t\tb   c", "a b c"},
	{"Q is decoded", "=?utf-8?Q?Gr=C3=BC=C3=9Fe?=",
		"Gr\xc3\xbc\xc3\x9f"
		"e"},
	{"its _ is a blank", "=?utf-8?q?a_b=5Fc?=", "a b_c"},
	{"its digits may be small", "=?utf-8?q?=c3=bc?=", "\xc3\xbc"},
	{"B is decoded", "=?UTF-8?B?SsO8cmdlbg==?=", "J\xc3\xbcrgen"},
	{"without its padding, too", "=?UTF-8?b?SsO8cmdlbg?=", "J\xc3\xbcrgen"},
	{"an empty one is nothing",
		"=?utf-8?Q?"
		"?= b",
		"b"},
	{"US-ASCII", "=?us-ascii?Q?a=20b?=", "a b"},
	{"ISO-8859-1", "=?ISO-8859-1?Q?=E4=F6?=", "\xc3\xa4\xc3\xb6"},
	{"ISO-8859-15",
		"=?iso-8859-15?Q?5_=A4_=BD?=", "5 \xe2\x82\xac \xc5\x93"},
	{"all that differ of it", "=?latin-9?q?=A6=A8=B4=B8=BC=BE=A7?=",
		"\xc5\xa0\xc5\xa1\xc5\xbd\xc5\xbe\xc5\x92\xc5\xb8\xc2\xa7"},
	{"windows-1252", "=?windows-1252?Q?=80_=93x=94_=FC?=",
		"\xe2\x82\xac \xe2\x80\x9cx\xe2\x80\x9d \xc3\xbc"},
	{"which is what ISO-8859-1 means by its controls",
		"=?iso-8859-1?Q?=96?=", "\xe2\x80\x93"},
	{"a language may follow the charset",
		"=?utf-8*de?Q?=C3=BC?=", "\xc3\xbc"},
	{"blanks between two of them go",
		"=?utf-8?Q?a?= \t =?iso-8859-1?B?5A==?=", "a\xc3\xa4"},
	{"also where a character was cut in two",
		"=?utf-8?Q?=C3?= =?utf-8?Q?=BC?=", "\xc3\xbc"},
	{"those before and behind other words stay",
		"a =?utf-8?Q?b?= c =?utf-8?Q?d?=", "a b c d"},
	{"in the midst of a word it is decoded, too", "M=?utf-8?Q?=C3=BC?=ller",
		"M\xc3\xbcller"},
	{"another charset stays as it is", "=?koi8-r?Q?=C3?= x",
		"=?koi8-r?Q?=C3?= x"},
	{"two of another charset keep their blank",
		"=?koi8-r?Q?=C3?= =?koi8-r?Q?=C4?=",
		"=?koi8-r?Q?=C3?= =?koi8-r?Q?=C4?="},
	{"another encoding, too", "=?utf-8?X?a?=", "=?utf-8?X?a?="},
	{"one without its end", "=?utf-8?Q?a", "=?utf-8?Q?a"},
	{"or half of it", "=?utf-8?Q?a?", "=?utf-8?Q?a?"},
	{"one with a blank in it", "=?utf-8?Q?a b?=", "=?utf-8?Q?a b?="},
	{"half a digit", "=?utf-8?Q?a=C?=", "=?utf-8?Q?a=C?="},
	{"no digit", "=?utf-8?Q?a=GG?=", "=?utf-8?Q?a=GG?="},
	{"no base64", "=?utf-8?B?a!==?=", "=?utf-8?B?a!==?="},
	{"too little base64", "=?utf-8?B?a?=", "=?utf-8?B?a?="},
	{"US-ASCII that is none", "=?us-ascii?Q?=FC?=", "=?us-ascii?Q?=FC?="},
	{"a start alone", "=?", "=?"},
	{"a malformed one does not hide the next",
		"=?x =?utf-8?Q?a?=", "=?x a"},
	{"what was sent as it is stays", "Gr\xc3\xbc\xdf", "Gr\xc3\xbc\xdf"},
	{"controls come out as they are meant",
		"=?utf-8?Q?=1B[31m?=", "\x1b[31m"},
	{"nothing is nothing", "", ""},
};

static const struct mailbox_row {
	const char *sentence;
	const char *text;
	const char *name;
	const char *address;
} mailboxes[] = {
	{"an address alone", " a@example.org", "", "a@example.org"},
	{"in angle brackets", "<a@example.org>", "", "a@example.org"},
	{"a name before it", "Alice Example <a@b>", "Alice Example", "a@b"},
	{"a quoted one", "\"Example, Alice\" <a@b>", "Example, Alice", "a@b"},
	{"with quotes in it", "\"A \\\"B\\\" \\\\ C\" <a@b>", "A \"B\" \\ C",
		"a@b"},
	{"an encoded one", "=?utf-8?Q?J=C3=BCrgen?= X <a@b>", "J\xc3\xbcrgen X",
		"a@b"},
	{"one that is encoded and quoted", "\"=?utf-8?Q?J=C3=BCrgen?=\" <a@b>",
		"J\xc3\xbcrgen", "a@b"},
	{"a comment is a name", "a@b (Alice)", "Alice", "a@b"},
	{"an encoded one, too", "a@b (=?utf-8?Q?=C3=84?=)", "\xc3\x84", "a@b"},
	{"beside a name it is none", "Alice <a@b> (home)", "Alice", "a@b"},
	{"without one it is", "<a@b> (Alice)", "Alice", "a@b"},
	{"comments nest", "a@b (x (y) z)", "x (y) z", "a@b"},
	{"and quote", "a@b (x \\) y)", "x ) y", "a@b"},
	{"an empty name is none", "\"\" <a@b>", "", "a@b"},
	{"the first of several counts", "A <a@b>, C <c@d>", "A", "a@b"},
	{"also without names", "a@b, c@d", "", "a@b"},
	{"empty ones before it do not", ", ,A <a@b>", "A", "a@b"},
	{"a group has a name", "Friends: a@b, c@d;", "Friends", ""},
	{"an old route is not shown", "<@x,@y:a@b>", "", "a@b"},
	{"a quoted local part", "\"a b\"@c", "", "a b@c"},
	{"what has no end ends with the field", "\"Alice <a@b>", "",
		"Alice <a@b>"},
	{"an angle without an end, too", "Alice <a@b", "Alice", "a@b"},
	{"a comment, too", "a@b (Alice", "Alice", "a@b"},
	{"nothing is nobody", "", "", ""},
};

static const char *decoded(const char *text)
{
	static char room[256];

	room[words_decode(room, sizeof room - 1, text, strlen(text))] = '\0';
	return room;
}

static const char *terminated(const char *bytes, size_t length)
{
	static char room[2][600];
	static int turn;

	turn = !turn;
	memcpy(room[turn], bytes, length);
	room[turn][length] = '\0';
	return room[turn];
}

static void test_limits(void)
{
	static struct words_mailbox mailbox;
	static char text[3 * HEADER_FIELD_LONG];
	char room[5];

	ok(words_decode(room, 5, "abcdefgh", 8) == 5 &&
			memcmp(room, "abcde", 5) == 0,
		"what has no room is cut");
	ok(words_decode(room, 3, "a\xc3\xbc\xc3\xbc", 5) == 3,
		"up to the last octet");
	ok(words_decode(room, 4, "a\xc3\xbc\xc3\xbc", 5) == 3,
		"and not in mid-character");
	ok(words_decode(room, 2, "=?utf-8?Q?a=C3=BC?=", 19) == 1,
		"encoded ones neither");
	memset(text, 'x', sizeof text);
	words_mailbox(&mailbox, text, sizeof text);
	ok(mailbox.name_length == 0 &&
			mailbox.address_length == sizeof mailbox.address,
		"an endless address is cut");
	memset(text, '(', sizeof text);
	words_mailbox(&mailbox, text, sizeof text);
	ok(mailbox.name_length == sizeof mailbox.name &&
			mailbox.address_length == 0,
		"comments nest as deep as they like");
	ok(words_decode(room, sizeof room, "a\0b", 3) == 3 && room[1] == '\0',
		"a NUL is an octet like any other");
}

int main(void)
{
	for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++)
		same(decoded(rows[i].text), rows[i].wanted, "%s",
			rows[i].sentence);
	for (size_t i = 0; i < sizeof mailboxes / sizeof mailboxes[0]; i++) {
		const struct mailbox_row *row = &mailboxes[i];
		struct words_mailbox mailbox;

		words_mailbox(&mailbox, row->text, strlen(row->text));
		same(terminated(mailbox.name, mailbox.name_length), row->name,
			"%s: the name", row->sentence);
		same(terminated(mailbox.address, mailbox.address_length),
			row->address, "%s: the address", row->sentence);
	}
	test_limits();
	return done();
}
