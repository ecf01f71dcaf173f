/* SPDX-License-Identifier: ISC */
/* The members of an object in JSON, read by SQLite's parser. */
#ifndef IO_STORE_STORE_MEMBERS_H
#define IO_STORE_STORE_MEMBERS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct members;

/*
 * Reads an object; it is copied. NULL: it is not valid JSON, or not an object,
 * or SQLite cannot be used. The caller closes it.
 */
struct members *members_open(const char *json, size_t length);
void members_close(struct members *members);

/*
 * The value of a string of the object itself, owned; NULL: there is none, or it
 * is not a string, or has a NUL byte. name: letters and '_'.
 */
char *members_text(struct members *members, const char *name);

/* The value of a number, or of a string of digits; otherwise, otherwise. */
int64_t members_number(
	struct members *members, const char *name, int64_t otherwise);

#endif
