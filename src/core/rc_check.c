/* SPDX-License-Identifier: ISC */
/* Checks the statements of an rc file, singly and together. */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/rc_internal.h"
#include "core/setting.h"
#include "core/text.h"
#include "core/xalloc.h"

#define JOBS_MAX 64

/* The settings of an account, or those outside of all accounts. */
struct scope {
	const struct rc_statement **set; /* setting_count of them, or NULL */
	const struct rc_statement *jobs;
};

bool rc_parse_jobs(const char *text, unsigned *jobs)
{
	uint64_t number;

	if (!text_parse_number(text, JOBS_MAX, &number) || number == 0)
		return false;
	*jobs = (unsigned)number;
	return true;
}

void rc_add_unknown(struct rc *rc, struct rc_place place, const char *name)
{
	const char *names[64];
	size_t count = 0;
	char shown[256];

	for (; count < setting_count; count++)
		names[count] = settings[count].name;
	names[count++] = "account";
	names[count++] = "include";
	names[count++] = "jobs";
	const char *near = text_nearest(name, names, count);

	text_printable(shown, sizeof shown, name, strlen(name));
	rc_add_mistake(rc, place, "no such setting '%s'%s%s%s", shown,
		near == NULL ? ": see keepmailrc(5)" : ": did you mean '",
		near == NULL ? "" : near, near == NULL ? "" : "'?");
}

/* A value as it may be shown; a URL may contain a password. */
static const char *show_value(
	char room[256], const char *name, const char *value)
{
	if (strcmp(name, "password") == 0 ||
		strcmp(name, "oauth-client-secret") == 0 ||
		strcmp(name, "gmail-oauth-client-secret") == 0 ||
		((strcmp(name, "proxy") == 0 || strcmp(name, "imap") == 0) &&
			strchr(value, '@') != NULL))
		return "(not shown)";
	if (value[0] == '\0')
		return "\"\"";
	return text_printable(room, 256, value, strlen(value));
}

static bool is_value(const struct setting *setting, const char *text)
{
	struct account scratch;
	const char *path = text + setting_path_at(setting, text);

	if (setting->is_path && path[0] != '/' && strcmp(path, "~") != 0 &&
		strncmp(path, "~/", 2) != 0)
		return false;
	account_init(&scratch);
	bool is = setting->set(&scratch, text);

	account_release(&scratch);
	return is;
}

static void say_twice(struct rc *rc, const struct rc_statement *statement,
	const struct rc_statement *first)
{
	rc_add_mistake(rc, statement->place,
		"%s is set twice (first on line %zu): leave one of them out",
		statement->name, first->place.line);
}

static void check_jobs(struct rc *rc, struct scope *scope,
	const struct rc_statement *statement,
	const struct rc_statement *account)
{
	const char *name =
		account == NULL || account->name == NULL ? "" : account->name;
	char shown[256];
	unsigned jobs;

	text_printable(shown, sizeof shown, name, strlen(name));
	if (account != NULL)
		rc_add_mistake(rc, statement->place,
			"jobs is for all accounts: set it outside of account "
			"%s",
			shown);
	else if (scope->jobs != NULL)
		say_twice(rc, statement, scope->jobs);
	else
		scope->jobs = statement;
	if (!rc_parse_jobs(statement->value, &jobs))
		rc_add_mistake(rc, statement->place,
			"jobs = %s: expected a number from 1 to %d",
			show_value(shown, "jobs", statement->value), JOBS_MAX);
}

static void check_setting(struct rc *rc, struct scope *scope,
	const struct rc_statement *statement)
{
	size_t at = setting_find(statement->name);
	char shown[256];

	if (at == setting_count) {
		rc_add_unknown(rc, statement->place, statement->name);
		return;
	}
	if (!is_value(&settings[at], statement->value))
		rc_add_mistake(rc, statement->place, "%s = %s: expected %s",
			statement->name,
			show_value(shown, statement->name, statement->value),
			settings[at].expected);
	for (size_t i = 0; i < setting_count; i++) {
		const struct rc_statement *other = scope->set[i];

		if (other == NULL)
			continue;
		if (i == at)
			say_twice(rc, statement, other);
		else if (settings[at].group != SETTING_ALONE &&
			settings[i].group == settings[at].group)
			rc_add_mistake(rc, statement->place,
				"%s contradicts %s on line %zu: leave one of "
				"them out",
				statement->name, other->name,
				other->place.line);
	}
	if (scope->set[at] == NULL)
		scope->set[at] = statement;
}

static void check_account(struct rc *rc, const struct rc_statement *account)
{
	char shown[256];

	/* An account without a name was reported by rc_parse. */
	if (account->name == NULL)
		return;
	text_printable(
		shown, sizeof shown, account->name, strlen(account->name));
	if (!account_name_is_good(account->name)) {
		rc_add_mistake(rc, account->place,
			"account \"%s\": a name has letters, digits and any of "
			"._@+-, begins with a letter, a digit, _ or @, and is "
			"at most 64 long",
			shown);
		return;
	}
	for (const struct rc_statement *one = rc->statements; one < account;
		one++) {
		if (one->kind != RC_ACCOUNT || one->name == NULL ||
			strcmp(one->name, account->name) != 0)
			continue;
		rc_add_mistake(rc, account->place,
			"account %s appears twice (first on line %zu): give one of them another name",
			shown, one->place.line);
		break;
	}
}

bool rc_check(struct rc *rc)
{
	size_t size = setting_count * sizeof(struct rc_statement *);
	struct scope top = {xcalloc(1, size), NULL};
	struct scope own = {xcalloc(1, size), NULL};
	const struct rc_statement *account = NULL;

	for (size_t i = 0; i < rc->count; i++) {
		const struct rc_statement *one = &rc->statements[i];

		switch (one->kind) {
		case RC_ACCOUNT:
			account = one;
			memset(own.set, 0, size);
			check_account(rc, one);
			break;
		case RC_END:
			account = NULL;
			break;
		case RC_SETTING:
			if (strcmp(one->name, "jobs") == 0)
				check_jobs(rc, &top, one, account);
			else
				check_setting(
					rc, account == NULL ? &top : &own, one);
			break;
		case RC_INCLUDE:
			break;
		}
	}
	free(top.set);
	free(own.set);
	rc_settle(rc);
	return rc->mistake_count == 0;
}
