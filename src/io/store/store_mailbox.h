/* SPDX-License-Identifier: ISC */
/*
 * Whose mailbox the store is of, what its server is like, and what time it
 * was.
 */
#ifndef IO_STORE_STORE_MAILBOX_H
#define IO_STORE_STORE_MAILBOX_H

#include <stdint.h>

#include "core/clock.h"
#include "core/pop3.h"
#include "io/store/store.h"

/*
 * A store knows one mailbox: uids of another one would mean other messages.
 * False with ERROR_CONFIG when the store was made for another server or user,
 * unless adopt says that it is the same mailbox under a new name.
 */
bool store_check_mailbox(struct store *store, const char *server,
	const char *user, bool adopt, struct error *err);

/*
 * Binds the store to the mailbox that it was checked for, once a login has
 * shown that there is one: a typing mistake is none. Nothing is recorded where
 * it is bound to that already.
 */
bool store_bind_mailbox(struct store *store, const char *server,
	const char *user, struct error *err);

/*
 * Did the server answer out of step within the last month? Then no command of
 * ours is to be sent before the last one's answer. Known once
 * store_check_mailbox was called.
 */
bool store_was_out_of_step(const struct store *store, int64_t now);

/* Records that it did, within a transaction. */
bool store_record_out_of_step(
	struct store *store, int64_t now, struct error *err);

/*
 * How does the server answer UIDL with a number? As store_check_mailbox found
 * it on record.
 */
enum pop3_uidl_form store_uidl_form(const struct store *store);

/* Records that it does so, within a transaction. */
bool store_record_uidl_form(
	struct store *store, enum pop3_uidl_form form, struct error *err);

/*
 * Did the server, within three months, tell other sizes of a message that
 * turned out to be the same? Then another size says little.
 */
bool store_has_loose_sizes(const struct store *store, int64_t now);
bool store_record_loose_sizes(
	struct store *store, int64_t now, struct error *err);

/* What is odd about a mailbox, and is said once; bits. */
enum store_saying {
	STORE_SAID_NO_UIDL = 1,
	STORE_SAID_TWICE = 2,
	STORE_SAID_NO_UID = 4,
	STORE_SAID_ODD = 8,
	STORE_SAID_LOOSE = 16,
	STORE_SAID_UNSYNCED = 32,
};

/* Was it said, as the store knew when store_check_mailbox was called? */
bool store_has_said(const struct store *store, enum store_saying what);

/* Records that these were, within a transaction. */
bool store_record_said(struct store *store, unsigned what, struct error *err);

/* What earlier runs knew of the time; all 0 where there was none. */
bool store_clock(
	struct store *store, struct clock_record *record, struct error *err);

/* Records it, within a transaction. */
bool store_record_clock(struct store *store, const struct clock_record *record,
	struct error *err);

/* Is the store bound to this mailbox? To none, or another one: no. */
bool store_is_mailbox(
	struct store *store, const char *server, const char *user);

#endif
