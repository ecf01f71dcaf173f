/* SPDX-License-Identifier: ISC */
#include "core/smime.h"

#include <string.h>
#include <strings.h>

#define FIELD_MAX 8192

static const char *const readable[] = {"From", "To", "Date", "Subject"};

#define READABLE (sizeof readable / sizeof readable[0])
#define SUBJECT 3

static const char type[] = "application/pkcs7-mime";

/* The end of the line at text, behind its LF; NULL: it has none. */
static const char *end_of_line(const char *text, const char *end)
{
	const char *lf = memchr(text, '\n', (size_t)(end - text));

	return lf == NULL ? NULL : lf + 1;
}

/* The end of the field at text, with its continuation lines; or NULL. */
static const char *end_of_field(const char *text, const char *end)
{
	do
		text = end_of_line(text, end);
	while (text != NULL && text < end && (*text == ' ' || *text == '\t'));
	return text;
}

/* Does the field have this name? */
static bool is_named(const char *field, size_t length, const char *name)
{
	size_t n = strlen(name);

	return length > n && field[n] == ':' &&
		strncasecmp(field, name, n) == 0;
}

/* Which of the readable fields this is, or READABLE. */
static size_t which(const char *field, size_t length)
{
	size_t i = 0;

	while (i < READABLE && !is_named(field, length, readable[i]))
		i++;
	return i;
}

static bool add_field(const char *field, size_t length, bool hide, size_t i,
	struct buffer *out)
{
	if (hide && i == SUBJECT)
		return buffer_printf(out, "Subject: ...\n");
	return length > FIELD_MAX || buffer_append(out, field, length);
}

static bool is_of_name(char c)
{
	return c > ' ' && c < 0x7f && c != ':';
}

/* Does a field begin here? Not if it is the end of the header. */
static bool is_field(const char *text, const char *end)
{
	const char *name = text;

	while (text < end && is_of_name(*text))
		text++;
	return text > name && text < end && *text == ':';
}

bool smime_header(const struct smime_message *message, struct buffer *out)
{
	const char *text = message->text;
	const char *end = text + message->length;
	bool had[READABLE] = {false};
	const char *next;

	for (; is_field(text, end); text = next) {
		next = end_of_field(text, end);
		if (next == NULL)
			break;
		size_t n = (size_t)(next - text);
		size_t i = which(text, n);

		if (i == READABLE || had[i])
			continue;
		had[i] = true;
		if (!add_field(text, n, message->hide, i, out))
			return false;
	}
	if (message->message_id[0] != '\0' &&
		!buffer_printf(out, "Message-ID: %s\n", message->message_id))
		return false;
	return buffer_printf(out,
		"MIME-Version: 1.0\n"
		"Content-Type: %s; smime-type=%s;\n"
		" name=\"smime.p7m\"\n"
		"Content-Transfer-Encoding: base64\n"
		"Content-Disposition: attachment; filename=\"smime.p7m\"\n"
		"\n",
		type,
		message->cipher == ENCRYPT_AES_256_GCM ? "authEnveloped-data"
						       : "enveloped-data");
}

bool smime_to_crlf(const char *text, size_t length, struct buffer *out)
{
	const char *end = text + length;

	while (text < end) {
		const char *next = end_of_line(text, end);
		size_t n = (size_t)((next == NULL ? end : next - 1) - text);

		if (!buffer_append(out, text, n) ||
			(next != NULL && !buffer_append(out, "\r\n", 2)))
			return false;
		text = next == NULL ? end : next;
	}
	return true;
}

size_t smime_from_crlf(char *text, size_t length)
{
	size_t n = 0;

	for (size_t i = 0; i < length; i++) {
		if (text[i] == '\r' && i + 1 < length && text[i + 1] == '\n')
			continue;
		text[n++] = text[i];
	}
	return n;
}

const char *smime_body(const char *text, size_t length, size_t *body_length)
{
	const char *end = text + length;
	bool encrypted = false;

	while (text < end && *text != '\n') {
		const char *next = end_of_field(text, end);

		if (next == NULL)
			return NULL;
		size_t n = (size_t)(next - text);

		if (is_named(text, n, "Content-Type")) {
			const char *value = text + sizeof "Content-Type:" - 1;

			while (value < next &&
				(*value == ' ' || *value == '\t'))
				value++;
			encrypted = (size_t)(next - value) >= sizeof type &&
				strncasecmp(value, type, sizeof type - 1) == 0;
		}
		text = next;
	}
	if (!encrypted || text == end)
		return NULL;
	*body_length = (size_t)(end - text) - 1;
	return text + 1;
}
