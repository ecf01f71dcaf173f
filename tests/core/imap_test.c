/* SPDX-License-Identifier: ISC */
#include "core/imap.h"

#include <stdio.h>
#include <string.h>

#include "tap.h"

static const struct address_row {
	const char *sentence;
	const char *text;
	bool valid;
	bool tls;
	unsigned port;
	const char *host;
	const char *user;
	const char *folder;
} address_rows[] = {
	{"a URL without a folder means INBOX", "imaps://jane@example.com", true,
		true, 993, "example.com", "jane", "INBOX"},
	{"a slash alone means INBOX, too", "imaps://jane@example.com/", true,
		true, 993, "example.com", "jane", "INBOX"},
	{"a folder may have levels", "imap://jane@h/Lists/C", true, false, 143,
		"h", "jane", "Lists/C"},
	{"a port", "imap://jane@h:1143/x", true, false, 1143, "h", "jane", "x"},
	{"an IPv6 address", "imaps://jane@[::1]:99/x", true, true, 99, "::1",
		"jane", "x"},
	{"an IPv6 address without a port", "imaps://jane@[::1]", true, true,
		993, "::1", "jane", "INBOX"},
	{"a user may contain an @", "imaps://jane@example.org@h", true, true,
		993, "h", "jane@example.org", "INBOX"},
	{"and be encoded", "imaps://jane%40example.org@h", true, true, 993, "h",
		"jane@example.org", "INBOX"},
	{"a folder is decoded", "imaps://j@h/a%20b%2Fc%25", true, true, 993,
		"h", "j", "a b/c%"},
	{"a folder may have blanks and UTF-8",
		"imaps://j@h/Gesch\xc3\xa4"
		"ft 1",
		true, true, 993, "h", "j",
		"Gesch\xc3\xa4"
		"ft 1"},
	{"the scheme may be in capitals", "IMAPS://j@h", true, true, 993, "h",
		"j", "INBOX"},
	{"a password is refused", "imaps://jane:secret@h", false, false, 0, "",
		"", ""},
	{"another scheme is refused", "pop3://jane@h", false, false, 0, "", "",
		""},
	{"a user is needed", "imaps://h/INBOX", false, false, 0, "", "", ""},
	{"and must not be empty", "imaps://@h", false, false, 0, "", "", ""},
	{"a host is needed", "imaps://jane@/INBOX", false, false, 0, "", "",
		""},
	{"port 0 is refused", "imaps://j@h:0", false, false, 0, "", "", ""},
	{"a port must be a number", "imaps://j@h:imap", false, false, 0, "", "",
		""},
	{"so is a port that is too large", "imaps://j@h:65536", false, false, 0,
		"", "", ""},
	{"what follows an IPv6 address must be a port", "imaps://j@[::1]x",
		false, false, 0, "", "", ""},
	{"an IPv6 address must end", "imaps://j@[::1", false, false, 0, "", "",
		""},
	{"an incomplete encoding is refused", "imaps://j@h/a%2", false, false,
		0, "", "", ""},
	{"so is one that is none", "imaps://j@h/a%zz", false, false, 0, "", "",
		""},
	{"a line end cannot be smuggled in", "imaps://j@h/a%0D%0Ak2", false,
		false, 0, "", "", ""},
	{"nor a NUL", "imaps://j%00@h", false, false, 0, "", "", ""},
	{"a folder must be UTF-8", "imaps://j@h/a%ff", false, false, 0, "", "",
		""},
};

static void test_addresses(void)
{
	struct imap_address found;

	for (size_t i = 0; i < sizeof address_rows / sizeof address_rows[0];
		i++) {
		const struct address_row *row = &address_rows[i];
		bool right =
			imap_parse_address(row->text, &found) == row->valid;

		if (right && row->valid)
			right = found.tls == row->tls &&
				found.port == row->port &&
				strcmp(found.host, row->host) == 0 &&
				strcmp(found.user, row->user) == 0 &&
				strcmp(found.folder, row->folder) == 0;
		ok(right, "%s", row->sentence);
	}
}

