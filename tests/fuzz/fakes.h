/* SPDX-License-Identifier: ISC */
/*
 * The environment of session_fuzz in memory: io/session.h, io/store.h,
 * io/delivery.h, io/background.h, io/log.h and io/progress.h, with their
 * promises, and with faults where the input requests them. They also check the
 * promises of their callers.
 */
#ifndef TESTS_FUZZ_FAKES_H
#define TESTS_FUZZ_FAKES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "core/letter.h"
#include "core/maildrop.h"
#include "core/pipeline.h"
#include "core/plan.h"
#include "fuzz.h"
#include "io/mail/delivery.h"
#include "io/net/session.h"
#include "io/store/store.h"

/* ---- faults ----------------------------------------------------------------
 */

enum fake_fault {
	FAKE_NO_FAULT,
	FAKE_BEGIN, /* of a message */
	FAKE_WRITE,
	FAKE_END,
	FAKE_SEAL,
	FAKE_PUBLISH, /* half of the batch is published by then */
	FAKE_STORE,   /* a change within a transaction */
	FAKE_COMMIT,
};

/*
 * Two faults, a byte each: the low three bits say what fails, the high five
 * which time it fails. killed: the process dies of them, and nothing more
 * happens until fake_revive.
 */
void fake_faults(uint8_t first, uint8_t second, bool killed);
void fake_revive(void);
bool fake_is_dead(void);
/* Has any of the faults occurred? */
bool fake_has_failed(void);

/* Does this fail now? If so, with ERROR_WRITE. */
bool fake_fails(enum fake_fault fault, struct error *err);

/* ---- the session -----------------------------------------------------------
 */

#define FAKE_COMMANDS_MAX 8192

struct fake_command {
	enum pop3_answer answer;
	uint32_t number; /* the message number; 0: none */
	char verb;	 /* of UIDL, LIST, RETR, DELE, QUIT, NOOP */
};

struct session {
	struct pipeline pipeline;
	struct pop3_capabilities capabilities;
	const char *wire; /* what the server sends before the connection ends */
	size_t size;
	size_t at;
	char *block; /* what has arrived, in memory of exactly its size */
	size_t start;
	size_t end;
	uint32_t cuts;
	bool hasty;  /* now and then, bytes arrive that were not asked for */
	bool served; /* by the server of fake_server.c */
	bool prompt; /* its answer arrives before the next command is sent */
	struct fake_command commands[FAKE_COMMANDS_MAX];
	size_t command_count;
};

/* Starts the only session. fake_session_end ends it. */
struct session *fake_session(const char *wire, size_t size, size_t window,
	uint32_t cuts, bool hasty);
void fake_session_end(struct session *session);
/* Connects the session, at its start, to the server of fake_server.c. */
void fake_session_serve(struct session *session, bool prompt);

/* Defined by the harness: "DELE number" is about to be sent. */
void fake_on_dele(uint32_t number);

/* ---- a server --------------------------------------------------------------
 *
 * One that answers as it should, but for one answer in a session that it gives
 * twice or not at all, and its connection may be cut anywhere. Each message
 * tells its own name, so that it is seen where it does not belong.
 */

/* The most bytes sent in a run, and in all of them. */
#define FAKE_WIRE_MAX (512 * 1024)

/* Generates the mailbox from bytes of the input; returns how many it used. */
size_t fake_server_reset(const uint8_t *script, size_t size);

/*
 * Begins the next session: its fault and its end. Returns how many bytes it
 * used.
 */
size_t fake_server_connect(const uint8_t *script, size_t size);
/* Is this session without fault, early end and refusal? */
bool fake_server_is_honest(void);
/* Does UIDL n prove anything? */
bool fake_server_is_provable(void);

/*
 * What the server has sent in this session, and how much of it arrives before
 * the connection is cut; grows with each command.
 */
const char *fake_server_wire(void);
size_t fake_server_take(const char *command);

/* Is this the stored text of the message with that uid? */
bool fake_server_is_text(struct uid uid, const char *text, size_t length);
/* Does the message with this number in this session have that uid? */
bool fake_server_is_uid(uint32_t number, struct uid uid);

/* ---- the delivery ----------------------------------------------------------
 */

#define FAKE_LETTERS_MAX 4096

enum fake_letter_state {
	FAKE_WRITING,
	FAKE_ENDED,
	FAKE_CLOSED, /* ended, in the batch that is being committed */
	FAKE_SEALED, /* durable, under a name in tmp/ */
	FAKE_LEFT,   /* the same, but the process has died since */
	FAKE_PUBLISHED,
	FAKE_GONE,
};

struct fake_letter {
	enum fake_letter_state state;
	bool whole;  /* it was ended */
	size_t text; /* where it begins in texts */
	size_t length;
};

/* All letters that were ever begun. */
extern struct fake_letter fake_letters[FAKE_LETTERS_MAX];
extern size_t fake_letter_count;

struct delivery *fake_delivery(void);
/* Forgets everything. */
void fake_delivery_reset(void);
/* The process died: what was not sealed is lost. */
void fake_delivery_died(void);
const char *fake_text(const struct fake_letter *letter);
/* The letter's index, from its name. */
size_t fake_letter_named(const char *name);

/* ---- the background --------------------------------------------------------
 */

/* Is a task executed only when it is waited for? */
extern bool fake_background_is_late;

/* ---- the store -------------------------------------------------------------
 */

#define FAKE_ROWS_MAX 4096
#define FAKE_NO_LETTER SIZE_MAX

struct fake_row {
	size_t uid; /* where it begins in the uids of the store */
	size_t uid_length;
	uint32_t ordinal;
	enum memory_state state; /* MEMORY_NONE: the row was deleted */
	uint64_t size;
	int64_t kept_at;
	bool vanished;
	bool listed;
	size_t letter; /* FAKE_NO_LETTER: fetched before all runs */
};

struct store *fake_store(void);
void fake_store_reset(void);
/* The process died: an open transaction is undone. */
void fake_store_died(void);
/*
 * Adds rows of earlier runs for messages that have none: four states per byte.
 */
void fake_store_remember(
	const struct maildrop *maildrop, uint8_t octet, bool with_sizes);
struct uid fake_store_uid(const struct fake_row *row);
/* The row of a message; NULL: none. */
const struct fake_row *fake_store_row(
	const struct maildrop *maildrop, const struct message *message);
bool fake_store_is_open(void);
const struct fake_row *fake_store_rows(size_t *count);

/* ---- the clock -------------------------------------------------------------
 */

/* The value of time(), and how much later it is at the next call. */
extern int64_t fake_clock;
extern int64_t fake_pace;

#endif
