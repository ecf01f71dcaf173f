/* SPDX-License-Identifier: ISC */
#include "popsession.h"

#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include "dialog.h"
#include "harm.h"
#include "maildrops.h"
#include "wire.h"

struct session {
	struct wire wire;
	struct maildrops drops;
	bool *deleted; /* marked by DELE, for each message */
	bool *sent;
	size_t deleted_count;
	size_t deleted_octets;
	bool logged_in;
	bool named;  /* USER was correct */
	bool broken; /* to be ended */
	long retrs;
};

/* Synthetic messages, shared by all sessions, so that a login costs nothing. */
static struct maildrops made_up;

static bool has(const struct names *names, const char *name)
{
	for (size_t i = 0; i < names->count; i++) {
		if (strcasecmp(names->at[i], name) == 0)
			return true;
	}
	return false;
}

static void answer_capa(struct session *session)
{
	static const char *const names[] = {"TOP", "UIDL", "USER", "RESP-CODES",
		"AUTH-RESP-CODE", "PIPELINING", "STLS", "SASL"};
	struct wire *wire = &session->wire;

	if (has(&set.no, "CAPA")) {
		wire_printf(wire, "-ERR unknown command\r\n");
		return;
	}
	wire_printf(wire, "+OK\r\n");
	for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
		bool stls = strcmp(names[i], "STLS") == 0;

		if (has(&set.no, names[i]) ||
			(has(&set.late, names[i]) && !session->logged_in) ||
			(stls && (wire->ssl != NULL || session->logged_in)))
			continue;
		wire_printf(wire, "%s%s\r\n", names[i],
			strcmp(names[i], "SASL") == 0 ? " PLAIN" : "");
	}
	for (size_t i = 0; i < set.extra.count; i++)
		wire_printf(wire, "%s\r\n", set.extra.at[i]);
	wire_printf(wire, ".\r\n");
}

/* Is this the only session now? One that was killed needs a moment to end. */
static bool is_alone(void)
{
	struct timespec tick = {.tv_nsec = 1000000};

	for (int i = 0; i < (set.patient ? 5000 : 1); i++) {
		if (atomic_fetch_add(&counts->open, 1) == 0 || set.shared)
			return true;
		atomic_fetch_sub(&counts->open, 1);
		if (set.patient)
			nanosleep(&tick, NULL);
	}
	return false;
}

void session_prepare(void)
{
	if (set.folder == NULL && set.dialog == NULL)
		maildrops_open(&made_up, NULL, (size_t)set.synthetic,
			(size_t)set.size, set.twice);
}

static void open_drops(struct session *session)
{
	session->drops = made_up;
	if (set.folder != NULL)
		maildrops_open(&session->drops, set.folder, 0, 0, set.twice);
	if (set.hidden != NULL)
		maildrops_show(&session->drops, set.hidden, (size_t)set.window);
	session->deleted = calloc(session->drops.count + 1, sizeof(bool));
	session->sent = calloc(session->drops.count + 1, sizeof(bool));
	if (session->deleted == NULL || session->sent == NULL)
		abort();
}

static void close_drops(struct session *session)
{
	if (set.folder != NULL)
		maildrops_close(&session->drops);
	free(session->deleted);
	free(session->sent);
}

static void enter(struct session *session, bool right)
{
	struct wire *wire = &session->wire;

	if (!right) {
		wire_printf(wire, "-ERR [AUTH] wrong user or password\r\n");
	} else if (!is_alone()) {
		wire_printf(wire, "-ERR [IN-USE] another session\r\n");
	} else {
		session->logged_in = true;
		open_drops(session);
		wire_printf(wire, "+OK logged in\r\n");
	}
}

static bool is_user(const char *name)
{
	return strcmp(set.user, "*") == 0 || strcmp(name, set.user) == 0;
}

static size_t decode(const char *text, char *to, size_t room)
{
	unsigned char bytes[4096];
	size_t length = strlen(text);

	if (length % 4 != 0 || length > sizeof bytes)
		return 0;
	int n = EVP_DecodeBlock(
		bytes, (const unsigned char *)text, (int)length);

	for (size_t i = length; n > 0 && i > 0 && text[i - 1] == '='; i--)
		n--;
	if (n <= 0 || (size_t)n >= room)
		return 0;
	memcpy(to, bytes, (size_t)n);
	to[n] = '\0';
	return (size_t)n;
}

