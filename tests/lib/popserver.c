/* SPDX-License-Identifier: ISC */
/*
 * A POP3 server for the tests, the demo and the benchmarks. On loopback only.
 *
 *   popserver [OPTION...]
 *     --folder DIR      serve its files; DELE and QUIT unlink them
 *     --synthetic N     or N made-up messages (of --size OCTETS)
 *     --dialog FILE     or play a dialog (dialog.h)
 *     --port P, --tls-port P   0, the default: any free one
 *     --work DIR        write ports, cert.pem, pin, report there (default .)
 *     --user U, --password P   the one account (default test, test)
 *     --host NAME       the certificate's name (default localhost)
 *     --expired         a certificate that is over
 *     --tls-1.1         no newer TLS than that
 *     --no NAME         leave out a capability; CAPA, TOP and UIDL: the
 *                       command, too
 *     --late NAME       announce a capability only after the login
 *     --extra LINE      announce this too
 *     --apop            a greeting with a timestamp; APOP is refused
 *     --twice           every uid stands for two messages
 *     --refuse N        answer RETR N with -ERR
 *     --forgetful       QUIT answers +OK and erases nothing
 *     --quit-error      QUIT answers -ERR and erases nothing
 *     --shared          let sessions overlap; else the second is [IN-USE]
 *     --patient         a login waits until the session before it is over
 *     --harm FILE       the next session ends as FILE says (harm.h)
 *     --sessions N      end after so many connections
 *
 * A process a connection. The report: a line for each message erased as it
 * happens, and at the end (SIGTERM) how many sessions, RETRs, turns, and
 * commands at once there were.
 */
#include <arpa/inet.h>
#include <errno.h>
#include <getopt.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "certificate.h"
#include "dialog.h"
#include "harm.h"
#include "maildrops.h"
#include "wire.h"

#define NAMES_MAX 16

struct names {
	const char *at[NAMES_MAX];
	size_t count;
};

static struct {
	const char *folder;
	long synthetic;
	size_t size;
	const char *dialog;
	int port;
	int tls_port;
	const char *work;
	const char *user;
	const char *password;
	const char *host;
	int expired;
	bool tls_1_1;
	struct names no;
	struct names late;
	struct names extra;
	bool apop;
	bool twice;
	long refuse;
	bool forgetful;
	bool quit_error;
	bool shared;
	bool patient;
	const char *harm;
	long sessions;
} set = {
	.size = 3072,
	.work = ".",
	.user = "test",
	.password = "test",
	.host = "localhost",
};

/* What all the processes count together. */
static struct {
	_Atomic unsigned sessions;
	_Atomic unsigned open; /* logged in now */
	_Atomic unsigned retrs;
	_Atomic unsigned logins; /* tried */
	_Atomic unsigned commands;
	_Atomic unsigned turns; /* reads that had to wait for the client */
	_Atomic unsigned depth; /* most commands at once */
	_Atomic unsigned erased;
} * counts;

static volatile sig_atomic_t stop;
static SSL_CTX *context;
static FILE *report;

struct session {
	struct wire wire;
	struct maildrops drops;
	bool logged_in;
	bool named; /* USER was the right one */
};

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

/* Is this session alone now? One that was killed needs a moment to end. */
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

static void enter(struct session *session, bool right)
{
	struct wire *wire = &session->wire;

	if (!right) {
		wire_printf(wire, "-ERR [AUTH] wrong user or password\r\n");
	} else if (!is_alone()) {
		wire_printf(wire, "-ERR [IN-USE] another session\r\n");
	} else {
		session->logged_in = true;
		maildrops_open(&session->drops, set.folder, set.synthetic,
			set.size, set.twice);
		wire_printf(wire, "+OK logged in\r\n");
	}
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
		n > 0 && password <= text + n && strcmp(user, set.user) == 0 &&
			strcmp(password, set.password) == 0);
}

/* The message that an argument names, or NULL with the answer sent. */
static struct entry *named_entry(struct session *session, const char *text)
{
	long number = strtol(text, NULL, 10);

	if (number >= 1 && (size_t)number <= session->drops.count &&
		!session->drops.entries[number - 1].deleted)
		return &session->drops.entries[number - 1];
	wire_printf(&session->wire, "-ERR no such message\r\n");
	return NULL;
}

