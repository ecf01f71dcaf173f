/* SPDX-License-Identifier: ISC */
#include "engine/mailbox.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>

#include "core/text.h"
#include "engine/connect.h"
#include "engine/listing.h"
#include "engine/run.h"
#include "engine/state.h"
#include "io/process/log.h"
#include "io/process/privilege.h"
#include "io/process/secret.h"

bool mailbox_begin(struct mailbox *mailbox, struct account *account,
	const struct run_options *options, struct error *err)
{
	*mailbox = (struct mailbox){
		.account = account,
		.options = options,
		.now = run_now(),
	};
	log_account(account->name);
	if (!privilege_check(account, err))
		return false;
	if (!secret_is_at_hand(account) &&
		!secret_ask(account, options->stop, &mailbox->password, err))
		return false;
	return privilege_become(account, err);
}

/*
 * To write, unless this is a dry run, though nothing is written before all is
 * known: once the process has confined itself, it can open no file to write.
 */
static bool open_store(struct mailbox *mailbox, struct error *err)
{
	const struct account *account = mailbox->account;

	mailbox->store = state_open(account,
		mailbox->options->dry_run ? STORE_READ : STORE_WRITE, err);
	return mailbox->store != NULL &&
		store_check_mailbox(mailbox->store, account->server,
			account->user, mailbox->options->same_mailbox, err);
}

bool mailbox_list(struct mailbox *mailbox, struct error *err)
{
	uint64_t key[2] = {0, 0};

	if (!open_store(mailbox, err))
		return false;
	struct session *session =
		connect_account(mailbox->account, mailbox->password,
			mailbox->store, false, mailbox->options->stop, err);

	if (session == NULL)
		return false;
	if (getrandom(key, sizeof key, 0) < 0)
		key[0] = (uint64_t)mailbox->now;
	maildrop_init(&mailbox->maildrop, key);
	bool ok = listing_uids(
			  session, mailbox->account, &mailbox->maildrop, err) &&
		session_in_step(session, err) &&
		maildrop_index(&mailbox->maildrop, err);

	if (ok)
		session_leave(session);
	session_close(session);
	return ok;
}

bool mailbox_note(struct mailbox *mailbox, struct error *err)
{
	const struct account *account = mailbox->account;

	return mailbox->options->dry_run ||
		(store_bind_mailbox(
			 mailbox->store, account->server, account->user, err) &&
			store_begin(mailbox->store, err));
}

static void show(const struct store_seen *seen)
{
	char uid[4 * TEXT_SHOWN_MAX + 8];

	printf("  seen  %s\n",
		text_printable(
			uid, sizeof uid, seen->uid.bytes, seen->uid.length));
}

bool mailbox_mark(struct mailbox *mailbox, const struct store_seen *seen,
	bool *marked, struct error *err)
{
	bool dry = mailbox->options->dry_run;
	bool known;
	int64_t row;

	if (!store_knows(mailbox->store, seen->uid, &known, err))
		return false;
	*marked = !known;
	mailbox->known += known;
	mailbox->marked += !known;
	if (!known && dry && mailbox->options->verbose)
		show(seen);
	return known || dry ||
		store_record_seen(
			mailbox->store, seen, mailbox->now, &row, err);
}

bool mailbox_commit(struct mailbox *mailbox, struct error *err)
{
	return mailbox->options->dry_run || store_commit(mailbox->store, err);
}

int mailbox_end(struct mailbox *mailbox, const struct error *err)
{
	if (err->kind != ERROR_NONE)
		log_error(err);
	store_close(mailbox->store);
	maildrop_release(&mailbox->maildrop);
	secret_free(mailbox->password);
	fflush(stdout);
	return error_status(err->kind);
}
