/* SPDX-License-Identifier: ISC */
#include "core/policy.h"

#include <stdio.h>
#include <string.h>
#include <strings.h>

#include "core/text.h"

bool policy_parse_delete(struct policy *policy, const char *text)
{
	int64_t after;

	if (strcasecmp(text, "never") == 0) {
		policy->erase = ERASE_NEVER;
	} else if (strcasecmp(text, "now") == 0) {
		policy->erase = ERASE_NOW;
	} else if (strncasecmp(text, "after ", 6) == 0 &&
		text_parse_duration(text + 6, 0, &after)) {
		policy->erase = after > 0 ? ERASE_AFTER : ERASE_NOW;
		policy->after = after;
	} else {
		return false;
	}
	return true;
}

bool policy_parse_start(struct policy *policy, const char *text)
{
	int64_t age;

	if (strcasecmp(text, "all") == 0) {
		policy->start = START_ALL;
	} else if (strcasecmp(text, "now") == 0) {
		policy->start = START_NOW;
	} else if (text_parse_duration(text, 0, &age)) {
		policy->start = age > 0 ? START_YOUNG : START_NOW;
		policy->start_age = age;
	} else {
		return false;
	}
	return true;
}

char *policy_format_delete(char *room, size_t size, const struct policy *policy)
{
	static const struct {
		int64_t seconds;
		const char *name;
	} units[] = {
		{604800, "week"},
		{86400, "day"},
		{3600, "hour"},
		{60, "minute"},
		{1, "second"},
	};
	size_t i = 0;

	if (policy->keep) {
		snprintf(room, size, "never (-k)");
		return room;
	}
	switch (policy->erase) {
	case ERASE_NEVER:
		snprintf(room, size, "never");
		break;
	case ERASE_NOW:
		snprintf(room, size, "now");
		break;
	case ERASE_AFTER:
		while (policy->after % units[i].seconds != 0)
			i++;
		int64_t n = policy->after / units[i].seconds;

		snprintf(room, size, "after %lld %s%s", (long long)n,
			units[i].name, n == 1 ? "" : "s");
		break;
	}
	return room;
}

char *policy_key(char *room, const struct policy *policy)
{
	snprintf(room, POLICY_KEY_MAX, "%d,%lld,%llu,%llu,%d",
		(int)policy->erase,
		policy->erase == ERASE_AFTER ? (long long)policy->after : 0,
		(unsigned long long)policy->keep_newest,
		(unsigned long long)policy->max_size, policy->keep);
	return room;
}