static void list_entries(struct session *session, bool uids, const char *text)
{
	struct wire *wire = &session->wire;

	if (uids && has(&set.no, "UIDL")) {
		wire_printf(wire, "-ERR unknown command\r\n");
		return;
	}
	if (text[0] != '\0') {
		struct entry *entry = named_entry(session, text);

		if (entry != NULL && uids)
			wire_printf(wire, "+OK %s %s\r\n", text, entry->uid);
		else if (entry != NULL)
			wire_printf(wire, "+OK %s %zu\r\n", text, entry->size);
		return;
	}
	wire_printf(wire, "+OK\r\n");
	for (size_t i = 0; i < session->drops.count; i++) {
		struct entry *entry = &session->drops.entries[i];

		if (entry->deleted)
			continue;
		if (uids)
			wire_printf(wire, "%zu %s\r\n", i + 1, entry->uid);
		else
			wire_printf(wire, "%zu %zu\r\n", i + 1, entry->size);
	}
	wire_printf(wire, ".\r\n");
}

static void send_message(struct session *session, char *text, bool whole)
{
	char *space = strchr(text, ' ');
	long top = whole || space == NULL ? -1 : strtol(space, NULL, 10);
	struct entry *entry = named_entry(session, text);

	if (entry == NULL)
		return;
	if (whole && strtol(text, NULL, 10) == set.refuse) {
		wire_printf(&session->wire, "-ERR cannot read it\r\n");
		return;
	}
	if (whole)
		atomic_fetch_add(&counts->retrs, 1);
	wire_printf(&session->wire, "+OK %zu octets\r\n", entry->size);
	maildrops_send(&session->drops, entry, &session->wire, top);
}

static void stat_maildrop(struct session *session)
{
	size_t count = 0;
	size_t octets = 0;

	for (size_t i = 0; i < session->drops.count; i++) {
		if (!session->drops.entries[i].deleted) {
			count++;
			octets += session->drops.entries[i].size;
		}
	}
	wire_printf(&session->wire, "+OK %zu %zu\r\n", count, octets);
}

static void quit(struct session *session)
{
	for (size_t i = 0; session->logged_in && i < session->drops.count;
		i++) {
		struct entry *entry = &session->drops.entries[i];

		if (!entry->deleted || set.forgetful || set.quit_error)
			continue;
		if (entry->path != NULL)
			unlink(entry->path);
		fprintf(report, "erased %s\n", entry->uid);
		atomic_fetch_add(&counts->erased, 1);
	}
	fflush(report);
	wire_printf(&session->wire,
		set.quit_error ? "-ERR some were not erased\r\n"
			       : "+OK bye\r\n");
}

static void transaction(struct session *session, char *word, char *text)
{
	struct wire *wire = &session->wire;
	struct entry *entry;

	if (strcasecmp(word, "STAT") == 0)
		stat_maildrop(session);
	else if (strcasecmp(word, "UIDL") == 0)
		list_entries(session, true, text);
	else if (strcasecmp(word, "LIST") == 0)
		list_entries(session, false, text);
	else if (strcasecmp(word, "RETR") == 0)
		send_message(session, text, true);
	else if (strcasecmp(word, "TOP") == 0 && !has(&set.no, "TOP"))
		send_message(session, text, false);
	else if (strcasecmp(word, "DELE") == 0) {
		entry = named_entry(session, text);
		if (entry != NULL) {
			entry->deleted = true;
			wire_printf(wire, "+OK\r\n");
		}
	} else if (strcasecmp(word, "RSET") == 0) {
		for (size_t i = 0; i < session->drops.count; i++)
			session->drops.entries[i].deleted = false;
		wire_printf(wire, "+OK\r\n");
	} else {
		wire_printf(wire, "-ERR unknown command\r\n");
	}
}

static bool is_login(const char *word)
{
	return strcasecmp(word, "USER") == 0 || strcasecmp(word, "PASS") == 0 ||
		strcasecmp(word, "AUTH") == 0 || strcasecmp(word, "APOP") == 0;
}

