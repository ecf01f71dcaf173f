/* SPDX-License-Identifier: ISC */
/*
 * A POP3 server for the tests, the demo and the benchmarks. On loopback only.
 *
 *   popserver [OPTION...]
 *     --folder DIR      serve its files; DELE and QUIT unlink them
 *     --synthetic N     or N synthetic messages (of --size BYTES)
 *     --dialog FILE     or play a dialog (dialog.h)
 *     --port P, --tls-port P   0 (default): any free port
 *     --work DIR        write ports, cert.pem, pin, report there (default .)
 *     --user U, --password P   the only account (default test, test); U may be
 *                       '*': any user
 *     --host NAME       the certificate's name (default localhost)
 *     --expired         an expired certificate
 *     --tls-1.1         TLS 1.1 at most
 *     --no NAME         leave out a capability; CAPA, UIDL: the command too
 *     --late NAME       announce a capability only after the login
 *     --extra LINE      also announce this
 *     --apop            a greeting with a timestamp; APOP is refused
 *     --twice           every uid stands for two messages
 *     --refuse N        answer RETR N with -ERR
 *     --poison UID      end the session in the middle of this message; "*": of
 *                       any
 *     --most N          close the connection instead of answering the RETR
 *                       after N of them
 *     --window N, --hidden DIR  of a folder's files, list the first N without
 *                       a file of the same name in DIR; fetched messages get
 *                       one when QUIT ends the session
 *     --forgetful       QUIT answers +OK and erases nothing
 *     --quit-error      QUIT answers -ERR and erases nothing
 *     --shared          let sessions overlap; otherwise, the second is [IN-USE]
 *     --patient         a login waits until the previous session has ended
 *     --harm FILE       the next session ends as FILE says (harm.h)
 *     --calm MS         answer only after the client was silent for MS, so that
 *                       turns counts what it sent without waiting, however its
 *                       bytes arrived
 *     --sessions N      end after N connections
 *
 * Each connection has a process. The report: a line for each message when it is
 * erased, and at the end (SIGTERM) the numbers of sessions, RETRs, commands,
 * turns (times that a client sent something after having received something;
 * the TLS handshake does not count), and commands at once.
 */
#include <arpa/inet.h>
#include <getopt.h>
#include <poll.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "certificate.h"
#include "popsession.h"

struct settings set = {
	.size = 3072,
	.work = ".",
	.user = "test",
	.password = "test",
	.host = "localhost",
};

struct counts *counts;
FILE *report;

static volatile sig_atomic_t stop;
static SSL_CTX *context;

static int listen_on(long port, int *actual)
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
		session_serve(fd, tls, context);
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

	/* Written under a temporary name first, so that it is complete when it
	 * appears. */
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

/* The values of options, and where they are stored. */
static const struct {
	const char *name;
	enum { WORDS, NUMBER, YES, NAME } kind;
	void *to;
} options[] = {
	{"folder", WORDS, &set.folder},
	{"synthetic", NUMBER, &set.synthetic},
	{"size", NUMBER, &set.size},
	{"dialog", WORDS, &set.dialog},
	{"port", NUMBER, &set.port},
	{"tls-port", NUMBER, &set.tls_port},
	{"work", WORDS, &set.work},
	{"user", WORDS, &set.user},
	{"password", WORDS, &set.password},
	{"host", WORDS, &set.host},
	{"expired", YES, &set.expired},
	{"tls-1.1", YES, &set.tls_1_1},
	{"no", NAME, &set.no},
	{"late", NAME, &set.late},
	{"extra", NAME, &set.extra},
	{"apop", YES, &set.apop},
	{"twice", YES, &set.twice},
	{"refuse", NUMBER, &set.refuse},
	{"poison", WORDS, &set.poison},
	{"most", NUMBER, &set.most},
	{"hidden", WORDS, &set.hidden},
	{"window", NUMBER, &set.window},
	{"forgetful", YES, &set.forgetful},
	{"quit-error", YES, &set.quit_error},
	{"shared", YES, &set.shared},
	{"patient", YES, &set.patient},
	{"harm", WORDS, &set.harm},
	{"calm", NUMBER, &set.calm},
	{"sessions", NUMBER, &set.sessions},
};
#define OPTIONS (sizeof options / sizeof options[0])

static void take_option(size_t i)
{
	struct names *names = options[i].to;

	switch (options[i].kind) {
	case WORDS:
		*(const char **)options[i].to = optarg;
		break;
	case NUMBER:
		*(long *)options[i].to = strtol(optarg, NULL, 10);
		break;
	case YES:
		*(bool *)options[i].to = true;
		break;
	case NAME:
		if (names->count < NAMES_MAX)
			names->at[names->count++] = optarg;
		break;
	}
}

static void take_options(int argc, char **argv)
{
	static struct option table[OPTIONS + 1];
	int at;

	for (size_t i = 0; i < OPTIONS; i++) {
		table[i].name = options[i].name;
		table[i].has_arg = options[i].kind == YES ? no_argument
							  : required_argument;
		table[i].val = (int)i;
	}
	while ((at = getopt_long(argc, argv, "", table, NULL)) != -1) {
		if (at == '?')
			exit(2);
		take_option((size_t)at);
	}
}

int main(int argc, char **argv)
{
	struct sigaction action = {.sa_handler = on_stop};
	int listeners[2];
	int ports[2];
	char path[4096];

	take_options(argc, argv);
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
		/* OpenSSL 3 accepts old versions only at this level. */
		SSL_CTX_set_security_level(context, 0);
		SSL_CTX_set_max_proto_version(context, TLS1_1_VERSION);
	}
	session_prepare();
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
