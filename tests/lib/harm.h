/* SPDX-License-Identifier: ISC */
/* Connections that end, or stall, too early. */
#ifndef TESTS_HARM_H
#define TESTS_HARM_H

#include "wire.h"

/*
 * Takes the only line of a file, if it exists, and removes it, so that it
 * affects one session: "HARM N" harms the connection after N bytes from the
 * server.
 *     cut, notify, stall    counted before TLS (wire.h)
 *     raw, rawstall         counted on the wire, with TLS
 *     record                no harm: what is sent is written to FILE.record
 * Returns the socket, or the one that replaces it.
 */
int harm_take(const char *path, struct wire *wire, int fd);

#endif
