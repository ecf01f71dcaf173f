/* SPDX-License-Identifier: ISC */
#include "core/letter.h"

#include <string.h>

/* What came, whether or not it was changed. */
static struct letter_text came_as(const struct letter *letter)
{
	struct letter_text text = letter->came;

	if (letter->changed)
		return text;
	text.octets = letter->octets;
	text.identified = letter->identified;
	memcpy(text.sha256, letter->sha256, sizeof text.sha256);
	memcpy(text.header_sha256, letter->header_sha256,
		sizeof text.header_sha256);
	return text;
}

void letter_take_stored(struct letter *letter, const struct letter *stored)
{
	const struct letter new = *letter;

	if (memcmp(stored->sha256, new.sha256, LETTER_DIGEST) != 0) {
		*letter = *stored;
		letter->lines = new.lines;
		letter->received = new.received;
		letter->came = came_as(&new);
		letter->changed = memcmp(stored->sha256, letter->came.sha256,
					  LETTER_DIGEST) != 0;
	}
	memcpy(letter->name, stored->name, sizeof letter->name);
	letter->offset = stored->offset;
	letter->length = stored->length;
}
