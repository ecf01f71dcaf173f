/* SPDX-License-Identifier: ISC */
/*
 * The part of local that reads messages in files of their own: copies to be
 * verified, and files that no record names, which may be copies that their
 * owner moved.
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

/* A number that stands for a Message-ID; 0 for "", which means none. */
uint64_t local_id_hash(const char *message_id);

/* The number of line ends. */
uint64_t local_count_lines(const char *bytes, size_t length);

/*
 * Reads a message from a file: *letter is as delivery would describe it, but
 * for its name; *plain is the same without the lines that mail readers add. A
 * symbolic link is followed; only a regular file is read. Returns LOCAL_HERE,
 * LOCAL_GONE if there is no such file, or LOCAL_UNREADABLE with errno.
 */
enum local_state local_file_read(
	const char *path, struct letter *letter, struct letter *plain);

/* What a file's header says about the message in it. */
struct local_header {
	unsigned char sha256[LETTER_DIGEST]; /* see header_feed */
	uint64_t id_hash;
	bool identified; /* sha256 tells it from others */
};

/* Like local_file_read, but reads only the header. */
enum local_state local_file_header(
	const char *path, struct local_header *header);

/*
 * What was noted about the files of one directory, so that each is read only
 * once.
 */
struct local_files;

/*
 * Reads a note made by local_files_note; note may be NULL. The caller frees it.
 */
struct local_files *local_files_new(const void *note, size_t length);
void local_files_free(struct local_files *files);

/* Is this file noted, and unchanged since? If so, *header is what was noted. */
bool local_files_recall(struct local_files *files, const char *name,
	const struct stat *st, struct local_header *header);

/*
 * Notes a header, unless the file changed so recently that another change might
 * go unnoticed.
 */
void local_files_add(struct local_files *files, const char *name,
	const struct stat *st, const struct local_header *header);

/*
 * Returns everything recalled or added since, as a new note, which the caller
 * frees; NULL: there is nothing new to note.
 */
void *local_files_note(struct local_files *files, size_t *length);

#endif
