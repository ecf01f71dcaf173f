/* SPDX-License-Identifier: ISC */
#include "commands/visit.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>

#include "commands/connect.h"
#include "commands/listing.h"
#include "commands/run.h"
#include "commands/state.h"
#include "core/text.h"
#include "io/process/log.h"
#include "io/process/privilege.h"
#include "io/process/secret.h"

bool visit_begin(struct visit *visit, struct account *account,
	const struct fetch_options *options, struct error *err)
{
	*visit = (struct visit){
		.account = account,
		.options = options,
		.now = run_now(),
	};
	log_account(account->name);
	if (!privilege_check(account, err))
		return false;
	if (!secret_is_at_hand(account) &&
		!secret_ask(account, options->stop, &visit->password, err))
		return false;
	return privilege_become(account, err);
}

/*
 * To write, unless this is a dry run, though nothing is written before all is
 * known: once the process has confined itself, it can open no file to write.
 */
static bool open_store(struct visit *visit, struct error *err)
{
	const struct account *account = visit->account;

	visit->store = store_open(account->state, account->name,
		visit->options->dry_run ? STORE_READ : STORE_WRITE, err);
	return visit->store != NULL &&
		store_check_mailbox(visit->store, account->server,
			account->user, visit->options->same_mailbox, err);
}

bool visit_list(struct visit *visit, struct error *err)
{
	uint64_t key[2] = {0, 0};

	if (!state_is_safe(visit->account, err) || !open_store(visit, err))
		return false;
	struct session *session =
		connect_account(visit->account, visit->password, visit->store,
			false, visit->options->stop, err);

	if (session == NULL)
		return false;
	if (getrandom(key, sizeof key, 0) < 0)
		key[0] = (uint64_t)visit->now;
	maildrop_init(&visit->maildrop, key);
	bool ok =
		listing_uids(session, visit->account, &visit->maildrop, err) &&
		session_in_step(session, err) &&
		maildrop_index(&visit->maildrop, err);

	if (ok)
		session_leave(session);
	session_close(session);
	return ok;
}

bool visit_note(struct visit *visit, struct error *err)
{
	const struct account *account = visit->account;

	return visit->options->dry_run ||
		(store_bind_mailbox(
			 visit->store, account->server, account->user, err) &&
			store_begin(visit->store, err));
}

static void show(const struct store_seen *seen)
{
	char uid[4 * TEXT_SHOWN_MAX + 8];

	printf("  seen  %s\n",
		text_printable(uid, sizeof uid, seen->uid, seen->uid_length));
}

bool visit_mark(struct visit *visit, const struct store_seen *seen,
	bool *marked, struct error *err)
{
	bool dry = visit->options->dry_run;
	bool known;
	int64_t row;

	if (!store_knows(visit->store, seen->uid, seen->uid_length,
		    seen->ordinal, &known, err))
		return false;
	*marked = !known;
	visit->known += known;
	visit->marked += !known;
	if (!known && dry && visit->options->verbose)
		show(seen);
	return known || dry ||
		store_record_seen(visit->store, seen, visit->now, &row, err);
}

bool visit_commit(struct visit *visit, struct error *err)
{
	return visit->options->dry_run || store_commit(visit->store, err);
}

int visit_end(struct visit *visit, const struct error *err)
{
	if (err->kind != ERROR_NONE)
		log_error(err);
	store_close(visit->store);
	maildrop_release(&visit->maildrop);
	secret_free(visit->password);
	fflush(stdout);
	return error_status(err->kind);
}