static const struct mailbox_row {
	const char *folder;
	const char *quoted; /* NULL: refused */
} mailbox_rows[] = {
	{"INBOX", "\"INBOX\""},
	{"a \"b\" \\c", "\"a \\\"b\\\" \\\\c\""},
	{"R&D", "\"R&-D\""},
	/* RFC 3501 section 5.1.3. */
	{"~peter/mail/\xe5\x8f\xb0\xe5\x8c\x97/\xe6\x97\xa5\xe6\x9c\xac\xe8\xaa"
	 "\x9e",
		"\"~peter/mail/&U,BTFw-/&ZeVnLIqe-\""},
	{"Gesch\xc3\xa4"
	 "ft",
		"\"Gesch&AOQ-ft\""},
	{"\xc3\xa4", "\"&AOQ-\""},
	{"\xc3\xa4\xc3\xb6\xc3\xbc", "\"&AOQA9gD8-\""},
	{"\xf0\x9f\x93\xac", "\"&2D3c7A-\""},
	{"\xc3\xa4&", "\"&AOQ-&-\""},
	{"a\x01", NULL},
	{"a\xff", NULL},
	{"a\x7f", NULL},
};

static void test_mailboxes(void)
{
	char room[IMAP_MAILBOX_MAX];
	char folder[600];

	for (size_t i = 0; i < sizeof mailbox_rows / sizeof mailbox_rows[0];
		i++) {
		const struct mailbox_row *row = &mailbox_rows[i];
		bool valid = imap_quote_mailbox(row->folder, room);

		ok(valid == (row->quoted != NULL) &&
				(!valid || strcmp(room, row->quoted) == 0),
			"the mailbox name in row %zu", i);
	}
	memset(folder, '&', sizeof folder - 1);
	folder[sizeof folder - 1] = '\0';
	ok(!imap_quote_mailbox(folder, room), "a name that is too long");
	folder[510] = '\0';
	ok(imap_quote_mailbox(folder, room), "a name that just fits");
}

