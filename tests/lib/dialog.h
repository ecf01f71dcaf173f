/* SPDX-License-Identifier: ISC */
/*
 * Plays a dialog file: what a server should not say, a page of protocol each.
 *
 *   # a comment; "# promise: ...", "# status: 76" and so on are for the test
 *   S: +OK hello          a line, sent with CRLF
 *   R: +OK\x00 half       octets, with C's escapes, sent as they are
 *   X: 1000 abc           octets sent so many times
 *   C: UIDL               a line that the client must send (fnmatch pattern)
 *   login PIPELINING UIDL a greeting and a login, with these capabilities
 *   tls                   TLS from here on (after STLS was answered)
 *   wait 200              milliseconds
 *   quiet 200             milliseconds in which the client must say nothing
 *   gone                  the client must go away without another word
 *   stall                 silence until the client goes away
 *   close                 the end, with no more ado
 *   == session            what follows is for the next connection
 */
#ifndef TESTS_DIALOG_H
#define TESTS_DIALOG_H

#include <openssl/ssl.h>
#include <stdio.h>

#include "wire.h"

/*
 * Plays session number session (from 0; the last part serves all later ones).
 * What the client said instead of what it should goes to report.
 */
void dialog_play(const char *path, unsigned session, struct wire *wire,
	SSL_CTX *context, FILE *report);

#endif
