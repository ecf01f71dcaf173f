/* SPDX-License-Identifier: ISC */
/* What is recorded of an account's login by OAuth: the format of its file. */
#ifndef CORE_TOKEN_RECORD_H
#define CORE_TOKEN_RECORD_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "core/account.h"
#include "core/buffer.h"

/* The largest such file, in bytes. */
#define TOKEN_RECORD_MAX 131072

/* All strings are owned, and wiped; NULL: none. Times: seconds since 1970. */
struct token_record {
	char *client;	 /* its id */
	char *token_url; /* the only one that the refresh token is sent to */
	char *grant;	 /* "user" or "client": who logged in */
	char *refresh;
	char *access;
	int64_t expires; /* when the access token does */
	int64_t renewed; /* when it was issued */
	int64_t granted; /* when the owner logged in */
	int64_t refused; /* when the provider ended the login; 0: it did not */
};

/* Parses the text of a file. False, *record empty, if it is damaged. */
bool token_record_parse(
	const char *text, size_t length, struct token_record *record);

/* Appends the text of a file. False: a value is too long, or has a line end. */
bool token_record_make(const struct token_record *record, struct buffer *out);

/* Replaces a string of a record by a copy of text, or by NULL. */
void token_record_set(char **field, const char *text);

/*
 * Until when the login is good if it is not renewed before: as far as the
 * provider says. 0: it is not known. A provider may end it earlier.
 */
int64_t token_record_ends(
	const struct token_record *record, enum oauth_provider provider);

void token_record_release(struct token_record *record);

#endif
