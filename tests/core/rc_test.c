/* SPDX-License-Identifier: ISC */
#include "core/rc.h"

#include <stdio.h>
#include <string.h>

#include "tap.h"

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

static const char *variable(const char *name)
{
	return strcmp(name, "HOME") == 0      ? "/home/me"
		: strcmp(name, "EMPTY") == 0  ? ""
		: strcmp(name, "QUOTED") == 0 ? "a\" ${HOME} \\"
					      : NULL;
}

/*
 * The contents of a text: "LINE:COLUMN STATEMENT" for each, separated by
 * semicolons.
 */
static const struct {
	const char *sentence;
	const char *text;
	const char *wanted;
} good[] = {
	{"an empty file has no statements", "", ""},
	{"empty lines and comments are not statements",
		"\n  \t\n# x\n  # x = y\n// x\n/* x\ny = z */\n", ""},
	{"a setting", "user = me\n", "1:1 user=me"},
	{"the last line need not have an end", "user = me", "1:1 user=me"},
	{"spaces around = may be left out", "user=me\n", "1:1 user=me"},
	{"there may be many spaces around =", "\t user\t =  me \n",
		"1:3 user=me"},
	{"line ends of other systems", "user = me\r\nport = 1\r\n\r\n",
		"1:1 user=me; 2:1 port=1"},
	{"a byte order mark is skipped", "\xef\xbb\xbfuser = me\n",
		"1:1 user=me"},
	{"a byte order mark may be everything", "\xef\xbb\xbf", ""},
	{"a comment may follow a value", "user = me # x\nport = 1 // y\n",
		"1:1 user=me; 2:1 port=1"},
	{"comments may be anywhere in a line",
		"user /* a */ = /* b */ me /* c */\n", "1:1 user=me"},
	{"a comment that ends on the next line",
		"user = me /* a\nb */ port = 1", "1:1 user=me; 2:6 port=1"},
	{"slashes within a word belong to it", "maildir = /a//b/*c*/\n",
		"1:1 maildir=/a//b/*c*/"},
	{"other characters belong to a word, too",
		"user = me@x.y;z\\n-_~!?*[]<>|&^`:%\n",
		"1:1 user=me@x.y;z\\n-_~!?*[]<>|&^`:%"},
	{"non-ASCII letters belong to a word", "maildir = /M\xc3\xa4il\n",
		"1:1 maildir=/M\xc3\xa4il"},
	{"a typographic apostrophe may be within a word",
		"user = O\xe2\x80\x99"
		"Brien\n",
		"1:1 user=O\xe2\x80\x99"
		"Brien"},
	{"double quotes", "user = \"a b\"\n", "1:1 user=a b"},
	{"another setting may follow a value in quotes",
		"user = \"me\" port = '1' tls = off # x\n",
		"1:1 user=me; 1:13 port=1; 1:24 tls=off"},
	{"an empty value in quotes is empty", "user = \"\"\nport = ''\n",
		"1:1 user=; 2:1 port="},
	{"special characters have no meaning in quotes",
		"user = \"a # } = { ( , + ' // /* b\"\n",
		"1:1 user=a # } = { ( , + ' // /* b"},
	{"escapes in double quotes",
		"user = \"\\\"\\\\\\$\\' \\x41\\x4a\\101\"\n",
		"1:1 user=\"\\$' AJA"},
	{"C's escapes are supported", "user = \"\\t|\\n|\\e|\\0077\"\n",
		"1:1 user=\t|\n|\033|\a7"},
	{"a backslash in single quotes is literal", "user = 'a\\n${HOME}\\'\n",
		"1:1 user=a\\n${HOME}\\"},
	{"a variable", "user = \"<${HOME}>\"\n", "1:1 user=</home/me>"},
	{"a default is not used if the variable is set",
		"user = \"${HOME:-\\x41}\"\n", "1:1 user=/home/me"},
	{"a default is used if the variable is not set",
		"user = \"${NONE:-\\x41 b}c\"\n", "1:1 user=A bc"},
	{"a default is used if the variable is empty",
		"user = \"${EMPTY:-a}${EMPTY}${NONE:-}\"\n", "1:1 user=a"},
	{"the value of a variable is not parsed again",
		"user = \"${QUOTED}\"\n", "1:1 user=a\" ${HOME} \\"},
	{"other dollar signs are literal",
		"user = \"$HOME $ $(x) \\${HOME}\"\n",
		"1:1 user=$HOME $ $(x) ${HOME}"},
	{"no-break spaces in quotes are kept",
		"maildir = \"/a\xc2\xa0"
		"z\"\n",
		"1:1 maildir=/a\xc2\xa0"
		"z"},
	{"typographic quotation marks in quotes are kept",
		"maildir = \"/\xe2\x80\x9cz\xe2\x80\x9d\"\n",
		"1:1 maildir=/\xe2\x80\x9cz\xe2\x80\x9d"},
	{"an account", "account a {\n user = me\n}\n",
		"1:1 account a; 2:2 user=me; 3:1 end"},
	{"with a name in quotes", "account \"a\"{\n}\naccount 'b' {\n}\n",
		"1:1 account a; 2:1 end; 3:1 account b; 4:1 end"},
	{"on one line",
		"account sales   { user = sales   maildir = \"/srv/s\" }\n",
		"1:1 account sales; 1:19 user=sales; 1:34 maildir=/srv/s; "
		"1:53 end"},
	{"with nothing in it", "account a{}\naccount b { }# x\n",
		"1:1 account a; 1:11 end; 2:1 account b; 2:13 end"},
	{"an account may continue on the next line",
		"account a { user = b port = 1\nx = 2}",
		"1:1 account a; 1:13 user=b; 1:22 port=1; 2:1 x=2; 2:6 end"},
	{"an include", "include(\"a/*.rc\")\ninclude ( b ) # x\n",
		"1:1 include a/*.rc; 2:1 include b"},
	{"columns count characters", "account \xc3\xa4 { user = b }",
		"1:1 account \xc3\xa4; 1:13 user=b; 1:22 end"},
};

