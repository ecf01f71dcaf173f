/* SPDX-License-Identifier: ISC */
/*
 * The file is "keepmail login 1" and a line "NAME VALUE" for each value, the
 * last one "end". Values have no line ends, so nothing is escaped.
 */
#include "core/token_record.h"

#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "core/xalloc.h"

#define FIRST_LINE "keepmail login 1"

/* A value of a record: a string, or else a time. */
struct field {
	const char *name;
	char **text;
	int64_t *time;
};

#define FIELDS 9

static void list_fields(
	struct token_record *record, struct field fields[FIELDS])
{
	const struct field all[FIELDS] = {
		{"client", &record->client, NULL},
		{"token-url", &record->token_url, NULL},
		{"grant", &record->grant, NULL},
		{"refresh-token", &record->refresh, NULL},
		{"access-token", &record->access, NULL},
		{"expires", NULL, &record->expires},
		{"renewed", NULL, &record->renewed},
		{"granted", NULL, &record->granted},
		{"refused", NULL, &record->refused},
	};

	memcpy(fields, all, sizeof all);
}

void token_record_set(char **field, const char *text)
{
	if (*field != NULL)
		explicit_bzero(*field, strlen(*field));
	free(*field);
	*field = text == NULL ? NULL : xstrdup(text);
}

void token_record_release(struct token_record *record)
{
	struct field fields[FIELDS];

	list_fields(record, fields);
	for (size_t i = 0; i < FIELDS; i++) {
		if (fields[i].text != NULL)
			token_record_set(fields[i].text, NULL);
	}
	*record = (struct token_record){.expires = 0};
}

int64_t token_record_ends(
	const struct token_record *record, enum oauth_provider provider)
{
	const int64_t day = 86400;

	if (record->refresh == NULL)
		return record->expires;
	switch (provider) {
	case OAUTH_MICROSOFT:
		return record->renewed + 90 * day;
	case OAUTH_GOOGLE: /* six months without use */
		return record->renewed + 180 * day;
	case OAUTH_NONE:
	case OAUTH_OTHER:
		return 0;
	}
	return 0;
}

static bool parse_time(const char *text, int64_t *time)
{
	char *end;

	errno = 0;
	long long value = strtoll(text, &end, 10);

	if (end == text || *end != '\0' || errno != 0 || value < 0)
		return false;
	*time = value;
	return true;
}

/* Takes a value; those that a later version adds are left alone. */
static bool take_line(struct field fields[FIELDS], char *line)
{
	char *value = strchr(line, ' ');

	if (value == NULL)
		return false;
	*value++ = '\0';
	for (size_t i = 0; i < FIELDS; i++) {
		if (strcmp(line, fields[i].name) != 0)
			continue;
		if (fields[i].text == NULL)
			return parse_time(value, fields[i].time);
		token_record_set(fields[i].text, value);
	}
	return true;
}

/* Changes text. */
static bool parse(char *text, struct field fields[FIELDS])
{
	bool first = true;

	for (char *line = text; *line != '\0';) {
		char *end = strchr(line, '\n');

		if (end == NULL)
			return false;
		*end = '\0';
		if (strcmp(line, "end") == 0)
			return !first && end[1] == '\0';
		if (first ? strcmp(line, FIRST_LINE) != 0
			  : !take_line(fields, line))
			return false;
		first = false;
		line = end + 1;
	}
	return false;
}

bool token_record_parse(
	const char *text, size_t length, struct token_record *record)
{
	struct field fields[FIELDS];

	*record = (struct token_record){.expires = 0};
	if (memchr(text, '\0', length) != NULL)
		return false;
	char *copy = xmalloc(length + 1);

	memcpy(copy, text, length);
	copy[length] = '\0';
	list_fields(record, fields);
	bool ok = parse(copy, fields);

	explicit_bzero(copy, length);
	free(copy);
	ok = ok && record->client != NULL && record->token_url != NULL;
	if (!ok)
		token_record_release(record);
	return ok;
}

static bool add_text(struct buffer *out, const char *name, const char *text)
{
	return strpbrk(text, "\r\n") == NULL &&
		buffer_printf(out, "%s ", name) &&
		buffer_append(out, text, strlen(text)) &&
		buffer_append(out, "\n", 1);
}

bool token_record_make(const struct token_record *record, struct buffer *out)
{
	struct token_record copy = *record;
	struct field fields[FIELDS];
	bool ok = buffer_printf(out, FIRST_LINE "\n");

	list_fields(&copy, fields);
	for (size_t i = 0; ok && i < FIELDS; i++) {
		if (fields[i].text == NULL)
			ok = buffer_printf(out, "%s %" PRId64 "\n",
				fields[i].name, *fields[i].time);
		else if (*fields[i].text != NULL)
			ok = add_text(out, fields[i].name, *fields[i].text);
	}
	return ok && buffer_printf(out, "end\n");
}
