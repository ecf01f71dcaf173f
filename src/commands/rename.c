/* SPDX-License-Identifier: ISC */
#include <string.h>

#include "cli/command.h"
#include "core/text.h"
#include "engine/state.h"
#include "io/process/log.h"
#include "io/process/privilege.h"
#include "io/process/token_file.h"
#include "io/store/store_others.h"

/* The name is part of a file name. */
static bool check_name(
	const struct account *account, const char *from, struct error *err)
{
	char shown[4 * TEXT_SHOWN_MAX + 8];

	if (!account_name_is_good(from))
		return error_set(err, ERROR_USAGE,
			"'%s' is not a valid account name: nothing was renamed",
			text_printable(
				shown, sizeof shown, from, strlen(from)));
	for (size_t i = 0; i < account->name_count; i++) {
		if (strcmp(account->names[i], from) == 0)
			return error_set(err, ERROR_USAGE,
				"account %s is still in the rc file: rename it there first. Nothing was renamed",
				from);
	}
	return true;
}

int command_rename(const struct invocation *invocation)
{
	const struct account *account = invocation->accounts[0];
	const char *from = invocation->words[0];
	struct error err = {.kind = ERROR_NONE};

	log_account(account->name);
	if (check_name(account, from, &err) &&
		privilege_become(account, &err) &&
		state_is_safe(account, &err) &&
		store_rename(account->state, from, account->name, &err) &&
		token_file_rename(account->state, from, account->name, &err))
		log_line(LOG_SUMMARY, "the store of %s was renamed", from);
	if (err.kind != ERROR_NONE)
		log_error(&err);
	return error_status(err.kind);
}
