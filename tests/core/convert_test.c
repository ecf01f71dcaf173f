/* SPDX-License-Identifier: ISC */
#include "core/convert.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tap.h"

/*
 * Any text is read within its bounds, and to its end; and one that says that
 * mail is kept never deletes any, wherever it is cut.
 */
static void check_cuts(enum seen_format from, const char *text)
{
	struct convert convert;
	size_t length = strlen(text);
	size_t deletes = 0;
	bool whole = false;

	for (size_t n = 0; n <= length; n++) {
		char *copy = malloc(n + 1);

		memcpy(copy, text, n);
		whole = convert_text(from, copy, n, &convert);
		for (size_t i = 0; i < convert.count && whole; i++) {
			const char *when =
				convert_get(&convert.accounts[i], "delete");

			deletes += when != NULL && strcmp(when, "never") != 0;
		}
		convert_release(&convert);
		free(copy);
	}
	ok(whole && deletes == 0, "%s: cut anywhere, and whole",
		seen_names[from]);
}

/* The beginning of a text, in one line. */
static const char *show(const char *text)
{
	static char line[60];

	snprintf(line, sizeof line, "%s", text);
	for (char *at = line; (at = strchr(at, '\n')) != NULL;)
		*at = ' ';
	return line;
}

/* value NULL: the account has no such setting; or there is no account. */
static void check_value(enum seen_format from, const char *text,
	const char *setting, const char *value)
{
	struct convert convert;
	bool is = convert_text(from, text, strlen(text), &convert);
	const char *found = !is
		? NULL
		: convert_get(&convert.accounts[convert.count - 1], setting);

	ok((found == NULL) == (value == NULL) &&
			(found == NULL || value == NULL ||
				strcmp(found, value) == 0),
		"%s: %s is %s: %s", seen_names[from], setting,
		value == NULL ? "not set" : value, show(text));
	if (found != NULL && (value == NULL || strcmp(found, value) != 0))
		printf("# it is %s\n", found);
	convert_release(&convert);
}

/* The file is not understood, or its last account is refused. */
static void check_refused(enum seen_format from, const char *text)
{
	struct convert convert;
	bool is = convert_text(from, text, strlen(text), &convert) &&
		convert.count > 0 &&
		convert.accounts[convert.count - 1].refused == NULL;

	ok(!is, "%s: refused: %s", seen_names[from], show(text));
	convert_release(&convert);
}

/* The sender, of which nothing can be a program. */
#define SENDER(before, after)                                           \
	before "\"$(printf %s \"${KEEPMAIL_SENDER:-MAILER-DAEMON}\" | " \
	       "tr -c A-Za-z0-9.@_+/- _)\"" after