static void auth_plain(struct session *session, const char *response)
{
	char text[4096];
	struct wire *wire = &session->wire;

	if (response[0] == '\0') {
		wire_printf(wire, "+ \r\n");
		response = wire_line(wire, NULL);
		if (response == NULL)
			return;
	}
	size_t n = decode(response, text, sizeof text);
	const char *user = n > 0 ? text + strlen(text) + 1 : text;
	const char *password = user;

	if (n > 0 && user < text + n)
		password = user + strlen(user) + 1;
	enter(session,
		n > 0 && password <= text + n && is_user(user) &&
			strcmp(password, set.password) == 0);
}

/*
 * Does the text name one of the messages? Finds its position, or sends the
 * refusal.
 */
static bool is_named(
	struct session *session, const char *text, size_t *position)
{
	long number = strtol(text, NULL, 10);

	*position = (size_t)number - 1;
	if (number >= 1 && (size_t)number <= session->drops.count &&
		!session->deleted[*position])
		return true;
	wire_printf(&session->wire, "-ERR no such message\r\n");
	return false;
}

static void list_entries(struct session *session, bool uids, const char *text)
{
	struct wire *wire = &session->wire;
	char uid[MAILDROPS_UID_MAX];
	size_t position;

	if (uids && has(&set.no, "UIDL"))
		wire_printf(wire, "-ERR unknown command\r\n");
	else if (text[0] == '\0')
		maildrops_list(&session->drops,
			session->deleted_count > 0 ? session->deleted : NULL,
			uids, wire);
	else if (!is_named(session, text, &position))
		return;
	else if (uids)
		wire_printf(wire, "+OK %s %s\r\n", text,
			maildrops_uid(&session->drops, position, uid));
	else
		wire_printf(wire, "+OK %s %zu\r\n", text,
			maildrops_size(&session->drops, position));
}

static bool is_poison(const struct session *session, size_t position)
{
	char uid[MAILDROPS_UID_MAX];

	if (set.poison != NULL && strcmp(set.poison, "*") == 0)
		return true;
	return set.poison != NULL &&
		strcmp(maildrops_uid(&session->drops, position, uid),
			set.poison) == 0;
}

static void send_message(struct session *session, char *text, bool whole)
{
	char *space = strchr(text, ' ');
	long top = whole || space == NULL ? -1 : strtol(space, NULL, 10);
	size_t position;

	if (!is_named(session, text, &position))
		return;
	if (whole && (long)position + 1 == set.refuse) {
		wire_printf(&session->wire, "-ERR cannot read it\r\n");
		return;
	}
	if (whole && set.most > 0 && session->retrs++ == set.most) {
		session->broken = true;
		return;
	}
	if (whole && is_poison(session, position)) {
		wire_printf(&session->wire, "+OK\r\nSubject: half a mess");
		session->broken = true;
		return;
	}
	session->sent[position] |= whole;
	if (whole)
		atomic_fetch_add(&counts->retrs, 1);
	maildrops_send(&session->drops, position, &session->wire, top);
}

static void delete_message(struct session *session, const char *text)
{
	size_t position;

	if (!is_named(session, text, &position))
		return;
	session->deleted[position] = true;
	session->deleted_count++;
	session->deleted_octets += maildrops_size(&session->drops, position);
	wire_printf(&session->wire, "+OK\r\n");
}

static void reset(struct session *session)
{
	memset(session->deleted, 0, session->drops.count * sizeof(bool));
	session->deleted_count = 0;
	session->deleted_octets = 0;
	wire_printf(&session->wire, "+OK\r\n");
}

static void erase(const struct session *session, size_t position)
{
	char uid[MAILDROPS_UID_MAX];

	if (session->drops.entries != NULL)
		unlink(session->drops.entries[position].path);
	fprintf(report, "erased %s\n",
		maildrops_uid(&session->drops, position, uid));
	atomic_fetch_add(&counts->erased, 1);
}

/* Keeps it from being listed again. */
static void hide(const char *uid)
{
	char path[4096];

	snprintf(path, sizeof path, "%s/%s", set.hidden, uid);
	FILE *file = fopen(path, "w");

	if (file != NULL)
		fclose(file);
}

static void quit(struct session *session)
{
	bool erases =
		session->deleted_count > 0 && !set.forgetful && !set.quit_error;

	for (size_t i = 0; erases && i < session->drops.count; i++) {
		if (session->deleted[i])
			erase(session, i);
	}
	for (size_t i = 0; set.hidden != NULL && session->logged_in &&
		i < session->drops.count;
		i++) {
		if (session->sent[i])
			hide(session->drops.entries[i].uid);
	}
	fflush(report);
	wire_printf(&session->wire,
		set.quit_error ? "-ERR some were not erased\r\n"
			       : "+OK bye\r\n");
}

