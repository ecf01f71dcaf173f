/* SPDX-License-Identifier: ISC */
#include "core/plain.h"

#include <string.h>
#include <strings.h>

bool plain_is_added(const char *line, size_t length)
{
	static const char *const names[] = {"Status:", "X-Status:", "X-UID:",
		"X-Keywords:", "X-IMAP:", "X-IMAPbase:", "X-UIDL:", "X-TUID:",
		"X-Mozilla-Status:", "X-Mozilla-Status2:", "X-Mozilla-Keys:",
		"Content-Length:", "Lines:"};

	for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
		size_t n = strlen(names[i]);

		if (length >= n && strncasecmp(line, names[i], n) == 0)
			return true;
	}
	return false;
}

void plain_init(struct plain *plain,
	void (*out)(void *data, const char *bytes, size_t length), void *data)
{
	*plain = (struct plain){.out = out, .data = data};
}

/* Decides by the beginning of a line whether it is left out. */
static void judge_line(struct plain *plain)
{
	const char *line = plain->beginning;
	bool folded = plain->length > 0 && (line[0] == ' ' || line[0] == '\t');

	if (!folded)
		plain->left_out = plain_is_added(line, plain->length);
	if (!plain->left_out && plain->length > 0)
		plain->out(plain->data, line, plain->length);
	plain->in_line = true;
}

/* Reads up to the end of a header line; returns how much was read. */
static size_t feed_line(struct plain *plain, const char *bytes, size_t length)
{
	const char *lf = memchr(bytes, '\n', length);
	size_t n = lf == NULL ? length : (size_t)(lf - bytes);
	size_t head = 0;

	if (!plain->in_line) {
		head = PLAIN_NAME_MAX - plain->length;
		head = n < head ? n : head;
		memcpy(plain->beginning + plain->length, bytes, head);
		plain->length += head;
		if (lf == NULL && plain->length < PLAIN_NAME_MAX)
			return n;
		judge_line(plain);
	}
	if (lf != NULL)
		n++;
	if (!plain->left_out && n > head)
		plain->out(plain->data, bytes + head, n - head);
	if (lf != NULL) {
		plain->in_body = plain->length == 0;
		plain->in_line = false;
		plain->length = 0;
	}
	return n;
}

void plain_feed(struct plain *plain, const char *bytes, size_t length)
{
	while (length > 0 && !plain->in_body) {
		size_t n = feed_line(plain, bytes, length);

		bytes += n;
		length -= n;
	}
	if (length > 0)
		plain->out(plain->data, bytes, length);
}

void plain_end(struct plain *plain)
{
	if (!plain->in_body && !plain->in_line && plain->length > 0)
		judge_line(plain);
}