static void check_fetchmail(void)
{
	static const enum seen_format from = SEEN_FETCHMAIL;

	check_cuts(from,
		"set daemon 3 defaults proto pop3 # x\n"
		"poll a via b user 'c' is d here password \"nokeep\" ssl "
		"keep mda procmail");
	check_value(from, "poll a user b mda \"x -f '%F' y\"", "pipe",
		SENDER("x -f ", " y"));
	check_value(from, "poll a user b mda 'sh -c \"x %F\"'", "pipe", NULL);
	check_value(from, "poll a user b mda 'x $(echo %F)'", "pipe", NULL);
	check_value(from, "poll a user b is c here mda 'x %T -- %T'", "pipe",
		"x c -- c");
	check_value(
		from, "poll a user b is 'c;d' here mda 'x %T'", "pipe", NULL);
	check_value(from, "poll a proto imap user b", "server", NULL);
	check_value(from, "poll a proto pop3 user b mda x", "delete", NULL);
	check_value(
		from, "poll a proto pop3 user b mda x nokeep", "delete", "now");
	check_value(from, "poll a proto pop3 user b mda x no keep", "delete",
		"now");
	check_value(from, "poll a user b nokeep", "delete", NULL);
	check_value(from, "poll a proto pop3 user b mda x nokeep flush",
		"delete", NULL);
	check_value(from, "poll a user b keep", "delete", "never");
	check_value(from, "poll a proto pop3 user b mda x nokeep lmtp keep",
		"delete", "never");
	check_value(from, "poll a proto pop3 user b mda x password 'nokeep'",
		"delete", NULL);
	check_value(from, "poll a proto pop3 user b mda x pass nokeep",
		"delete", NULL);
	check_value(from, "poll a user b pass \"\\x41\\101\\065\"", "password",
		"Ae5");
	check_value(from, "defaults nokeep mda x poll a user b keep", "delete",
		"never");
	check_value(from, "poll a user 'b' there is 'c' here", "user", "b");
	check_value(from, "poll a user c here is b there", "user", "b");
	check_value(from, "poll a port 1110 user b", "port", "1110");
	check_value(from, "poll a proto pop3 pass x", "password", "x");
	check_value(from, "skip a user b", "server", NULL);
	check_value(from, "poll a user b mda x nokeep", "delete", NULL);
	check_value(from, "poll a proto pop3 user b mda x nokeep is c here",
		"delete", NULL);
	check_value(from,
		"poll a proto pop3 user b mda 'x %T' nokeep is c here",
		"delete", "now");
	check_value(from, "poll a user b is c here mda 'x %s'", "pipe", NULL);
	check_value(from, "poll a user b limit 00", "max-size", NULL);
	check_value(
		from, "poll a user b no sslcertck no ssl", "tls", "starttls");
	check_refused(from, "poll a user b pass x defaults keep");
	check_refused(from, "poll a port 993 user b");
	check_refused(from, "poll a user b pass \"x");
	check_refused(from, "poll a user b pass \"x\"y");
	check_refused(from, "poll a user b keep port 1110");
	check_refused(from, "poll a user b unheard-of");
	check_refused(from, "poll a user b preconnect 'ssh x'");
	check_refused(from, "poll a plugin 'ssh x' user b");
	check_refused(from, "poll a auth ssh user b");
	check_refused(from, "poll a service x user b");
	check_refused(from, "poll a keep user b");
}

static void check_mpop(void)
{
	static const enum seen_format from = SEEN_MPOP;

	check_cuts(from,
		"defaults\ntls on\nkeep\naccount a\nhost b\n"
		"delivery mda \"x %F\"\naccount c : a\n");
	check_value(
		from, "account a\nhost b\ndelivery maildir /x", "delete", NULL);
	check_value(from, "account a\nhost b\ndelivery maildir /x\nkeep off",
		"delete", "now");
	check_value(from, "account a\nhost b\nkeep off", "delete", NULL);
	check_value(from,
		"account a\nhost b\ndelivery maildir /x\nkeep off\nfilter x",
		"delete", NULL);
	check_value(from,
		"account a\nhost b\ndelivery maildir /x\nkeep off\nkillsize 1",
		"delete", NULL);
	check_value(
		from, "defaults\nkeep\naccount a\nhost b\n", "delete", "never");
	check_value(from,
		"account a\nhost b\npassword c\naccount d : a\npassword\n",
		"password", NULL);
	check_value(from, "account a\nhost b\npassword c\npasswordeval d\n",
		"password-command", NULL);
	check_value(from, "account a\nhost b\nproxy_host ::1\n", "proxy",
		"socks5h://[::1]:1080");
	check_value(
		from, "account a\nhost b\ntls\nport 1110\n", "port", "1110");
	check_value(from, "account a\nhost b\ndelivery maildir x\n", "maildir",
		NULL);
	check_value(from, "account a\nhost b\naccount default : a\n", "server",
		"b");
	check_value(from, "", "server", NULL);
	check_value(from,
		"account a\nhost b\naccount c\nuser u\naccount default : a, c",
		"user", "u");
	check_value(from, "account a\nhost b\ndelivery maildir $HOME/x\n",
		"maildir", NULL);
	check_refused(from, "account a\nhost b\nkeep = on\n");
	check_refused(from, "account a\nhost b\nkeep yes\n");
	check_refused(from, "account a\nhost b\nauth external\n");
	check_refused(from, "account a\nhost b\nsocket /x\n");
	check_refused(from, "account a\nhost b\nunheard_of x\n");
	check_refused(from, "eval x\naccount a\nhost b\n");
	check_refused(from, "account a : b\nhost b\n");
	check_refused(from, "account a\n");
}

