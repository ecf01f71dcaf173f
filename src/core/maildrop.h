/* SPDX-License-Identifier: ISC */
/* The server's mailbox as it was listed: numbers, uids, sizes. */
#ifndef CORE_MAILDROP_H
#define CORE_MAILDROP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "core/error.h"
#include "core/uid.h"

/* A server that lists more messages than this must be broken. */
#define MAILDROP_MAX 4000000
/* RFC 1939 section 7 says 70 bytes; servers send more. */
#define MAILDROP_UID_MAX 1024
/* The most that all uids may take, in bytes. */
#define MAILDROP_UIDS_MAX (256 << 20)

#define MAILDROP_SIZE_UNKNOWN UINT64_MAX
#define MAILDROP_NOT_FOUND SIZE_MAX

struct message {
	uint64_t size;	     /* bytes, from LIST, or MAILDROP_SIZE_UNKNOWN */
	uint32_t number;     /* in this session */
	uint32_t uid;	     /* the offset of its uid in the maildrop's uids */
	uint32_t uid_length; /* 0: the server gave none */
	uint32_t ordinal;    /* among messages with the same uid, from 0 */
	uint32_t copies;     /* at ordinal 0: how many have this uid */
};

struct maildrop {
	struct message *messages; /* owned; once indexed, sorted by number */
	size_t count;
	size_t room;
	char *uids; /* owned; one after another, not terminated */
	size_t uids_length;
	size_t uids_room;
	uint32_t *index; /* owned; hash of (uid, ordinal) -> position + 1 */
	size_t index_size;
	uint64_t key[2];
	bool sized; /* LIST was sent and answered */
};

/* An empty maildrop; key: 16 random bytes for its hash. */
void maildrop_init(struct maildrop *maildrop, const uint64_t key[2]);
void maildrop_release(struct maildrop *maildrop);

/*
 * Adds a line of UIDL. The uid may contain any bytes; one that is too long is
 * treated as missing. Fails with ERROR_PROTOCOL if there are too many messages,
 * or too many bytes of uids.
 */
bool maildrop_add(struct maildrop *maildrop, uint32_t number, const char *uid,
	size_t uid_length, struct error *err);

/*
 * Sorts the messages by their numbers; to be called after the last line. Fails
 * with ERROR_PROTOCOL if a number was listed twice, since it is then unknown
 * which message RETR would return.
 */
bool maildrop_sort(struct maildrop *maildrop, struct error *err);

/*
 * Sorts the messages and makes an index of their uids; to be called once,
 * before maildrop_find. Messages that have the same uid (RFC 1939 section 7
 * allows that for identical copies) get ordinals 0, 1, ... Fails as
 * maildrop_sort.
 */
bool maildrop_index(struct maildrop *maildrop, struct error *err);

/* The position of the message with this number, or MAILDROP_NOT_FOUND. */
size_t maildrop_numbered(const struct maildrop *maildrop, uint32_t number);

/* Adds a line of LIST; a number that UIDL did not list is ignored. */
void maildrop_set_size(
	struct maildrop *maildrop, uint32_t number, uint64_t size);

/* The uid of a message of the maildrop; its bytes are borrowed. */
struct uid maildrop_uid(
	const struct maildrop *maildrop, const struct message *message);

/*
 * The position of the message with this uid, or MAILDROP_NOT_FOUND. hint: a
 * position where it is likely to be, which is tried first.
 */
size_t maildrop_find(
	const struct maildrop *maildrop, struct uid uid, size_t hint);

#endif
