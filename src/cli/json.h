/* SPDX-License-Identifier: ISC */
/* Prints parts of JSON objects on standard output. */
#ifndef CLI_JSON_H
#define CLI_JSON_H

#include <stddef.h>
#include <stdint.h>

#include "core/error.h"
#include "core/uid.h"

/*
 * Prints a JSON string (RFC 8259 section 7) that is also safe on a terminal.
 * Bytes that are not valid UTF-8 are written as the text "\xNN".
 */
void json_string(const char *bytes, size_t length);

/* Prints a uid's bytes as json_string does. */
void json_uid(struct uid uid);

/* Prints a further field: ,"name":"text". */
void json_field(const char *name, const char *text);

/* Prints a further field with a time in seconds since 1970; 0 becomes null. */
void json_time(const char *name, int64_t seconds);

/* Prints the object of an account for which only an error can be reported. */
void json_error(const char *account, const struct error *err);

#endif
