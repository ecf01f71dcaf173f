/* SPDX-License-Identifier: ISC */
#include "core/envelope.h"

#include <string.h>
#include <strings.h>

#include "core/date.h"

void envelope_init(struct envelope *envelope)
{
	envelope->charsets = NULL;
	envelope->has_from = envelope->has_subject = envelope->has_date = false;
	envelope->from.name_length = envelope->from.address_length = 0;
	envelope->subject_length = 0;
}

/* Has the field this name? Blanks may precede its colon (RFC 5322, 4.5). */
static bool is_named(const char *field, size_t length, const char *name,
	const char **value, size_t *value_length)
{
	size_t n = strlen(name);

	if (length <= n || strncasecmp(field, name, n) != 0)
		return false;
	while (n < length && (field[n] == ' ' || field[n] == '\t'))
		n++;
	if (n == length || field[n] != ':')
		return false;
	*value = field + n + 1;
	*value_length = length - n - 1;
	return true;
}

void envelope_take(void *data, const char *field, size_t length)
{
	struct envelope *envelope = data;
	const char *value;
	size_t n;

	if (!envelope->has_from &&
		is_named(field, length, "From", &value, &n)) {
		envelope->has_from = true;
		words_mailbox(&envelope->from, envelope->charsets, value, n);
	} else if (!envelope->has_subject &&
		is_named(field, length, "Subject", &value, &n)) {
		envelope->has_subject = true;
		envelope->subject_length = words_decode(envelope->subject,
			sizeof envelope->subject, envelope->charsets, value, n);
	} else if (!envelope->has_date &&
		is_named(field, length, "Date", &value, &n)) {
		envelope->has_date = date_parse(value, n, &envelope->date);
	}
}
