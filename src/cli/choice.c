/* SPDX-License-Identifier: ISC */
#include "cli/choice.h"

#include <stdlib.h>
#include <string.h>

#include "cli/command.h"
#include "core/text.h"
#include "core/xalloc.h"
#include "io/process/log.h"

static struct account *find_account(
	struct account *accounts, size_t count, const char *name)
{
	for (size_t i = 0; i < count; i++) {
		if (strcmp(accounts[i].name, name) == 0)
			return &accounts[i];
	}
	return NULL;
}

/* command: the word may have been meant as a command. */
static void report_unknown(const struct account *accounts, size_t count,
	const char *name, bool command)
{
	const char **names = xcalloc(count, sizeof names[0]);
	char shown[4 * TEXT_SHOWN_MAX + 8];

	for (size_t i = 0; i < count; i++)
		names[i] = accounts[i].name;
	const char *near = command ? command_nearest(name, names, count)
				   : text_nearest(name, names, count);

	text_printable(shown, sizeof shown, name, strlen(name));
	if (near != NULL)
		log_line(LOG_ERRORS,
			"no %saccount named '%s'%s: did you mean '%s'?",
			command ? "command or " : "", shown,
			command ? "" : " in the rc file", near);
	else
		log_line(LOG_ERRORS,
			"no %saccount named '%s'%s has %zu %s '%s'",
			command ? "command or " : "", shown,
			command ? "; the rc file" : " in the rc file, which",
			count,
			text_plural(
				count, "account:", "accounts, the first is"),
			names[0]);
	free(names);
}

static bool is_chosen(
	const struct invocation *invocation, const struct account *account)
{
	for (size_t i = 0; i < invocation->account_count; i++) {
		if (invocation->accounts[i] == account)
			return true;
	}
	return false;
}

static bool choose_named(
	struct invocation *invocation, struct account *accounts, size_t count)
{
	for (size_t i = 0; i < invocation->name_count; i++) {
		const char *name = invocation->names[i];
		struct account *found = find_account(accounts, count, name);

		if (found == NULL) {
			report_unknown(accounts, count, name,
				invocation->implied && i == 0);
			return false;
		}
		if (!is_chosen(invocation, found))
			invocation->accounts[invocation->account_count++] =
				found;
	}
	return true;
}

bool choice_make(
	struct invocation *invocation, struct account *accounts, size_t count)
{
	invocation->accounts = xcalloc(count, sizeof invocation->accounts[0]);
	invocation->account_count = 0;
	if (!choose_named(invocation, accounts, count))
		return false;
	for (size_t i = 0; i < count; i++) {
		if (invocation->name_count == 0)
			invocation->accounts[invocation->account_count++] =
				&accounts[i];
		else if (!is_chosen(invocation, &accounts[i]))
			account_forget_secrets(&accounts[i]);
	}
	return true;
}

void choice_release(struct invocation *invocation)
{
	free(invocation->accounts);
	invocation->accounts = NULL;
}
