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

int64_t policy_kept_until(const struct policy *policy, int64_t now)
{
	if (policy->keep || policy->erase == ERASE_NEVER)
		return INT64_MIN;
	if (policy->erase == ERASE_NOW)
		return INT64_MAX;
	return now - policy->after;
}

struct outlook policy_outlook(const struct policy *policy, uint64_t on_server,
	uint64_t over, int64_t oldest_other)
{
	struct outlook outlook = {.due = 0};
	uint64_t open = on_server > policy->keep_newest
		? on_server - policy->keep_newest
		: 0;

	if (policy->keep || policy->erase == ERASE_NEVER)
		return outlook;
	outlook.due = over < open ? over : open;
	/* The next one is older than all the others: is it protected? */
	if (policy->erase == ERASE_AFTER && oldest_other != 0 && over < open)
		outlook.next = oldest_other + policy->after;
	return outlook;
}