static const struct response_row {
	const char *sentence;
	const char *bytes;
	enum imap_parse result;
	enum imap_status status;
	uint32_t tag;
	const char *code;
	const char *text;
	const char *literal;
	size_t octets;
} response_rows[] = {
	{"a tagged answer", "k12 OK done\r\n", IMAP_COMPLETE, IMAP_OK, 12, "",
		"done", NULL, 13},
	{"with a code", "k1 NO [OVERQUOTA] too much\r\n", IMAP_COMPLETE,
		IMAP_NO, 1, "OVERQUOTA", "too much", NULL, 28},
	{"with a code that has words", "k1 OK [APPENDUID 7 9] ok\r\n",
		IMAP_COMPLETE, IMAP_OK, 1, "APPENDUID 7 9", "ok", NULL, 26},
	{"a code that does not end is words", "k1 NO [x y\r\n", IMAP_COMPLETE,
		IMAP_NO, 1, "", "[x y", NULL, 12},
	{"in lower case", "k1 bad what\r\n", IMAP_COMPLETE, IMAP_BAD, 1, "",
		"what", NULL, 13},
	{"without words", "k3 OK\r\n", IMAP_COMPLETE, IMAP_OK, 3, "", "", NULL,
		7},
	{"what follows is not consumed", "k1 OK x\r\nk2 OK y\r\n",
		IMAP_COMPLETE, IMAP_OK, 1, "", "x", NULL, 9},
	{"an untagged status", "* BYE later\r\n", IMAP_COMPLETE, IMAP_BYE, 0,
		"", "later", NULL, 13},
	{"untagged data", "* SEARCH 1 2\r\n", IMAP_COMPLETE, IMAP_DATA, 0, "",
		"SEARCH 1 2", NULL, 14},
	{"a word that begins as a status is data", "* OKAY x\r\n",
		IMAP_COMPLETE, IMAP_DATA, 0, "", "OKAY x", NULL, 10},
	{"a request to go on", "+ go on\r\n", IMAP_COMPLETE, IMAP_CONTINUE, 0,
		"", "go on", NULL, 9},
	{"without words", "+\r\n", IMAP_COMPLETE, IMAP_CONTINUE, 0, "", "",
		NULL, 3},
	{"a literal", "* 1 FETCH (BODY[] {3}\r\na\r\n)\r\n", IMAP_COMPLETE,
		IMAP_DATA, 0, "", "1 FETCH (BODY[] {3}", "a\r\n", 29},
	{"a literal of no bytes", "* 1 FETCH (BODY[] {0}\r\n)\r\n",
		IMAP_COMPLETE, IMAP_DATA, 0, "", "1 FETCH (BODY[] {0}", "", 26},
	{"two literals", "* x {1}\r\na {2}\r\nbc d\r\n", IMAP_COMPLETE,
		IMAP_DATA, 0, "", "x {1}", "a", 22},
	{"words that end as a literal does", "k1 OK {3}\r\n", IMAP_COMPLETE,
		IMAP_OK, 1, "", "{3}", NULL, 11},
	{"a line may end with LF", "k1 OK x\n", IMAP_COMPLETE, IMAP_OK, 1, "",
		"x", NULL, 8},
	{"nothing yet", "", IMAP_MORE, IMAP_DATA, 0, "", "", NULL, 0},
	{"half a line", "k1 OK x", IMAP_MORE, IMAP_DATA, 0, "", "", NULL, 0},
	{"half a literal", "* x {9}\r\nabc", IMAP_MORE, IMAP_DATA, 0, "", "",
		NULL, 0},
	{"what comes behind a literal is missing", "* x {3}\r\nabc", IMAP_MORE,
		IMAP_DATA, 0, "", "", NULL, 0},
	{"a literal that is too long", "* x {300000}\r\n", IMAP_BROKEN,
		IMAP_DATA, 0, "", "", NULL, 0},
	{"a number that is none", "* x {99999999999}\r\n", IMAP_COMPLETE,
		IMAP_DATA, 0, "", "x {99999999999}", NULL, 19},
	{"a greeting of POP3 is no response", "+OK ready\r\n", IMAP_BROKEN,
		IMAP_DATA, 0, "", "", NULL, 0},
	{"nor is one of LMTP", "220 ready\r\n", IMAP_BROKEN, IMAP_DATA, 0, "",
		"", NULL, 0},
	{"nor an empty line", "\r\n", IMAP_BROKEN, IMAP_DATA, 0, "", "", NULL,
		0},
	{"a tag of another program is none", "a1 OK x\r\n", IMAP_BROKEN,
		IMAP_DATA, 0, "", "", NULL, 0},
	{"tag 0 is none", "k0 OK x\r\n", IMAP_BROKEN, IMAP_DATA, 0, "", "",
		NULL, 0},
	{"a tag that is too large is none", "k4294967297 OK x\r\n", IMAP_BROKEN,
		IMAP_DATA, 0, "", "", NULL, 0},
	{"tagged data is no response", "k1 SEARCH 1\r\n", IMAP_BROKEN,
		IMAP_DATA, 0, "", "", NULL, 0},
};

static bool is(const struct imap_text *text, const char *wanted)
{
	return text->length == strlen(wanted) &&
		(text->length == 0 ||
			memcmp(text->bytes, wanted, text->length) == 0);
}

