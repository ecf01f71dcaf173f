/* SPDX-License-Identifier: ISC */
/* The parts of LMTP that touch nothing: RFC 2033, RFC 5321. */
#ifndef CORE_LMTP_H
#define CORE_LMTP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "core/buffer.h"

/* Longest reply line: RFC 5321 section 4.5.3.1.5 allows 512, servers send
 * more. */
#define LMTP_LINE_MAX 4096
/* The longest reply, of many lines. */
#define LMTP_REPLY_MAX (64 * 1024)
/* Longest address in a command: RFC 5321 section 4.5.3.1.3. */
#define LMTP_ADDRESS_MAX 256

enum lmtp_parse {
	LMTP_MORE,     /* the reply is not complete */
	LMTP_COMPLETE, /* *reply is set */
	LMTP_BROKEN,   /* it is not a reply */
};

struct lmtp_reply {
	int code;	    /* 200 to 599 */
	const char *text;   /* of the last line, after the code; borrowed */
	size_t text_length; /* without CRLF */
	size_t octets;	    /* of the whole reply */
};

/* Parses one reply, which begins at bytes. */
enum lmtp_parse lmtp_parse_reply(
	const char *bytes, size_t length, struct lmtp_reply *reply);

/* Does a complete reply to LHLO announce this extension (RFC 2033 section 4)?
 */
bool lmtp_announces(const char *reply, size_t length, const char *keyword);

/* How many bytes a message may have, as SIZE announces it (RFC 1870); 0: any.
 */
uint64_t lmtp_limit(const char *reply, size_t length);

/* Where a server listens: a socket with a path, or a host and a port. */
struct lmtp_server {
	bool tls;	  /* from the first byte */
	const char *path; /* borrowed from the text; or NULL */
	char host[256];	  /* without []; "" if path is set */
	uint16_t port;
};

/*
 * Parses "unix:/path", "host:port" or "[address]:port", the latter two perhaps
 * after "lmtps://". False if it is
 * something else, or a path that is too long for a socket.
 */
bool lmtp_parse_server(const char *text, struct lmtp_server *server);

/* Is text an address that can be sent in a command? */
bool lmtp_is_address(const char *text);

/* Zero at the start of a message. */
struct lmtp_text {
	bool in_line; /* not at the start of a line */
};

/*
 * Appends text of a message (LF line ends, length bytes of any value, in pieces
 * of any size) to out as DATA wants it: CRLF line ends, lines that begin with a
 * dot have another one (RFC 5321 section 4.5.2). At most twice as much is
 * appended. lmtp_quote_end ends the last line, if necessary, and the message.
 * Both return false if out is full.
 */
bool lmtp_quote(struct lmtp_text *state, const char *text, size_t length,
	struct buffer *out);
bool lmtp_quote_end(struct lmtp_text *state, struct buffer *out);

#endif
