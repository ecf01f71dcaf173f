/* SPDX-License-Identifier: ISC */
/*
 * Where mail is stored: the places of an account, and which directories they
 * are.
 */
#ifndef IO_STORE_STORE_PLACE_H
#define IO_STORE_STORE_PLACE_H

#include <stdbool.h>
#include <stdint.h>

#include "core/account.h"
#include "core/letter.h"
#include "io/store/store.h"

/* A place where mail is stored, as the rows name it: a kind and a path. */
struct store_place {
	enum destination_kind kind;
	const char *path;
};

/* Was mail ever stored in this place? */
bool store_knows_place(struct store *store, const struct store_place *place);

/* Is any mail kept in this place that the server still lists? */
bool store_has_mail(struct store *store, const struct store_place *place,
	bool *has, struct error *err);

/*
 * The name of the last message that was stored in this place, or confirmed by
 * it (struct letter), in room, which has LETTER_NAME_MAX bytes; "" if there is
 * none. NULL: what store_record_handed recorded last.
 */
bool store_last_name(struct store *store, const struct store_place *place,
	char *room, struct error *err);

/*
 * The identity of a place's directory (see directory_identity); inode 0: not
 * known.
 */
struct store_origin {
	uint64_t inode;
	int64_t born;
};

/* Which directory it was when mail was last stored there. */
bool store_origin(struct store *store, const struct store_place *place,
	struct store_origin *origin, struct error *err);

/* Records it, if any mail was stored there; within a transaction. */
bool store_record_origin(struct store *store, const struct store_place *place,
	const struct store_origin *origin, struct error *err);

/*
 * Calls visit for the path of each Maildir and mbox for which store_has_mail is
 * true.
 */
bool store_places(struct store *store,
	bool (*visit)(void *data, const char *path, struct error *err),
	void *data, struct error *err);

#endif