static void test_responses(void)
{
	static char bytes[IMAP_RESPONSE_MAX + 2];
	struct imap_response found;

	for (size_t i = 0; i < sizeof response_rows / sizeof response_rows[0];
		i++) {
		const struct response_row *row = &response_rows[i];
		bool right = imap_parse_response(row->bytes, strlen(row->bytes),
				     &found) == row->result;

		if (right && row->result == IMAP_COMPLETE)
			right = found.status == row->status &&
				found.tag == row->tag &&
				is(&found.code, row->code) &&
				is(&found.text, row->text) &&
				found.octets == row->octets &&
				(found.literal.bytes != NULL) ==
					(row->literal != NULL) &&
				(row->literal == NULL ||
					is(&found.literal, row->literal));
		ok(right, "%s", row->sentence);
	}
	memset(bytes, 'x', sizeof bytes);
	ok(imap_parse_response(bytes, IMAP_RESPONSE_MAX, &found) == IMAP_MORE,
		"a long line may still end");
	ok(imap_parse_response(bytes, sizeof bytes, &found) == IMAP_BROKEN,
		"but not an endless one");
}

static struct imap_text text_of(const char *bytes)
{
	return (struct imap_text){bytes, strlen(bytes)};
}

static void test_words(void)
{
	struct imap_text text =
		text_of("CAPABILITY IMAP4rev1 LITERAL+ UIDPLUS AUTH=PLAIN");
	struct imap_place place = {.uid = 0};
	uint32_t number = 0;
	size_t at = 6;
	char room[64];

	ok(imap_begins(&text, "capability"), "the first word, in any case");
	ok(!imap_begins(&text, "CAP"), "not its beginning");
	ok(imap_has(&text, "literal+"), "a word, in any case");
	ok(!imap_has(&text, "LITERAL"), "not its beginning");
	ok(!imap_has(&text, "PLAIN"), "not its end");
	text = text_of("STATUS \"x\" (UIDNEXT 42 UIDVALIDITY 7)");
	ok(imap_find_number(&text, "UIDNEXT", &number) && number == 42,
		"a number after a word");
	ok(imap_find_number(&text, "UIDVALIDITY", &number) && number == 7,
		"the last one");
	ok(!imap_find_number(&text, "MESSAGES", &number), "a word is missing");
	text = text_of("(UIDNEXT 0 X 4294967296 Y)");
	ok(!imap_find_number(&text, "UIDNEXT", &number), "0 is none");
	ok(!imap_find_number(&text, "X", &number), "what is too large is none");
	ok(!imap_find_number(&text, "Y", &number), "a word is none");
	text = text_of("SEARCH 3 17");
	ok(imap_next_number(&text, &at, &number) && number == 3 &&
			imap_next_number(&text, &at, &number) && number == 17 &&
			!imap_next_number(&text, &at, &number),
		"numbers, one after another");
	text = text_of("APPENDUID 38505 3955");
	ok(imap_parse_appenduid(&text, 0, &place) && place.validity == 38505 &&
			place.uid == 3955,
		"APPENDUID");
	text = text_of("APPENDUID 38505");
	ok(!imap_parse_appenduid(&text, 0, &place), "APPENDUID without a UID");
	text = text_of("APPENDUID 7 10:12,15");
	for (size_t i = 0; i < 4; i++)
		ok(imap_parse_appenduid(&text, i, &place) &&
				place.uid == (i < 3 ? 10 + i : 15),
			"APPENDUID of several, the one at %zu", i);
	ok(!imap_parse_appenduid(&text, 4, &place), "which has no more");
	text = text_of("APPENDUID 7 12:10");
	ok(!imap_parse_appenduid(&text, 0, &place), "a range in reverse");
	text = text_of("APPENDUID 7 0");
	ok(!imap_parse_appenduid(&text, 0, &place), "UID 0");
	text = text_of("APPENDUID 38505 3955");
	imap_parse_appenduid(&text, 0, &place);
	text = text_of("APPENDUIDS 1 2");
	ok(!imap_parse_appenduid(&text, 0, &place), "another code");
	ok(strcmp(imap_name_place(room, sizeof room, &place),
		   "UID 3955 (UIDVALIDITY 38505)") == 0,
		"the name of a place");
	ok(!imap_parse_start(room, &place), "which is not that of a start");
	imap_name_start(room, sizeof room, &place);
	place = (struct imap_place){.uid = 0};
	ok(strcmp(room, "UID 3955 or later (UIDVALIDITY 38505)") == 0 &&
			imap_parse_start(room, &place) && place.uid == 3955 &&
			place.validity == 38505,
		"the name of a start can be parsed");
	ok(!imap_parse_start("", &place), "nothing is no start");
	struct imap_response no = {.code = text_of("OVERQUOTA")};

	ok(imap_refusal(&no) == IMAP_REFUSES_NOW, "a quota is for now");
	no.code = text_of("");
	no.text = text_of("Over quota");
	ok(imap_refusal(&no) == IMAP_REFUSES_NOW, "also in words");
	no.code = text_of("TRYCREATE");
	ok(imap_refusal(&no) == IMAP_REFUSES_MAILBOX, "no mailbox");
	no = (struct imap_response){.status = IMAP_NO};
	ok(imap_refusal(&no) == IMAP_REFUSES_MESSAGE, "no code");
	text = text_of("CAPABILITY APPENDLIMIT=500 BINARY");
	ok(imap_find_number(&text, "APPENDLIMIT=", &number) && number == 500,
		"a number that follows '='");
}