/* One command; false after QUIT, or when TLS does not come about. */
static bool command(struct session *session, char *line)
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
	} else if (strcasecmp(line, "STLS") == 0 && wire->ssl == NULL &&
		!has(&set.no, "STLS")) {
		wire_printf(wire, "+OK begin\r\n");
		return wire_start_tls(wire, context);
	} else if (strcasecmp(line, "UTF8") == 0 && has(&set.extra, "UTF8")) {
		fprintf(report, "utf8\n");
		fflush(report);
		wire_printf(wire, "+OK UTF-8 it is\r\n");
	} else if (strcasecmp(line, "USER") == 0) {
		session->named = strcmp(text, set.user) == 0;
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

static void serve(int fd, bool tls)
{
	struct session session;
	char *line;
	unsigned depth = 0;
	int one = 1;
	unsigned number = atomic_fetch_add(&counts->sessions, 1);

	memset(&session, 0, sizeof session);
	setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof one);
	wire_init(&session.wire, fd);
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
		bool waits = session.wire.in_start == session.wire.in_end;

		line = wire_line(&session.wire, &depth);
		if (line == NULL)
			break;
		atomic_fetch_add(&counts->turns, waits);
		atomic_fetch_add(&counts->commands, 1);
		if (session.logged_in && depth > counts->depth)
			counts->depth = depth;
		if (!command(&session, line))
			break;
	}
	wire_close(&session.wire);
	if (session.logged_in) {
		maildrops_close(&session.drops);
		atomic_fetch_sub(&counts->open, 1);
	}
}

static int listen_on(int port, int *actual)
{
	struct sockaddr_in address = {.sin_family = AF_INET,
		.sin_port = htons((unsigned short)port),
		.sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
	socklen_t length = sizeof address;
	int one = 1;
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

	setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &one, sizeof one);
	if (bind(fd, (struct sockaddr *)&address, sizeof address) < 0 ||
		listen(fd, 128) < 0) {
		perror("popserver: cannot listen");
		exit(1);
	}
	getsockname(fd, (struct sockaddr *)&address, &length);
	*actual = ntohs(address.sin_port);
	return fd;
}

static void on_stop(int number)
{
	(void)number;
	stop = 1;
}

/* A session that was killed must not count as open for ever. */
static void reap(void)
{
	int status;

	while (waitpid(-1, &status, WNOHANG) > 0) {
		if (WIFSIGNALED(status) && counts->open > 0)
			atomic_fetch_sub(&counts->open, 1);
	}
}

static void accept_one(int listener, bool tls, const int *listeners)
{
	int fd = accept(listener, NULL, NULL);

	if (fd < 0)
		return;
	pid_t child = fork();

	if (child == 0) {
		close(listeners[0]);
		close(listeners[1]);
		signal(SIGTERM, SIG_DFL);
		serve(fd, tls);
		_exit(0);
	}
	close(fd);
}

static void accept_all(const int listeners[2])
{
	long served = 0;

	while (!stop && (set.sessions == 0 || served < set.sessions)) {
		struct pollfd wait[2] = {{.fd = listeners[0], .events = POLLIN},
			{.fd = listeners[1], .events = POLLIN}};

		if (poll(wait, 2, 200) > 0) {
			for (int i = 0; i < 2; i++) {
				if (wait[i].revents) {
					accept_one(listeners[i], i == 1,
						listeners);
					served++;
				}
			}
		}
		reap();
	}
}

static void write_ports(int port, int tls_port)
{
	char path[4096];
	char done[4096];

	/* Under a temporary name first: who waits for it finds it whole. */
	snprintf(path, sizeof path, "%s/ports.new", set.work);
	snprintf(done, sizeof done, "%s/ports", set.work);
	FILE *file = fopen(path, "w");

	if (file == NULL) {
		perror(path);
		exit(1);
	}
	fprintf(file, "%d %d\n", port, tls_port);
	fclose(file);
	rename(path, done);
}

enum option_name {
	FOLDER = 1,
	SYNTHETIC,
	SIZE,
	DIALOG,
	PORT,
	TLS_PORT,
	WORK,
	USER,
	PASSWORD,
	HOST,
	EXPIRED,
	TLS_1_1,
	NO,
	LATE,
	EXTRA,
	APOP,
	TWICE,
	REFUSE,
	FORGETFUL,
	QUIT_ERROR,
	SHARED,
	PATIENT,
	HARM,
	SESSIONS,
};

