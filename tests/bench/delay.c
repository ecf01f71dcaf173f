/* SPDX-License-Identifier: ISC */
/*
 * Delays connections between a client and a server on loopback:
 *
 *   delay PORT MS PORTS REPORT
 *
 * listens on a free port, which it writes to the file PORTS, and relays between
 * its clients and PORT with a delay of MS milliseconds each way. Order and
 * throughput are preserved, any amount may be in flight, and the server learns
 * of a connection as late as with TCP's handshake, so that the greeting arrives
 * after two round trips. When a connection has ended, a line is added to
 * REPORT:
 *
 *   turns N up OCTETS down OCTETS
 *
 * turns is how often the client sent something after having received something:
 * for a client that waits for each answer, its round trips.
 */
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <signal.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#define PIECE_SIZE 65536
#define LINES_MAX 512
#define NEVER INT64_MAX

/* The two ends of a connection; directions are named by their origin. */
enum { CLIENT, SERVER };

struct piece {
	struct piece *next;
	int64_t due; /* nanoseconds on the monotonic clock */
	size_t start;
	size_t end;
	char bytes[];
};

struct way {
	struct piece *first;
	struct piece *last;
	int64_t end_due; /* when the sender's end is passed on; 0: not ended yet
			  */
	bool closed;	 /* its end was passed on */
	bool blocked;	 /* the receiver accepts no more now */
	unsigned long long octets;
};

struct line {
	int fds[2];
	bool connected;
	int64_t connect_due;
	struct way ways[2];
	bool answered; /* the client was sent something since it last sent */
	unsigned turns;
	bool over;
};

static int64_t delay;
static int target;
static FILE *report;
static struct line *lines[LINES_MAX];
static size_t line_count;
static volatile sig_atomic_t stop;

static int64_t now(void)
{
	struct timespec time;

	clock_gettime(CLOCK_MONOTONIC, &time);
	return (int64_t)time.tv_sec * 1000000000 + time.tv_nsec;
}

static void set_option(int fd, int option)
{
	int one = 1;

	setsockopt(fd, IPPROTO_TCP, option, &one, sizeof one);
}

static struct sockaddr_in loopback(int port)
{
	return (struct sockaddr_in){.sin_family = AF_INET,
		.sin_port = htons((unsigned short)port),
		.sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
}

static void accept_line(int listener)
{
	int fd = accept4(listener, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC);

	if (fd < 0)
		return;
	struct line *line =
		line_count < LINES_MAX ? calloc(1, sizeof *line) : NULL;

	if (line == NULL) {
		close(fd);
		return;
	}
	set_option(fd, TCP_NODELAY);
	line->fds[CLIENT] = fd;
	line->fds[SERVER] = -1;
	/* SYN, SYN-ACK and ACK. */
	line->connect_due = now() + 3 * delay;
	lines[line_count++] = line;
}

static void connect_line(struct line *line)
{
	struct sockaddr_in address = loopback(target);
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

	line->fds[SERVER] = fd;
	line->connected = true;
	if (fd < 0 ||
		connect(fd, (struct sockaddr *)&address, sizeof address) < 0) {
		line->over = true;
		return;
	}
	fcntl(fd, F_SETFL, O_NONBLOCK);
	set_option(fd, TCP_NODELAY);
}

/* Receives one piece from an end; false if there is none. */
static bool take(struct line *line, int from)
{
	static char bytes[PIECE_SIZE];
	struct way *way = &line->ways[from];
	ssize_t n = read(line->fds[from], bytes, sizeof bytes);

	if (n <= 0) {
		if (n == 0)
			way->end_due = now() + delay;
		else if (errno != EAGAIN)
			line->over = true;
		return false;
	}
	struct piece *piece = malloc(sizeof *piece + (size_t)n);

	if (piece == NULL)
		abort();
	memcpy(piece->bytes, bytes, (size_t)n);
	piece->next = NULL;
	piece->due = now() + delay;
	piece->start = 0;
	piece->end = (size_t)n;
	if (way->first == NULL)
		way->first = piece;
	else
		way->last->next = piece;
	way->last = piece;
	way->octets += (size_t)n;
	return true;
}

static void hear(struct line *line, int from)
{
	bool any = false;

	for (int i = 0; i < 16 && take(line, from); i++)
		any = true;
	if (from == SERVER || !any)
		return;
	line->turns += line->answered;
	line->answered = false;
	/* Only our delay counts, not the kernel's. */
	set_option(line->fds[CLIENT], TCP_QUICKACK);
}

/* Passes on what is due; returns when the next is due. */
static int64_t pass(struct line *line, int from)
{
	struct way *way = &line->ways[from];
	int to = line->fds[!from];
	struct piece *piece;

	way->blocked = false;
	while ((piece = way->first) != NULL) {
		if (piece->due > now())
			return piece->due;
		ssize_t n = send(to, piece->bytes + piece->start,
			piece->end - piece->start, MSG_NOSIGNAL);

		if (n < 0) {
			way->blocked = errno == EAGAIN;
			line->over = line->over || errno != EAGAIN;
			return NEVER;
		}
		line->answered = line->answered || from == SERVER;
		piece->start += (size_t)n;
		if (piece->start == piece->end) {
			way->first = piece->next;
			free(piece);
		}
	}
	if (way->end_due == 0 || way->closed)
		return NEVER;
	if (way->end_due > now())
		return way->end_due;
	shutdown(to, SHUT_WR);
	way->closed = true;
	line->over = line->over || line->ways[!from].closed;
	return NEVER;
}

/* Advances a connection; returns when there is more to do. */
static int64_t advance(struct line *line)
{
	if (!line->connected && line->connect_due > now())
		return line->connect_due;
	if (!line->connected)
		connect_line(line);
	if (line->over)
		return NEVER;
	int64_t up = pass(line, CLIENT);
	int64_t down = pass(line, SERVER);

	return up < down ? up : down;
}

static void end_line(struct line *line)
{
	fprintf(report, "turns %u up %llu down %llu\n", line->turns,
		line->ways[CLIENT].octets, line->ways[SERVER].octets);
	fflush(report);
	for (int i = 0; i < 2; i++) {
		while (line->ways[i].first != NULL) {
			struct piece *piece = line->ways[i].first;

			line->ways[i].first = piece->next;
			free(piece);
		}
		if (line->fds[i] >= 0)
			close(line->fds[i]);
	}
	free(line);
}

/*
 * Advances all connections, and closes those that have ended; returns when
 * there is more to do.
 */
static int64_t advance_all(void)
{
	int64_t due = NEVER;
	size_t left = 0;

	for (size_t i = 0; i < line_count; i++) {
		struct line *line = lines[i];
		int64_t then = advance(line);

		if (line->over) {
			end_line(line);
			continue;
		}
		due = then < due ? then : due;
		lines[left++] = line;
	}
	line_count = left;
	return due;
}

/*
 * Waits only for what is possible: an end that has ended would always wake us.
 */
static struct pollfd waits_for(const struct line *line, int end)
{
	struct pollfd wait = {.fd = line->fds[end]};