/*
 * Mistakes: the beginning (or a part) of each message, as "LINE:COLUMN TEXT".
 */
static const struct {
	const char *sentence;
	const char *text;
	const char *wanted[5];
} bad[] = {
	{"a value with spaces is one mistake", "maildir = ~/My Mail dir\n",
		{"1:16 the value of maildir contains a blank: put it in "
		 "quotes, as in maildir = \"VALUE\""}},
	{"a value with spaces hides nothing after it",
		"account a {\nmaildir = ~/My Mail dir\ndelete = newer\n}\n"
		"port = x\n",
		{"2:16 the value of maildir contains a ",
			"3:1 delete = newer:", "5:1 port = x: expected"}},
	{"a value with spaces in an account on one line is one mistake",
		"account a { maildir = ~/My Mail dir port = x }\nport = y\n",
		{"1:28 the value of maildir contains a ",
			"1:37 port = x:", "2:1 port = y:"}},
	{"it is one mistake even if it looks like a setting there",
		"account a { maildir = ~/My Mail = dir }\n",
		{"1:28 no such setting 'Mail'"}},
	{"a password with spaces is a mistake", "password = pw x y\n",
		{"1:15 the value of password contains a blank"}},
	{"a colon", "server: x\nserver:x\nserver : x\n",
		{"1:7 there is a : after server: write = instead",
			"2:7 there is a :", "3:8 there is a :"}},
	{"a stray word", "stray\n", {"1:1 no such setting 'stray'"}},
	{"a setting without =", "user me\nuser\nuser \"me\"\n",
		{"1:1 there is no = after user: write user = VALUE",
			"2:1 there is no =", "3:1 there is no ="}},
	{"+=", "user += me\n", {"1:6 there is no += here"}},
	{"= without a name", "= me\n", {"1:1 a setting is expected here"}},
	{"a value that is missing", "user =\nport = # 1\n",
		{"1:7 the value of user is missing: write user = \"VALUE\"",
			"2:7 the value of port is missing, since # begins"}},
	{"a value on the next line", "user =\n  me\n",
		{"1:7 the value of user is missing",
			"2:3 no such setting 'me'"}},
	{"a list", "user = {a, b}\n",
		{"1:8 the value of user has one of ${}()=,+\"'"}},
	{"signs that need quotes", "user = a+b\nuser = a=b\nuser = O'B\n",
		{"1:9 the value of user has one of", "2:9 the value",
			"3:9 the value"}},
	{"a variable without quotes", "maildir = ${HOME}/x\n",
		{"1:11 the value of maildir has one of"}},
	{"a brace in a password", "account a {\npassword = a}b\n}\n",
		{"2:13 the value of password has one of"}},
	{"a # in a value", "user = te#st\n",
		{"1:10 a # right after a value begins a comment: put the value in quotes"}},
	{"more behind a quotation mark", "user = \"a\"b\nuser = 'a'#b\n",
		{"1:11 the value of user continues right after its closing",
			"2:11 the value of user continues"}},
	{"a quotation mark that is not closed", "user = \"me\nport = x\n",
		{"1:8 the quotation mark here is not closed on its line: add "
		 "a \"",
			"2:1 port = x:"}},
	{"a single one", "user = 'me\n", {"1:8 the quotation mark here"}},
	{"one that a backslash hides", "user = \"me\\\"\n",
		{"1:8 the quotation mark here"}},
	{"one that a typographic one does not close",
		"user = \"me\xe2\x80\x9d\n",
		{"1:8 the quotation mark here is not closed on its line (a "
		 "typographic one does not close it)"}},
	{"one in an account on one line",
		"account a { user = \"me }\naccount b { port = x }\n",
		{"1:20 the quotation mark here", "2:13 port = x:"}},
	{"typographic quotation marks",
		"user = \xe2\x80\x9cme you\xe2\x80\x9d\nport = x\n",
		{"1:8 there is a typographic quotation mark (U+201C): replace "
		 "the typographic quotation marks by plain ones",
			"2:1 port = x:"}},
	{"others of them",
		"user = \xe2\x80\x98me\xe2\x80\x99\nuser = \xe2\x80\x9eme\n"
		"user = \xc2\xabme\xc2\xbb\nuser = me\xe2\x80\x9d\n",
		{"1:8 there is a typographic quotation mark (U+2018)",
			"2:8 there is a typographic quotation mark (U+201E)",
			"3:8 there is a typographic quotation mark (U+00AB)",
			"4:10 there is a typographic quotation mark (U+201D)"}},
	{"behind a value, too", "user = me \xe2\x80\x9dx\n",
		{"1:11 there is a typographic quotation mark"}},
	{"no-break spaces",
		"user\xc2\xa0= me\nuser =\xe2\x80\xafme\n\xc2\xa0user = me\n"
		"user = me\xc2\xa0# x\n",
		{"1:5 there is a no-break space (U+00A0)",
			"2:7 there is a no-break space (U+202F)",
			"3:1 there is a no-break space (U+00A0)",
			"4:10 there is a no-break space (U+00A0)"}},
	{"what cannot be seen",
		"user = m\xe2\x80\x8b"
		"e\n\xef\xbb\xbfport = 1\n",
		{"1:9 there is an invisible character (U+200B)",
			"2:1 there is an invisible character (U+FEFF)"}},
	{"control characters", "user = \"a\001\"\n# \f\nuser = a\rb\n\x7f\n",
		{"1:10 there is a control character (0x01)",
			"2:3 there is a control character (0x0c)",
			"3:9 there is a carriage return within the line",
			"4:1 there is a control character (0x7f)"}},
	{"a variable that is not set", "user = \"${NONE}x${NONE2}\"\n",
		{"1:9 the environment variable NONE is not set: set it, or "
		 "write ${NONE:-DEFAULT}",
			"1:17 the environment variable NONE2 is not set"}},
	{"what is no variable",
		"user = \"${}\"\nuser = \"${1}\"\n"
		"user = \"${A:b}\"\nuser = \"${A\"\n",
		{"1:9 the value of user has a ${ that is no variable",
			"2:9 the value", "3:9 the value", "4:9 the value"}},
	{"a default that is not closed", "user = \"${A:-b\"\n",
		{"1:9 the value of user has a ${ that no } closes"}},
	{"a default with another variable", "user = \"${A:-${HOME}}\"\n",
		{"1:9 the value of user has a ${ that no } closes, or another"}},
	{"escapes that mean nothing",
		"user = \"A\\user\"\nuser = \"\\8\"\n"
		"user = \"\\400\"\nuser = \"\\x\"\n",
		{"1:10 the value of user has a backslash with a letter",
			"2:9 the value of user has a backslash with a number",
			"3:9 the value", "4:9 the value"}},
	{"a number of too few digits", "user = \"\\1\"\nuser = \"\\x4\"\n",
		{"1:9 the value of user has a backslash with a number",
			"2:9 the value"}},
	{"a NUL by its number", "user = \"\\000\"\nuser = \"\\x00\"\n",
		{"1:9 the value of user has a backslash with a number",
			"2:9 the value"}},
	{"a second setting on a line", "user = me port = 1\n",
		{"1:11 there is a second setting on this line"}},
	{"an account or include behind a setting in quotes",
		"user = 'me' include(\"x\")\nuser = 'me' account a {\n",
		{"1:13 the value of user contains a blank",
			"2:13 the value of user contains a blank"}},
	{"a third setting behind one without quotes",
		"user = \"me\" port = 1 tls = off\n",
		{"1:22 there is a second setting on this line"}},
	{"behind an account's end, something else",
		"account a { } user = me\naccount b { } account c { }\n",
		{"1:15 this follows a complete statement",
			"2:15 this follows"}},
	{"an account that is not closed", "\naccount a {\nuser = me\n",
		{"2:1 the { on this line has no closing }"}},
	{"and one in it", "account a {\n\naccount b {\n}\n",
		{"3:1 account inside of account a: its closing } is missing "
		 "above (it begins on line 1)"}},
	{"an include in it", "account a {\ninclude(\"x\")\n",
		{"2:1 include inside of account a: its closing }"}},
	{"an account without a name", "account { user = x }\nport = x\n",
		{"1:9 the account's name is missing: write account NAME {",
			"2:1 port = x:"}},
	{"with two names", "account my mail { user = x }\nport = x\n",
		{"1:12 account my has more than one word as its name",
			"2:1 port = x:"}},
	{"with a brace on the next line", "account a\n{\nport = x\n}\n",
		{"1:10 the { of account a is missing", "3:1 port = x:"}},
	{"a } too many", "account a { }\n}\nport = x\n",
		{"2:1 there is no account that this } could close",
			"3:1 port = x:"}},
	{"a { of nobody", "{\nport = x\n}\n",
		{"1:1 there is no account NAME in front of this {",
			"2:1 port = x:"}},
	{"a misspelt account", "acount b { port = x }\nport = y\n",
		{"1:1 no such setting 'acount': did you mean 'account'?",
			"1:12 port = x:", "2:1 port = y:"}},
	{"a block in an account", "account a {\nfoo {\n}\nport = x\n}\n",
		{"2:1 no such setting 'foo'", "4:1 port = x:"}},
	{"= behind account", "account = a\ninclude = b\n",
		{"1:1 write account NAME {", "2:1 write include(\"FILE\")"}},
	{"an include of nothing, or of more",
		"include()\ninclude \"a\"\n"
		"include(a, b)\ninclude(a\n",
		{"1:9 the file to include is missing",
			"2:1 include takes one file name", "3:1 include takes",
			"4:1 include takes"}},
	{"something behind an include", "include(a) user = me\n",
		{"1:12 this follows a complete statement"}},
	{"a comment that is not closed", "user = me\n /* x\nport = x\n",
		{"2:2 the comment that begins here is not closed"}},
	{"within which an account ends", "account a {\n/* }\n",
		{"2:1 the comment that begins here is not closed"}},
	{"UTF-16", "\xff\xfeu", {"1:1 the file is in UTF-16"}},
	{"a setting that does not exist", "account a {\nuesr = me\n}\n",
		{"2:1 no such setting 'uesr': did you mean 'user'?"}},
	{"a setting that is there twice",
		"user = a\naccount a { user = b }\nuser = c\n",
		{"3:1 user is set twice (first on line 1)"}},
	{"in an account, too", "account a { user = b\nuser = c }\n",
		{"2:1 user is set twice (first on line 1)"}},
	{"settings that contradict",
		"maildir = /a\naccount a { mbox = /a\nmaildir = /b }\n",
		{"3:1 maildir contradicts mbox on line 2"}},
	{"jobs in an account, and twice",
		"jobs = 65\naccount a { jobs = 2 }\njobs = 3\n",
		{"1:1 jobs = 65: expected a number from 1 to 64",
			"2:13 jobs is for all accounts",
			"3:1 jobs is set twice (first on line 1)"}},
	{"an account that is there twice", "account a { }\naccount a { }\n",
		{"2:1 account a appears twice (first on line 1)"}},
	{"an account's name that leads elsewhere", "account \"../a\" { }\n",
		{"1:1 account \"../a\": a name has letters"}},
	{"a path that is none", "maildir = Mail\nmbox = ~me/x\n",
		{"1:1 maildir = Mail: expected an absolute path",
			"2:1 mbox = ~me/x: expected an absolute path",
			"2:1 mbox contradicts maildir"}},
};

