/* SPDX-License-Identifier: ISC */
#include "commands/nouidl.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "commands/headers.h"
#include "commands/listing.h"
#include "core/header.h"
#include "core/xalloc.h"
#include "io/digest.h"
#include "io/log.h"

/* "header ", the digest in hexadecimal, a blank and a size. */
#define UID_MAX (7 + 2 * DIGEST_LENGTH + 1 + 20 + 1)

struct heads {
	struct run *run;
	struct maildrop made;
	struct header header;
	struct digest *digest; /* owned */
	size_t answered;
	struct error err;
};

bool nouidl_is_it(const struct run *run, const struct error *err)
{
	return err->kind == ERROR_UNAVAILABLE &&
		!session_capabilities(run->session)->uidl &&
		pop3_response_code(err->server, strlen(err->server)) ==
		POP3_CODE_NONE;
}

static void hash(void *data, const char *bytes, size_t length)
{
	digest_update(data, bytes, length);
}

static void take_begin(void *data, size_t i)
{
	struct heads *heads = data;

	(void)i;
	header_init(&heads->header);
	heads->header.identity = hash;
	heads->header.data = heads->digest;
	digest_restart(heads->digest);
}

static void take_text(void *data, const char *text, size_t length)
{
	struct heads *heads = data;

	header_feed(&heads->header, text, length);
}

static void take_end(void *data, size_t i, bool answered)
{
	struct heads *heads = data;
	const struct message *message = &heads->run->maildrop.messages[i];
	unsigned char sha256[DIGEST_LENGTH];
	char uid[UID_MAX] = "";
	size_t n = 0;

	if (answered) {
		heads->answered++;
		header_end(&heads->header);
		digest_finish(heads->digest, sha256);
	}
	if (answered && header_is_identity(&heads->header)) {
		n = (size_t)snprintf(uid, sizeof uid, "header ");
		for (size_t k = 0; k < sizeof sha256; k++)
			n += (size_t)snprintf(
				uid + n, sizeof uid - n, "%02x", sha256[k]);
		n += (size_t)snprintf(
			uid + n, sizeof uid - n, " %" PRIu64, message->size);
	}
	if (maildrop_add(&heads->made, message->number, uid, n, &heads->err))
		heads->made.messages[heads->made.count - 1].size =
			message->size;
}

bool nouidl_list(struct run *run, struct error *err)
{
	struct heads heads = {.run = run};
	const struct headers_taker taker = {.begin = take_begin,
		.text = take_text,
		.end = take_end,
		.data = &heads};

	session_forgo_pipelining(run->session);
	if (!listing_numbers(run->session, run->account, &run->maildrop, err))
		return false;
	size_t *positions = xcalloc(run->maildrop.count, sizeof positions[0]);

	for (size_t i = 0; i < run->maildrop.count; i++)
		positions[i] = i;
	heads.digest = digest_new();
	maildrop_init(&heads.made, run->maildrop.key);
	bool ok = headers_ask(run, positions, run->maildrop.count, &taker, err);

	free(positions);
	digest_free(heads.digest);
	if (ok && run->maildrop.count > 0 && heads.answered == 0)
		ok = error_set(err, ERROR_UNAVAILABLE,
			"%s:%u refused UIDL and TOP, without which it cannot "
			"be told what is new: nothing was fetched",
			run->account->server, run->account->port);
	if (ok && heads.err.kind != ERROR_NONE) {
		*err = heads.err;
		ok = false;
	}
	if (!ok) {
		maildrop_release(&heads.made);
		return false;
	}
	maildrop_release(&run->maildrop);
	run->maildrop = heads.made;
	run->maildrop.sized = true;
	log_line(LOG_SUMMARY,
		"the server has no UIDL: its messages are known by their "
		"headers and sizes, which are asked for in each run");
	return maildrop_sort(&run->maildrop, err);
}
