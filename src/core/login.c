/* SPDX-License-Identifier: ISC */
#include "core/login.h"

#include <ctype.h>
#include <string.h>

#include "core/hash.h"
#include "core/text.h"

bool login_encode_plain(const char *user, const char *password, char *room)
{
	unsigned char message[2 * LOGIN_SECRET_MAX + 2];
	size_t name = strlen(user);
	size_t secret = strlen(password);

	if (name > LOGIN_SECRET_MAX || secret > LOGIN_SECRET_MAX)
		return false;
	message[0] = '\0';
	memcpy(message + 1, user, name);
	message[1 + name] = '\0';
	memcpy(message + 2 + name, password, secret);
	text_base64(room, message, 2 + name + secret);
	explicit_bzero(message, sizeof message);
	return true;
}

static void mask_secret(
	struct login_mask *mask, size_t which, const char *secret)
{
	size_t n = strlen(secret);

	mask->secrets[which].length = n;
	mask->secrets[which].hash = hash_octets(mask->key, secret, n);
}

void login_mask_init(struct login_mask *mask, const uint64_t key[2],
	const char *user, const char *password)
{
	char encoded[LOGIN_ENCODED_MAX];

	*mask = (struct login_mask){.key = {key[0], key[1]}};
	mask_secret(mask, 0, password);
	if (login_encode_plain(user, password, encoded)) {
		mask_secret(mask, 1, encoded);
		text_base64(encoded, (const unsigned char *)password,
			strlen(password));
		mask_secret(mask, 2, encoded);
	}
	explicit_bzero(encoded, sizeof encoded);
}

void login_mask_apply(const struct login_mask *mask, char *words, size_t length)
{
	for (size_t i = 0; i < 3; i++) {
		size_t n = mask->secrets[i].length;

		for (size_t at = 0; n > 0 && at + n <= length; at++) {
			if (hash_octets(mask->key, words + at, n) !=
				mask->secrets[i].hash)
				continue;
			memset(words + at, '*', n);
			at += n - 1;
		}
	}
}

/* Overwrites long runs of base64: they are data of a login, not words. */
static void hide_base64(char *words, size_t length)
{
	size_t run = 0;

	for (size_t i = 0; i <= length; i++) {
		unsigned char c = i < length ? (unsigned char)words[i] : ' ';

		if (isalnum(c) || c == '+' || c == '/' || c == '=') {
			run++;
			continue;
		}
		if (run >= 20)
			memset(words + i - run, '*', run);
		run = 0;
	}
}

size_t login_mask_uncut(const struct login_mask *mask, size_t length)
{
	size_t longest = 1;

	for (size_t i = 0; i < 3; i++) {
		if (mask->secrets[i].length > longest)
			longest = mask->secrets[i].length;
	}
	return length < longest ? 0 : length - (longest - 1);
}

void login_redact(const struct login_mask *mask, char *words, size_t length)
{
	login_mask_apply(mask, words, length);
	hide_base64(words, length);
}

bool login_is_ascii(const char *text)
{
	for (; *text != '\0'; text++) {
		if ((unsigned char)*text >= 0x80)
			return false;
	}
	return true;
}

bool login_decode_base64(const char *text, size_t length, char *room,
	size_t size, size_t *decoded)
{
	static const char digits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
				     "abcdefghijklmnopqrstuvwxyz"
				     "0123456789+/";
	uint32_t bits = 0;
	size_t n = 0;
	size_t i = 0;

	for (; i < length && text[i] != '='; i++) {
		const char *at = memchr(digits, text[i], sizeof digits - 1);

		if (at == NULL)
			return false;
		bits = bits << 6 | (uint32_t)(at - digits);
		if (i % 4 == 0)
			continue;
		if (n == size)
			return false;
		/* The second digit ends the first byte, and so on. */
		room[n++] = (char)(bits >> (6 - 2 * (i % 4)));
	}
	*decoded = n;
	return i > 0 && length - i <= 2;
}
