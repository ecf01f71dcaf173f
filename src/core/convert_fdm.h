/* SPDX-License-Identifier: ISC */
/* The words of fdm's rc file. */
#ifndef CORE_CONVERT_FDM_H
#define CORE_CONVERT_FDM_H

#include "core/convert_internal.h"

#define FDM_MACROS_MAX 200

enum fdm_kind {
	FDM_END,
	FDM_WORD,
	FDM_NUMBER,
	FDM_TEXT,    /* in quotes, or a macro's */
	FDM_COMMAND, /* $(...): what it prints */
	FDM_MARK,    /* one character, such as a brace */
};

struct fdm_token {
	enum fdm_kind kind;
	char *text; /* owned; to be wiped */
	size_t line;
};

/* "$name = text" or "%name = number" */
struct fdm_macro {
	char *name;	    /* owned; with $ or % */
	char *text;	    /* owned */
	enum fdm_kind kind; /* FDM_TEXT or FDM_NUMBER */
};

struct fdm_words {
	struct convert *out;
	const char *at;
	const char *end;
	size_t line;
	struct fdm_token token; /* the next one */
	struct fdm_macro macros[FDM_MACROS_MAX];
	size_t count;
	size_t expanded; /* bytes that macros stood for so far */
};

/*
 * Moves to the next token. Macros that are defined are remembered, and what
 * they stand for is in their place. What keepmail does not read is a failure of
 * the file.
 */
void fdm_next(struct fdm_words *words);

bool fdm_is(const struct fdm_words *words, const char *word);

/* Is it the keyword that a statement begins with? */
bool fdm_begins(const struct fdm_words *words);

/* Takes the text or number that is next, owned, and moves behind it. */
char *fdm_take(struct fdm_words *words);

void fdm_unexpected(struct fdm_words *words);
void fdm_release(struct fdm_words *words);

#endif
