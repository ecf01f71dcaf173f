/* SPDX-License-Identifier: ISC */
/* mpop's rc file: a command and its argument in each line. */
#include <stdlib.h>
#include <string.h>

#include "core/convert_internal.h"
#include "core/xalloc.h"

#define BLOCKS_MAX 1000
#define LINE_MAX_BYTES 4096

/* What a command becomes: first, the fields of an account. */
enum effect {
	HOST,
	PORT,
	TIMEOUT,
	TLS,
	STARTTLS,
	TRUST_FILE,
	FINGERPRINT,
	KEY_FILE,
	CERT_FILE,
	AUTH,
	USER,
	PASSWORD,
	PASSWORDEVAL,
	DELIVERY,
	KEEP,
	SKIPSIZE,
	PROXY_HOST,
	PROXY_PORT,
	PIPELINING,
	UIDLS_FILE,
	KILLSIZE,
	FILTER,
	SOURCE_IP,
	SOCKET,
	FIELDS,
	QUIET = FIELDS, /* the account is the same without it */
	NOTED,
};

static const struct {
	const char *name;
	enum effect effect;
	bool on_or_off; /* nothing means "on" */
} commands[] = {
	{"host", HOST, false},
	{"port", PORT, false},
	{"timeout", TIMEOUT, false},
	{"connect_timeout", QUIET, false},
	{"tls", TLS, true},
	{"tls_starttls", STARTTLS, true},
	{"tls_nostarttls", STARTTLS, false},
	{"tls_trust_file", TRUST_FILE, false},
	{"tls_key_file", KEY_FILE, false},
	{"tls_cert_file", CERT_FILE, false},
	{"tls_certcheck", QUIET, true},
	{"tls_crl_file", NOTED, false},
	{"tls_fingerprint", FINGERPRINT, false},
	{"tls_host_override", NOTED, false},
	{"tls_priorities", QUIET, false},
	{"tls_min_dh_prime_bits", QUIET, false},
	{"tls_force_sslv3", QUIET, false},
	{"auth", AUTH, false},
	{"ntlmdomain", QUIET, false},
	{"user", USER, false},
	{"password", PASSWORD, false},
	{"passwordeval", PASSWORDEVAL, false},
	{"delivery", DELIVERY, false},
	{"keep", KEEP, true},
	{"skipsize", SKIPSIZE, false},
	{"killsize", KILLSIZE, false},
	{"filter", FILTER, false},
	{"only_new", QUIET, true},
	{"received_header", QUIET, true},
	{"pipelining", PIPELINING, false},
	{"proxy_host", PROXY_HOST, false},
	{"proxy_port", PROXY_PORT, false},
	{"source_ip", SOURCE_IP, false},
	{"socket", SOCKET, false},
	{"uidls_file", UIDLS_FILE, false},
};
#define COMMANDS (sizeof commands / sizeof commands[0])

/* An account, or the defaults. */
struct block {
	char *name; /* owned; NULL: the defaults */
	size_t line;
	/* Owned. "": it was set to nothing, which is not as if it was not. */
	char *set[FIELDS];
	char *inherited[FIELDS]; /* from the defaults */
	char *refused;		 /* owned; or NULL */
	size_t bases;		 /* that it takes settings of */
	struct block *base;	 /* the last of these */
	size_t taken;		 /* how many others take its settings */
	bool empty;		 /* it has no line of its own */
};

struct reading {
	struct convert *out;
	struct block defaults;
	struct block *blocks;
	size_t count;
	struct block *at; /* what the next line belongs to */
};

static void release_block(struct block *block)
{
	for (size_t i = 0; i < FIELDS; i++) {
		convert_free(block->set[i]);
		convert_free(block->inherited[i]);
	}
	free(block->name);
	free(block->refused);
}

