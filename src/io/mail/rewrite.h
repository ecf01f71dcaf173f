/* SPDX-License-Identifier: ISC */
/*
 * What happens to a message between the server and its destination: a filter
 * may change it, and it may be encrypted. Its text is collected in a file
 * without a name; once it is complete, the new text is passed on.
 */
#ifndef IO_MAIL_REWRITE_H
#define IO_MAIL_REWRITE_H

#include <stdbool.h>
#include <stddef.h>

#include "core/error.h"
#include "core/letter.h"
#include "core/uid.h"
#include "io/mail/destination.h"
#include "io/mail/fingerprint.h"

struct rewrite;

/* A message whose text is complete; all borrowed. */
struct rewrite_message {
	struct uid uid;
	const struct fingerprint *came; /* ended */
	const unsigned char *identity;	/* as in struct agent_job */
	/* Takes the next piece of the new text. */
	bool (*put)(
		void *data, const char *text, size_t length, struct error *err);
	void *data;
};

/* Is mail changed before it gets to this destination? */
bool rewrite_is_needed(const struct account_destination *destination);

/* Can the filter be found, and mail be encrypted? Fails with ERROR_CREATE. */
bool rewrite_check(
	const struct account_destination *destination, struct error *err);

/* Returns NULL with ERROR_CREATE or ERROR_TEMPORARY. */
struct rewrite *rewrite_open(
	const struct destination_opening *opening, struct error *err);

/* Safe on NULL. */
void rewrite_close(struct rewrite *rewrite);

/* Begins a message; what there was of another one is dropped. */
void rewrite_begin(struct rewrite *rewrite);

/* Takes the next piece of its text: LF line ends, any bytes. */
bool rewrite_write(struct rewrite *rewrite, const char *text, size_t length,
	struct error *err);

/*
 * Passes the new text to put. ADDITION_REFUSED, with ERROR_UNAVAILABLE: this
 * message cannot be changed, but others can be tried. ADDITION_FAILED, with
 * ERROR_TEMPORARY or what put failed with.
 */
enum addition rewrite_end(struct rewrite *rewrite,
	const struct rewrite_message *message, struct error *err);

/* How users call what changes the mail: "the filter 'spamc'" (borrowed). */
const char *rewrite_words(const struct rewrite *rewrite);

#endif
