/* SPDX-License-Identifier: ISC */
/*
 * getmail's rc file: one account, in the form of Python's ConfigParser. See
 * there for what continues a value.
 */
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "core/buffer.h"
#include "core/convert_internal.h"
#include "core/xalloc.h"

#define ENTRIES_MAX 200
#define COMMAND_MAX (64 * 1024)

struct entry {
	const char *section; /* these are borrowed from the text */
	const char *key;
	char *value;
	size_t line;
	bool taken;
};

struct file {
	struct convert *out;
	struct entry entries[ENTRIES_MAX];
	size_t count;
	const char *section; /* the lines belong to it; NULL: none yet */
	size_t indent;	     /* of the last key; what is deeper continues it */
	bool has_key;	     /* in this section */
	char *text;	     /* owned */
};

static char *trim(char *text)
{
	text += strspn(text, " \t\r");
	size_t n = strlen(text);

	while (n > 0 && strchr(" \t\r", text[n - 1]) != NULL)
		n--;
	text[n] = '\0';
	return text;
}

/* The text is one piece, in which the value can grow over what was between. */
static void continue_value(struct file *file, const char *more)
{
	char *value = file->entries[file->count - 1].value;
	size_t n = strlen(value);

	value[n] = '\n';
	memmove(value + n + 1, more, strlen(more) + 1);
}

static void begin_section(struct file *file, char *line, size_t number)
{
	size_t n = strcspn(line, "]");

	if (line[n] == '\0') {
		convert_fail(file->out, number, "a section has no ]");
		return;
	}
	line[n] = '\0';
	file->section = line + 1;
	file->has_key = false;
	for (size_t i = 0; i < file->count; i++) {
		if (strcmp(file->entries[i].section, file->section) == 0) {
			convert_fail(file->out, number,
				"the section %s is there twice", file->section);
			return;
		}
	}
	if (strcmp(file->section, "DEFAULT") == 0)
		convert_fail(file->out, number,
			"the section DEFAULT cannot be converted");
}

static void add_entry(
	struct file *file, char *line, size_t indent, size_t number)
{
	size_t n = strcspn(line, "=:");

	if (line[n] == '\0' || file->section == NULL ||
		file->count == ENTRIES_MAX) {
		convert_fail(file->out, number,
			file->count == ENTRIES_MAX
				? "these are too many lines"
				: "this line is neither a section nor NAME = VALUE");
		return;
	}
	char *value = trim(line + n + 1);

	line[n] = '\0';
	file->has_key = true;
	file->indent = indent;
	file->entries[file->count] =
		(struct entry){file->section, trim(line), value, number, false};
	for (size_t i = 0; i < file->count; i++) {
		if (strcmp(file->entries[i].section, file->section) == 0 &&
			strcasecmp(file->entries[i].key,
				file->entries[file->count].key) == 0)
			convert_fail(file->out, number, "%s is set twice",
				file->entries[i].key);
	}
	file->count++;
}

static void read_line(struct file *file, char *line, size_t number)
{
	size_t indent = strspn(line, " \t");
	char *text = trim(line);

	if (text[0] == '#' || text[0] == ';')
		return;
	if (text[0] == '\0') {
		/* It may be a part of a value, but of none that matters. */
		return;
	}
	if (file->has_key && indent > file->indent)
		continue_value(file, text);
	else if (text[0] == '[')
		begin_section(file, text, number);
	else
		add_entry(file, text, indent, number);
}

static void read_file(struct file *file)
{
	size_t number = 0;

	for (char *line = file->text; line != NULL && !file->out->failed;) {
		char *end = strchr(line, '\n');

		if (end != NULL)
			*end = '\0';
		read_line(file, line, ++number);
		line = end == NULL ? NULL : end + 1;
	}
}