/*
 * No message shows a password, or that of a proxy: "hunter2" is in each text.
 */
static const char *const secrets[] = {
	"password = my hunter2",
	"password hunter2",
	"password: hunter2",
	"password = \"hunter2",
	"password = hunter2${x}",
	"password = \"${hunter2}\"",
	"password = \"${HOME}hunter2\\q\"",
	"password = \"hunter2\\x07\"",
	"password = a}hunter2 = b",
	"password = a hunter2 { b }",
	"password = \"ab\nhunter2\"",
	"password = \"ab\nhunter2 = x\"",
	"password =\nhunter2",
	"password = \"ab\"hunter2",
	"password = a#hunter2",
	"password = \xe2\x80\x9chunter2\xe2\x80\x9d",
	"password =\xc2\xa0hunter2\nhunter2",
	"account a { password = a hunter2 = b }",
	"account a { password = a hunter2 { } }",
	"account a { password = a hunter2 port = 1 }",
	"proxy = ftp://me:hunter2@host",
	"proxy = http://me:a hunter2@host",
	"proxy = \"http://me:hunter2@host",
};

static void add(char *room, size_t size, const char *text)
{
	size_t n = strlen(room);

	snprintf(room + n, size - n, "%s", text);
}

static void render(const struct rc *rc, char *room, size_t size)
{
	room[0] = '\0';
	for (size_t i = 0; i < rc->count; i++) {
		const struct rc_statement *one = &rc->statements[i];
		char text[256];

		snprintf(text, sizeof text, "%s%zu:%zu %s%s%s%s",
			i == 0 ? "" : "; ", one->place.line, one->place.column,
			one->kind == RC_ACCOUNT		  ? "account "
				: one->kind == RC_INCLUDE ? "include "
				: one->kind == RC_END	  ? "end"
							  : "",
			one->name == NULL ? "" : one->name,
			one->kind == RC_SETTING ? "=" : "",
			one->value == NULL ? "" : one->value);
		add(room, size, text);
	}
}

