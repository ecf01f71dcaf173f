/* SPDX-License-Identifier: ISC */
/* What an account's owner wants fetched, and how long the server keeps it. */
#ifndef CORE_POLICY_H
#define CORE_POLICY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum erase_rule {
	ERASE_NEVER,
	ERASE_NOW,   /* in the session that fetches it */
	ERASE_AFTER, /* once it has been kept here for a time */
};

struct policy {
	enum erase_rule erase;
	int64_t after;	      /* ERASE_AFTER: seconds since it was kept */
	uint64_t keep_newest; /* so many newest messages are never erased */
	uint64_t max_size;    /* larger ones are not fetched; 0: no limit */
	bool keep;	      /* -k: for this run, erase nothing at all */
};

/*
 * Parses the delete setting: "never", "now", "after 30 days" (hours, days,
 * weeks...). Sets erase and after; false, nothing changed, when it is none.
 */
bool policy_parse_delete(struct policy *policy, const char *text);

/*
 * What was kept here at this time or before (seconds since 1970) may be erased
 * by now; INT64_MIN: nothing may.
 */
int64_t policy_kept_until(const struct policy *policy, int64_t now);

/* What is to be erased, as far as it can be told without the server. */
struct outlook {
	uint64_t due;
	int64_t next; /* when the next becomes due; 0: none will */
};

/*
 * On the server there are so many messages; of them the time of so many is
 * over, by policy_kept_until; the oldest of the others that may ever be erased
 * was kept at a time (0: there is none). keep-newest protects the last ones.
 */
struct outlook policy_outlook(const struct policy *policy, uint64_t on_server,
	uint64_t over, int64_t oldest_other);

#define POLICY_KEY_MAX 128

/*
 * Writes all of the policy as one word: two policies are the same if theirs
 * are. Returns room (POLICY_KEY_MAX).
 */
char *policy_key(char *room, const struct policy *policy);

/* Writes the delete setting back in words: "after 30 days". Returns room. */
char *policy_format_delete(
	char *room, size_t size, const struct policy *policy);

#endif