static struct entry *find(
	struct file *file, const char *section, const char *key)
{
	for (size_t i = 0; i < file->count; i++) {
		struct entry *entry = &file->entries[i];

		if (strcmp(entry->section, section) == 0 &&
			strcasecmp(entry->key, key) == 0) {
			entry->taken = true;
			return entry;
		}
	}
	return NULL;
}

static const char *value_of(
	struct file *file, const char *section, const char *key)
{
	const struct entry *entry = find(file, section, key);

	return entry == NULL || entry->value[0] == '\0' ? NULL : entry->value;
}

static bool is_one_of(const char *word, const char *const *list)
{
	while (*list != NULL && strcasecmp(word, *list) != 0)
		list++;
	return *list != NULL;
}

/* A boolean of Python. It has to be one. */
static bool is_true(struct file *file, struct convert_account *to,
	const char *section, const char *key)
{
	static const char *const yes[] = {"1", "yes", "true", "on", NULL};
	static const char *const no[] = {"0", "no", "false", "off", NULL};
	const char *value = value_of(file, section, key);

	if (value != NULL && !is_one_of(value, yes) && !is_one_of(value, no))
		convert_refuse(to, "%s is neither true nor false", key);
	return value != NULL && is_one_of(value, yes);
}

/* Adds a word of a command, in single quotes for the shell. */
static bool add_quoted(struct buffer *line, const char *word)
{
	bool ok = buffer_append(line, "'", 1);

	for (; ok && *word != '\0'; word++)
		ok = *word == '\'' ? buffer_append(line, "'\\''", 4)
				   : buffer_append(line, word, 1);
	return ok && buffer_append(line, "'", 1);
}

/* Reads a text of Python, in quotes, behind *at. Owned; NULL: it is another. */
static char *read_string(const char **at)
{
	char quote = **at;

	if (quote != '"' && quote != '\'')
		return NULL;
	const char *from = *at + 1;
	char *room = xstrdup(from);
	size_t n = 0;

	while (*from != '\0' && *from != quote && *from != '\n') {
		/* Other escapes have meanings of their own. */
		if (*from == '\\' && strchr("\\'\"", from[1]) == NULL)
			break;
		from += *from == '\\';
		if (*from == '\0')
			break;
		room[n++] = *from++;
	}
	room[n] = '\0';
	if (*from == quote) {
		*at = from + 1;
		return room;
	}
	convert_free(room);
	return NULL;
}

static const char *skip_blanks(const char *at)
{
	return at + strspn(at, " \t\r\n");
}

/* Adds one text of a tuple as a word of a command. */
static bool add_item(struct buffer *line, const char **at, bool of_mail)
{
	static const char sender[] = "\"$KEEPMAIL_SENDER\"";
	char *item = read_string(at);
	bool ok = item != NULL;

	*at = skip_blanks(*at);
	if (ok && buffer_length(line) > 0)
		ok = buffer_append(line, " ", 1);
	if (ok && of_mail && strcmp(item, "%(sender)") == 0)
		ok = buffer_append(line, sender, sizeof sender - 1);
	else if (ok)
		/* getmail expands these in each argument. */
		ok = !(of_mail &&
			     (strpbrk(item, "%$") != NULL || item[0] == '~')) &&
			add_quoted(line, item);
	convert_free(item);
	return ok;
}

/*
 * A tuple of texts of Python, such as ("pass", "show", "x"), as a command for a
 * shell, behind the words that are in line already. of_mail: "%(sender)" is the
 * sender, and other texts with % cannot be converted. False: it is something
 * else.
 */
static bool add_tuple(struct buffer *line, const char *tuple, bool of_mail)
{
	const char *at = skip_blanks(tuple);
	size_t count = 0;
	bool comma = true;

	if (*at != '(')
		return false;
	at = skip_blanks(at + 1);
	while (*at != ')') {
		if (!comma || !add_item(line, &at, of_mail))
			return false;
		count++;
		comma = *at == ',';
		if (comma)
			at = skip_blanks(at + 1);
	}
	/* ("x") is no tuple. */
	return (count != 1 || comma) && *skip_blanks(at + 1) == '\0';
}

