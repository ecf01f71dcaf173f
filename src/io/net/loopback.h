/* SPDX-License-Identifier: ISC */
/*
 * Waits on this machine for a browser that comes back from a login (RFC 8252
 * section 7.3).
 */
#ifndef IO_NET_LOOPBACK_H
#define IO_NET_LOOPBACK_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "core/error.h"
#include "io/process/patience.h"

/* The longest URL that a browser comes back with. */
#define LOOPBACK_URL_MAX 16384

/*
 * Listens on 127.0.0.1. *port: which one, or 0 for any; it is set then. Returns
 * a socket, or -1 with ERROR_TEMPORARY.
 */
int loopback_listen(uint16_t *port, struct error *err);

/*
 * Waits for a request whose target is the one that is expected, and answers
 * it with a page; others, such as for an icon, are refused. Copies the target,
 * such as "/?code=1&state=2". Fails with ERROR_TEMPORARY when the patience is
 * over.
 */
/* Who decides what is expected. */
struct loopback_judge {
	bool (*is_expected)(void *data, const char *target);
	void *data;
};

bool loopback_await(int fd, const struct patience *wait,
	const struct loopback_judge *judge, char target[LOOPBACK_URL_MAX],
	struct error *err);

#endif
