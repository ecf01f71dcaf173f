/* SPDX-License-Identifier: ISC */
#include "harm.h"

#include <poll.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

/* Passes on at most this many bytes. Returns their number, 0 at the end. */
static size_t pass(int from, int to, size_t most)
{
	char bytes[16384];
	ssize_t n =
		read(from, bytes, most < sizeof bytes ? most : sizeof bytes);

	for (ssize_t done = 0; done < n;) {
		ssize_t m = send(
			to, bytes + done, (size_t)(n - done), MSG_NOSIGNAL);

		if (m <= 0)
			return 0;
		done += m;
	}
	return n > 0 ? (size_t)n : 0;
}

/*
 * Relays between client and server until limit bytes have gone to the client.
 */
static void relay(int client, int server, size_t limit, bool stall)
{
	struct pollfd wait[2] = {{.fd = client, .events = POLLIN},
		{.fd = server, .events = POLLIN}};

	while (limit > 0 && poll(wait, 2, -1) > 0) {
		if (wait[0].revents && pass(client, server, SIZE_MAX) == 0)
			return;
		if (!wait[1].revents)
			continue;
		size_t n = pass(server, client, limit);

		if (n == 0)
			return;
		limit -= n;
	}
	char forgotten[512];

	while (stall && read(client, forgotten, sizeof forgotten) > 0)
		;
}

int harm_take(const char *path, struct wire *wire, int fd)
{
	char name[16] = "";
	size_t limit = 0;
	int ends[2];
	FILE *file = path == NULL ? NULL : fopen(path, "r");

	if (file == NULL)
		return fd;
	bool known = fscanf(file, "%15s %zu", name, &limit) == 2;

	fclose(file);
	unlink(path);
	if (!known)
		return fd;
	if (strcmp(name, "record") == 0) {
		char record[4096];

		snprintf(record, sizeof record, "%s.record", path);
		wire->record = fopen(record, "w");
		return fd;
	}
	if (strncmp(name, "raw", 3) == 0) {
		if (socketpair(AF_UNIX, SOCK_STREAM, 0, ends) < 0)
			return fd;
		if (fork() == 0) {
			close(ends[1]);
			relay(fd, ends[0], limit, strcmp(name, "raw") != 0);
			_exit(0);
		}
		close(ends[0]);
		close(fd);
		return ends[1];
	}
	wire->limit = limit;
	wire->harm = strcmp(name, "cut") == 0 ? WIRE_CUT
		: strcmp(name, "notify") == 0 ? WIRE_NOTIFY
					      : WIRE_STALL;
	return fd;
}