static const struct option options[] = {
	{"folder", required_argument, NULL, FOLDER},
	{"synthetic", required_argument, NULL, SYNTHETIC},
	{"size", required_argument, NULL, SIZE},
	{"dialog", required_argument, NULL, DIALOG},
	{"port", required_argument, NULL, PORT},
	{"tls-port", required_argument, NULL, TLS_PORT},
	{"work", required_argument, NULL, WORK},
	{"user", required_argument, NULL, USER},
	{"password", required_argument, NULL, PASSWORD},
	{"host", required_argument, NULL, HOST},
	{"expired", no_argument, NULL, EXPIRED},
	{"tls-1.1", no_argument, NULL, TLS_1_1},
	{"no", required_argument, NULL, NO},
	{"late", required_argument, NULL, LATE},
	{"extra", required_argument, NULL, EXTRA},
	{"apop", no_argument, NULL, APOP},
	{"twice", no_argument, NULL, TWICE},
	{"refuse", required_argument, NULL, REFUSE},
	{"forgetful", no_argument, NULL, FORGETFUL},
	{"quit-error", no_argument, NULL, QUIT_ERROR},
	{"shared", no_argument, NULL, SHARED},
	{"patient", no_argument, NULL, PATIENT},
	{"harm", required_argument, NULL, HARM},
	{"sessions", required_argument, NULL, SESSIONS},
	{NULL, 0, NULL, 0},
};

static void add_name(struct names *names)
{
	if (names->count < NAMES_MAX)
		names->at[names->count++] = optarg;
}

static void take_option(int option)
{
	long number = optarg == NULL ? 0 : strtol(optarg, NULL, 10);

	switch (option) {
	case FOLDER:
		set.folder = optarg;
		break;
	case SYNTHETIC:
		set.synthetic = number;
		break;
	case SIZE:
		set.size = (size_t)number;
		break;
	case DIALOG:
		set.dialog = optarg;
		break;
	case PORT:
		set.port = (int)number;
		break;
	case TLS_PORT:
		set.tls_port = (int)number;
		break;
	case WORK:
		set.work = optarg;
		break;
	case USER:
		set.user = optarg;
		break;
	case PASSWORD:
		set.password = optarg;
		break;
	case HOST:
		set.host = optarg;
		break;
	case EXPIRED:
		set.expired = 1;
		break;
	case TLS_1_1:
		set.tls_1_1 = true;
		break;
	case NO:
		add_name(&set.no);
		break;
	case LATE:
		add_name(&set.late);
		break;
	case EXTRA:
		add_name(&set.extra);
		break;
	case APOP:
		set.apop = true;
		break;
	case TWICE:
		set.twice = true;
		break;
	case REFUSE:
		set.refuse = number;
		break;
	case FORGETFUL:
		set.forgetful = true;
		break;
	case QUIT_ERROR:
		set.quit_error = true;
		break;
	case SHARED:
		set.shared = true;
		break;
	case PATIENT:
		set.patient = true;
		break;
	case HARM:
		set.harm = optarg;
		break;
	case SESSIONS:
		set.sessions = number;
		break;
	default:
		exit(2);
	}
}

int main(int argc, char **argv)
{
	struct sigaction action = {.sa_handler = on_stop};
	int listeners[2];
	int ports[2];
	char path[4096];
	int option;

	while ((option = getopt_long(argc, argv, "", options, NULL)) != -1)
		take_option(option);
	sigaction(SIGTERM, &action, NULL);
	sigaction(SIGINT, &action, NULL);
	signal(SIGPIPE, SIG_IGN);
	counts = mmap(NULL, sizeof *counts, PROT_READ | PROT_WRITE,
		MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	snprintf(path, sizeof path, "%s/report", set.work);
	report = fopen(path, "a");
	context = certificate_context(set.work, set.host, set.expired);
	if (counts == MAP_FAILED || report == NULL || context == NULL) {
		fprintf(stderr, "popserver: cannot start in %s\n", set.work);
		return 1;
	}
	if (set.tls_1_1) {
		/* OpenSSL 3 takes what is old at this level only. */
		SSL_CTX_set_security_level(context, 0);
		SSL_CTX_set_max_proto_version(context, TLS1_1_VERSION);
	}
	listeners[0] = listen_on(set.port, &ports[0]);
	listeners[1] = listen_on(set.tls_port, &ports[1]);
	write_ports(ports[0], ports[1]);
	accept_all(listeners);
	close(listeners[0]);
	close(listeners[1]);
	while (set.sessions > 0 && wait(NULL) > 0)
		;
	signal(SIGTERM, SIG_IGN);
	fprintf(report,
		"sessions %u\nlogins %u\nretrs %u\ncommands %u\nturns %u\ndepth %u\n"
		"erased-in-all %u\n",
		counts->sessions, counts->logins, counts->retrs,
		counts->commands, counts->turns, counts->depth, counts->erased);
	fclose(report);
	SSL_CTX_free(context);
	return 0;
}
