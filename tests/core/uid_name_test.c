/* SPDX-License-Identifier: ISC */
#include "core/uid_name.h"

#include <stdlib.h>
#include <string.h>

#include "tap.h"

static struct uid uid_of(const char *bytes, size_t length)
{
	return (struct uid){.bytes = bytes, .length = length};
}

static const struct {
	const char *sentence;
	const char *uid;
	size_t length; /* 0: strlen */
	const char *text;
} texts[] = {
	{"a plain uid is shown as it is", "GmailId17a", 0, "GmailId17a"},
	{"so are letters beyond ASCII", "\xc3\xa4", 0, "\xc3\xa4"},
	{"a control is written as an escape", "u\x1b[2J", 0, "u\\x1b[2J"},
	{"so is a NUL", "a\0b", 3, "a\\x00b"},
	{"so is a malformed byte",
		"\xff"
		"a",
		0, "\\xffa"},
	{"all octets of an invisible character are", "\xe2\x80\xae", 0,
		"\\xe2\\x80\\xae"},
	{"a backslash alone is no escape", "a\\b\\x4", 0, "a\\b\\x4"},
	{"a backslash that would look like one is written as one", "a\\x41", 0,
		"a\\x5cx41"},
	{"a uid may be empty", "", 0, ""},
};

static const struct {
	const char *sentence;
	const char *name;
	const char *uid;
	size_t length; /* 0: strlen */
	enum uid_match match;
} matches[] = {
	{"a whole uid is exact", "one", "one", 0, UID_MATCH_EXACT},
	{"an escape stands for its byte", "u\\x1b[2J", "u\x1b[2J", 0,
		UID_MATCH_EXACT},
	{"also where none was needed, in upper case", "\\x6F\\x6e\\x65", "one",
		0, UID_MATCH_EXACT},
	{"also for a NUL", "a\\x00b", "a\0b", 3, UID_MATCH_EXACT},
	{"a byte stands for itself", "u\x1b[2J", "u\x1b[2J", 0,
		UID_MATCH_EXACT},
	{"what looks like an escape may be none", "a\\x41", "a\\x41", 0,
		UID_MATCH_EXACT},
	{"its own text names it, too", "a\\x5cx41", "a\\x41", 0,
		UID_MATCH_EXACT},
	{"four bytes are a prefix", "abcd", "abcdef", 0, UID_MATCH_PREFIX},
	{"three are not", "abc", "abcdef", 0, UID_MATCH_NONE},
	{"an escape counts as one byte", "ab\\x63", "abcdef", 0,
		UID_MATCH_NONE},
	{"and is one in a prefix", "ab\\x63\\x64", "abcdef", 0,
		UID_MATCH_PREFIX},
	{"what is longer than the uid is no prefix of it", "abcdefg", "abcdef",
		0, UID_MATCH_NONE},
	{"what differs is none", "abce", "abcdef", 0, UID_MATCH_NONE},
	{"a few digits may be a message number, and are no prefix", "1234567",
		"12345678", 0, UID_MATCH_NONE},
	{"nor with a sign", "#1234", "#12345", 0, UID_MATCH_NONE},
	{"but they are a uid", "17", "17", 0, UID_MATCH_EXACT},
	{"many digits are a prefix", "000000646553", "000000646553f100", 0,
		UID_MATCH_PREFIX},
	{"but not if they end within a number", "1234567890.1", "1234567890.12",
		0, UID_MATCH_NONE},
	{"unless dots say that it is a prefix", "1234567890.1...",
		"1234567890.12345", 0, UID_MATCH_SHORTENED},
	{"head and tail are the shortened form", "000...f100",
		"000000646553f100", 0, UID_MATCH_SHORTENED},
	{"the head must be there", "...f100", "000000646553f100", 0,
		UID_MATCH_NONE},
	{"the tail may be missing", "000000...", "000000646553f100", 0,
		UID_MATCH_SHORTENED},
	{"both must be right", "000...f101", "000000646553f100", 0,
		UID_MATCH_NONE},
	{"and of four bytes", "0...00", "000000646553f100", 0, UID_MATCH_NONE},
	{"and not overlap", "abcd...cdef", "abcdef", 0, UID_MATCH_NONE},
	{"something must have been cut", "abc...def", "abcdef", 0,
		UID_MATCH_NONE},
	{"a uid with dots of its own is exact", "abc...def", "abc...def", 0,
		UID_MATCH_EXACT},
	{"and has a shortened form", "ab......ef", "ab...cd...ef", 0,
		UID_MATCH_SHORTENED},
	{"an escape may have been cut", "ab\\x1...cdef", "ab\x1bxxxxcdef", 0,
		UID_MATCH_SHORTENED},
};

int main(void)
{
	for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++) {
		size_t length = texts[i].length > 0 ? texts[i].length
						    : strlen(texts[i].uid);
		char *text = uid_text(uid_of(texts[i].uid, length));
		struct uid_name name;

		same(text, texts[i].text, "%s", texts[i].sentence);
		uid_name_init(&name, text);
		ok(uid_name_match(&name, uid_of(texts[i].uid, length)) ==
				UID_MATCH_EXACT,
			"and its text names it");
		uid_name_release(&name);
		free(text);
	}
	for (size_t i = 0; i < sizeof matches / sizeof matches[0]; i++) {
		size_t length = matches[i].length > 0 ? matches[i].length
						      : strlen(matches[i].uid);
		struct uid_name name;

		uid_name_init(&name, matches[i].name);
		ok(uid_name_match(&name, uid_of(matches[i].uid, length)) ==
				matches[i].match,
			"%s", matches[i].sentence);
		uid_name_release(&name);
	}
	return done();
}
