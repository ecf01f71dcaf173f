/* SPDX-License-Identifier: ISC */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sysexits.h>
#include <unistd.h>

#include "cli/command.h"
#include "cli/report.h"
#include "core/header.h"
#include "core/smime.h"
#include "core/xalloc.h"
#include "io/process/cms.h"
#include "io/process/log.h"

/* Larger messages are refused, since all of one is in memory. */
#define MESSAGE_MAX ((size_t)1 << 30)

/* Reads a file to its end, or standard input if path is NULL. */
static bool read_message(
	const char *path, char **text, size_t *length, struct error *err)
{
	FILE *file = path == NULL ? stdin : fopen(path, "re");
	size_t room = 0;

	*text = NULL;
	*length = 0;
	while (file != NULL && !feof(file) && !ferror(file) &&
		*length < MESSAGE_MAX) {
		room = room == 0 ? 65536 : room * 2;
		*text = xreallocarray(*text, room, 1);
		*length += fread(*text + *length, 1, room - *length, file);
	}
	bool ok = file != NULL && feof(file) && !ferror(file);

	if (!ok)
		error_set(err, ERROR_CREATE, "cannot read %s: %s",
			path == NULL ? "standard input" : path,
			*length >= MESSAGE_MAX ? "it is too large"
					       : strerror(errno));
	if (file != NULL && file != stdin)
		fclose(file);
	return ok;
}

/* Reads the Message-ID of a text; "" if it has none. */
static void read_id(const char *text, size_t length, char id[LETTER_ID_MAX])
{
	struct header header;

	header_init(&header);
	header_feed(&header, text, length);
	header_end(&header);
	memcpy(id, header.message_id, LETTER_ID_MAX);
}

/* With a wrong key, what comes out may be random bytes. */
static bool is_the_same(const char *outer, size_t outer_length,
	const char *inner, size_t inner_length, struct error *err)
{
	char a[LETTER_ID_MAX];
	char b[LETTER_ID_MAX];

	read_id(outer, outer_length, a);
	read_id(inner, inner_length, b);
	return a[0] == '\0' || strcmp(a, b) == 0 ||
		error_set(err, ERROR_DATA,
			"what was decrypted has another Message-ID than the message: the key is probably another one");
}

static bool decrypt(const char *text, size_t length, const char *key_path,
	struct error *err)
{
	size_t body_length = 0;
	const char *body = smime_body(text, length, &body_length);

	if (body == NULL)
		return error_set(err, ERROR_DATA,
			"this is not a message that keepmail encrypted: its Content-Type is not application/pkcs7-mime");
	struct cms_key *key = cms_key_read(key_path, err);

	if (key == NULL)
		return false;
	struct cms_text inner = {.bytes = NULL};
	bool ok = cms_decrypt(key, body, body_length, &inner, err);

	if (ok) {
		inner.length = smime_from_crlf(inner.bytes, inner.length);
		ok = is_the_same(text, length, inner.bytes, inner.length, err);
	}
	if (ok)
		report_message(inner.bytes, inner.length);
	cms_key_free(key);
	free(inner.bytes);
	return ok;
}

/* What others wrote may contain codes that control a terminal. */
static bool shows_on_terminal(struct error *err)
{
	return isatty(STDOUT_FILENO) &&
		!error_set(err, ERROR_USAGE,
			"a message is not printed on a terminal, which what is in it could control: append | less, or > FILE");
}

int command_decrypt(const struct invocation *invocation)
{
	const char *path =
		invocation->word_count > 0 ? invocation->words[0] : NULL;
	struct error err = {.kind = ERROR_NONE};
	char *text = NULL;
	size_t length = 0;
	bool ok = !shows_on_terminal(&err) &&
		read_message(path, &text, &length, &err);

	if (ok) {
		/* As other programs save messages. */
		length = smime_from_crlf(text, length);
		ok = decrypt(text, length, invocation->options.key, &err);
	}

	free(text);
	if (ok)
		return EX_OK;
	log_error(&err);
	return error_status(err.kind);
}
