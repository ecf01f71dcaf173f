/* SPDX-License-Identifier: ISC */
/* What a login sends, and how secrets are hidden in what is shown. */
#ifndef CORE_LOGIN_H
#define CORE_LOGIN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Longest user name, and longest password, in bytes. */
#define LOGIN_SECRET_MAX 1024
/* Room for both in base64. */
#define LOGIN_ENCODED_MAX 2800

/*
 * Writes the initial response of SASL PLAIN (RFC 4616) in base64 to room, which
 * has LOGIN_ENCODED_MAX bytes and which the caller wipes. False if user or
 * password is too long.
 */
bool login_encode_plain(const char *user, const char *password, char *room);

/*
 * Hashes by which secrets are recognised in a server's answers, so that the
 * secrets themselves need not stay in memory for that.
 */
struct login_mask {
	uint64_t key[2];
	struct {
		size_t length; /* 0: none */
		uint64_t hash; /* keyed, of the secret */
	} secrets[3];
};

/*
 * Makes a mask of the password, its base64, and the response of SASL PLAIN.
 * key: 16 random bytes.
 */
void login_mask_init(struct login_mask *mask, const uint64_t key[2],
	const char *user, const char *password);

/*
 * Overwrites the mask's secrets in a server's words (length bytes) with '*',
 * since some servers echo what they were sent.
 */
void login_mask_apply(
	const struct login_mask *mask, char *words, size_t length);

/*
 * For words that are truncated to length bytes: how many of these can be
 * shown, so that they do not end with the beginning of a secret.
 */
size_t login_mask_uncut(const struct login_mask *mask, size_t length);

/*
 * As login_mask_apply, for answers to the login itself: long runs of base64 are
 * overwritten, too, since libcurl's mechanisms send other secrets.
 */
void login_redact(const struct login_mask *mask, char *words, size_t length);

/* Is the text ASCII, as USER and PASS require without RFC 6856? */
bool login_is_ascii(const char *text);

/*
 * Decodes base64 (RFC 4648) into room of size bytes. False if text is not
 * base64 or decodes to more than that.
 */
bool login_decode_base64(const char *text, size_t length, char *room,
	size_t size, size_t *decoded);

#endif
