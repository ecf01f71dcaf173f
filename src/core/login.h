/* SPDX-License-Identifier: ISC */
/* What a login says, and what must not be shown of it. */
#ifndef CORE_LOGIN_H
#define CORE_LOGIN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

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
 * What is needed to know a secret again, and not to tell it: for as long as a
 * server may echo it.
 */
struct login_mask {
	uint64_t key[2];
	struct {
		size_t length; /* 0: none */
		uint64_t hash; /* keyed, of the secret */
	} secrets[3];
};

/*
 * A mask for the password, its base64, and SASL PLAIN's response. key: 16
 * random octets.
 */
void login_mask_init(struct login_mask *mask, const uint64_t key[2],
	const char *user, const char *password);

/*
 * Blanks in a server's words (length octets) whatever a login has put there,
 * since some servers echo what they were sent.
 */
void login_mask_apply(
	const struct login_mask *mask, char *words, size_t length);

/*
 * How many of the first length octets of longer words can be shown, so that no
 * beginning of a secret stands at the cut.
 */
size_t login_mask_uncut(const struct login_mask *mask, size_t length);

/*
 * The same for what a server says to the login itself, with any long run of
 * base64 too: mechanisms of libcurl's have responses of their own.
 */
void login_redact(const struct login_mask *mask, char *words, size_t length);

/* Is the text ASCII, as USER and PASS need it without RFC 6856? */
bool login_is_ascii(const char *text);

/*
 * Decodes base64 (RFC 4648) of up to size bytes into room. False when it is
 * none, or longer.
 */
bool login_decode_base64(const char *text, size_t length, char *room,
	size_t size, size_t *decoded);

/*
 * The value of a string in a flat JSON object, as it stands there, or "" where
 * there is none or it is not plain and printable; cut off at size.
 */
void login_find_json(const char *json, size_t length, const char *name,
	char *value, size_t size);

#endif
