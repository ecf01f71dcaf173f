/* SPDX-License-Identifier: ISC */
/*
 * The policy of an account: what is fetched, and how long it stays on the
 * server.
 */
#ifndef CORE_POLICY_H
#define CORE_POLICY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum erase_rule {
	ERASE_NEVER,
	ERASE_NOW,	    /* in the session that fetches it */
	ERASE_AFTER,	    /* a time after it was stored here */
	ERASE_WHEN_TRASHED, /* once its copy here is in the trash or gone */
	ERASE_WHEN_PURGED,  /* once its copy here is gone */
};

/* How thoroughly a message's copy is checked before the message is erased. */
enum verify_rule {
	VERIFY_DEFAULT, /* STAT with delete = now, otherwise DIGEST */
	VERIFY_STAT,	/* its file exists */
	VERIFY_DIGEST,	/* its file exists and is what was stored */
	VERIFY_OFF,
};

/* Which existing mail a first run fetches. */
enum start_rule {
	START_ALL,
	START_NOW,   /* none, only mail that arrives later */
	START_YOUNG, /* mail that is not older than start_age */
};

struct policy {
	enum erase_rule erase;
	int64_t after;		/* ERASE_AFTER: seconds since it was kept */
	uint64_t keep_newest;	/* how many of the newest are never erased */
	uint64_t max_size;	/* in bytes; larger: not fetched; 0: no limit */
	uint64_t keep_larger;	/* in bytes; larger: never erased; 0: none */
	uint64_t delete_larger; /* larger: erased once kept; 0: no limit */
	uint64_t max_server_size; /* all mail left there, in bytes; 0: none */
	enum verify_rule verify;
	/* Nothing is erased if more than this percentage of the copies, and
	 * more than ten, are newly missing, or if all of them, and more than
	 * two, are. */
	uint64_t brake;
	enum start_rule start;
	int64_t start_age; /* START_YOUNG: in seconds */
};

/*
 * Parses the delete setting: "never", "now", "after 30 days" (hours, days,
 * weeks...), "when trashed" or "when purged". Sets erase and after. Returns
 * false, and changes nothing, if text is something else.
 */
bool policy_parse_delete(struct policy *policy, const char *text);

/*
 * Parses the start setting: "all", "now" or "30 days". Sets start and
 * start_age. Returns false, and changes nothing, if text is something else.
 */
bool policy_parse_start(struct policy *policy, const char *text);

/*
 * Returns the time (seconds since 1970) up to which messages must have been
 * kept to be due by now; INT64_MIN: none is due.
 */
int64_t policy_kept_until(const struct policy *policy, int64_t now);

/*
 * What will be erased, as far as this is known without contacting the server.
 */
struct outlook {
	uint64_t due;
	int64_t next; /* when the next message becomes due; 0: never */
};

/*
 * on_server: number of messages on the server. over: how many of these are due
 * according to policy_kept_until. oldest_other: when the oldest of the others
 * that may ever be erased was kept; 0: there is none. The newest messages are
 * protected by keep-newest.
 */
struct outlook policy_outlook(const struct policy *policy, uint64_t on_server,
	uint64_t over, int64_t oldest_other);

#define POLICY_KEY_MAX 256

/*
 * Formats the policy as one word, such that two policies with the same word
 * have the same effect on a mailbox that is already known (start is not
 * included). keep: nothing is erased in this run. Returns room
 * (POLICY_KEY_MAX).
 */
char *policy_key(char *room, const struct policy *policy, bool keep);

/* Does the policy ever erase messages that an earlier run fetched? */
bool policy_erases_later(const struct policy *policy);

/* Returns the verify setting, with the default resolved. */
enum verify_rule policy_verify(const struct policy *policy);

/* Formats the delete setting as text: "after 30 days". Returns room. */
char *policy_format_delete(
	char *room, size_t size, const struct policy *policy);

#endif