static void test_good(void)
{
	char room[1024];
	struct rc rc;

	for (size_t i = 0; i < COUNT(good); i++) {
		bool whole = rc_parse(
			&rc, good[i].text, strlen(good[i].text), variable);

		render(&rc, room, sizeof room);
		same(whole ? room : rc.mistakes[0].text, good[i].wanted, "%s",
			good[i].sentence);
		rc_release(&rc);
	}
}

static void test_bad(void)
{
	char got[4096];
	char wanted[4096];
	struct rc rc;

	for (size_t i = 0; i < COUNT(bad); i++) {
		got[0] = wanted[0] = '\0';
		rc_parse(&rc, bad[i].text, strlen(bad[i].text), variable);
		rc_check(&rc);
		for (size_t k = 0; k < rc.mistake_count; k++) {
			char line[1100];
			const struct rc_mistake *one = &rc.mistakes[k];
			const char *start = k < COUNT(bad[i].wanted)
				? bad[i].wanted[k]
				: NULL;

			snprintf(line, sizeof line, "%zu:%zu %s",
				one->place.line, one->place.column, one->text);
			/* The beginning is sufficient. */
			if (start != NULL && strlen(start) < strlen(line))
				line[strlen(start)] = '\0';
			add(got, sizeof got, line);
			add(got, sizeof got, "; ");
		}
		for (size_t k = 0;
			k < COUNT(bad[i].wanted) && bad[i].wanted[k] != NULL;
			k++) {
			add(wanted, sizeof wanted, bad[i].wanted[k]);
			add(wanted, sizeof wanted, "; ");
		}
		same(got, wanted, "mistake: %s", bad[i].sentence);
		rc_release(&rc);
	}
}

