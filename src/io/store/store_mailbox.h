/* SPDX-License-Identifier: ISC */
/*
 * Which mailbox the store belongs to, and what is recorded about its server and
 * about the time.
 */
#ifndef IO_STORE_STORE_MAILBOX_H
#define IO_STORE_STORE_MAILBOX_H

#include <stdint.h>

#include "core/clock.h"
#include "core/pop3.h"
#include "io/store/store.h"

/*
 * A store belongs to one mailbox: the uids of another one would mean other
 * messages. Fails with ERROR_CONFIG if the store was created for another server
 * or user, unless adopt says that it is the same mailbox under a new name.
 */
bool store_check_mailbox(struct store *store, const char *server,
	const char *user, bool adopt, struct error *err);

/*
 * Binds the store to the mailbox that it was checked for. To be called after a
 * login has shown that the mailbox exists, which a mistyped name does not.
 * Writes nothing if it is already bound to it.
 */
bool store_bind_mailbox(struct store *store, const char *server,
	const char *user, struct error *err);

/*
 * Did the server answer out of step within the last month? If so, wait for each
 * answer before sending the next command. Known after store_check_mailbox.
 */
bool store_was_out_of_step(const struct store *store, int64_t now);

/* Records that it did, within a transaction. */
bool store_record_out_of_step(
	struct store *store, int64_t now, struct error *err);

/*
 * How the server answers UIDL with an argument, as store_check_mailbox found it
 * recorded.
 */
enum pop3_uidl_form store_uidl_form(const struct store *store);

/* Records it, within a transaction. */
bool store_record_uidl_form(
	struct store *store, enum pop3_uidl_form form, struct error *err);

/*
 * Did the server, within the last three months, report different sizes for a
 * message that proved to be the same? If so, a changed size means little.
 */
bool store_has_loose_sizes(const struct store *store, int64_t now);
bool store_record_loose_sizes(
	struct store *store, int64_t now, struct error *err);

/* Peculiarities of a mailbox that are reported once; bits. */
enum store_saying {
	STORE_SAID_NO_UIDL = 1,
	STORE_SAID_TWICE = 2,
	STORE_SAID_NO_UID = 4,
	STORE_SAID_ODD = 8,
	STORE_SAID_LOOSE = 16,
	STORE_SAID_UNSYNCED = 32,
};

/* Was it reported before, as of store_check_mailbox? */
bool store_has_said(const struct store *store, enum store_saying what);

/* Records that these were reported, within a transaction. */
bool store_record_said(struct store *store, unsigned what, struct error *err);

/* What earlier runs knew about the time; all 0 if nothing. */
bool store_clock(
	struct store *store, struct clock_record *record, struct error *err);

/* Records it, within a transaction. */
bool store_record_clock(struct store *store, const struct clock_record *record,
	struct error *err);

/* Is the store bound to this mailbox? False also if it is bound to none. */
bool store_is_mailbox(
	struct store *store, const char *server, const char *user);

#endif
