/* SPDX-License-Identifier: ISC */
#include "io/mail/fingerprint.h"

static void hash(void *data, const char *bytes, size_t length)
{
	digest_update(data, bytes, length);
}

void fingerprint_init(struct fingerprint *fingerprint)
{
	fingerprint->text = digest_new();
	fingerprint->identity = digest_new();
}

void fingerprint_release(struct fingerprint *fingerprint)
{
	digest_free(fingerprint->text);
	digest_free(fingerprint->identity);
}

void fingerprint_begin(struct fingerprint *fingerprint)
{
	header_init(&fingerprint->header);
	fingerprint->header.identity = hash;
	fingerprint->header.data = fingerprint->identity;
	digest_restart(fingerprint->text);
	digest_restart(fingerprint->identity);
	fingerprint->octets = 0;
}

void fingerprint_feed(
	struct fingerprint *fingerprint, const char *text, size_t length)
{
	digest_update(fingerprint->text, text, length);
	header_feed(&fingerprint->header, text, length);
	fingerprint->octets += length;
}

void fingerprint_end(struct fingerprint *fingerprint, struct letter_text *text)
{
	header_end(&fingerprint->header);
	text->octets = fingerprint->octets;
	text->identified = header_is_identity(&fingerprint->header);
	digest_finish(fingerprint->text, text->sha256);
	digest_finish(fingerprint->identity, text->header_sha256);
}