struct got {
	char bytes[64];
	size_t length;
};

static void take(void *data, const char *text, size_t length)
{
	struct got *got = data;

	memcpy(got->bytes + got->length, text, length);
	got->length += length;
}

/* Converts text in two pieces, cut here, and compares. */
static bool reads(const char *wire, size_t cut, const char *wanted)
{
	struct got got = {.length = 0};
	struct imap_reader reader = {.emit = take, .data = &got};

	imap_read_text(&reader, wire, cut);
	imap_read_text(&reader, wire + cut, strlen(wire) - cut);
	return got.length == strlen(wanted) &&
		memcmp(got.bytes, wanted, got.length) == 0;
}

static void test_text(void)
{
	static const struct {
		const char *wire;
		const char *text;
	} rows[] = {
		{"a\r\nb\r\n", "a\nb\n"},
		{"a\rb\r\n", "a\rb\n"},
		{"a\r\r\n\r\n", "a\r\n\n"},
		{"a\r\r\r\n", "a\r\r\n"},
		{"\r\n", "\n"},
		{"a\nb\r\n", "a\nb\n"},
		{"\r\ra\r\n", "\r\ra\n"},
	};
	struct buffer out;
	char date[IMAP_DATE_MAX];

	for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
		size_t length = strlen(rows[i].wire);
		bool right = true;

		for (size_t cut = 0; cut <= length; cut++)
			right = right && reads(rows[i].wire, cut, rows[i].text);
		ok(right, "line ends of row %zu, cut anywhere", i);
	}
	buffer_init(&out, 8);
	ok(imap_append_text(&out, "a\nb\r\n", 5) && buffer_length(&out) == 7 &&
			memcmp(buffer_bytes(&out), "a\r\nb\r\r\n", 7) == 0,
		"each LF becomes CRLF");
	ok(!imap_append_text(&out, "cd", 2), "no more than fits");
	buffer_release(&out);
	ok(imap_text_length("a\nb\n", 4) == 6 && imap_text_length("", 0) == 0 &&
			imap_text_length("ab", 2) == 2,
		"its length is known before");
	imap_format_date(date, 1764000000);
	ok(strcmp(date, "\"24-Nov-2025 16:00:00 +0000\"") == 0, "a date: %s",
		date);
	imap_format_date(date, 0);
	ok(strcmp(date, "\" 1-Jan-1970 00:00:00 +0000\"") == 0,
		"a day of one digit: %s", date);
	imap_format_date(date, INT64_MAX);
	ok(strcmp(date, "\" 1-Jan-1970 00:00:00 +0000\"") == 0,
		"a date that cannot be sent: %s", date);
}

int main(void)
{
	test_addresses();
	test_mailboxes();
	test_responses();
	test_words();
	test_text();
	return done();
}
