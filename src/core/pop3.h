/* SPDX-License-Identifier: ISC */
/* Parses what a POP3 server sends into events: RFC 1939, 2449, 3206. */
#ifndef CORE_POP3_H
#define CORE_POP3_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "core/buffer.h"
#include "core/error.h"

/* Longest status line: RFC 2449 section 4 allows 512, servers send more. */
#define POP3_STATUS_MAX 8192
/* Longest line of a listing: a number and a uid. */
#define POP3_LISTED_MAX 8192

/* What follows a status line with +OK. */
enum pop3_answer {
	POP3_SINGLE,  /* nothing */
	POP3_LOGIN,   /* nothing; the server may answer "+ ", RFC 5034 */
	POP3_LISTING, /* short lines: UIDL, LIST, CAPA */
	POP3_MESSAGE, /* a message: RETR, TOP */
};

enum pop3_status {
	POP3_OK,
	POP3_ERR,
	POP3_CONTINUE, /* "+ ": SASL expects another line, RFC 5034 */
};

enum pop3_event_type {
	POP3_MORE,   /* all was consumed and no event is complete */
	POP3_STATUS, /* the status line; text is what follows +OK or -ERR */
	POP3_LINE,   /* a line of a listing, without its CRLF */
	POP3_TEXT,   /* bytes of a message: unstuffed, CRLF turned into LF */
	POP3_END,    /* the terminating line: the answer is complete */
	POP3_BROKEN, /* a protocol violation: text says which, said is what the
		      * server sent. The session must end. */
};

struct pop3_event {
	enum pop3_event_type type;
	enum pop3_status status;
	const char *text; /* borrowed until the next feed */
	size_t length;
	const char *said; /* POP3_BROKEN: the server's words, any bytes */
	size_t said_length;
	uint64_t octets; /* POP3_END: the message's size as LIST counts it */
};

enum pop3_state {
	POP3_AT_STATUS,
	POP3_AT_LINE,
	POP3_AT_START,	/* of a line of a message */
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
	struct buffer line; /* the beginning of a status or listing line */
};

void pop3_init(struct pop3_parser *parser);
void pop3_release(struct pop3_parser *parser);

/* Sets what kind of answer comes next; the parser must be idle. */
void pop3_expect(struct pop3_parser *parser, enum pop3_answer answer);

/*
 * Parses length bytes, which may be modified, up to the end of one event, and
 * returns how many bytes were consumed. The text of a message comes
 * in pieces, as large as the input allows: CRLF is replaced by LF, stuffed dots
 * are removed, and every other byte is unchanged, including NUL and bare CR
 * and LF. Only CRLF.CRLF ends a message (RFC 1939 section 3).
 */
size_t pop3_feed(struct pop3_parser *parser, char *bytes, size_t length,
	struct pop3_event *event);

/*
 * Parses "NUMBER SP REST" (RFC 1939 section 5); the number is 1 to 2^31 - 1.
 * Any blanks and TABs around both are ignored. rest may be empty. False if the
 * line is anything else.
 */
bool pop3_parse_listed(const char *line, size_t length, uint32_t *number,
	const char **rest, size_t *rest_length);

/*
 * How a server answers "UIDL n": LISTED is what RFC 1939 section 7 requires.
 * The store records these numbers.
 */
enum pop3_uidl_form {
	POP3_UIDL_UNKNOWN = 0, /* it was not sent yet */
	POP3_UIDL_LISTED = 1,  /* +OK, the number and the uid */
	POP3_UIDL_ALONE = 2,   /* +OK and the uid only */
	POP3_UIDL_NONE = 3,    /* -ERR, or +OK and a list of all uids */
};

/* Is it a blank or a TAB, which separate the words of a line? */
bool pop3_is_blank(char c);

/* Response codes: RFC 2449 section 8, RFC 3206. */
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
 * The response code at the start of the text of an -ERR line. Codes are
 * hierarchical and case-insensitive (RFC 2449 section 8).
 */
enum pop3_code pop3_response_code(const char *text, size_t length);

/* The kind of error that a code means; otherwise, if it means none. */
enum error_kind pop3_code_kind(enum pop3_code code, enum error_kind otherwise);

/* The capabilities that keepmail uses: RFC 2449 section 6. */
struct pop3_capabilities {
	bool known; /* CAPA was answered +OK */
	bool pipelining;
	bool uidl;
	bool top;
	bool user;
	bool stls;
	bool utf8;	/* RFC 6856 */
	bool utf8_user; /* user names and passwords may be UTF-8 */
	bool sasl;
	bool sasl_plain;
	bool sasl_login;
	char mechanisms[256]; /* what was announced after SASL, printable */
	bool expires;	      /* EXPIRE was announced with a number of days */
	uint32_t expire_days;
	bool delays; /* LOGIN-DELAY was announced */
	uint32_t delay_seconds;
};

/* Evaluates a line of an answer to CAPA; unknown ones are ignored. */
void pop3_capability(struct pop3_capabilities *capabilities, const char *line,
	size_t length);

#endif
