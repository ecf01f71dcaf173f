/* SPDX-License-Identifier: ISC */
/*
 * The parts of IMAP that touch nothing, as far as a client needs them that adds
 * messages to a mailbox: RFC 3501, RFC 4315 (UIDPLUS), RFC 5530.
 */
#ifndef CORE_IMAP_H
#define CORE_IMAP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "core/buffer.h"

/* The longest response, with its literals. */
#define IMAP_RESPONSE_MAX (256 * 1024)
/* The longest name of a mailbox as it is sent, in quotes. */
#define IMAP_MAILBOX_MAX 1024

/* ---- where mail goes ----------------------------------------------------- */

struct imap_address {
	bool tls;	  /* imaps: TLS from the first byte */
	uint16_t port;	  /* never 0 */
	char host[256];	  /* without [] */
	char user[256];	  /* decoded */
	char folder[256]; /* decoded, UTF-8; "INBOX" if none is named */
};

/*
 * Parses "imaps://USER@HOST[:PORT][/FOLDER]", or with imap: (RFC 5092). %XX is
 * decoded in USER and FOLDER; USER may contain an unencoded @. False if text is
 * something else, such as a URL with a password, or if a part is too long or
 * has control characters.
 */
bool imap_parse_address(const char *text, struct imap_address *address);

/*
 * Writes the name of a mailbox in modified UTF-7 and in quotes (RFC 3501
 * section 5.1.3) to room, which has IMAP_MAILBOX_MAX bytes. False if folder is
 * not UTF-8, or too long.
 */
bool imap_quote_mailbox(const char *folder, char *room);

/* ---- responses ----------------------------------------------------------- */

enum imap_parse {
	IMAP_MORE,     /* the response is not complete */
	IMAP_COMPLETE, /* *response is set */
	IMAP_BROKEN,   /* it is not a response */
};

enum imap_status {
	IMAP_DATA,     /* none: an untagged response such as "* SEARCH 1" */
	IMAP_CONTINUE, /* "+": the server waits for the rest of a command */
	IMAP_OK,
	IMAP_NO,
	IMAP_BAD,
	IMAP_BYE,
	IMAP_PREAUTH,
};

/* Borrowed from the bytes that were parsed. */
struct imap_text {
	const char *bytes;
	size_t length;
};

struct imap_response {
	enum imap_status status;
	uint32_t tag; /* the number of a tag "k7"; 0: untagged */
	/* IMAP_DATA: all after "* "; otherwise what is for people. */
	struct imap_text text;
	struct imap_text code;	  /* between [ and ]; length 0: none */
	struct imap_text literal; /* the first one; bytes NULL: none */
	size_t octets;		  /* of the whole response */
};

/* Parses one response, which begins at bytes. */
enum imap_parse imap_parse_response(
	const char *bytes, size_t length, struct imap_response *response);

/* Is this the first word of text, in any case? */
bool imap_begins(const struct imap_text *text, const char *word);

/* Is this one of the words of text, in any case? */
bool imap_has(const struct imap_text *text, const char *word);

/*
 * Finds the number after this word in text, as in "(UIDNEXT 5 MESSAGES 2)"; or,
 * if it ends in '=', that which follows at once.
 * False if there is none from 1 to 2^32 - 1.
 */
bool imap_find_number(
	const struct imap_text *text, const char *word, uint32_t *number);

/*
 * Parses the next number of text from *at on, and advances *at. False if there
 * is none.
 */
bool imap_next_number(
	const struct imap_text *text, size_t *at, uint32_t *number);

/* The place of a message: of the mailbox, and of the message in it. */
struct imap_place {
	uint32_t validity;
	uint32_t uid;
};

/*
 * Parses "APPENDUID 38505 3955", or "APPENDUID 38505 3955:3957,3960" if several
 * messages were appended at once: the place of the one with this ordinal (0:
 * the first). RFC 4315 section 3. False if it has none.
 */
bool imap_parse_appenduid(
	const struct imap_text *code, size_t ordinal, struct imap_place *place);

/*
 * What is recorded of a message: "UID 7 (UIDVALIDITY 1)", or, until its place
 * is known, where it will be: "UID 7 or later (UIDVALIDITY 1)". Returns room.
 */
char *imap_name_place(char *room, size_t size, const struct imap_place *place);
char *imap_name_start(char *room, size_t size, const struct imap_place *place);

/* False if text was not made by imap_name_place or imap_name_start. */
bool imap_parse_place(const char *text, struct imap_place *place);
bool imap_parse_start(const char *text, struct imap_place *place);

/* What a server that refused a message means. */
enum imap_refusal {
	IMAP_REFUSES_MESSAGE, /* this one */
	IMAP_REFUSES_NOW,     /* any, for some time */
	IMAP_REFUSES_MAILBOX, /* any, until its owner does something */
};

/* Evaluates a response code (RFC 3501 section 7.1, RFC 5530), or the words. */
enum imap_refusal imap_refusal(const struct imap_response *response);

/* ---- what is sent -------------------------------------------------------- */

#define IMAP_DATE_MAX 32

/*
 * Formats a time in UTC as a date-time in quotes (RFC 3501 section 9) in room,
 * which has IMAP_DATE_MAX bytes.
 */
void imap_format_date(char *room, int64_t seconds);

/*
 * Appends text (LF line ends) to out with CRLF line ends, at most twice as
 * much. False if out is full.
 */
bool imap_append_text(struct buffer *out, const char *text, size_t length);

/* How long text becomes by that. */
size_t imap_text_length(const char *text, size_t length);

/* Text that comes back from a server, read in pieces. */
struct imap_reader {
	/* Gets the text with LF line ends. */
	void (*emit)(void *data, const char *text, size_t length);
	void *data;
	uint64_t crs; /* not emitted yet; 0 at the start */
};

void imap_read_text(
	struct imap_reader *reader, const char *text, size_t length);

#endif
