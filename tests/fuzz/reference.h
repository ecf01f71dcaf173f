/* SPDX-License-Identifier: ISC */
/* POP3 told line by line: slow, plain, and without a line of src/core/pop3.c.
 */
#ifndef TESTS_FUZZ_REFERENCE_H
#define TESTS_FUZZ_REFERENCE_H

#include <stdbool.h>
#include <stddef.h>

struct reference {
	char *text;    /* the caller's room, of at least as many octets */
	size_t length; /* of the text */
	size_t octets; /* of the message as LIST counts it */
	size_t taken;  /* of the wire, as far as the message goes */
	bool ended;    /* its CRLF.CRLF was there */
};

/* The message that the wire (size octets) begins with: RFC 1939 section 3. */
void reference_message(
	const char *wire, size_t size, struct reference *result, char *room);

/*
 * The next line of *wire (*size octets), which is moved behind it: ended by LF,
 * *length octets without that and without a CR before it. NULL when no LF is
 * left, or when it is longer than max octets with its end.
 */
const char *reference_line(
	const char **wire, size_t *size, size_t max, size_t *length);

#endif
