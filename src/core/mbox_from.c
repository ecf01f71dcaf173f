/* SPDX-License-Identifier: ISC */
#include "core/mbox_from.h"

#include <stdio.h>
#include <string.h>
#include <time.h>

static const char from[] = "From ";
#define FROM_LENGTH (sizeof from - 1)

static const char days[] = "SunMonTueWedThuFriSat";
static const char months[] = "JanFebMarAprMayJunJulAugSepOctNovDec";

/* A longer sender is omitted. */
#define SENDER_MAX 120
/* A longer text after the sender is not a date. */
#define DATE_MAX 128

bool mbox_from_begins(const char *line, size_t length)
{
	return length >= FROM_LENGTH && memcmp(line, from, FROM_LENGTH) == 0;
}

void mbox_from_make(char *line, size_t size, const char *sender, int64_t now)
{
	time_t seconds = (time_t)now;
	struct tm utc;
	char date[32];

	if (sender[0] == '\0' || strlen(sender) > SENDER_MAX)
		sender = "MAILER-DAEMON";
	gmtime_r(&seconds, &utc);
	snprintf(date, sizeof date, "%.3s %.3s %2d %02d:%02d:%02d %d",
		days + 3 * utc.tm_wday, months + 3 * utc.tm_mon, utc.tm_mday,
		utc.tm_hour, utc.tm_min, utc.tm_sec, utc.tm_year + 1900);
	snprintf(line, size, "From %s %s", sender, date);
}

int64_t mbox_from_time(const char *line, size_t length)
{
	char text[DATE_MAX];
	struct tm utc = {.tm_sec = 0};
	size_t blank = FROM_LENGTH;

	while (blank < length && line[blank] != ' ')
		blank++;
	if (blank > length || length - blank >= sizeof text)
		return 0;
	memcpy(text, line + blank, length - blank);
	text[length - blank] = '\0';
	if (strptime(text, " %a %b %d %H:%M:%S %Y", &utc) == NULL)
		return 0;
	return (int64_t)timegm(&utc);
}

/* Is this a weekday's name? */
static bool is_day(const char *name)
{
	for (size_t i = 0; i < 7; i++) {
		if (memcmp(name, days + 3 * i, 3) == 0)
			return true;
	}
	return false;
}

/*
 * Continues the search for a weekday after the sender, for "From " in the
 * middle of a line.
 */
static void search_weekday(struct mbox_from_search *search, char c)
{
	if (search->behind_sender && (c != ' ' || search->day_length > 0)) {
		search->day[search->day_length++] = c;
		if (search->day_length == sizeof search->day) {
			search->found = is_day(search->day);
			search->behind_sender = false;
		}
	}
	if (search->in_sender && (c == ' ' || c == '\n')) {
		search->in_sender = false;
		search->behind_sender = c == ' ';
		search->day_length = 0;
	}
}

/* Continues the search for "From " itself. */
static void search_from(struct mbox_from_search *search, char c)
{
	if (c != from[search->matched])
		search->matched = 0;
	if (c == from[search->matched]) {
		if (search->matched++ == 0)
			search->begins_line = search->at_line_start;
	}
	if (search->matched == FROM_LENGTH) {
		search->matched = 0;
		search->found = search->found || search->begins_line;
		search->in_sender = true;
	}
	search->at_line_start = c == '\n';
}

bool mbox_from_search(
	struct mbox_from_search *search, const char *bytes, size_t length)
{
	const char *end = bytes + length;

	while (bytes < end && !search->found) {
		if (search->matched == 0 && !search->in_sender &&
			!search->behind_sender) {
			const char *next =
				memchr(bytes, 'F', (size_t)(end - bytes));
			const char *stop = next == NULL ? end : next;

			if (stop > bytes)
				search->at_line_start = stop[-1] == '\n';
			bytes = stop;
			if (next == NULL)
				break;
		}
		search_weekday(search, *bytes);
		search_from(search, *bytes);
		bytes++;
	}
	return search->found;
}