/* Takes what was set for another account, but not its defaults. */
static void take_base(struct reading *reading, struct block *block,
	const char *name, size_t length)
{
	struct block *base = NULL;

	for (size_t i = 0; i < reading->count; i++) {
		if (strlen(reading->blocks[i].name) == length &&
			memcmp(reading->blocks[i].name, name, length) == 0)
			base = &reading->blocks[i];
	}
	if (base == NULL) {
		convert_fail(reading->out, block->line,
			"account %s takes the settings of an account that is not above it",
			block->name);
		return;
	}
	block->bases++;
	block->base = base;
	base->taken++;
	for (size_t i = 0; i < FIELDS; i++) {
		if (base->set[i] != NULL)
			convert_replace(&block->set[i], xstrdup(base->set[i]));
	}
	if (block->refused == NULL)
		block->refused = xstrdup(base->refused);
}

/* "account NAME : BASE, BASE" */
static void begin_account(struct reading *reading, char *text, size_t line)
{
	struct block *block = &reading->blocks[reading->count];
	char *colon = strchr(text, ':');

	if (reading->count == BLOCKS_MAX) {
		convert_fail(reading->out, line, "these are too many accounts");
		return;
	}
	if (colon != NULL)
		*colon++ = '\0';
	*block = (struct block){.line = line, .empty = true};
	block->name = xasprintf("%.*s", (int)strcspn(text, " \t"), text);
	block->refused = xstrdup(reading->defaults.refused);
	for (size_t i = 0; i < FIELDS; i++)
		block->inherited[i] = xstrdup(reading->defaults.set[i]);
	while (colon != NULL && *(colon += strspn(colon, " \t,")) != '\0') {
		size_t n = strcspn(colon, " \t,");

		take_base(reading, block, colon, n);
		colon += n;
	}
	for (size_t i = 0; i < reading->count; i++) {
		if (strcmp(reading->blocks[i].name, block->name) == 0)
			convert_fail(reading->out, line,
				"there are two accounts %s", block->name);
	}
	reading->count++;
	reading->at = block;
}

static void refuse(struct block *block, const char *format, const char *name)
{
	if (block->refused == NULL)
		block->refused = xasprintf("%s%s", name, format);
}

static void set_value(struct reading *reading, const char *name,
	const char *value, size_t line)
{
	struct block *block = reading->at;
	size_t i = 0;

	while (i < COMMANDS && strcmp(commands[i].name, name) != 0)
		i++;
	block->empty = false;
	if (i == COMMANDS) {
		convert_note(reading->out, line,
			"keepmail does not know this command of mpop");
		refuse(block, "",
			"it has a command that keepmail does not know");
		return;
	}
	if (commands[i].on_or_off && value[0] == '\0')
		value = "on";
	if (commands[i].on_or_off && strcmp(value, "on") != 0 &&
		strcmp(value, "off") != 0)
		refuse(block, " is neither on nor off", name);
	if (strcmp(name, "tls_nostarttls") == 0)
		value = "off";
	if (commands[i].effect == NOTED && value[0] != '\0')
		convert_leave_out(reading->out, line, name);
	if (commands[i].effect < FIELDS)
		convert_replace(
			&block->set[commands[i].effect], xstrdup(value));
}

/* The argument of a line, without the quotes around it; changes it. */
static char *unquote(char *text)
{
	size_t n;

	text += strspn(text, " \t");
	n = strlen(text);
	while (n > 0 && strchr(" \t\r", text[n - 1]) != NULL)
		n--;
	text[n] = '\0';
	if (n < 2 || text[0] != '"' || text[n - 1] != '"')
		return text;
	text[n - 1] = '\0';
	return text + 1;
}

static void read_line(struct reading *reading, char *line, size_t number)
{
	line += strspn(line, " \t\r");
	size_t n = strcspn(line, " \t\r");
	char *value = line[n] == '\0' ? line + n : line + n + 1;

	if (n == 0 || line[0] == '#')
		return;
	line[n] = '\0';
	value = unquote(value);
	if (strcmp(line, "defaults") == 0)
		reading->at = &reading->defaults;
	else if (strcmp(line, "account") == 0)
		begin_account(reading, value, number);
	else
		set_value(reading, line, value, number);
}

