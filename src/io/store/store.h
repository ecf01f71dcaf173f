/* SPDX-License-Identifier: ISC */
/*
 * What is kept, where, and since when: one SQLite file per account, and the
 * lock that a second run of the account meets.
 */
#ifndef IO_STORE_STORE_H
#define IO_STORE_STORE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "core/account.h"
#include "core/clock.h"
#include "core/error.h"
#include "core/letter.h"
#include "core/maildrop.h"
#include "core/plan.h"
#include "core/pop3.h"

struct store;

enum store_mode {
	STORE_WRITE, /* made if it is missing */
	STORE_READ,  /* nothing is changed; missing is the same as empty */
	STORE_LOOK,  /* the same beside a run: no lock is taken or met */
};

/*
 * Opens DIRECTORY/NAME.db (0600, in a directory made 0700) and takes its lock,
 * which the kernel drops when the process ends, however it ends; but for
 * STORE_LOOK, which sees what was committed when it was opened. NULL on
 * failure: ERROR_TEMPORARY when another run holds the lock, ERROR_DATA for a
 * file that is damaged, foreign or of a newer keepmail (it is left as it is),
 * ERROR_CREATE otherwise. The caller closes it.
 */
struct store *store_open(const char *directory, const char *name,
	enum store_mode mode, struct error *err);

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

/* No quiet lasts longer: seconds. */
#define STORE_QUIET_MAX 86400

/*
 * Is this listing (its digest) the one that store_record_quiet was told of,
 * under the same policy and before that time, and has no message's record
 * changed since? Then there is nothing to do, and nothing to recall.
 */
bool store_is_quiet(struct store *store,
	const unsigned char listing[LETTER_DIGEST], const char *policy,
	int64_t now);

/* Records that it is, until a time, within a transaction. */
bool store_record_quiet(struct store *store,
	const unsigned char listing[LETTER_DIGEST], const char *policy,
	int64_t until, struct error *err);

/* Did the last run on record fail? */
bool store_has_failed(struct store *store);

/*
 * Notes that a run came through at this time that did nothing, and leaves no
 * record: nothing is written to the database.
 */
void store_note_success(struct store *store, int64_t now);

/* Is there a run on record that began before this and came through? */
bool store_has_succeeded(struct store *store, int64_t before);

/* Did the last run on record fail, and fetch nothing? */
bool store_was_fruitless(struct store *store);

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

/* Closes it and drops the lock; what was not committed is undone. NULL is safe.
 */
void store_close(struct store *store);

/*
 * What the store knows of each message of the maildrop: *memories is a new
 * array of maildrop->count, the caller's to free. It also notes which known
 * messages are listed no longer, or again, for store_record_listing.
 */
bool store_recall(struct store *store, const struct maildrop *maildrop,
	struct memory **memories, struct error *err);

/* A kept message that the server does not list (any more). */
struct store_lost {
	int64_t row;
	uint64_t size; /* as LIST told it, or MAILDROP_SIZE_UNKNOWN */
	unsigned char header_sha256[LETTER_DIGEST];
};

/*
 * How many messages did store_recall find kept that were in the listing before
 * and are not in this one?
 */
size_t store_lost_count(const struct store *store);

/*
 * These messages, as far as their headers are known: *lost is a new array of
 * *count, the caller's to free.
 */
bool store_lost(struct store *store, struct store_lost **lost, size_t *count,
	struct error *err);

/* The header digest of a message; *known is false where there is none. */
bool store_header(struct store *store, int64_t row,
	unsigned char sha256[LETTER_DIGEST], bool *known, struct error *err);

/*
 * Records that a message has another uid now, and this size, with all that is
 * known of it, within a transaction.
 */
bool store_rebind(struct store *store, int64_t row, struct uid uid,
	uint64_t size, struct error *err);

/*
 * Records that a uid stands for another message from now on, within a
 * transaction: what is known of the old one stays, under a name of its own.
 */
bool store_retire(
	struct store *store, struct uid uid, int64_t now, struct error *err);

/* Records that the server tells another size of the same message. */
bool store_record_size(
	struct store *store, int64_t row, uint64_t size, struct error *err);

/* Records that the message of this row is held. */
bool store_record_hold(
	struct store *store, int64_t row, int64_t now, struct error *err);

/* Is this very text kept under the uid already? */
bool store_is_same_text(struct store *store, struct uid uid,
	const unsigned char sha256[LETTER_DIGEST], bool *same,
	struct error *err);

/* Records that an erased message is listed again, and is the same. */
bool store_record_returned(
	struct store *store, int64_t row, int64_t now, struct error *err);

/*
 * Changes are made in transactions: begin, record what belongs together,
 * commit. Once committed they survive kill and power cut. A failure
 * (ERROR_WRITE) undoes the whole transaction.
 */
bool store_begin(struct store *store, struct error *err);
bool store_commit(struct store *store, struct error *err);