static void transaction(struct session *session, char *word, char *text)
{
	struct wire *wire = &session->wire;

	if (strcasecmp(word, "STAT") == 0)
		wire_printf(wire, "+OK %zu %zu\r\n",
			session->drops.count - session->deleted_count,
			session->drops.octets - session->deleted_octets);
	else if (strcasecmp(word, "UIDL") == 0)
		list_entries(session, true, text);
	else if (strcasecmp(word, "LIST") == 0)
		list_entries(session, false, text);
	else if (strcasecmp(word, "RETR") == 0)
		send_message(session, text, true);
	else if (strcasecmp(word, "TOP") == 0 && !has(&set.no, "TOP"))
		send_message(session, text, false);
	else if (strcasecmp(word, "DELE") == 0)
		delete_message(session, text);
	else if (strcasecmp(word, "RSET") == 0)
		reset(session);
	else
		wire_printf(wire, "-ERR unknown command\r\n");
}

static bool is_login(const char *word)
{
	return strcasecmp(word, "USER") == 0 || strcasecmp(word, "PASS") == 0 ||
		strcasecmp(word, "AUTH") == 0 || strcasecmp(word, "APOP") == 0;
}

/* Executes a command; false after QUIT, or if TLS fails. */
static bool command(struct session *session, char *line, SSL_CTX *context)
{
	struct wire *wire = &session->wire;
	char *text = strchr(line, ' ');

	if (text != NULL)
		*text++ = '\0';
	else
		text = line + strlen(line);
	if (is_login(line))
		atomic_fetch_add(&counts->logins, 1);
	if (strcasecmp(line, "QUIT") == 0) {
		quit(session);
		return false;
	}
	if (strcasecmp(line, "CAPA") == 0) {
		answer_capa(session);
	} else if (strcasecmp(line, "NOOP") == 0) {
		wire_printf(wire, "+OK\r\n");
	} else if (session->logged_in) {
		transaction(session, line, text);
		return !session->broken;
	} else if (strcasecmp(line, "STLS") == 0 && wire->ssl == NULL &&
		!has(&set.no, "STLS")) {
		wire_printf(wire, "+OK begin\r\n");
		return wire_start_tls(wire, context);
	} else if (strcasecmp(line, "UTF8") == 0 && has(&set.extra, "UTF8")) {
		fprintf(report, "utf8\n");
		fflush(report);
		wire_printf(wire, "+OK UTF-8 it is\r\n");
	} else if (strcasecmp(line, "USER") == 0) {
		session->named = is_user(text);
		wire_printf(wire, "+OK\r\n");
	} else if (strcasecmp(line, "PASS") == 0) {
		enter(session,
			session->named && strcmp(text, set.password) == 0);
	} else if (strcasecmp(line, "AUTH") == 0 &&
		strncasecmp(text, "PLAIN", 5) == 0 && !has(&set.no, "SASL")) {
		auth_plain(session, text + 5 + (text[5] == ' '));
	} else if (strcasecmp(line, "APOP") == 0) {
		fprintf(report, "apop\n");
		fflush(report);
		wire_printf(wire, "-ERR [AUTH] no APOP for you\r\n");
	} else {
		wire_printf(wire, "-ERR unknown command\r\n");
	}
	return true;
}

void session_serve(int fd, bool tls, SSL_CTX *context)
{
	struct session session;
	char *line;
	unsigned depth = 0;
	int one = 1;
	unsigned number = atomic_fetch_add(&counts->sessions, 1);

	memset(&session, 0, sizeof session);
	setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof one);
	wire_init(&session.wire, fd);
	session.wire.calm = (int)set.calm;
	session.wire.fd = harm_take(set.harm, &session.wire, fd);
	if (tls && !wire_start_tls(&session.wire, context))
		return;
	if (set.dialog != NULL) {
		dialog_play(set.dialog, number, &session.wire, context, report);
		fflush(report);
		wire_close(&session.wire);
		return;
	}
	wire_printf(&session.wire, "+OK ready%s\r\n",
		set.apop ? " <1896.697170952@localhost>" : "");
	for (;;) {
		line = wire_line(&session.wire, &depth);
		if (line == NULL)
			break;
		atomic_fetch_add(&counts->turns, session.wire.turned);
		atomic_fetch_add(&counts->commands, 1);
		if (session.logged_in && depth > counts->depth)
			counts->depth = depth;
		if (!command(&session, line, context))
			break;
	}
	wire_close(&session.wire);
	if (session.logged_in) {
		close_drops(&session);
		atomic_fetch_sub(&counts->open, 1);
	}
}