#define GETMAIL                                                    \
	"[retriever]\ntype = SimplePOP3SSLRetriever\nserver = a\n" \
	"[destination]\ntype = Maildir\npath = ~/x/\n"

static void check_getmail(void)
{
	static const enum seen_format from = SEEN_GETMAIL;

	check_cuts(from,
		"[options]\ndelete = false\n"
		"[retriever]\ntype = SimplePOP3SSLRetriever\nserver: a\n"
		"password_command = (\"a\",\n  \"b\")\n[destination]\n"
		"type = Maildir\npath = /x/\n");
	check_value(from, GETMAIL, "delete", "never");
	check_value(from, GETMAIL, "maildir", "~/x/");
	check_value(from, GETMAIL "[options]\ndelete: yes\n", "delete", "now");
	check_value(from, GETMAIL "[options]\ndelete_after = 7\n", "delete",
		"after 7 days");
	check_value(from,
		GETMAIL "[filter-x]\ntype = Filter_external\n"
			"[options]\ndelete: yes\n",
		"delete", NULL);
	check_value(from, GETMAIL "[options]\ndelete: yes\nnew = 1\n", "delete",
		NULL);
	check_value(from,
		"[retriever]\ntype = SimplePOP3SSLRetriever\n  server = c\n"
		"server = a\n",
		"server", NULL);
	check_value(from,
		"[retriever]\n  type = SimplePOP3SSLRetriever\n  server = a\n"
		"  password_command = (\"it's\",\n   'b\\\\c', )\n",
		"password-command", "'it'\\''s' 'b\\c'");
	check_value(from,
		"[retriever]\ntype = SimplePOP3SSLRetriever\nserver = a\n"
		"[destination]\ntype = MDA_external\npath = /usr/bin/x\n"
		"arguments = ('-f', '%(sender)')\n",
		"pipe", "'/usr/bin/x' '-f' \"$KEEPMAIL_SENDER\"");
	check_value(from,
		"[retriever]\ntype = SimplePOP3SSLRetriever\nserver = a\n"
		"[destination]\ntype = MDA_external\npath = /usr/bin/x\n"
		"arguments = ('-f%(sender)',)\n",
		"pipe", NULL);
	check_value(from, GETMAIL "[options]\ndelete_after = 00\n", "delete",
		"never");
	check_value(from, GETMAIL "user = jane\n[options]\ndelete = 1\n",
		"delete", NULL);
	check_value(from,
		"[retriever]\ntype = SimplePOP3SSLRetriever\nserver = a\n"
		"[destination]\ntype = MDA_external\npath = /usr/bin/x\n"
		"arguments = ('$HOME/x',)\n",
		"pipe", NULL);
	check_refused(from,
		"[retriever]\ntype = simplePOP3sslRetriever\nserver = a\n");
	check_refused(from, GETMAIL "[retriever]\ntimeout = 3\n");
	check_refused(from, GETMAIL "[options]\ndelete = maybe\n");
	check_refused(from, "[DEFAULT]\ndelete = true\n" GETMAIL);
	check_refused(from, GETMAIL "[options]\ndelete = no\ndelete = yes\n");
	check_refused(from,
		"[retriever]\ntype = SimplePOP3SSLRetriever\nserver = a\n"
		"password_command = ('a')\n");
	check_refused(from,
		"[retriever]\ntype = SimplePOP3SSLRetriever\nserver = a\n"
		"password_command = ('a', 'b' 'c')\n");
	check_refused(from,
		"[retriever]\ntype = BrokenUIDLPOP3Retriever\nserver = a\n");
	check_refused(from,
		"[retriever]\ntype = SimplePOP3SSLRetriever\nserver = a\n"
		"unheard_of = 1\n");
}

