/* SPDX-License-Identifier: ISC */
/*
 * POP3 read line by line: slow, simple, and sharing no line with
 * src/core/pop3.c.
 */
#ifndef TESTS_FUZZ_REFERENCE_H
#define TESTS_FUZZ_REFERENCE_H

#include <stdbool.h>
#include <stddef.h>

struct reference {
	char *text;    /* memory of the caller, of at least as many bytes */
	size_t length; /* of the text */
	size_t octets; /* of the message as LIST counts it */
	size_t taken;  /* of the wire, up to the end of the message */
	bool ended;    /* its CRLF.CRLF was found */
};

/*
 * Reads the message at the beginning of wire (size bytes): RFC 1939 section 3.
 */
void reference_message(
	const char *wire, size_t size, struct reference *result, char *room);

/*
 * The next line of *wire (*size bytes), which is moved behind it: ended by LF,
 * *length bytes without that and without a CR before it. NULL when no LF is
 * left, or when it is longer than max bytes with its end.
 */
const char *reference_line(
	const char **wire, size_t *size, size_t max, size_t *length);

#endif