/* A value that is not nothing, or NULL. */
static const char *value_of(const struct block *block, enum effect field)
{
	const char *value = block->set[field] != NULL ? block->set[field]
						      : block->inherited[field];

	return value == NULL || value[0] == '\0' ? NULL : value;
}

static bool is_on(const struct block *block, enum effect field, bool otherwise)
{
	const char *value = value_of(block, field);

	return value == NULL ? otherwise : strcmp(value, "on") == 0;
}

/* "mda COMMAND", with %F for the sender, "maildir PATH" or "mbox PATH". */
static void put_delivery(struct convert *out, const struct block *block,
	struct convert_account *to)
{
	const char *value = value_of(block, DELIVERY);
	size_t n = value == NULL ? 0 : strcspn(value, " \t");
	char *copy = value == NULL ? NULL : xstrdup(value + n);
	char *rest = copy == NULL ? NULL : unquote(copy);

	if (rest == NULL || rest[0] == '\0') {
		convert_note(out, block->line,
			"account %s says nothing of delivery", block->name);
		to->doubt = true;
	} else if (n == 7 && strncmp(value, "maildir", n) == 0) {
		convert_put_place(out, to, "maildir", rest);
	} else if (n == 4 && strncmp(value, "mbox", n) == 0) {
		convert_put_place(out, to, "mbox", rest);
	} else if (n == 3 && strncmp(value, "mda", n) == 0) {
		convert_put_pipe(out, to, rest);
	} else {
		convert_doubt(out, to, value);
	}
	convert_free(copy);
}

static void put_server(struct convert *out, const struct block *block,
	struct convert_account *to)
{
	const char *host = value_of(block, PROXY_HOST);
	const char *port = value_of(block, PROXY_PORT);
	bool tls = is_on(block, TLS, false);
	bool later = is_on(block, STARTTLS, true);
	bool ipv6 = host != NULL && strchr(host, ':') != NULL;

	convert_put(to, "server", value_of(block, HOST));
	convert_put_tls(out, to,
		!tls		? CONVERT_CLEAR
			: later ? CONVERT_STARTTLS
				: CONVERT_IMPLICIT,
		value_of(block, PORT));
	if (value_of(block, SOCKET) != NULL)
		convert_refuse(to, "socket has no counterpart");
	if (value_of(block, SOURCE_IP) != NULL)
		convert_refuse(to, "source_ip has no counterpart");
	if (host != NULL)
		convert_take(to, "proxy",
			xasprintf("socks5h://%s%s%s:%s", ipv6 ? "[" : "", host,
				ipv6 ? "]" : "", port == NULL ? "1080" : port));
}

static void put_login(const struct block *block, struct convert_account *to)
{
	static const char *const same[] = {"user", "plain", "login", "apop",
		"cram-md5", "digest-md5", "scram-sha-1", "scram-sha-256",
		"oauthbearer", "xoauth2", NULL};
	const char *auth = value_of(block, AUTH);
	const char *const *one = same;

	convert_put(to, "user", value_of(block, USER));
	if (value_of(block, PASSWORD) != NULL)
		convert_put(to, "password", value_of(block, PASSWORD));
	else
		convert_put(
			to, "password-command", value_of(block, PASSWORDEVAL));
	if (auth == NULL || strcmp(auth, "on") == 0)
		return;
	while (*one != NULL && strcmp(*one, auth) != 0)
		one++;
	if (*one != NULL)
		convert_put(to, "auth", *one);
	else
		convert_refuse(to, "auth %s has no counterpart", auth);
}

static void put_retention(struct convert *out, const struct block *block,
	struct convert_account *to)
{
	const char *size = value_of(block, SKIPSIZE);
	const char *kill = value_of(block, KILLSIZE);

