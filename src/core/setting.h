/* SPDX-License-Identifier: ISC */
/*
 * The account settings of keepmailrc(5): the table of their names, and how the
 * text of each becomes a value. To add a setting, add a row and a function.
 */
#ifndef CORE_SETTING_H
#define CORE_SETTING_H

#include <stdbool.h>
#include <stddef.h>

#include "core/account.h"

/* Settings of one group replace one another, and exclude each other. */
enum setting_group {
	SETTING_ALONE,
	SETTING_PASSWORD,
	SETTING_DESTINATION,
};

struct setting {
	const char *name;
	/*
	 * Sets the value in account. False, account unchanged, when text is no
	 * such value.
	 */
	bool (*set)(struct account *account, const char *text);
	const char *expected; /* "...: expected SO" */
	enum setting_group group;
	bool is_path; /* a leading ~ is the home directory; then absolute */
};

extern const struct setting settings[];
extern const size_t setting_count;

/* The position of the setting called name, or setting_count. */
size_t setting_find(const char *name);

/*
 * What is missing or contradictory in an account all of whose settings are
 * set: calls report with a sentence for each, and returns how many. The port
 * is put in place where none was set.
 */
size_t setting_check(struct account *account,
	void (*report)(const struct account *account, const char *sentence));

#endif
