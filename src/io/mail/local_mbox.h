/* SPDX-License-Identifier: ISC */
/* The part of local that reads mboxes, whoever has written to them since. */
#ifndef IO_MAIL_LOCAL_MBOX_H
#define IO_MAIL_LOCAL_MBOX_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "core/error.h"
#include "core/letter.h"
#include "core/plan.h"
#include "io/mail/local.h"

/* The number of ways in which one message's text may have been stored. */
#define LOCAL_TEXTS 4

struct local_message {
	uint64_t at;	 /* offset of its From_ line in the mbox */
	uint64_t length; /* from there to the next From_ line */
	size_t mbox;	 /* index of its path */
	bool read;	 /* else noted, and texts may be unknown */
	unsigned char header_sha256[LETTER_DIGEST];
	uint64_t id_hash; /* of its Message-ID; 0: it has none */
	/* Complete, and without what mail readers add; each with and without
	 * its last line end. */
	unsigned char texts[LOCAL_TEXTS][LETTER_DIGEST];
	bool trashed;
	bool identified; /* header_sha256 tells it from others */
	int64_t since;	 /* according to its From_ line, or 0 */
	uint64_t octets; /* of the text, with its last line end */
	uint64_t lines;
	uint64_t added_octets; /* of these, in lines that mail readers added */
	uint64_t added_lines;
};

/* All zero means that nothing was searched. */
struct local_mbox {
	struct local_message *messages; /* owned */
	size_t count;
	size_t room;
	bool sorted;  /* by header */
	char **paths; /* owned */
	size_t path_count;
	const struct local_notes *notes; /* borrowed, or NULL */
};

void local_mbox_release(struct local_mbox *mbox);

/* Adds a message, with no fields set. */
struct local_message *local_mbox_add(struct local_mbox *mbox);

/*
 * Is the mbox at path readable, and not locked by another program? Waits for
 * that; false with errno.
 */
bool local_mbox_is_free(const char *path);

/*
 * Reads a file if it begins like an mbox, except for what a note says about it.
 * Returns false with errno if it cannot be read, or if another program holds a
 * lock on it (EBUSY), be it empty or an mbox.
 */
bool local_mbox_look(struct local_mbox *mbox, const char *path, bool trashed);

/* As local_find, local_verify and local_read. */
enum local_state local_mbox_find(
	struct local_mbox *mbox, const struct letter *letter);
enum local_state local_mbox_verify(
	struct local_mbox *mbox, const struct letter *letter);

/*
 * Is the letter's copy among the messages? It is recognised by its header or by
 * its Message-ID alone, or, if the header does not identify it, by its text.
 * *state is set to LOCAL_HERE or LOCAL_TRASHED if so, and left unchanged
 * otherwise.
 */
bool local_mbox_has(struct local_mbox *mbox, const struct letter *letter,
	enum local_state *state);

bool local_mbox_read(const struct local_mbox *mbox,
	bool (*visit)(void *data, const struct letter *letter, int64_t since,
		struct error *err),
	void *data, struct error *err);

#endif
