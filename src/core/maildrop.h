/* SPDX-License-Identifier: ISC */
/* The server's mailbox as its listing tells it: numbers, uids, sizes. */
#ifndef CORE_MAILDROP_H
#define CORE_MAILDROP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "core/error.h"
#include "core/uid.h"

/* More than this many messages are taken for a server gone mad. */
#define MAILDROP_MAX 4000000
/* RFC 1939 section 7 says 70 octets; servers send more. */
#define MAILDROP_UID_MAX 1024
/* All uids together. */
#define MAILDROP_UIDS_MAX (256 << 20)

#define MAILDROP_SIZE_UNKNOWN UINT64_MAX
#define MAILDROP_NOT_FOUND SIZE_MAX

struct message {
	uint64_t size;	     /* octets as LIST says, or MAILDROP_SIZE_UNKNOWN */
	uint32_t number;     /* the session's number for it */
	uint32_t uid;	     /* where its uid begins in the maildrop's uids */
	uint32_t uid_length; /* 0: the server gave none */
	uint32_t ordinal;    /* 0 for the first message listed with this uid */
	uint32_t copies;     /* at ordinal 0: how many share the uid */
};

struct maildrop {
	struct message *messages; /* owned; ascending numbers once indexed */
	size_t count;
	size_t room;
	char *uids; /* owned; one after another, not terminated */
	size_t uids_length;
	size_t uids_room;
	uint32_t *index; /* owned; hash of (uid, ordinal) -> position + 1 */
	size_t index_size;
	uint64_t key[2];
	bool sized; /* LIST was asked and answered */
};

/* An empty maildrop; key: 16 random octets for its hash. */
void maildrop_init(struct maildrop *maildrop, const uint64_t key[2]);
void maildrop_release(struct maildrop *maildrop);

/*
 * Adds a line of UIDL. The uid is any bytes; one that is too long counts as
 * none. Fails (ERROR_PROTOCOL) when there are too many messages or octets.
 */
bool maildrop_add(struct maildrop *maildrop, uint32_t number, const char *uid,
	size_t uid_length, struct error *err);

/*
 * Called after the last line: puts the messages in the order of their numbers.
 * A number listed twice is ERROR_PROTOCOL: it cannot be told what RETR would
 * give.
 */
bool maildrop_sort(struct maildrop *maildrop, struct error *err);

/*
 * Called once, before a uid is looked for: sorts, and makes the messages
 * findable. A uid that is listed more than once (RFC 1939 section 7 lets
 * identical copies share one) gets ordinals 0, 1, ... Fails as maildrop_sort.
 */
bool maildrop_index(struct maildrop *maildrop, struct error *err);

/* The position of the message with this number, or MAILDROP_NOT_FOUND. */
size_t maildrop_numbered(const struct maildrop *maildrop, uint32_t number);

/* Takes in a line of LIST; a number that UIDL did not list is passed over. */
void maildrop_set_size(
	struct maildrop *maildrop, uint32_t number, uint64_t size);

/* The uid of a message of the maildrop; its bytes are borrowed. */
struct uid maildrop_uid(
	const struct maildrop *maildrop, const struct message *message);

/*
 * The position of the message with this uid, or MAILDROP_NOT_FOUND. hint: where
 * it is likely to be, looked at first.
 */
size_t maildrop_find(
	const struct maildrop *maildrop, struct uid uid, size_t hint);

#endif
