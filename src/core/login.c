/* SPDX-License-Identifier: ISC */
#include "core/login.h"

#include <ctype.h>
#include <string.h>

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

static void blank(char *words, size_t length, const char *secret)
{
	size_t n = strlen(secret);
	char *at = words;

	while (n > 0) {
		at = memmem(at, length - (size_t)(at - words), secret, n);
		if (at == NULL)
			return;
		memset(at, '*', n);
		at += n;
	}
}

/* Long runs of base64 are what a login is made of, and no words. */
static void blank_base64(char *words, size_t length)
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

void login_redact(
	char *words, size_t length, const char *user, const char *password)
{
	char encoded[LOGIN_ENCODED_MAX];

	blank(words, length, password);
	if (login_encode_plain(user, password, encoded)) {
		blank(words, length, encoded);
		text_base64(encoded, (const unsigned char *)password,
			strlen(password));
		blank(words, length, encoded);
	}
	blank_base64(words, length);
	explicit_bzero(encoded, sizeof encoded);
}

bool login_is_ascii(const char *text)
{
	for (; *text != '\0'; text++) {
		if ((unsigned char)*text >= 0x80)
			return false;
	}
	return true;
}
