/* SPDX-License-Identifier: ISC */
/* Does the server have a message whose answer was lost? */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/xalloc.h"
#include "io/mail/imap_internal.h"
#include "io/process/digest.h"

/* Of messages that may be the one; more are not looked at. */
#define CANDIDATES_MAX 200

struct search {
	struct imap *imap;
	uint32_t validity; /* of the mailbox; 0: unknown */
	uint32_t found[CANDIDATES_MAX];
	size_t count;
	bool refused; /* it cannot be searched */
	/* Those that were taken for a message. */
	uint32_t *used; /* owned */
	size_t used_count;
};

static void take_validity(void *data, const struct imap_response *response)
{
	struct search *search = data;

	if (response->status == IMAP_OK &&
		imap_begins(&response->code, "UIDVALIDITY"))
		imap_find_number(
			&response->code, "UIDVALIDITY", &search->validity);
}

static void take_found(void *data, const struct imap_response *response)
{
	struct search *search = data;
	size_t at = strlen("SEARCH");

	if (response->status != IMAP_DATA ||
		!imap_begins(&response->text, "SEARCH"))
		return;
	while (search->count < CANDIDATES_MAX &&
		imap_next_number(
			&response->text, &at, &search->found[search->count]))
		search->count++;
}

/* Can it be sent in quotes? A server may decode what looks encoded. */
static bool is_plain(const char *text)
{
	for (const char *p = text; *p != '\0'; p++) {
		if (*p < ' ' || *p > '~' || *p == '"' || *p == '\\')
			return false;
	}
	return strstr(text, "=?") == NULL;
}

/*
 * Did the server do what it was asked? If it never will, nothing is found; if
 * it may later, the run ends.
 */
static bool may_search(
	struct search *search, const char *command, struct error *err)
{
	struct imap *imap = search->imap;

	if (imap->response.status == IMAP_OK)
		return true;
	search->refused = true;
	return imap_refusal(&imap->response) != IMAP_REFUSES_NOW ||
		imap_unexpected(imap, command, err);
}

/* Sets search->found to the messages that may be this one. */
static bool find_candidates(struct search *search, const struct letter *letter,
	uint32_t first, struct error *err)
{
	bool by_id =
		letter->message_id[0] != '\0' && is_plain(letter->message_id);
	char larger[40] = "";

	if (letter->octets > 0)
		snprintf(larger, sizeof larger, " LARGER %" PRIu64,
			letter->octets - 1);
	/* A server counts CRLF line ends. */
	char *command = xasprintf("UID SEARCH UID %" PRIu32 ":*%s"
				  " SMALLER %" PRIu64 "%s%s%s",
		first, larger, 2 * letter->octets + 1,
		by_id ? " HEADER Message-ID \"" : "",
		by_id ? letter->message_id : "", by_id ? "\"" : "");
	const struct imap_question question = {
		.command = command, .take = take_found, .data = search};

	search->count = 0;
	bool ok = imap_question(search->imap, &question, err) &&
		may_search(search, "UID SEARCH", err);

	free(command);
	return ok;
}

/* The text of one message as it comes in, in pieces. */
struct comparison {
	struct imap_reader reader;
	struct digest *digest; /* owned */
	uint64_t octets;       /* with LF line ends */
	uint64_t at;	       /* in bytes of the server */
	size_t got;	       /* bytes of the last piece */
};

static void take_text(void *data, const char *text, size_t length)
{
	struct comparison *comparison = data;

	digest_update(comparison->digest, text, length);
	comparison->octets += length;
}

static void take_piece(void *data, const struct imap_response *response)
{
	struct comparison *comparison = data;

	if (response->literal.bytes == NULL ||
		!imap_has(&response->text, "FETCH"))
		return;
	comparison->got = response->literal.length;
	comparison->at += response->literal.length;
	imap_read_text(&comparison->reader, response->literal.bytes,
		response->literal.length);
}

static bool fetch_piece(struct imap *imap, uint32_t uid,
	struct comparison *comparison, struct error *err)
{
	char command[96];
	const struct imap_question question = {
		.command = command, .take = take_piece, .data = comparison};

