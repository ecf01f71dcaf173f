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

/* What a first run takes of the mail that it finds. */
enum start_rule {
	START_ALL,
	START_NOW,   /* nothing: what comes later */
	START_YOUNG, /* what is not older than start_age */
};

struct policy {
	enum erase_rule erase;
	int64_t after;	      /* ERASE_AFTER: seconds since it was kept */
	uint64_t keep_newest; /* so many newest messages are never erased */
	uint64_t max_size;    /* larger ones are not fetched; 0: no limit */
	enum start_rule start;
	int64_t start_age; /* START_YOUNG: seconds */
	bool keep;	   /* -k: for this run, erase nothing at all */
};

/*
 * Parses the delete setting: "never", "now", "after 30 days" (hours, days,
 * weeks...). Sets erase and after; false, nothing changed, when it is none.
 */
bool policy_parse_delete(struct policy *policy, const char *text);

/*
 * Parses the start setting: "all", "now", "30 days". Sets start and start_age;
 * false, nothing changed, when it is none.
 */
bool policy_parse_start(struct policy *policy, const char *text);

#define POLICY_KEY_MAX 128

/*
 * Writes the policy as one word: to a mailbox that is known already (start
 * says nothing of it), two policies are the same if theirs are. Returns room
 * (POLICY_KEY_MAX).
 */
char *policy_key(char *room, const struct policy *policy);

/* Writes the delete setting back in words: "after 30 days". Returns room. */
char *policy_format_delete(
	char *room, size_t size, const struct policy *policy);

#endif
