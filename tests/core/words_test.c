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
	{"another charset stays as it is", "=?x-klingon?Q?=C3?= x",
		"=?x-klingon?Q?=C3?= x"},
	{"two of another charset keep their blank",
		"=?x-klingon?Q?=C3?= =?x-klingon?Q?=C4?=",
		"=?x-klingon?Q?=C3?= =?x-klingon?Q?=C4?="},
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

static const struct row of_charsets[] = {
	{"ISO-2022-JP", "=?ISO-2022-JP?B?GyRCRnxLXDhsGyhC?=",
		"\xe6\x97\xa5\xe6\x9c\xac\xe8\xaa\x9e"},
	{"with katakana of half width",
		"=?iso-2022-jp?B?GyhJMRsoQg==?=", "\xef\xbd\xb1"},
	{"Shift_JIS", "=?Shift_JIS?B?k/qWe4zqh0A=?=",
		"\xe6\x97\xa5\xe6\x9c\xac\xe8\xaa\x9e\xe2\x91\xa0"},
	{"EUC-JP", "=?EUC-JP?B?xvzL3Ljs?=",
		"\xe6\x97\xa5\xe6\x9c\xac\xe8\xaa\x9e"},
	{"GB18030, four octets of it, too", "=?GB18030?B?1tDOxKi5lDn8Ng==?=",
		"\xe4\xb8\xad\xe6\x96\x87\xc3\xbc\xf0\x9f\x98\x80"},
	{"GB2312, and what is only in GBK", "=?gb2312?B?1tDOxOZn?=",
		"\xe4\xb8\xad\xe6\x96\x87\xe9\x8e\x94"},
	{"Big5", "=?Big5?B?pKSk5aVc?=", "\xe4\xb8\xad\xe6\x96\x87\xe5\x8a\x9f"},
	{"EUC-KR", "=?EUC-KR?B?x9Gxub7u?=",
		"\xed\x95\x9c\xea\xb5\xad\xec\x96\xb4"},
	{"its other name, and what is only in Windows'",
		"=?ks_c_5601-1987?B?jGO55g==?=", "\xeb\x98\xa0\xeb\xb0\xa9"},
	{"KOI8-R", "=?koi8-r?Q?=F0=D2=C9=D7=C5=D4?=",
		"\xd0\x9f\xd1\x80\xd0\xb8\xd0\xb2\xd0\xb5\xd1\x82"},
	{"KOI8-U", "=?koi8-u?B?p9bByw==?=", "\xd1\x97\xd0\xb6\xd0\xb0\xd0\xba"},
	{"windows-1251", "=?windows-1251?B?z/Do4uXy?=",
		"\xd0\x9f\xd1\x80\xd0\xb8\xd0\xb2\xd0\xb5\xd1\x82"},
	{"ISO-8859-2", "=?iso-8859-2?Q?=B3=F3d=BC?=",
		"\xc5\x82\xc3\xb3"
		"d\xc5\xba"},
	{"with a language", "=?koi8-r*ru?Q?=C3?=", "\xd1\x86"},
	{"windows-1258 ends with a letter that no mark follows",
		"=?windows-1258?Q?a?=", "a"},
	{"and puts a mark upon one, in another word",
		"=?windows-1258?Q?a?= =?windows-1258?Q?=EC?=", "\xc3\xa1"},
	{"a character cut in two", "=?gb2312?B?1tDO?= =?gb2312?B?xA==?=",
		"\xe4\xb8\xad\xe6\x96\x87"},
	{"in four",
		"=?gb18030?Q?=94?= =?gb18030?Q?=39?= 	=?gb18030?Q?=FC?= =?GB18030?Q?=36?= !",
		"\xf0\x9f\x98\x80 !"},
	{"also where the encodings differ",
		"=?gb2312?B?1g==?= =?gbk?Q?=D0=CE=C4?=",
		"\xe4\xb8\xad\xe6\x96\x87"},
	{"ISO-2022-JP that is cut without its shifts",
		"=?iso-2022-jp?B?GyRCRnxL?= =?iso-2022-jp?B?XDhsGyhC?=",
		"\xe6\x97\xa5\xe6\x9c\xac\xe8\xaa\x9e"},
	{"or with them",
		"=?iso-2022-jp?B?GyRCRnwbKEI=?= =?iso-2022-jp?B?GyRCS1wbKEI=?=",
		"\xe6\x97\xa5\xe6\x9c\xac"},
	{"a shift does not reach beyond another word",
		"=?iso-2022-jp?B?GyRCRnw=?= x =?iso-2022-jp?Q?F|?=",
		"\xe6\x97\xa5 x F|"},
	{"nor into another charset",
		"=?iso-2022-jp?B?GyRCRnw=?= =?utf-8?Q?F|?= =?iso-2022-jp?Q?F|?=",
		"\xe6\x97\xa5"
		"F|F|"},
	{"half a character stays as it is",
		"=?gb2312?B?1tDO?=", "=?gb2312?B?1tDO?="},
	{"behind a good word it alone does",
		"=?gb2312?B?1tDOxA==?= =?gb2312?B?1tDO?=",
		"\xe4\xb8\xad\xe6\x96\x87 =?gb2312?B?1tDO?="},
	{"before another word, too", "=?gb2312?B?1tDO?= x",
		"=?gb2312?B?1tDO?= x"},
	{"so does what is no character",
		"=?gb2312?Q?=FF=FF?=", "=?gb2312?Q?=FF=FF?="},
	{"and hides no other word",
		"=?gb2312?B?1tDOxA==?= =?gb2312?Q?=FF=FF?= =?gb2312?B?1tDOxA==?=",
		"\xe4\xb8\xad\xe6\x96\x87 =?gb2312?Q?=FF=FF?= \xe4\xb8\xad\xe6\x96\x87"},
	{"nor does half a one before it",
		"=?gb2312?B?1tDO?= =?gb2312?Q?=FF=FF?= =?gb2312?B?1tDOxA==?=",
		"=?gb2312?B?1tDO?= =?gb2312?Q?=FF=FF?= \xe4\xb8\xad\xe6\x96\x87"},
	{"another charset does not make it whole",
		"=?gb2312?B?1tDO?= =?big5?B?xA==?=",
		"=?gb2312?B?1tDO?= =?big5?B?xA==?="},
	{"what windows-1252 lacks is a control",
		"=?windows-1252?Q?=81=FC?=", "\xc2\x81\xc3\xbc"},
	{"a charset by a path is none", "=?../x?Q?=C3?=", "=?../x?Q?=C3?="},
	{"nor is one with an order to iconv",
		"=?koi8-r//IGNORE?Q?=C3?=", "=?koi8-r//IGNORE?Q?=C3?="},
	{"nor one that nobody writes mail in",
		"=?ISO-2022-CN-EXT?Q?a?=", "=?ISO-2022-CN-EXT?Q?a?="},
	{"nor a part of a list of names",
		"=?koi8-r koi8r?Q?a?=", "=?koi8-r koi8r?Q?a?="},
	{"nor none", "=??Q?a?=", "=??Q?a?="},
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

static struct charsets charsets;

static const char *decoded(const char *text)
{
	static char room[256];

	room[words_decode(
		room, sizeof room - 1, &charsets, text, strlen(text))] = '\0';
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

	ok(words_decode(room, 5, &charsets, "abcdefgh", 8) == 5 &&
			memcmp(room, "abcde", 5) == 0,
		"what has no room is cut");
	ok(words_decode(room, 3, &charsets, "a\xc3\xbc\xc3\xbc", 5) == 3,
		"up to the last octet");
	ok(words_decode(room, 4, &charsets, "a\xc3\xbc\xc3\xbc", 5) == 3,
		"and not in mid-character");
	ok(words_decode(room, 2, &charsets, "=?utf-8?Q?a=C3=BC?=", 19) == 1,
		"encoded ones neither");
	memset(text, 'x', sizeof text);
	words_mailbox(&mailbox, &charsets, text, sizeof text);
	ok(mailbox.name_length == 0 &&
			mailbox.address_length == sizeof mailbox.address,
		"an endless address is cut");
	memset(text, '(', sizeof text);
	words_mailbox(&mailbox, &charsets, text, sizeof text);
	ok(mailbox.name_length == sizeof mailbox.name &&
			mailbox.address_length == 0,
		"comments nest as deep as they like");
	ok(words_decode(room, sizeof room, &charsets, "a\0b", 3) == 3 &&
			room[1] == '\0',
		"a NUL is an octet like any other");
}

static void test_charsets(void)
{
	static const char japanese[] = "=?iso-2022-jp?B?GyRCRnxLXA==?=";
	struct words_mailbox mailbox;
	char room[40];

	for (size_t i = 0; i < sizeof of_charsets / sizeof of_charsets[0]; i++)
		same(decoded(of_charsets[i].text), of_charsets[i].wanted, "%s",
			of_charsets[i].sentence);
	same(decoded(japanese), "\xe6\x97\xa5\xe6\x9c\xac",
		"a text that ends shifted");
	same(decoded("=?iso-2022-jp?Q?F|?="), "F|",
		"does not shift the next one");
	for (size_t size = 0; size < 7; size++)
		ok(words_decode(room, size, &charsets, japanese,
			   strlen(japanese)) == size / 3 * 3,
			"%zu octets hold whole characters", size);
	words_mailbox(&mailbox, &charsets, "=?koi8-r?Q?=C3?= <a@b>", 22);
	same(terminated(mailbox.name, mailbox.name_length), "\xd1\x86",
		"a name in another charset");
	ok(words_decode(room, sizeof room, NULL, "=?koi8-r?Q?=C3?=", 16) == 16,
		"without charsets it stays as it is");
	ok(words_decode(room, sizeof room, NULL, "=?utf-8?Q?=C3=BC?=", 18) == 2,
		"but UTF-8 needs none");
}

static iconv_t lacks_all(const char *to, const char *from)
{
	ok(strcmp(to, "UTF-8") == 0 && strchr(from, '/') == NULL,
		"%s is opened by its name", from);
	return (iconv_t)-1;
}

static void test_lacking(void)
{
	static struct charsets none;

	charsets_open(&none, lacks_all);
	ok(charset_named(&none, "koi8-r", 6) == CHARSET_MAX &&
			charset_named(&none, "utf-8", 5) == CHARSET_UTF_8,
		"on a system without converters UTF-8 remains");
	charsets_close(&none);
}

/* Each word ends in half a character, and no two of them form a whole one. */
static void test_hostile(void)
{
	static char text[HEADER_FIELD_LONG];
	static char room[HEADER_FIELD_LONG];
	size_t length = 0;

	while (length + 15 <= sizeof text) {
		memcpy(text + length, "=?gbk?B?gTCB?= ", 15);
		length += 15;
	}
	ok(words_decode(room, sizeof room, &charsets, text, length - 1) ==
				length - 1 &&
			memcmp(room, text, length - 1) == 0,
		"many halves stay as they are");
}

int main(void)
{
	charsets_open(&charsets, iconv_open);
	for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++)
		same(decoded(rows[i].text), rows[i].wanted, "%s",
			rows[i].sentence);
	test_charsets();
	for (size_t i = 0; i < sizeof mailboxes / sizeof mailboxes[0]; i++) {
		const struct mailbox_row *row = &mailboxes[i];
		struct words_mailbox mailbox;

		words_mailbox(
			&mailbox, &charsets, row->text, strlen(row->text));
		same(terminated(mailbox.name, mailbox.name_length), row->name,
			"%s: the name", row->sentence);
		same(terminated(mailbox.address, mailbox.address_length),
			row->address, "%s: the address", row->sentence);
	}
	test_limits();
	test_lacking();
	test_hostile();
	charsets_close(&charsets);
	return done();
}