	/* PEEK: it stays unread. */
	snprintf(command, sizeof command,
		"UID FETCH %" PRIu32 " BODY.PEEK[]<%" PRIu64 ".%d>", uid,
		comparison->at, IMAP_PIECE);
	comparison->got = 0;
	/* One that was removed meanwhile is answered with OK. */
	return imap_question(imap, &question, err) &&
		(imap->response.status == IMAP_OK ||
			imap_unexpected(imap, "UID FETCH", err));
}

/*
 * Is the message with this uid the letter, byte for byte? Dovecot does not
 * return a CR at the end of a line, nor a NUL; such a message is not found.
 */
static bool is_same(struct imap *imap, uint32_t uid,
	const struct letter *letter, bool *same, struct error *err)
{
	struct comparison comparison = {.digest = digest_new()};
	unsigned char sha256[LETTER_DIGEST];
	bool ok;

	comparison.reader =
		(struct imap_reader){.emit = take_text, .data = &comparison};
	do
		ok = fetch_piece(imap, uid, &comparison, err);
	while (ok && comparison.got > 0 && comparison.octets <= letter->octets);
	digest_finish(comparison.digest, sha256);
	*same = comparison.octets == letter->octets &&
		memcmp(sha256, letter->sha256, sizeof sha256) == 0;
	digest_free(comparison.digest);
	return ok;
}

/* Each message on the server is one delivery, not two. */
static bool is_used(const struct search *search, uint32_t uid)
{
	for (size_t i = 0; i < search->used_count; i++) {
		if (search->used[i] == uid)
			return true;
	}
	return false;
}

static bool find(struct search *search, const struct letter *letter,
	bool *arrived, struct error *err)
{
	const struct imap_place *last = &search->imap->last;
	struct imap_place start;

	/* Its place is known: it was confirmed. */
	*arrived = imap_parse_place(letter->name, &start);
	if (*arrived)
		return true;
	if (!imap_parse_start(letter->name, &start) ||
		start.validity != search->validity)
		return true;
	/* Messages are answered in the order in which they were sent. */
	if (last->validity == start.validity && last->uid >= start.uid)
		start.uid = last->uid + 1;
	if (!find_candidates(search, letter, start.uid, err))
		return false;
	for (size_t i = 0; !*arrived && i < search->count; i++) {
		uint32_t uid = search->found[i];

		/* A range that ends in * has the last message in any case. */
		if (uid < start.uid || is_used(search, uid))
			continue;
		if (!is_same(search->imap, uid, letter, arrived, err))
			return false;
		if (*arrived)
			search->used[search->used_count++] = uid;
	}
	return true;
}

static bool is_going_on(const struct imap *imap, struct error *err)
{
	return outbox_may_send(&imap->outbox) ||
		error_set(err, ERROR_TEMPORARY,
			"stopped by a signal: the next run asks %s what it has",
			imap->outbox.where);
}

bool imap_recover(struct destination *destination, const struct letter *letters,
	size_t count, bool *arrived, struct error *err)
{
	struct imap *imap = (struct imap *)destination;
	struct search search = {.imap = imap,
		.used = xcalloc(2 * count, sizeof search.used[0])};
	char *command = xasprintf("EXAMINE %s", imap->mailbox);

	memset(arrived, 0, count * sizeof arrived[0]);

	const struct imap_question question = {
		.command = command, .take = take_validity, .data = &search};
	bool ok = imap_question(imap, &question, err) &&
		may_search(&search, "EXAMINE", err);
	size_t missing = 0; /* in a row */

	for (size_t i = 0; ok && i < count; i++) {
		struct imap_place place;

		if (imap_parse_place(letters[i].name, &place) &&
			place.validity == search.validity)
			search.used[search.used_count++] = place.uid;
	}

	/* No more can have been on their way. */
	for (size_t i = 0;
		ok && !search.refused && i < count && missing < IMAP_GROUP;
		i++) {
		ok = is_going_on(imap, err) &&
			find(&search, &letters[i], &arrived[i], err);
		missing = ok && arrived[i] ? 0 : missing + 1;
	}
	free(command);
	free(search.used);
	return ok;
}
