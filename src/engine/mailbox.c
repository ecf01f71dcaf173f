/* SPDX-License-Identifier: ISC */
#include "engine/mailbox.h"

#include <stdlib.h>
#include <sys/random.h>

#include "core/xalloc.h"
#include "engine/credential.h"
#include "engine/listing.h"
#include "engine/listing_without_uidl.h"
#include "engine/places.h"
#include "engine/state.h"
#include "io/mail/destination.h"
#include "io/process/confine.h"
#include "io/process/digest.h"
#include "io/process/log.h"
#include "io/process/now.h"
#include "io/process/privilege.h"
#include "io/process/secret.h"
#include "io/store/store_mailbox.h"
#include "io/store/store_seen.h"

bool mailbox_begin(struct mailbox *mailbox, struct account *account,
	const struct run_options *options, char *password, struct error *err)
{
	*mailbox = (struct mailbox){
		.account = account,
		.options = options,
		.password = password,
		.began = now_seconds(),
	};
	log_account(account->name);
	if (!privilege_check(account, err))
		return false;
	if (password == NULL && !secret_is_at_hand(account) &&
		!secret_ask(account, options->stop, &mailbox->password, err))
		return false;
	return privilege_become(account, err);
}

/* Determines what time it is and whether that can be trusted. */
static bool read_clock(struct mailbox *mailbox, struct error *err)
{
	struct clock_record record;
	int64_t now = now_seconds();

	if (!store_clock(mailbox->store, &record, err))
		return false;
	mailbox->clock = mailbox->options->no_brake
		? clock_accept(now)
		: clock_judge(&record, now, mailbox->account->policy.after);
	return true;
}

/*
 * Outside a dry run the store is opened for writing even if nothing turns out
 * to be written: once confined, the process cannot open files for writing.
 */
bool mailbox_open(struct mailbox *mailbox, struct error *err)
{
	const struct account *account = mailbox->account;
	const struct run_options *options = mailbox->options;

	mailbox->store = state_open(
		account, options->dry_run ? STORE_READ : STORE_WRITE, err);
	return mailbox->store != NULL && read_clock(mailbox, err) &&
		store_check_mailbox(mailbox->store, account->server.host,
			account->login.user, options->same_mailbox, err);
}

/*
 * Adds the places that the confined process must be able to read: before mail
 * is erased, its copies are searched for and read; before mail is stored, a
 * destination may be searched for copies.
 */
static bool find_readable(
	struct mailbox *mailbox, struct places *places, struct error *err)
{
	const struct account *account = mailbox->account;

	if (policy_erases_later(&account->policy) && !mailbox->options->keep) {
		if (!places_gather(places, account, mailbox->store, err))
			return false;
		places_add_links(places);
	} else if (destination_traits(account->destination.kind)
			   ->opens_copies &&
		!account->keep_duplicates) {
		places_add(places, account->destination.path, true);
	}
	return true;
}

static bool confine(struct mailbox *mailbox, bool delivers, struct error *err)
{
	struct places places = {.count = 0};

	if (!find_readable(mailbox, &places, err))
		return false;
	const char **paths = xcalloc(places.count + 1, sizeof paths[0]);

	for (size_t i = 0; i < places.count; i++)
		paths[i] = places.at[i].path;
	confine_worker(mailbox->account, !delivers, paths, places.count);
	free(paths);
	places_release(&places);
	return true;
}

void mailbox_forget_password(struct mailbox *mailbox)
{
	secret_free(mailbox->password);
	mailbox->password = NULL;
	account_forget_password(mailbox->account);
}

bool mailbox_log_in(struct mailbox *mailbox, bool delivers, struct error *err)
{
	struct credential credential;

	credential_init(&credential, mailbox->account, mailbox->password,
		mailbox->options->stop);
	mailbox->password = NULL;
	if (credential_find(&credential, err)) {
		/* Only password-command may have needed the terminal. */
		privilege_leave_terminal();
		/* Open files stay open, and nothing has been sent to the server
		 * yet. */
		if (confine(mailbox, delivers, err))
			mailbox->session = credential_log_in(&credential, err);
	}
	credential_release(&credential);
	if (mailbox->session == NULL)
		return false;
	confine_connected();
	mailbox->proof.form = store_uidl_form(mailbox->store);
	mailbox->proof.one_by_one =
		store_was_out_of_step(mailbox->store, mailbox->clock.now);
	if (mailbox->proof.one_by_one)
		session_forgo_pipelining(mailbox->session);
	return true;
}

bool mailbox_bind(struct mailbox *mailbox, struct error *err)
{
	return mailbox->options->dry_run ||
		store_bind_mailbox(mailbox->store,
			mailbox->account->server.host,
			mailbox->account->login.user, err);
}

/*
 * Computes a digest of all message numbers and uids. It depends on this
 * machine's byte order.
 */
static void digest_listing(
	const struct maildrop *maildrop, unsigned char sha256[DIGEST_LENGTH])
{
	struct digest *digest = digest_new();
	uint32_t numbers[512];
	size_t n = 0;

	/* Numbers and lengths; the lengths separate the uids that follow. */
	for (size_t i = 0; i < maildrop->count; i++) {
		numbers[n++] = maildrop->messages[i].number;
		numbers[n++] = maildrop->messages[i].uid_length;
		if (n == sizeof numbers / sizeof numbers[0] ||
			i + 1 == maildrop->count) {
			digest_update(digest, numbers, n * sizeof numbers[0]);
			n = 0;
		}
	}
	if (maildrop->uids_length > 0)
		digest_update(digest, maildrop->uids, maildrop->uids_length);
	digest_finish(digest, sha256);
	digest_free(digest);
}

bool mailbox_list(struct mailbox *mailbox, struct error *err)
{
	uint64_t key[2] = {0, 0};

	if (getrandom(key, sizeof key, 0) < 0)
		key[0] = (uint64_t)mailbox->clock.now;
	maildrop_init(&mailbox->maildrop, key);
	if (!listing_uids(mailbox->session, mailbox->account,
		    &mailbox->maildrop, err)) {
		if (!listing_lacks_uidl(mailbox, err))
			return false;
		*err = (struct error){.kind = ERROR_NONE};
		mailbox->uids_made = true;
		if (!listing_without_uidl(mailbox, err))
			return false;
	}
	mailbox->listed = true;
	digest_listing(&mailbox->maildrop, mailbox->listing_digest);
	return true;
}

void mailbox_leave(struct mailbox *mailbox)
{
	session_leave(mailbox->session);
}

void mailbox_hang_up(struct mailbox *mailbox)
{
	session_close(mailbox->session);
	mailbox->session = NULL;
}

void mailbox_close(struct mailbox *mailbox)
{
	mailbox_hang_up(mailbox);
	store_close(mailbox->store);
	mailbox->store = NULL;
	maildrop_release(&mailbox->maildrop);
	secret_free(mailbox->password);
	mailbox->password = NULL;
}
