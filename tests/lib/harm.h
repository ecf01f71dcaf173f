/* SPDX-License-Identifier: ISC */
/* Connections that end, or fall silent, before their time. */
#ifndef TESTS_HARM_H
#define TESTS_HARM_H

#include "wire.h"

/*
 * Takes the one line of a file, if it is there, and removes it, so that it
 * serves one session: "HARM N" harms the connection after N octets of the
 * server's side.
 *     cut, notify, stall    counted before TLS (wire.h)
 *     raw, rawstall         counted as they pass on the wire, TLS included
 *     record                no harm: what is said goes into FILE.record
 * The socket is returned, or the one that takes its place.
 */
int harm_take(const char *path, struct wire *wire, int fd);

#endif
