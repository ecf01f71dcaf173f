/* SPDX-License-Identifier: ISC */
/* Pieces of JSON objects, on standard output. */
#ifndef COMMANDS_JSON_H
#define COMMANDS_JSON_H

#include <stddef.h>

/*
 * A JSON string (RFC 8259 section 7) that is safe on a terminal, too: bytes
 * that are no UTF-8 as the text "\xNN".
 */
void json_string(const char *bytes, size_t length);

/* A further field: ,"name":"text". */
void json_field(const char *name, const char *text);

#endif
