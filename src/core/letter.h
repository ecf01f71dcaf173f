/* SPDX-License-Identifier: ISC */
/* A message as stored on this machine: filled by delivery, kept by store. */
#ifndef CORE_LETTER_H
#define CORE_LETTER_H

#include <stdbool.h>
#include <stdint.h>

#define LETTER_NAME_MAX 200
#define LETTER_ID_MAX 250
#define LETTER_DIGEST 32

/* What a text is recognised by. */
struct letter_text {
	uint64_t octets;
	unsigned char sha256[LETTER_DIGEST];
	bool identified;			    /* header_sha256 is set */
	unsigned char header_sha256[LETTER_DIGEST]; /* see header_feed */
};

struct letter {
	char name[LETTER_NAME_MAX]; /* Maildir base name; "" in an mbox */
	uint64_t offset;	    /* in an mbox: where its From_ line is */
	uint64_t length;	    /* in bytes, up to the next From_ line */
	uint64_t octets; /* of the message itself, lines ended by LF */
	uint64_t lines;	 /* its number of LFs, if they were counted; else 0 */
	unsigned char sha256[LETTER_DIGEST]; /* of those bytes */
	int64_t received; /* when a mail server received it; 0: unknown */
	char message_id[LETTER_ID_MAX];		    /* with its <>, or "" */
	bool identified;			    /* header_sha256 is set */
	unsigned char header_sha256[LETTER_DIGEST]; /* see header_feed */
	/* In an mbox: its whole header as stored, with the empty line. */
	uint64_t head_octets;
	unsigned char head_sha256[LETTER_DIGEST];
	/* If it was changed before it was stored: what came from the server. */
	bool changed;
	struct letter_text came;
};

/* Of the text that came from the server. */
static inline const unsigned char *letter_came_sha256(
	const struct letter *letter)
{
	return letter->changed ? letter->came.sha256 : letter->sha256;
}

/* Does its header, as it came, tell it from others with the same text? */
static inline bool letter_came_identified(const struct letter *letter)
{
	return letter->changed ? letter->came.identified : letter->identified;
}

/*
 * *letter describes a message that came; stored, a copy of it that was stored
 * before, which may have been changed in another way. Makes *letter describe
 * that copy.
 */
void letter_take_stored(struct letter *letter, const struct letter *stored);

#endif
