/* SPDX-License-Identifier: ISC */
/* Prints JSON strings on standard output. */
#ifndef CLI_JSON_H
#define CLI_JSON_H

#include <stddef.h>

/*
 * Prints a JSON string (RFC 8259 section 7) that is also safe on a terminal.
 * Bytes that are not valid UTF-8 are written as the text "\xNN".
 */
void json_string(const char *bytes, size_t length);

#endif