/* Where mail is put, as the rows name it: a kind and a path. */
struct store_place {
	enum destination_kind kind;
	const char *path;
};

/* A message that is about to be put into a place. */
struct store_arrival {
	struct uid uid;
	uint64_t size;		     /* as LIST told it, or unknown */
	const struct letter *letter; /* borrowed */
	struct store_place place;
	int64_t now;
};

/*
 * Records it, within a transaction; *row is its name from now on. A uid that
 * was erased or had vanished is taken over by the new message.
 */
bool store_record_arriving(struct store *store,
	const struct store_arrival *arrival, int64_t *row, struct error *err);

/* A copy that was put here before, and its record; row 0: there is none. */
struct store_found {
	int64_t row;
	struct letter letter;
};

/*
 * Has a message with the same digest been put into this place before? Then
 * *found says where it lay. Where no header tells one message from another of
 * the same text (letter->identified), only copies count whose uid is not known
 * (store_record_unlisted) or, once store_expect_moved was called, what the
 * server lists no longer; and each for one message.
 */
bool store_find_copy(struct store *store, const struct letter *letter,
	const struct store_place *place, struct store_found *found,
	struct error *err);

/* The server gave its messages new uids, for all it seems. */
void store_expect_moved(struct store *store);

/*
 * Records a copy that lies in this place, and whose uid is not known, within a
 * transaction: its text is not stored again.
 */
bool store_record_unlisted(struct store *store, const struct letter *letter,
	const struct store_place *place, int64_t now, struct error *err);

/* Records that it is there, safe, since now; 0: nobody knows since when. */
bool store_record_kept(
	struct store *store, int64_t row, int64_t now, struct error *err);

/* Forgets an arriving row whose message is not there: it is fetched again. */
bool store_forget_arriving(struct store *store, int64_t row, struct error *err);

/* Records that the server confirmed that it is erased there. */
bool store_record_erased(
	struct store *store, int64_t row, int64_t now, struct error *err);

/*
 * Holds the messages with this uid, whatever their ordinals, since a time, or
 * lets go of them (0), within a transaction: *found says how many there are.
 */
bool store_hold(struct store *store, struct uid uid, int64_t since,
	size_t *found, struct error *err);

/* Is there a record, of whatever kind, for this uid? */
bool store_knows(
	struct store *store, struct uid uid, bool *known, struct error *err);

/* A message that counts as seen without having been fetched. */
struct store_seen {
	struct uid uid;
	int64_t since;	    /* its days count from here */
	const char *origin; /* who says so */
};

/*
 * Records one that is not known, within a transaction; *row is its name. It is
 * neither fetched nor erased.
 */
bool store_record_seen(struct store *store, const struct store_seen *seen,
	int64_t now, int64_t *row, struct error *err);

/*
 * Was there never a run that came through, nor is anything known? Nothing has
 * begun then.
 */
bool store_is_fresh(struct store *store, bool *fresh, struct error *err);

/* Is the store bound to this mailbox? To none, or another one: no. */
bool store_is_mailbox(
	struct store *store, const char *server, const char *user);

/* Was mail put into this place? */
bool store_knows_place(struct store *store, const struct store_place *place);

/*
 * Calls visit for the store of each other account in this directory, opened
 * with STORE_LOOK, and borrowed; one that cannot be read is passed over. It
 * stops when visit says false. True if all of them were visited.
 */
bool store_each_other(const char *directory, const char *name,
	bool (*visit)(void *data, const char *other, struct store *store),
	void *data);

/*
 * Gives the store of an account another account's name. ERROR_USAGE where there
 * is no such store, or one under the new name that knows anything;
 * ERROR_CREATE, and whatever store_open says.
 */
bool store_rename(const char *directory, const char *from, const char *to,
	struct error *err);

/* What is listed, and known of it: one of each for each message. */
struct store_listing {
	const struct memory *memories;
	const struct finding *findings;
	size_t count;
};

/*
 * Records which messages vanished from the listing, as store_recall noticed,
 * and which came back: of one that is kept it stays marked that nothing proved
 * it to be the same, unless its header did. Forgets what vanished more than a
 * year ago. A listing that is the same as last time writes nothing.
 */
bool store_record_listing(struct store *store,
	const struct store_listing *listing, int64_t now, struct error *err);

/*
 * What was noted of the mbox with this path (*length octets), the caller's to
 * free; NULL: nothing, or nothing that can be read, which is as good.
 */
void *store_note(struct store *store, const char *path, size_t *length);

/* Notes it, in the place of what was noted before; the oldest note goes. */
bool store_record_note(struct store *store, const char *path, const void *note,
	size_t length, struct error *err);

/* Was anything in this directory when it was looked at last? */
bool store_had_root(
	struct store *store, const char *path, bool *had, struct error *err);

/* Records that something is, or nothing. */
bool store_record_root(
	struct store *store, const char *path, bool has, struct error *err);

/*
 * Is any mail kept in this place, that the server still lists?
 */
