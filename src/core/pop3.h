/* SPDX-License-Identifier: ISC */
/* What a POP3 server says, octets in, events out: RFC 1939, 2449, 3206. */
#ifndef CORE_POP3_H
#define CORE_POP3_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "core/buffer.h"
#include "core/error.h"

/* Longest status line taken; RFC 2449 section 4 allows 512, servers more. */
#define POP3_STATUS_MAX 8192
/* Longest line of a listing: a number and a uid, of any sane length. */
#define POP3_LISTED_MAX 8192

/* What follows the status line when it says +OK. */
enum pop3_answer {
	POP3_SINGLE,  /* nothing */
	POP3_LOGIN,   /* nothing; or "+ " and a challenge, RFC 5034 */
	POP3_LISTING, /* short lines: UIDL, LIST, CAPA */
	POP3_MESSAGE, /* a message: RETR, TOP */
};

enum pop3_status {
	POP3_OK,
	POP3_ERR,
	POP3_CONTINUE, /* "+ ": SASL asks for the next line, RFC 5034 */
};

enum pop3_event_type {
	POP3_MORE,   /* everything was taken and no event is complete */
	POP3_STATUS, /* the status line; text is what follows the indicator */
	POP3_LINE,   /* a line of a listing, without its CRLF */
	POP3_TEXT,   /* octets of a message: unstuffed, CRLF turned into LF */
	POP3_END,    /* the terminating line; only a whole answer has it */
	POP3_BROKEN, /* not POP3; text says why, said is what the server said.
		      * The session must end. */
};

struct pop3_event {
	enum pop3_event_type type;
	enum pop3_status status;
	const char *text; /* borrowed until the next feed */
	size_t length;
	const char *said; /* POP3_BROKEN: its own words, any octets */
	size_t said_length;
	uint64_t octets; /* POP3_END: the message's size as LIST counts it */
};

enum pop3_state {
	POP3_AT_STATUS,
	POP3_AT_LINE,
	POP3_AT_START,	/* of a message's line */
	POP3_AT_DOT,	/* after a dot at the start of a line */
	POP3_AT_DOT_CR, /* after that and a CR */
	POP3_AT_TEXT,
	POP3_AT_TEXT_CR,
};

struct pop3_parser {
	enum pop3_answer answer;
	enum pop3_state state;
	bool idle;	    /* between answers */
	uint64_t octets;    /* of the message so far, with CRLF, unstuffed */
	struct buffer line; /* a status or listing line in pieces */
};

void pop3_init(struct pop3_parser *parser);
void pop3_release(struct pop3_parser *parser);

/* Says what the next answer will be; the parser must be idle. */
void pop3_expect(struct pop3_parser *parser, enum pop3_answer answer);

/*
 * Reads on in bytes (length octets, which it may rewrite in place) up to the
 * end of one event, and returns how many it took. A message's text comes in
 * pieces as large as the input allows; in it CRLF is LF, a dot that was
 * stuffed is gone, and every other octet is as it was sent, NUL and bare CR and
 * LF included. Only CRLF.CRLF ends a message (RFC 1939 section 3).
 */
size_t pop3_feed(struct pop3_parser *parser, char *bytes, size_t length,
	struct pop3_event *event);

/*
 * Reads "NUMBER SP REST" (RFC 1939 section 5); a number is 1 to 2^31 - 1.
 * Blanks and TABs around both do not count, as many as there are. rest may be
 * empty. False when the line is something else.
 */
bool pop3_parse_listed(const char *line, size_t length, uint32_t *number,
	const char **rest, size_t *rest_length);

/*
 * How a server answers UIDL with a number: RFC 1939 section 7 has the first
 * one. The numbers are what the store has.
 */
enum pop3_uidl_form {
	POP3_UIDL_UNKNOWN = 0, /* it was not asked yet */
	POP3_UIDL_LISTED = 1,  /* +OK, the number, the uid */
	POP3_UIDL_ALONE = 2,   /* +OK and the uid */
	POP3_UIDL_NONE = 3,    /* -ERR, or +OK and all the others as well */
};

/* A blank or a TAB: what separates the words of a line. */
bool pop3_is_blank(char c);

/* Response codes that decide what happens next: RFC 2449 section 8, 3206. */
enum pop3_code {
	POP3_CODE_NONE,
	POP3_CODE_IN_USE,
	POP3_CODE_LOGIN_DELAY,
	POP3_CODE_SYS_TEMP,
	POP3_CODE_SYS_PERM,
	POP3_CODE_AUTH,
	POP3_CODE_OTHER,
};

/*
 * The response code at the start of an -ERR line's text. Codes are hierarchical
 * and their case does not matter (RFC 2449 section 8).
 */
enum pop3_code pop3_response_code(const char *text, size_t length);

/* The kind of error that a code stands for; otherwise the one given. */
enum error_kind pop3_code_kind(enum pop3_code code, enum error_kind otherwise);

/* Capabilities that keepmail makes use of, RFC 2449 section 6. */
struct pop3_capabilities {
	bool known; /* CAPA was answered +OK */
	bool pipelining;
	bool uidl;
	bool top;
	bool user;
	bool stls;
	bool utf8;	/* RFC 6856 */
	bool utf8_user; /* and user names and passwords may be UTF-8 */
	bool sasl;
	bool sasl_plain;
	bool sasl_login;
	char mechanisms[256]; /* as announced after SASL, printable */
	bool expires;	      /* EXPIRE was announced with a number of days */
	uint32_t expire_days;
	bool delays; /* LOGIN-DELAY was announced */
	uint32_t delay_seconds;
};

/* Takes in one line of a CAPA answer; what is unknown is passed over. */
void pop3_capability(struct pop3_capabilities *capabilities, const char *line,
	size_t length);

#endif
