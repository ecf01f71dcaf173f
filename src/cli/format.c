/* SPDX-License-Identifier: ISC */
#include "cli/format.h"

#include <stdio.h>
#include <string.h>
#include <time.h>

#include "core/text.h"

static struct tm local_time(int64_t seconds)
{
	time_t time = (time_t)seconds;
	struct tm local = {.tm_mday = 1};

	localtime_r(&time, &local);
	return local;
}

char *format_date(char *room, int64_t seconds)
{
	struct tm local = local_time(seconds);

	if (strftime(room, FORMAT_TIME_MAX, "%Y-%m-%d %H:%M", &local) == 0)
		room[0] = '\0';
	return room;
}

char *format_long(char *room, const char *text)
{
	return text_printable_long(room, FORMAT_LONG_MAX, text, strlen(text));
}

char *format_time(char *room, int64_t seconds)
{
	struct tm local = local_time(seconds);
	size_t n = strftime(
		room, FORMAT_TIME_MAX - 1, "%Y-%m-%dT%H:%M:%S%z", &local);

	/* strftime writes +0100, ISO 8601 +01:00. */
	if (n > 2) {
		memmove(room + n - 1, room + n - 2, 3);
		room[n - 2] = ':';
	} else {
		room[0] = '\0';
	}
	return room;
}

const char *format_verb(const struct step *step)
{
	if (step->fetch)
		return step->erase ? "fetch, erase" : "fetch";
	return step->erase ? "erase" : "leave";
}

char *format_why(char room[FORMAT_WHY_MAX], const struct account *account,
	const struct memory *memory, const struct step *step)
{
	char due[FORMAT_TIME_MAX + 8] = "";
	char date[FORMAT_TIME_MAX];
	char why[PLAN_WHY_MAX];

	if (step->why_erase == REASON_NOT_DUE)
		snprintf(due, sizeof due, ", on %s",
			format_date(
				date, memory->kept_at + account->policy.after));
	snprintf(room, FORMAT_WHY_MAX, "%s%s", plan_why(why, step), due);
	return room;
}
