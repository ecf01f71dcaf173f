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
 *     --user U, --password P   the one account (default test, test); U may be
 *                       '*': anybody
 *     --host NAME       the certificate's name (default localhost)
 *     --expired         a certificate that is over
 *     --tls-1.1         no newer TLS than that
 *     --no NAME         leave out a capability; CAPA, UIDL: the command too
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
 *     --calm MS         answer once the client was silent for so long, so that
 *                       turns tells what it sent without waiting, and nothing
 *                       of how its octets arrived
 *     --sessions N      end after so many connections
 *
 * A process a connection. The report: a line for each message erased as it
 * happens, and at the end (SIGTERM) how many sessions, RETRs, commands, turns
 * (times that a client sent something after it had been sent something, TLS's
 * handshake not counted), and commands at once there were.
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
	CALM,
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
	{"calm", required_argument, NULL, CALM},
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
	case CALM:
		set.calm = (int)number;
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