bool store_has_mail(struct store *store, const struct store_place *place,
	bool *has, struct error *err);

/* Which directory a place is: see directory_identity; inode 0: not known. */
struct store_origin {
	uint64_t inode;
	int64_t born;
};

/* Which one it was when mail was put there last. */
bool store_origin(struct store *store, const struct store_place *place,
	struct store_origin *origin, struct error *err);

/* Records it, where any mail was put there; within a transaction. */
bool store_record_origin(struct store *store, const struct store_place *place,
	const struct store_origin *origin, struct error *err);

/*
 * Calls visit for each name that a file in a Maildir has, or had, because a
 * record says so.
 */
bool store_names(struct store *store,
	void (*visit)(void *data, const char *name), void *data,
	struct error *err);

/*
 * Records that a copy lies under another name now (letter->name, its offset
 * and length, which are 0 in a Maildir), within a transaction.
 */
bool store_record_filed(struct store *store, int64_t row,
	const struct letter *letter, struct error *err);

/*
 * Calls visit for the copy of each message that is kept and, as far as
 * store_recall was called, listed; letter has what local_find and local_verify
 * go by. It stops when visit says false, with
 * its error.
 */
bool store_copies(struct store *store,
	bool (*visit)(void *data, int64_t row, const struct letter *letter,
		struct error *err),
	void *data, struct error *err);

/* The copy of a message, and what is known of it. */
struct store_copy {
	int64_t row;
	struct uid uid; /* borrowed until visit returns */
	bool listed;	/* by the server, when it was asked last */
	struct letter letter;
};

/*
 * The same for all that should be here, erased on the server or not: what its
 * owner removed, as an earlier run has noticed, is none of it.
 */
bool store_all_copies(struct store *store,
	bool (*visit)(
		void *data, const struct store_copy *copy, struct error *err),
	void *data, struct error *err);

/*
 * Forgets a message whose copy is damaged, within a transaction: its uid is
 * unknown from then on, and what is known of the copy stays.
 */
bool store_give_up(
	struct store *store, int64_t row, int64_t now, struct error *err);

/*
 * Calls visit for the header digest of each message that is here, or was about
 * to be put here, as far as it has one.
 */
bool store_headers(struct store *store,
	void (*visit)(void *data, const unsigned char sha256[LETTER_DIGEST]),
	void *data, struct error *err);

/* The letter of one message. */
bool store_letter(struct store *store, int64_t row, struct letter *letter,
	struct error *err);

/*
 * Calls visit for each place where such messages were put.
 */
bool store_places(struct store *store,
	bool (*visit)(void *data, const char *path, struct error *err),
	void *data, struct error *err);

/*
 * Records since when a message's copy is missing here, or that it is not (0),
 * within a transaction.
 */
bool store_record_missing(
	struct store *store, int64_t row, int64_t since, struct error *err);

/* A message that an earlier run was storing when it was ended. */
struct store_arriving {
	int64_t row;
	enum destination_kind kind;
	char *path; /* owned */
	struct letter letter;
};

/*
 * All such messages, in the order of their places and offsets: *arriving is a
 * new array of *count; store_free_arriving frees it.
 */
bool store_arriving(struct store *store, struct store_arriving **arriving,
	size_t *count, struct error *err);
void store_free_arriving(struct store_arriving *arriving, size_t count);

/* A message that could not be fetched. */
struct store_failure {
	struct uid uid;
	int64_t now;
	int64_t next;	   /* it is tried again, not before this */
	bool quarantined;  /* or not at all */
	const char *error; /* borrowed; why */
};

/* Records it, within a transaction. */
bool store_record_trouble(struct store *store,
	const struct store_failure *failure, struct error *err);

/* Forgets the trouble with this one message, within a transaction. */
bool store_settle_trouble(
	struct store *store, struct uid uid, struct error *err);

/*
 * Forgets the trouble with this uid, whatever its ordinal (NULL: any uid),
 * within a transaction: *found says with how many messages there was some.
 */
bool store_forget_trouble(struct store *store, const struct uid *uid,
	size_t *found, struct error *err);

/*
 * Records which messages turned out to be larger than LIST says, as memories
 * (one for each of the maildrop) have it, within a transaction: what they do
 * not speak of, or is not listed, is forgotten. Nothing is written where all
 * that is known already.
 */
bool store_record_oversizes(struct store *store,
	const struct maildrop *maildrop, const struct memory *memories,
	struct error *err);

/* A run, as history will show it. */
struct store_run {
	int64_t started;
	int64_t ended;
	int status; /* exit status */
	uint64_t fetched;
	uint64_t octets;
	uint64_t erased;
	uint64_t left;
	uint64_t failed;
	const char *error; /* or NULL */
};

/*
 * Records a run that has ended, within a transaction; the oldest of a thousand
 * is forgotten. goes_on: in the place of the last one on record, if that began
 * at the same time.
 */
bool store_record_run(struct store *store, const struct store_run *run,
	bool goes_on, struct error *err);

#endif
