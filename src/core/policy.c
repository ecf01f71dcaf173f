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
	} else if (strcasecmp(text, "when trashed") == 0) {
		policy->erase = ERASE_WHEN_TRASHED;
	} else if (strcasecmp(text, "when purged") == 0) {
		policy->erase = ERASE_WHEN_PURGED;
	} else {
		return false;
	}
	return true;
}

bool policy_erases_later(const struct policy *policy)
{
	return policy->erase != ERASE_NEVER || policy->delete_larger > 0 ||
		policy->max_server_size > 0;
}

enum verify_rule policy_verify(const struct policy *policy)
{
	if (policy->verify != VERIFY_DEFAULT)
		return policy->verify;
	return policy->erase == ERASE_NOW ? VERIFY_STAT : VERIFY_DIGEST;
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
	case ERASE_WHEN_TRASHED:
		snprintf(room, size, "when trashed");
		break;
	case ERASE_WHEN_PURGED:
		snprintf(room, size, "when purged");
		break;
	}
	return room;
}

char *policy_key(char *room, const struct policy *policy, bool keep)
{
	snprintf(room, POLICY_KEY_MAX, "%d,%lld,%llu,%llu,%d,%llu,%llu,%llu",
		(int)policy->erase,
		policy->erase == ERASE_AFTER ? (long long)policy->after : 0,
		(unsigned long long)policy->keep_newest,
		(unsigned long long)policy->max_size, keep,
		(unsigned long long)policy->keep_larger,
		(unsigned long long)policy->delete_larger,
		(unsigned long long)policy->max_server_size);
	return room;
}

int64_t policy_kept_until(const struct policy *policy, int64_t now)
{
	if (policy->erase == ERASE_NOW)
		return INT64_MAX;
	if (policy->erase != ERASE_AFTER)
		return INT64_MIN;
	return now - policy->after;
}

struct outlook policy_outlook(const struct policy *policy, uint64_t on_server,
	uint64_t over, int64_t oldest_other)
{
	struct outlook outlook = {.due = 0};
	uint64_t open = on_server > policy->keep_newest
		? on_server - policy->keep_newest
		: 0;

	if (policy->erase != ERASE_NOW && policy->erase != ERASE_AFTER)
		return outlook;
	outlook.due = over < open ? over : open;
	/* The next one due is the oldest of the others, unless keep-newest
	 * protects it. */
	if (policy->erase == ERASE_AFTER && oldest_other != 0 && over < open)
		outlook.next = oldest_other + policy->after;
	return outlook;
}
