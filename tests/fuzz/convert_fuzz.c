/* SPDX-License-Identifier: ISC */
/*
 * Rc files of other fetchers, with any bytes: mail is deleted only if the file
 * has the words for it, a password goes nowhere but to a server by TLS, and
 * what is shown is printable.
 */
#include <stdbool.h>
#include <string.h>

#include "core/convert.h"
#include "fuzz.h"

static const enum seen_format formats[] = {
	SEEN_FETCHMAIL, SEEN_GETMAIL, SEEN_MPOP, SEEN_FDM};

static bool has(const char *text, size_t size, const char *word)
{
	return memmem(text, size, word, strlen(word)) != NULL;
}

/* Could the file ask for it? That these programs do it anyway is no reason. */
static bool asks_to_delete(enum seen_format from, const char *text, size_t size)
{
	if (from == SEEN_FETCHMAIL)
		return has(text, size, "no") && has(text, size, "keep");
	if (from == SEEN_MPOP)
		return has(text, size, "keep") && has(text, size, "off");
	return from == SEEN_GETMAIL && has(text, size, "[options]");
}

static void check_account(const struct convert_account *account, bool may)
{
	const char *when = convert_get(account, "delete");
	const char *tls = convert_get(account, "tls");

	PROMISE(account->name != NULL);
	PROMISE(when == NULL || strcmp(when, "never") == 0 || may);
	PROMISE(convert_get(account, "delete-larger-than") == NULL || may);
	PROMISE(when == NULL || strcmp(when, "never") == 0 || !account->doubt);
	PROMISE(convert_get(account, "server") != NULL);
	PROMISE(tls != NULL &&
		(strcmp(tls, "implicit") == 0 || strcmp(tls, "starttls") == 0));
	PROMISE(convert_get(account, "port") != NULL);
}

static void check_notes(const struct convert *convert)
{
	for (size_t i = 0; i < convert->note_count; i++) {
		const char *p = convert->notes[i];

		PROMISE(*p != '\0');
		for (; *p != '\0'; p++)
			PROMISE((unsigned char)*p >= ' ' && *p != 0x7f);
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct convert convert;

	if (size < 1 || size > FUZZ_MAX)
		return 0;
	enum seen_format from = formats[data[0] % 4];
	const char *text = (const char *)data + 1;
	bool may = asks_to_delete(from, text, size - 1);
	bool is = convert_text(from, text, size - 1, &convert);

	PROMISE(is ? convert.count > 0 : convert.note_count > 0);
	check_notes(&convert);
	for (size_t i = 0; is && i < convert.count; i++) {
		if (convert.accounts[i].refused == NULL)
			check_account(&convert.accounts[i], may);
	}
	convert_release(&convert);
	return 0;
}