	if (size != NULL && strcmp(size, "off") != 0)
		convert_put(to, "max-size", size);
	if (kill != NULL && strcmp(kill, "off") != 0)
		convert_doubt(out, to, "killsize");
	if (value_of(block, FILTER) != NULL)
		convert_doubt(out, to, "filter");
	/* Only an explicit "keep off": the default is not enough. */
	if (value_of(block, KEEP) != NULL)
		convert_put(to, "delete",
			is_on(block, KEEP, true) ? "never" : "now");
}

static void put_block(struct convert *out, const struct block *block)
{
	struct convert_account *to =
		convert_begin(out, block->name, block->line);
	const char *timeout = value_of(block, TIMEOUT);
	const char *trust = value_of(block, TRUST_FILE);

	if (block->refused != NULL || value_of(block, HOST) == NULL) {
		convert_refuse(to, "%s",
			block->refused != NULL ? block->refused
					       : "it names no host");
		return;
	}
	put_server(out, block, to);
	put_login(block, to);
	if (trust != NULL && strcmp(trust, "system") != 0)
		convert_put_ca(to, "tls_trust_file", trust);
	if (value_of(block, FINGERPRINT) != NULL)
		convert_distrust(to, "tls_fingerprint");
	convert_put_file(out, to, "tls-key", value_of(block, KEY_FILE));
	convert_put_file(out, to, "tls-cert", value_of(block, CERT_FILE));
	if (timeout != NULL && strcmp(timeout, "off") != 0)
		convert_put(to, "timeout", timeout);
	if (value_of(block, PIPELINING) != NULL &&
		strcmp(value_of(block, PIPELINING), "off") == 0)
		convert_put(to, "pipelining", "false");
	if (value_of(block, UIDLS_FILE) != NULL)
		convert_set_seen(to, value_of(block, UIDLS_FILE));
	put_delivery(out, block, to);
	put_retention(out, block, to);
}

/* "account default : NAME" says which account is meant when none is named. */
static bool is_alias(const struct block *block)
{
	return strcmp(block->name, "default") == 0 && block->empty &&
		block->bases == 1;
}

/* One that is there for what others take from it. */
static bool is_template(const struct block *block)
{
	return block->taken > 0 &&
		(value_of(block, HOST) == NULL ||
			value_of(block, USER) == NULL);
}

static void read_all(struct reading *reading, char *text)
{
	size_t number = 0;

	for (char *line = text; line != NULL && !reading->out->failed;) {
		char *end = strchr(line, '\n');

		if (end != NULL)
			*end = '\0';
		number++;
		if (strnlen(line, LINE_MAX_BYTES) == LINE_MAX_BYTES)
			convert_fail(reading->out, number,
				"the line is longer than %d bytes",
				LINE_MAX_BYTES - 1);
		else
			read_line(reading, line, number);
		line = end == NULL ? NULL : end + 1;
	}
}

void convert_mpop(const char *text, size_t length, struct convert *out)
{
	char *copy = xasprintf("%.*s", (int)length, text);
	struct reading reading = {.out = out};

	reading.blocks = xcalloc(BLOCKS_MAX, sizeof reading.blocks[0]);
	reading.at = &reading.defaults;
	read_all(&reading, copy);
	for (size_t i = 0; i < reading.count; i++) {
		if (is_alias(&reading.blocks[i]))
			reading.blocks[i].base->taken--;
	}
	for (size_t i = 0; i < reading.count; i++) {
		if (!out->failed && !is_alias(&reading.blocks[i]) &&
			!is_template(&reading.blocks[i]))
			put_block(out, &reading.blocks[i]);
		release_block(&reading.blocks[i]);
	}
	release_block(&reading.defaults);
	free(reading.blocks);
	explicit_bzero(copy, length);
	free(copy);
}