#define FDM "account \"a\" pop3s server \"b\" user \"c\" pass \"d\" "

static void check_fdm(void)
{
	static const enum seen_format from = SEEN_FDM;

	check_cuts(from,
		"$a = \"b\" %n = 3\naccount \"a\" pop3s server \"x${a}\" port "
		"%n user $a pass \"d\" cache \"e\" keep\naction \"f\" { maildir "
		"\"g\" }\nmatch all action \"f\"");
	check_value(from, FDM, "delete", NULL);
	check_value(from, FDM "keep", "delete", "never");
	check_value(from, FDM "new-only cache \"/e\" keep", "server", "b");
	check_value(from,
		FDM "action \"x\" maildir \"%h/m\" match all action \"x\"",
		"maildir", "~/m");
	check_value(from,
		FDM "action \"x\" maildir \"%h/%y\" match all action \"x\"",
		"maildir", NULL);
	check_value(from,
		FDM "action \"x\" pipe \"y %[account]\" match all action \"x\"",
		"pipe", NULL);
	check_value(from,
		FDM "action \"x\" { maildir \"/m\" keep } match all action "
		    "\"x\"",
		"maildir", NULL);
	check_value(from,
		FDM "action \"x\" maildir \"/m\" match \"y\" in headers action "
		    "\"x\"",
		"maildir", NULL);
	check_value(from,
		FDM "action \"x\" maildir \"/m\" match all action \"x\" "
		    "continue",
		"maildir", NULL);
	check_value(from,
		FDM "action \"x\" maildir \"/m\" match all action \"x\" "
		    "match all account \"a\" action \"x\"",
		"maildir", NULL);
	check_value(from, FDM "set proxy \"socks://h:1\"", "proxy",
		"socks5h://h:1");
	check_value(from,
		"$s = \"h\" account \"a\" pop3s server \"x.${s}\" port \"pop3s\""
		" user \"c\" pass $(pass show x)",
		"server", "x.h");
	check_value(from,
		"account \"a\" pop3s server \"b\" user \"c\" pass $(pass show x)",
		"password-command", "pass show x");
	check_value(from,
		"$s = \"x.\" + \"h\" account \"a\" pop3s server $s + \".i\"",
		"server", "x.h.i");
	check_value(from, FDM "set proxy \"http://a\" + \"b:1\"", "proxy",
		"http://ab:1");
	check_refused(from, FDM "set proxy \"http://a\" x");
	check_refused(from, FDM " garbage here match all action \"x\"");
	check_refused(from,
		FDM "action \"x\" maildir \"/m\" garbage match all action "
		    "\"x\" set garbage account \"x\"");
	check_value(from, "account \"a\" disabled pop3s server \"b\"", "server",
		NULL);
	check_value(from, "\"\"\"", "server", NULL);
	check_refused(from, "account \"a\" pop3 pipe \"ssh x\" user \"c\"");
	check_refused(from, FDM "old-only cache \"/e\"");
	check_refused(from, FDM "unheard-of");
	check_refused(from, "include \"x\" " FDM);
	check_refused(from, "account \"a\" pop3s server \"${s}b\"");
	check_refused(from, FDM "pass \"open");
}

int main(void)
{
	struct convert convert;

	check_fetchmail();
	check_mpop();
	check_getmail();
	check_fdm();
	ok(!convert_text(SEEN_MPOP, "account a\nhost b\0c\n", 19, &convert),
		"a file with NULs is refused");
	convert_release(&convert);
	return done();
}
