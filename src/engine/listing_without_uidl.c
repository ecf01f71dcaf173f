/* SPDX-License-Identifier: ISC */
#include "engine/listing_without_uidl.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/xalloc.h"
#include "engine/headers.h"
#include "engine/listing.h"
#include "io/process/log.h"
#include "io/store/store_mailbox.h"

/* "header ", the digest in hexadecimal, a space, the size, a NUL. */
#define UID_MAX (7 + 2 * LETTER_DIGEST + 1 + 20 + 1)

bool listing_lacks_uidl(const struct mailbox *mailbox, const struct error *err)
{
	return err->kind == ERROR_UNAVAILABLE &&
		!session_capabilities(mailbox->session)->uidl &&
		pop3_response_code(err->server, strlen(err->server)) ==
		POP3_CODE_NONE;
}

/* A message without an identifying header gets no uid. */
static bool add(struct maildrop *made, const struct message *message,
	const struct headers_identity *identity, struct error *err)
{
	char uid[UID_MAX] = "";
	size_t n = 0;

	if (identity->known) {
		n = (size_t)snprintf(uid, sizeof uid, "header ");
		for (size_t k = 0; k < sizeof identity->sha256; k++)
			n += (size_t)snprintf(uid + n, sizeof uid - n, "%02x",
				identity->sha256[k]);
		n += (size_t)snprintf(
			uid + n, sizeof uid - n, " %" PRIu64, message->size);
	}
	if (!maildrop_add(made, message->number, uid, n, err))
		return false;
	made->messages[made->count - 1].size = message->size;
	return true;
}

/* Copies the messages to made, with uids made of their headers and sizes. */
static bool make_uids(
	struct mailbox *mailbox, struct maildrop *made, struct error *err)
{
	size_t count = mailbox->maildrop.count;
	size_t *positions = xcalloc(count, sizeof positions[0]);
	struct headers_identity *identities =
		xcalloc(count, sizeof identities[0]);
	size_t answered = 0;

	for (size_t i = 0; i < count; i++)
		positions[i] = i;
	bool ok = headers_identify(mailbox, positions, count, identities, err);

	for (size_t i = 0; ok && i < count; i++) {
		answered += identities[i].answered;
		ok = add(made, &mailbox->maildrop.messages[i], &identities[i],
			err);
	}
	if (ok && count > 0 && answered == 0)
		ok = error_set(err, ERROR_UNAVAILABLE,
			"%s:%u refused UIDL and TOP, one of which keepmail needs to recognise new messages: nothing was fetched",
			mailbox->account->server.host,
			mailbox->account->server.port);
	free(positions);
	free(identities);
	return ok;
}

bool listing_without_uidl(struct mailbox *mailbox, struct error *err)
{
	struct maildrop made;

	session_forgo_pipelining(mailbox->session);
	if (!listing_numbers(mailbox->session, mailbox->account,
		    &mailbox->maildrop, err))
		return false;
	maildrop_init(&made, mailbox->maildrop.key);
	if (!make_uids(mailbox, &made, err)) {
		maildrop_release(&made);
		return false;
	}
	maildrop_release(&mailbox->maildrop);
	mailbox->maildrop = made;
	mailbox->maildrop.sized = true;
	mailbox_say_once(mailbox, STORE_SAID_NO_UIDL,
		"the server does not support UIDL: messages are identified by header and size, requested in every run (reported once)");
	return maildrop_sort(&mailbox->maildrop, err);
}
