/* SPDX-License-Identifier: ISC */
#include "engine/claims.h"

#include <search.h>
#include <stdlib.h>
#include <string.h>

#include "core/xalloc.h"
#include "io/store/store_copy.h"
#include "io/store/store_others.h"

/* A header, and how many messages have it. */
struct claim {
	unsigned char sha256[LETTER_DIGEST];
	size_t messages;
};

static int by_sha256(const void *a, const void *b)
{
	return memcmp(((const struct claim *)a)->sha256,
		((const struct claim *)b)->sha256, LETTER_DIGEST);
}

static void count_header(void *data, const unsigned char sha256[LETTER_DIGEST])
{
	struct claims *claims = data;
	struct claim *claim = xcalloc(1, sizeof *claim);

	memcpy(claim->sha256, sha256, LETTER_DIGEST);
	struct claim **found = xtsearch(claim, &claims->headers, by_sha256);

	if (*found != claim)
		free(claim);
	(*found)->messages++;
}

static bool count_in_other(void *data, const char *name, struct store *store)
{
	struct error ignored = {.kind = ERROR_NONE};

	(void)name;
	return store_headers(store, count_header, data, &ignored);
}

bool claims_read(struct claims *claims, const struct account *account,
	struct store *store, struct error *err)
{
	if (!store_headers(store, count_header, claims, err))
		return false;
	claims->complete = store_each_other(
		account->state, account->name, count_in_other, claims);
	return true;
}

void claims_release(struct claims *claims)
{
	tdestroy(claims->headers, free);
	claims->headers = NULL;
}

void claims_add(struct claims *claims, const struct letter *letter)
{
	count_header(claims, letter->header_sha256);
}

bool claims_are(const struct claims *claims, const struct letter *letter,
	size_t messages)
{
	struct claim wanted;

	if (!claims->complete || !letter->identified)
		return false;
	memcpy(wanted.sha256, letter->header_sha256, LETTER_DIGEST);
	struct claim *const *found =
		tfind(&wanted, &claims->headers, by_sha256);

	return (found == NULL ? 0 : (*found)->messages) == messages;
}

/* Is path equal to top or below it? */
static bool is_below(const char *path, const char *top)
{
	size_t n = strlen(top);

	return strncmp(path, top, n) == 0 &&
		(path[n] == '\0' || path[n] == '/');
}

bool claims_are_unknown(
	const struct account *account, const char *own, const char *path)
{
	size_t ours = is_below(path, own) ? strlen(own) : 0;

	for (size_t i = 0; i < account->copies.unrecorded_count; i++) {
		const char *other = account->copies.unrecorded[i];

		if (is_below(path, other) && strlen(other) >= ours)
			return true;
	}
	return false;
}
