/* SPDX-License-Identifier: ISC */
#include "io/process/patience.h"

#include <poll.h>
#include <stddef.h>
#include <sys/socket.h>

#include "io/process/now.h"

struct patience patience_begin(
	int64_t seconds, const volatile sig_atomic_t *stop)
{
	return (struct patience){
		.end = now_milliseconds() + seconds * 1000, .stop = stop};
}

/* Is there nothing more to be expected from the other end? */
static bool is_shut(int socket)
{
	struct pollfd wait = {.fd = socket, .events = POLLIN};
	char byte;

	return poll(&wait, 1, 0) > 0 &&
		recv(socket, &byte, 1, MSG_PEEK | MSG_DONTWAIT) == 0;
}

bool patience_is_stopped(const struct patience *patience)
{
	return (patience->stop != NULL && *patience->stop) ||
		(patience->socket > 0 && is_shut(patience->socket));
}

bool patience_is_over(const struct patience *patience)
{
	return patience_is_stopped(patience) ||
		now_milliseconds() >= patience->end;
}
