/* SPDX-License-Identifier: ISC */
/*
 * The account settings of keepmailrc(5): a table of their names and of
 * functions that parse their values. To add a setting, add a row and a
 * function.
 */
#ifndef CORE_SETTING_H
#define CORE_SETTING_H

#include <stdbool.h>
#include <stddef.h>

#include "core/account.h"

/* Settings of one group replace each other; a file may have only one of them.
 */
enum setting_group {
	SETTING_ALONE,
	SETTING_PASSWORD,
	SETTING_DESTINATION,
	SETTING_CLIENT_SECRET,
	SETTING_IMAP_PASSWORD,
	SETTING_GMAIL_TOKEN,
	SETTING_GMAIL_SECRET,
};

struct setting {
	const char *name;
	/*
	 * Parses text and sets the value in account. False, account unchanged,
	 * if text is not a valid value.
	 */
	bool (*set)(struct account *account, const char *text);
	const char *expected; /* as in "...: expected a number" */
	enum setting_group group;
	bool is_path; /* must be absolute once a leading ~ is expanded */
};

extern const struct setting settings[];
extern const size_t setting_count;

/* The position of the setting called name, or setting_count. */
size_t setting_find(const char *name);

/*
 * Where the path of a value (is_path) begins: of the setting also, behind the
 * kind.
 */
size_t setting_path_at(const struct setting *setting, const char *text);

/*
 * Checks an account whose settings have all been applied: calls report with a
 * sentence for each thing that is missing or contradictory, and returns how
 * many there are. Also sets the default port if none is set.
 */
size_t setting_check(struct account *account,
	void (*report)(const struct account *account, const char *sentence));

#endif
