/* SPDX-License-Identifier: ISC */
#include "engine/headers.h"

#include <stdio.h>

#include "core/header.h"
#include "io/process/digest.h"

/* A header longer than this, in bytes, is considered endless. */
#define HEADER_MAX (UINT64_C(16) << 20)
/* Some servers disconnect after too many unknown commands. */
#define REFUSALS_MAX 3

struct inquiry {
	struct mailbox *mailbox;
	const size_t *positions; /* borrowed */
	size_t count;
	const struct headers_taker *taker; /* borrowed */
	size_t next;			   /* next one to request */
	size_t unproven;
	size_t at;  /* the one being answered */
	bool known; /* the server has answered a TOP and so supports it */
	uint64_t received; /* bytes of this header */
};

/* Until a TOP has succeeded, only one may be in flight. */
static bool may_ask(const struct inquiry *inquiry)
{
	return inquiry->next < inquiry->count &&
		(inquiry->known || inquiry->next == inquiry->at);
}

/* Pushes TOPs, with a proof after each group of them, while there is room. */
static bool push_tops(struct inquiry *inquiry, struct error *err)
{
	struct mailbox *mailbox = inquiry->mailbox;
	size_t group = inquiry->count < 64 || mailbox->proof.one_by_one
		? 1
		: PROOF_GROUP_MAX;
	char command[32];

	while (session_room(mailbox->session) > 0) {
		bool more = may_ask(inquiry);

		if (inquiry->unproven == group ||
			(!more && inquiry->unproven > 0)) {
			inquiry->unproven = 0;
			if (!proof_push(mailbox,
				    inquiry->positions[inquiry->next - 1], err))
				return false;
			continue;
		}
		if (!more)
			return true;
		size_t position = inquiry->positions[inquiry->next++];

		inquiry->unproven++;
		snprintf(command, sizeof command, "TOP %u 0",
			mailbox->maildrop.messages[position].number);
		if (!session_push(mailbox->session, POP3_MESSAGE,
			    (uint32_t)position, command, err))
			return false;
	}
	return true;
}

static bool receive_text(struct inquiry *inquiry,
	const struct pop3_event *answer, struct error *err)
{
	const struct mailbox *mailbox = inquiry->mailbox;
	const struct headers_taker *taker = inquiry->taker;

	inquiry->received += answer->length;
	if (inquiry->received > HEADER_MAX)
		return error_set(err, ERROR_PROTOCOL,
			"%s:%u sent an endless message header: the session was closed and nothing was deleted",
			mailbox->account->server.host,
			mailbox->account->server.port);
	taker->text(taker->data, answer->text, answer->length);
	return true;
}

/* Reports that all headers answered so far are proven. */
static bool report_proven(struct inquiry *inquiry, struct error *err)
{
	const struct headers_taker *taker = inquiry->taker;

	return taker->proven == NULL ||
		taker->proven(taker->data, inquiry->at, err);
}

/* A header has ended, or the server refused it. */
static bool end_header(
	struct inquiry *inquiry, bool answered, struct error *err)
{
	const struct headers_taker *taker = inquiry->taker;

	taker->end(taker->data, inquiry->at++, answered);
	if (!inquiry->known && inquiry->at == REFUSALS_MAX)
		inquiry->count = inquiry->at;
	return proof_is_asked(inquiry->mailbox) || report_proven(inquiry, err);
}

static bool receive(struct inquiry *inquiry, const struct pipeline_event *event,
	struct error *err)
{
	const struct headers_taker *taker = inquiry->taker;

	if (proof_has_tag(event->tag))
		return proof_take(inquiry->mailbox, event, err) &&
			report_proven(inquiry, err);
	switch (event->answer.type) {
	case POP3_STATUS:
		if (event->answer.status != POP3_OK)
			return end_header(inquiry, false, err);
		inquiry->known = true;
		inquiry->received = 0;
		taker->begin(taker->data, inquiry->at);
		return proof_not_stray(inquiry->mailbox, event, err);
	case POP3_TEXT:
		return receive_text(inquiry, &event->answer, err);
	case POP3_END:
		return end_header(inquiry, true, err);
	case POP3_MORE:
	case POP3_LINE:
	case POP3_BROKEN:
		break;
	}
	return true;
}

bool headers_ask(struct mailbox *mailbox, const size_t *positions, size_t count,
	const struct headers_taker *taker, struct error *err)
{
	struct inquiry inquiry = {.mailbox = mailbox,
		.positions = positions,
		.count = count,
		.taker = taker};
	struct pipeline_event event;
	bool ok = true;

	proof_prepare(mailbox);
	size_t window = session_room(mailbox->session);

	while (ok) {
		ok = push_tops(&inquiry, err);
		if (!ok || session_room(mailbox->session) == window)
			break;
		ok = session_next(mailbox->session, &event, err) &&
			receive(&inquiry, &event, err);
	}
	/* LIST may be sent again, and a proof must follow its sizes. */
	mailbox->proof.in_step = false;
	for (; ok && inquiry.at < count; inquiry.at++)
		taker->end(taker->data, inquiry.at, false);
	return ok &&
		(taker->proven == NULL || count == 0 ||
			taker->proven(taker->data, count, err));
}

struct identifying {
	struct headers_identity *identities;
	struct header header;
	struct digest *digest; /* owned */
};

static void hash(void *data, const char *bytes, size_t length)
{
	digest_update(data, bytes, length);
}

static void identify_begin(void *data, size_t i)
{
	struct identifying *this = data;

	(void)i;
	header_init(&this->header);
	this->header.identity = hash;
	this->header.data = this->digest;
	digest_restart(this->digest);
}

static void identify_text(void *data, const char *text, size_t length)
{
	struct identifying *this = data;

	header_feed(&this->header, text, length);
}

static void identify_end(void *data, size_t i, bool answered)
{
	struct identifying *this = data;
	struct headers_identity *identity = &this->identities[i];

	*identity = (struct headers_identity){.answered = answered};
	if (!answered)
		return;
	header_end(&this->header);
	identity->known = header_is_identity(&this->header);
	digest_finish(this->digest, identity->sha256);
}

bool headers_identify(struct mailbox *mailbox, const size_t *positions,
	size_t count, struct headers_identity *identities, struct error *err)
{
	struct identifying this = {
		.identities = identities,
		.digest = digest_new(),
	};
	const struct headers_taker taker = {.begin = identify_begin,
		.text = identify_text,
		.end = identify_end,
		.data = &this};
	bool ok = headers_ask(mailbox, positions, count, &taker, err);

	digest_free(this.digest);
	return ok;
}
