/* SPDX-License-Identifier: ISC */
#include "engine/outcome.h"

/* Makes text from a child safe to print. */
static void make_safe(char *text, size_t size)
{
	text[size - 1] = '\0';
	for (; *text != '\0'; text++) {
		if ((unsigned char)*text < ' ' || *text == 0x7f)
			*text = '?';
	}
}

void outcome_take(struct outcome *ours, const struct outcome *said)
{
	struct outcome theirs = *said;

	theirs.sessions = ours->sessions + 1;
	theirs.began = ours->began;
	theirs.breaker[sizeof theirs.breaker - 1] = '\0';
	make_safe(theirs.error.text, sizeof theirs.error.text);
	make_safe(theirs.error.server, sizeof theirs.error.server);
	if ((unsigned)theirs.error.kind > ERROR_CONFIG)
		theirs.error.kind = ERROR_SOFTWARE;
	if ((unsigned)theirs.next > NEXT_AFTER_BREAK)
		theirs.next = NEXT_NONE;
	*ours = theirs;
}
