/* SPDX-License-Identifier: ISC */
/* What an account's owner wants fetched, and how long the server keeps it. */
#ifndef CORE_POLICY_H
#define CORE_POLICY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum erase_rule {
	ERASE_NEVER,
	ERASE_NOW,	    /* in the session that fetches it */
	ERASE_AFTER,	    /* once it has been kept here for a time */
	ERASE_WHEN_TRASHED, /* once its copy here is in the trash, or gone */
	ERASE_WHEN_PURGED,  /* once its copy here is gone */
};

/* How sure it must be, before a message is erased, that its copy is here. */
enum verify_rule {
	VERIFY_DEFAULT, /* digest, but stat under delete = now */
	VERIFY_STAT,	/* there is a file of its name */
	VERIFY_DIGEST,	/* and it is what was stored */
	VERIFY_OFF,
};

/* What a first run takes of the mail that it finds. */
enum start_rule {
	START_ALL,
	START_NOW,   /* nothing: what comes later */
	START_YOUNG, /* what is not older than start_age */
};

struct policy {
	enum erase_rule erase;
	int64_t after;		/* ERASE_AFTER: seconds since it was kept */
	uint64_t keep_newest;	/* so many newest messages are never erased */
	uint64_t max_size;	/* larger ones are not fetched; 0: no limit */
	uint64_t keep_larger;	/* larger ones are never erased; 0: no limit */
	uint64_t delete_larger; /* larger ones are, once kept; 0: no limit */
	uint64_t max_server_size; /* of all that stays there; 0: no limit */
	enum verify_rule verify;
	/* When more of the copies here than so many in a hundred, and more than
	 * ten, or all of them, and more than two, are missing at once, nothing
	 * is erased. */
	uint64_t brake;
	enum start_rule start;
	int64_t start_age; /* START_YOUNG: seconds */
};

/*
 * Parses the delete setting: "never", "now", "after 30 days" (hours, days,
 * weeks...), "when trashed", "when purged". Sets erase and after; false,
 * nothing changed, when it is none.
 */
bool policy_parse_delete(struct policy *policy, const char *text);

/*
 * Parses the start setting: "all", "now", "30 days". Sets start and start_age;
 * false, nothing changed, when it is none.
 */
bool policy_parse_start(struct policy *policy, const char *text);

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

#define POLICY_KEY_MAX 256

/*
 * Writes the policy as one word: to a mailbox that is known already (start
 * says nothing of it), two policies are the same if theirs are. keep: nothing
 * is erased, whatever it says. Returns room (POLICY_KEY_MAX).
 */
char *policy_key(char *room, const struct policy *policy, bool keep);

/* May it ever erase what an earlier run fetched? */
bool policy_erases_later(const struct policy *policy);

/* verify, with what is meant by the default. */
enum verify_rule policy_verify(const struct policy *policy);

/* Writes the delete setting back in words: "after 30 days". Returns room. */
char *policy_format_delete(
	char *room, size_t size, const struct policy *policy);

#endif