/* The command, owned, or NULL. */
static char *make_command(const char *path, const char *tuple, bool of_mail)
{
	struct buffer line;
	bool ok = true;

	buffer_init(&line, COMMAND_MAX);
	if (path != NULL)
		ok = path[0] == '/' && strpbrk(path, "$%\n") == NULL &&
			add_quoted(&line, path);
	if (ok && tuple != NULL)
		ok = add_tuple(&line, tuple, of_mail);
	char *text = ok && buffer_length(&line) > 0
		? xasprintf("%.*s", (int)buffer_length(&line),
			  buffer_bytes(&line))
		: NULL;

	buffer_wipe(&line);
	return text;
}

static void put_password(struct file *file, struct convert_account *to)
{
	const char *command = value_of(file, "retriever", "password_command");
	const char *password = value_of(file, "retriever", "password");

	if (password != NULL) {
		convert_put(to, "password", password);
	} else if (command != NULL) {
		char *line = make_command(NULL, command, false);

		if (line == NULL)
			convert_refuse(to,
				"its password_command is not a tuple of texts");
		convert_take(to, "password-command", line);
	}
}

/* The kinds of retrievers that are fetched from by POP3. */
static bool check_type(
	struct file *file, struct convert_account *to, const char *type)
{
	static const char *const known[] = {"SimplePOP3Retriever",
		"SimplePOP3SSLRetriever", "MultidropPOP3Retriever",
		"MultidropPOP3SSLRetriever", NULL};
	const char *const *one = known;

	while (type != NULL && *one != NULL && strcmp(type, *one) != 0)
		one++;
	if (type == NULL || *one == NULL) {
		convert_fail(file->out, 0,
			"the retriever %s cannot be converted: keepmail fetches by POP3, with UIDL",
			type == NULL ? "(none)" : type);
		return false;
	}
	if (strncmp(type, "Multidrop", 9) == 0)
		convert_doubt(file->out, to, "sorting mail by its envelope");
	return true;
}

static void put_retriever(struct file *file, struct convert_account *to)
{
	const char *type = value_of(file, "retriever", "type");

	if (!check_type(file, to, type))
		return;
	convert_put(to, "server", value_of(file, "retriever", "server"));
	convert_put(to, "user", value_of(file, "retriever", "username"));
	convert_put_tls(file->out, to,
		strstr(type, "SSL") == NULL ? CONVERT_CLEAR : CONVERT_IMPLICIT,
		value_of(file, "retriever", "port"));
	put_password(file, to);
	if (is_true(file, to, "retriever", "use_apop"))
		convert_put(to, "auth", "apop");
	if (is_true(file, to, "retriever", "delete_dup_msgids"))
		convert_doubt(file->out, to, "delete_dup_msgids");
	convert_put_ca(to, "ca_certs", value_of(file, "retriever", "ca_certs"));
	if (value_of(file, "retriever", "ssl_fingerprints") != NULL)
		convert_distrust(to, "ssl_fingerprints");
	convert_put_file(file->out, to, "tls-key",
		value_of(file, "retriever", "keyfile"));
	convert_put_file(file->out, to, "tls-cert",
		value_of(file, "retriever", "certfile"));
	convert_put(to, "timeout", value_of(file, "retriever", "timeout"));
	find(file, "retriever", "envelope_recipient");
	find(file, "retriever", "ssl_version");
	find(file, "retriever", "ssl_ciphers");
}

/* getmail expands these; owned. */
static char *take_home(const char *path)
{
	if (strncmp(path, "$HOME/", 6) == 0 ||
		strncmp(path, "${HOME}/", 8) == 0)
		return xasprintf("~%s", strchr(path, '/'));
	return xstrdup(path);
}

