/* SPDX-License-Identifier: ISC */
/* What the files of delivery by IMAP share. */
#ifndef IO_MAIL_IMAP_INTERNAL_H
#define IO_MAIL_IMAP_INTERNAL_H

#include "core/buffer.h"
#include "core/imap.h"
#include "io/mail/outbox.h"
#include "io/mail/peer.h"

/*
 * Seconds that a server may take for a command, to store a message, and to show
 * that it is still there while the POP3 server waits.
 */
#define IMAP_COMMAND_SECONDS 120
#define IMAP_MESSAGE_SECONDS 600
#define IMAP_STAY_SECONDS 30
/* Message text is sent, and received, in pieces of this size. */
#define IMAP_PIECE (64 * 1024)
/*
 * How many messages are sent before the first of them is answered: in one
 * command each, or all in one; and their size, in bytes, so that a kill leaves
 * little in doubt.
 */
#define IMAP_WINDOW 16
#define IMAP_GROUP 64
#define IMAP_WINDOW_OCTETS (1024 * 1024)

/* A message of the closed batch that was sent. */
struct imap_flight {
	uint32_t tag; /* of its command; 0: it could not be sent */
	uint64_t octets;
	size_t ordinal; /* in the command */
	size_t of;	/* messages that were sent with it */
	bool unsent;	/* it was answered before its text was sent */
};

struct imap {
	struct outbox outbox;
	struct peer peer;
	struct buffer in;		/* received; begins with the last one */
	struct buffer out;		/* to be sent */
	struct imap_response response;	/* the last one */
	uint32_t tag;			/* of the last command */
	bool in_command;		/* it was not sent to its end */
	char mailbox[IMAP_MAILBOX_MAX]; /* its name, as it is sent */
	uint32_t no_wait;		/* RFC 7888: literals up to this size */
	bool binary;			/* RFC 3516: NULs can be sent */
	bool multi;		/* RFC 3502: several messages in a command */
	uint32_t limit;		/* RFC 7889: bytes of a message; 0: unknown */
	struct imap_place last; /* of the last confirmed message; or uid 0 */
	struct imap_place next; /* where new messages are put; uid 0: unknown */
	struct imap_flight flights[IMAP_GROUP]; /* of i modulo its size */
	uint64_t in_flight;			/* bytes */
	uint32_t answered; /* tag of the command that response is about */
	size_t alone; /* so many messages are sent in commands of their own */
	char shown[512]; /* result of imap_words */
	char piece[IMAP_PIECE];
};

static inline struct imap *imap_of(struct outbox *outbox)
{
	return (struct imap *)outbox;
}

/* Fails with what was attempted, and why that failed (errno). */
bool imap_broken(struct imap *imap, const char *what, struct error *err);

/* Fails with the last response, which was not expected. */
bool imap_unexpected(struct imap *imap, const char *command, struct error *err);

/*
 * The words of the last response, in which no password is shown. Borrowed until
 * the next call.
 */
struct imap_text imap_words(struct imap *imap);

/* Takes over what the answer to CAPABILITY announces; data: struct imap. */
void imap_take_capabilities(void *data, const struct imap_response *response);

/* Sends what is to be sent. */
bool imap_flush(struct imap *imap, struct error *err);

/* Uses an untagged response. */
typedef void imap_take(void *data, const struct imap_response *response);

/* What is asked, and what the responses to it are for. */
struct imap_question {
	const char *command; /* without tag and line end */
	imap_take *take;     /* or NULL */
	void *data;
	int seconds; /* that the server may take; 0: IMAP_COMMAND_SECONDS */
};

/*
 * Receives responses up to the one with this tag, or to one that asks for the
 * rest of the command. take (or NULL) is called for those in between.
 */
bool imap_await(struct imap *imap, uint32_t tag,
	const struct imap_question *question, struct error *err);

/* Sends a command and receives the responses to it: the last one is tagged. */
bool imap_question(struct imap *imap, const struct imap_question *question,
	struct error *err);

/* Asks the server which messages of a session that was cut it has. */
bool imap_recover(struct destination *destination, const struct letter *letters,
	size_t count, bool *arrived, struct error *err);

#endif