static void test_secrets(void)
{
	struct rc rc;

	for (size_t i = 0; i < COUNT(secrets); i++) {
		bool shown = false;

		rc_parse(&rc, secrets[i], strlen(secrets[i]), variable);
		rc_check(&rc);
		for (size_t k = 0; k < rc.mistake_count; k++)
			shown = shown ||
				strstr(rc.mistakes[k].text, "hunter2") != NULL;
		ok(rc.mistake_count > 0 && !shown,
			"a secret in a mistake is not shown: number %zu", i);
		rc_release(&rc);
	}
}

static void test_belief(void)
{
	static const char text[] =
		"user = a\naccount a {\nport = 1\nstray\ntls = off\n}\n"
		"account b { }\n";
	static const char nul[] = "user = a\nser\0ver = b\nport = 1\n";
	struct rc rc;

	rc_parse(&rc, text, sizeof text - 1, variable);
	ok(rc.believed == 3, "what stands behind a mistake is not believed");
	ok(rc.count == 7, "but is there, to be looked at");
	ok(rc.statements[1].doubtful && !rc.statements[5].doubtful &&
			!rc.doubtful,
		"only the account that it stands in is in doubt");
	rc_release(&rc);
	rc_parse(&rc, nul, sizeof nul - 1, variable);
	ok(rc.mistake_count == 1 && rc.mistakes[0].place.line == 2 &&
			rc.mistakes[0].place.column == 4 &&
			strstr(rc.mistakes[0].text, "NUL") != NULL,
		"a NUL is a mistake, with its place");
	ok(rc.count == 2 && rc.believed == 1 && rc.doubtful,
		"and the file goes on behind it");
	rc_release(&rc);
	rc_parse(&rc, NULL, 0, variable);
	ok(rc_check(&rc) && rc.count == 0, "no text at all is no mistake");
	rc_release(&rc);
}

static void test_jobs(void)
{
	unsigned jobs = 7;

	ok(rc_parse_jobs("64", &jobs) && jobs == 64, "jobs are a number");
	ok(!rc_parse_jobs("0", &jobs) && !rc_parse_jobs("65", &jobs) &&
			!rc_parse_jobs("", &jobs) && jobs == 64,
		"from 1 to 64");
}

int main(void)
{
	test_good();
	test_bad();
	test_secrets();
	test_belief();
	test_jobs();
	return done();
}
