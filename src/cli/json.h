/* SPDX-License-Identifier: ISC */
/* Pieces of JSON objects, on standard output. */
#ifndef CLI_JSON_H
#define CLI_JSON_H

#include <stddef.h>
#include <stdint.h>

#include "core/error.h"
#include "core/uid.h"

/*
 * A JSON string (RFC 8259 section 7) that is safe on a terminal, too: bytes
 * that are no UTF-8 as the text "\xNN".
 */
void json_string(const char *bytes, size_t length);

/* A uid's octets, as json_string. */
void json_uid(struct uid uid);

/* A further field: ,"name":"text". */
void json_field(const char *name, const char *text);

/* A further field with a time in seconds since 1970; 0: null. */
void json_time(const char *name, int64_t seconds);

/* The object of an account of which nothing but an error can be told. */
void json_error(const char *account, const struct error *err);

#endif
