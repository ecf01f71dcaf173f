/* SPDX-License-Identifier: ISC */
/* What a session says is in the mailbox: UIDL and LIST into a maildrop. */
#ifndef ENGINE_LISTING_H
#define ENGINE_LISTING_H

#include <stdbool.h>
#include <stddef.h>

#include "core/account.h"
#include "core/error.h"
#include "core/maildrop.h"
#include "io/net/session.h"

/*
 * Asks UIDL and fills an initialised maildrop, sorted. Fails with
 * ERROR_UNAVAILABLE when the server has no UIDL, and as session_next.
 */
bool listing_uids(struct session *session, const struct account *account,
	struct maildrop *maildrop, struct error *err);

/*
 * Where the server has no UIDL: asks LIST, and fills an initialised maildrop
 * with numbers and sizes, sorted; no message has a uid.
 */
bool listing_numbers(struct session *session, const struct account *account,
	struct maildrop *maildrop, struct error *err);

/* Asks LIST and puts the sizes into the maildrop; -ERR leaves them unknown. */
bool listing_sizes(
	struct session *session, struct maildrop *maildrop, struct error *err);

/* One line of LIST's answer into the maildrop, for who pushed LIST himself. */
void listing_take_size(
	struct maildrop *maildrop, const char *line, size_t length);

#endif
