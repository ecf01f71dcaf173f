/* SPDX-License-Identifier: ISC */
/*
 * The part of local that reads mail from files of its own: copies that are to
 * be verified, and files whose names no record knows, in which a copy may lie
 * that its owner filed.
 */
#ifndef IO_MAIL_LOCAL_FILE_H
#define IO_MAIL_LOCAL_FILE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/stat.h>

#include "core/letter.h"
#include "core/plan.h"
#include "io/mail/local.h"

/* A number that stands for a Message-ID; 0 for "": there is none. */
uint64_t local_id_hash(const char *message_id);

/* So many line ends. */
uint64_t local_count_lines(const char *bytes, size_t length);

/*
 * Reads a message from a file: *letter is what delivery would say of it, its
 * name apart; *plain is the same without the lines that mail readers add. A
 * final link is followed; only a regular file is read. LOCAL_HERE, LOCAL_GONE
 * when there is no such file, or LOCAL_UNREADABLE with errno.
 */
enum local_state local_file_read(
	const char *path, struct letter *letter, struct letter *plain);

/* What a file's header says of the message in it. */
struct local_header {
	unsigned char sha256[LETTER_DIGEST]; /* see header_feed */
	uint64_t id_hash;
	bool identified; /* sha256 tells it from others */
};

/* The same for its header alone. */
enum local_state local_file_header(
	const char *path, struct local_header *header);

/*
 * What was noted of the files of one directory, so that each is read once.
 * NULL where nothing is known.
 */
struct local_files;

/* From a note that local_files_note made; the caller frees it. */
struct local_files *local_files_new(const void *note, size_t length);
void local_files_free(struct local_files *files);

/* Is this file known, and still the same? Then *header is what was noted. */
bool local_files_recall(struct local_files *files, const char *name,
	const struct stat *st, struct local_header *header);

/* Notes it, unless it changed so lately that it might change again unseen. */
void local_files_add(struct local_files *files, const char *name,
	const struct stat *st, const struct local_header *header);

/*
 * All that was recalled or added since, as a new note, the caller's to free;
 * NULL: it would say nothing new.
 */
void *local_files_note(struct local_files *files, size_t *length);

#endif
