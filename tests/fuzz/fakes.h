/* SPDX-License-Identifier: ISC */
/*
 * The world of session_fuzz in memory: io/session.h, io/store.h, io/delivery.h,
 * io/background.h, io/log.h and io/progress.h with their promises, and with
 * faults where the input wants them. They check what their callers promise,
 * too.
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
	FAKE_PUBLISH, /* half of the batch is shown by then */
	FAKE_STORE,   /* a change within a transaction */
	FAKE_COMMIT,
};

/*
 * Two faults, an octet each: what fails in its low three bits, at which of its
 * times in the high five. killed: the process dies of them, and nothing more
 * happens until fake_revive.
 */
void fake_faults(uint8_t first, uint8_t second, bool killed);
void fake_revive(void);
bool fake_is_dead(void);
/* Has any of them come about? */
bool fake_has_failed(void);

/* Does this fail now? Then with ERROR_WRITE. */
bool fake_fails(enum fake_fault fault, struct error *err);

/* ---- the session -----------------------------------------------------------
 */

#define FAKE_COMMANDS_MAX 8192

struct fake_command {
	enum pop3_answer answer;
	uint32_t number; /* the message's; 0: none */
	char verb;	 /* of UIDL, LIST, RETR, DELE, QUIT, NOOP */
};

struct session {
	struct pipeline pipeline;
	struct pop3_capabilities capabilities;
	const char *wire; /* what the server says before the connection ends */
	size_t size;
	size_t at;
	char *block; /* what has arrived, in memory of its exact size */
	size_t start;
	size_t end;
	uint32_t cuts;
	bool hasty;  /* now and then, octets arrive that nobody asked for */
	bool served; /* by the server of fake_server.c */
	bool prompt; /* what it says arrives before the next command goes out */
	struct fake_command commands[FAKE_COMMANDS_MAX];
	size_t command_count;
};

/* The one session there is, from its start. fake_session_end ends it. */
struct session *fake_session(const char *wire, size_t size, size_t window,
	uint32_t cuts, bool hasty);
void fake_session_end(struct session *session);
/* From its start: the other end is the server of fake_server.c. */
void fake_session_serve(struct session *session, bool prompt);

/* The harness's: "DELE number" is about to go out. */
void fake_on_dele(uint32_t number);

/* ---- a server --------------------------------------------------------------
 *
 * One that answers as it should, but for one answer in a session that it gives
 * twice or not at all, and its connection may be cut anywhere. Each message
 * tells its own name, so that it is seen where it does not belong.
 */

/* What is said in a run, or in all of them. */
#define FAKE_WIRE_MAX (512 * 1024)

/* Makes the mailbox, as octets of the input say; returns how many it took. */
size_t fake_server_reset(const uint8_t *script, size_t size);

/* The next session: its fault and its end. Returns how many octets it took. */
size_t fake_server_connect(const uint8_t *script, size_t size);
/* Has this session neither fault nor end nor refusal? */
bool fake_server_is_honest(void);
/* Does UIDL n prove anything? */
bool fake_server_is_provable(void);

/*
 * What the server has said in this session, and how much of it arrives before
 * the connection is cut; longer after each command.
 */
const char *fake_server_wire(void);
size_t fake_server_take(const char *command);

/* Is this the text, as stored, of the message with that uid? */
bool fake_server_is_text(struct uid uid, const char *text, size_t length);
/* Has the message with this number in this session that uid? */
bool fake_server_is_uid(uint32_t number, struct uid uid);

/* ---- the delivery ----------------------------------------------------------
 */

#define FAKE_LETTERS_MAX 4096

enum fake_letter_state {
	FAKE_WRITING,
	FAKE_ENDED,
	FAKE_CLOSED, /* ended, and of the batch being committed */
	FAKE_SEALED, /* durable, under a name in tmp/ */
	FAKE_LEFT,   /* the same, and the process has died since */
	FAKE_PUBLISHED,
	FAKE_GONE,
};

struct fake_letter {
	enum fake_letter_state state;
	bool whole;  /* it was ended */
	size_t text; /* where it begins in the texts */
	size_t length;
};

/* All that were ever begun. */
extern struct fake_letter fake_letters[FAKE_LETTERS_MAX];
extern size_t fake_letter_count;

struct delivery *fake_delivery(void);
/* Everything forgotten. */
void fake_delivery_reset(void);
/* The process is gone: what was not sealed is, too. */
void fake_delivery_died(void);
const char *fake_text(const struct fake_letter *letter);
/* The letter's position, out of its name. */
size_t fake_letter_named(const char *name);

/* ---- the background --------------------------------------------------------
 */

/* Is a task done only when it is waited for? */
extern bool fake_background_is_late;

/* ---- the store -------------------------------------------------------------
 */

#define FAKE_ROWS_MAX 4096
#define FAKE_NO_LETTER SIZE_MAX

struct fake_row {
	size_t uid; /* where it begins in the store's uids */
	size_t uid_length;
	uint32_t ordinal;
	enum memory_state state; /* MEMORY_NONE: the row is gone */
	uint64_t size;
	int64_t kept_at;
	bool vanished;
	bool listed;
	size_t letter; /* FAKE_NO_LETTER: fetched before all this */
};

struct store *fake_store(void);
void fake_store_reset(void);
/* The process is gone: a transaction that was open is undone. */
void fake_store_died(void);
/* Rows of runs long ago, for messages that have none: four states in octet. */
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

/* What time() says, and how much later it is the next time it is asked. */
extern int64_t fake_clock;
extern int64_t fake_pace;

#endif
