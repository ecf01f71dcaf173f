/* SPDX-License-Identifier: ISC */
/*
 * Plays a dialog file, a page of protocol with what a server should not send.
 *
 *   # a comment; "# promise: ...", "# status: 76" and so on are for the test
 *   S: +OK hello          a line, sent with CRLF
 *   R: +OK\x00 half       bytes, with C's escapes, sent as they are
 *   X: 1000 abc           bytes sent this many times
 *   C: UIDL               a line that the client must send (fnmatch pattern)
 *   login PIPELINING UIDL a greeting and a login, with these capabilities
 *   tls                   TLS from here on (after STLS was answered)
 *   wait 200              milliseconds
 *   quiet 200             milliseconds in which the client must send nothing
 *   gone                  the client must leave without sending more
 *   stall                 silence until the client leaves
 *   close                 closes the connection at once
 *   == session            what follows is for the next connection
 */
#ifndef TESTS_DIALOG_H
#define TESTS_DIALOG_H

#include <openssl/ssl.h>
#include <stdio.h>

#include "wire.h"

/*
 * Plays session number session (from 0; the last part serves all later ones).
 * Lines of the client that do not match are written to report.
 */
void dialog_play(const char *path, unsigned session, struct wire *wire,
	SSL_CTX *context, FILE *report);

#endif
