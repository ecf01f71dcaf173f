/* SPDX-License-Identifier: ISC */
/* Reads the server's listing (UIDL and LIST) into a maildrop. */
#ifndef ENGINE_LISTING_H
#define ENGINE_LISTING_H

#include <stdbool.h>
#include <stddef.h>

#include "core/account.h"
#include "core/error.h"
#include "core/maildrop.h"
#include "io/net/session.h"

/*
 * Sends UIDL and fills an initialised maildrop, sorted. Fails with
 * ERROR_UNAVAILABLE if the server refuses UIDL, and as session_next does.
 */
bool listing_uids(struct session *session, const struct account *account,
	struct maildrop *maildrop, struct error *err);

/*
 * For servers without UIDL: sends LIST and fills an initialised maildrop with
 * numbers and sizes, sorted; no message has a uid.
 */
bool listing_numbers(struct session *session, const struct account *account,
	struct maildrop *maildrop, struct error *err);

/*
 * Sends LIST and stores the sizes in the maildrop; after -ERR they remain
 * unknown.
 */
bool listing_sizes(
	struct session *session, struct maildrop *maildrop, struct error *err);

/*
 * Stores the size from one line of a LIST answer, for callers that pushed LIST
 * themselves. A malformed line is ignored.
 */
void listing_take_size(
	struct maildrop *maildrop, const char *line, size_t length);

#endif
