/* SPDX-License-Identifier: ISC */
/*
 * Gmail's call that imports a message (users.messages.import, with
 * uploadType=multipart), and its answers.
 */
#ifndef CORE_GMAIL_H
#define CORE_GMAIL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "core/buffer.h"
#include "core/error.h"

/* The largest message that it takes, in bytes. */
#define GMAIL_MESSAGE_MAX (UINT64_C(150) << 20)
#define GMAIL_BOUNDARY_MAX 64
#define GMAIL_ID_MAX 64
/* What a login must be for. */
#define GMAIL_OAUTH_SCOPE "https://www.googleapis.com/auth/gmail.insert"

/* Is it "me" or an address, as in the URL? */
bool gmail_is_user(const char *text);

/* Are these ids of labels, separated by blanks or commas, such as "INBOX"? */
bool gmail_are_labels(const char *text);

/*
 * Is it "https://HOST" or "https://HOST:PORT"? Without TLS ("http://") only for
 * this machine.
 */
bool gmail_is_server(const char *text);

/*
 * Appends what comes before the message in the request: its labels, as JSON,
 * and the header of the part that the message is. What comes behind it is
 * gmail_tail.
 */
bool gmail_head(const char *labels, const char *boundary, struct buffer *out);
bool gmail_tail(const char *boundary, struct buffer *out);

enum gmail_verdict {
	GMAIL_TAKEN,	 /* with an id */
	GMAIL_REFUSED,	 /* this message, for good */
	GMAIL_LIMIT,	 /* it did nothing, since it is too much at once */
	GMAIL_FAILED,	 /* it may have done it, or not: 500, say */
	GMAIL_TOKEN,	 /* the token is not valid, or no longer */
	GMAIL_SCOPE,	 /* the token does not allow it */
	GMAIL_FORBIDDEN, /* or something else does not; or a wrong address */
	GMAIL_LABEL,	 /* there is no label with such an id */
	GMAIL_STRANGE,	 /* this is no answer of Gmail's */
};

struct gmail_answer {
	enum gmail_verdict verdict;
	int status;	       /* of HTTP */
	char id[GMAIL_ID_MAX]; /* of the message, if it was taken */
	char why[256]; /* Gmail's words, printable, without what could be a
			* token; or "" */
};

/* What an answer means. body: all of it, or the beginning. */
void gmail_judge(long status, const char *body, size_t length,
	struct gmail_answer *answer);

#endif