	if (line->ways[end].end_due == 0)
		wait.events |= POLLIN;
	if (line->ways[!end].blocked)
		wait.events |= POLLOUT;
	if (wait.events == 0)
		wait.fd = -1;
	return wait;
}

static void wait_and_hear(int listener, int64_t due)
{
	static struct pollfd waits[1 + 2 * LINES_MAX];
	size_t count = line_count;
	int64_t left = due == NEVER ? NEVER : due - now();
	struct timespec time = {.tv_sec = left > 0 ? left / 1000000000 : 0,
		.tv_nsec = left > 0 ? left % 1000000000 : 0};

	waits[0] = (struct pollfd){.fd = listener, .events = POLLIN};
	for (size_t i = 0; i < count; i++) {
		waits[1 + 2 * i] = waits_for(lines[i], CLIENT);
		waits[2 + 2 * i] = waits_for(lines[i], SERVER);
	}
	if (ppoll(waits, 1 + 2 * count, due == NEVER ? NULL : &time, NULL) <= 0)
		return;
	for (size_t i = 0; i < 2 * count; i++) {
		if (waits[1 + i].revents & ~POLLOUT)
			hear(lines[i / 2], (int)(i % 2));
	}
	if (waits[0].revents)
		accept_line(listener);
}

static void on_stop(int number)
{
	(void)number;
	stop = 1;
}

static int listen_anywhere(const char *path)
{
	struct sockaddr_in address = loopback(0);
	socklen_t length = sizeof address;
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	char new_path[4096];

	if (fd < 0 ||
		bind(fd, (struct sockaddr *)&address, sizeof address) < 0 ||
		listen(fd, 256) < 0)
		return -1;
	getsockname(fd, (struct sockaddr *)&address, &length);
	/* Written under another name first, so that it is complete when it
	 * appears. */
	snprintf(new_path, sizeof new_path, "%s.new", path);
	FILE *file = fopen(new_path, "w");

	if (file == NULL)
		return -1;
	fprintf(file, "%d\n", ntohs(address.sin_port));
	fclose(file);
	rename(new_path, path);
	return fd;
}

int main(int argc, char **argv)
{
	struct sigaction action = {.sa_handler = on_stop};

	if (argc != 5) {
		fprintf(stderr, "usage: delay PORT MS PORTS REPORT\n");
		return 2;
	}
	target = (int)strtol(argv[1], NULL, 10);
	delay = strtol(argv[2], NULL, 10) * INT64_C(1000000);
	report = fopen(argv[4], "a");
	int listener = listen_anywhere(argv[3]);

	if (report == NULL || listener < 0) {
		perror("delay: cannot start");
		return 1;
	}
	sigaction(SIGTERM, &action, NULL);
	sigaction(SIGINT, &action, NULL);
	while (!stop)
		wait_and_hear(listener, advance_all());
	fclose(report);
	return 0;
}
