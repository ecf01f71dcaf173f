/* SPDX-License-Identifier: ISC */
/* What a login says, and what must not be shown of it. */
#ifndef CORE_LOGIN_H
#define CORE_LOGIN_H

#include <stdbool.h>
#include <stddef.h>

/* Longest user name, and longest password, in octets. */
#define LOGIN_SECRET_MAX 1024
/* Room for both in base64. */
#define LOGIN_ENCODED_MAX 2800

/*
 * The initial response of SASL PLAIN (RFC 4616) in base64, into room of
 * LOGIN_ENCODED_MAX octets, which the caller wipes. False when user or password
 * is too long.
 */
bool login_encode_plain(const char *user, const char *password, char *room);

/*
 * Blanks in a server's words (length octets) whatever a login may have put
 * there, since some servers echo the command that they refuse: the password,
 * its base64, SASL PLAIN's response, and any long run of base64.
 */
void login_redact(
	char *words, size_t length, const char *user, const char *password);

/* Is the text ASCII, as USER and PASS need it without RFC 6856? */
bool login_is_ascii(const char *text);

#endif