static void put_destination(struct file *file, struct convert_account *to)
{
	const char *type = value_of(file, "destination", "type");
	const char *path = value_of(file, "destination", "path");
	const char *arguments = value_of(file, "destination", "arguments");
	char *line = NULL;
	char *place = path == NULL ? NULL : take_home(path);

	if (type == NULL || path == NULL)
		convert_doubt(file->out, to, "the destination");
	else if (strcmp(type, "Maildir") == 0)
		convert_put_place(file->out, to, "maildir", place);
	else if (strcmp(type, "Mboxrd") == 0)
		convert_put_place(file->out, to, "mbox", place);
	else if (strcmp(type, "MDA_external") != 0 ||
		(line = make_command(path, arguments, true)) == NULL)
		convert_doubt(file->out, to, "the destination");
	convert_take(to, "pipe", line);
	free(place);
}

static void put_options(struct file *file, struct convert_account *to)
{
	const char *after = value_of(file, "options", "delete_after");
	const char *size = value_of(file, "options", "max_message_size");
	const char *larger = value_of(file, "options", "delete_bigger_than");

	/* "delete = true" in words, or a number of days. */
	if (is_true(file, to, "options", "delete"))
		convert_put(to, "delete", "now");
	else if (after != NULL && !convert_is_zero(after))
		convert_take(to, "delete", xasprintf("after %s days", after));
	else
		convert_put(to, "delete", "never");
	if (after != NULL && !convert_is_number(after))
		convert_refuse(to, "delete_after is no number");
	if (size != NULL && !convert_is_zero(size))
		convert_put(to, "max-size", size);
	if (larger != NULL && !convert_is_zero(larger))
		convert_put(to, "delete-larger-than", larger);
}

/* What was not asked for: it is noted, or matters more. */
static void put_others(struct file *file, struct convert_account *to)
{
	static const char *const quiet[] = {"verbose", "read_all",
		"delivered_to", "received", "message_log", "message_log_syslog",
		"message_log_verbose", "to_oldmail_on_each_mail", "logfile",
		"max_messages_per_session", "max_bytes_per_session",
		"fingerprint", "netrc_file", "use_netrc", "mark_read",
		"skip_imap_fetch_size", NULL};
	static const char *const noted[] = {"ssl_cert_hostname", "filemode",
		"locktype", "allow_root_commands", "unixfrom", "ignore_stderr",
		"pipe_stdout", NULL};

	for (size_t i = 0; i < file->count; i++) {
		struct entry *entry = &file->entries[i];
		bool options = strcmp(entry->section, "options") == 0;
		bool filter = strncasecmp(entry->section, "filter", 6) == 0;

		to->line = entry->line;
		if (entry->taken || (options && is_one_of(entry->key, quiet)))
			continue;
		if (filter && strcasecmp(entry->key, "type") == 0) {
			convert_note(file->out, entry->line,
				"the filter %s was left out (see filter in keepmailrc(5))",
				entry->value);
			to->doubt = true;
		} else if (!filter && !options && is_one_of(entry->key, noted))
			convert_leave_out(file->out, entry->line, entry->key);
		else if (strcmp(entry->section, "retriever") == 0)
			convert_refuse(to, "%s has no counterpart", entry->key);
		else if (!filter)
			convert_doubt(file->out, to, entry->key);
	}
	to->line = 1;
}

void convert_getmail(const char *text, size_t length, struct convert *out)
{
	struct file *file = xcalloc(1, sizeof *file);

	file->out = out;
	file->text = xasprintf("%.*s", (int)length, text);
	read_file(file);
	const char *server = value_of(file, "retriever", "server");

	if (server == NULL)
		convert_fail(
			out, 0, "it has no section [retriever] with a server");
	if (!out->failed) {
		struct convert_account *to = convert_begin(out, server, 1);

		put_retriever(file, to);
		put_destination(file, to);
		put_options(file, to);
		put_others(file, to);
	}
	explicit_bzero(file->text, strlen(file->text));
	free(file->text);
	free(file);
}
