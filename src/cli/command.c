/* SPDX-License-Identifier: ISC */
#include "cli/command.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "core/seen.h"
#include "core/text.h"
#include "core/xalloc.h"

const struct option_row option_rows[OPTION_COUNT] = {
	[OPTION_CONFIG] = {"config", 'f', "FILE",
		"Read this rc file; may be repeated"},
	[OPTION_KEEP] = {"keep", 'k', NULL,
		"Delete nothing from the server in this run"},
	[OPTION_DRY_RUN] = {"dry-run", 'n', NULL,
		"Show what would be done and why; change nothing"},
	[OPTION_QUIET] = {"quiet", 'q', NULL, "Show only errors"},
	[OPTION_VERBOSE] = {"verbose", 'v', NULL,
		"Show each message; -vv also shows the POP3 dialog"},
	[OPTION_JOBS] = {"jobs", 'j', "JOBS",
		"Work on up to this many accounts in parallel"},
	[OPTION_JSON] = {"json", '\0', NULL, "Print JSON, one object per line"},
	[OPTION_LOCAL] = {"local", '\0', NULL,
		"List recorded problems; contacts no server"},
	[OPTION_PROGRESS] = {"progress", '\0', NULL, "Show a progress bar"},
	[OPTION_NO_PROGRESS] = {"no-progress", '\0', NULL,
		"Show no progress bar"},
	[OPTION_NO_BRAKE] = {"no-brake", '\0', NULL,
		"Override the checks for missing copies and the clock"},
	[OPTION_REFETCH] = {"refetch", '\0', NULL,
		"Fetch missing and damaged messages again"},
	[OPTION_SAME_MAILBOX] = {"same-mailbox", '\0', NULL,
		"Accept a new server or user name for the mailbox"},
	[OPTION_STATE_DIR] = {"state-dir", '\0', "DIR",
		"Keep the stores in this directory"},
	[OPTION_FROM] = {"from", '\0', "PROGRAM",
		"The program that fetched the messages", seen_names,
		SEEN_FORMATS},
	[OPTION_TRUST_TIMES] = {"trust-times", '\0', NULL,
		"Record the fetch times from the imported file"},
	[OPTION_KEY] = {"key", '\0', "FILE",
		"The private key that decrypts the message"},
	[OPTION_BROWSER] = {"browser", '\0', NULL,
		"Log in with the browser of this machine"},
	[OPTION_DEVICE] = {"device", '\0', NULL,
		"Log in by a code that is typed on any device"},
	[OPTION_PASTE] = {"paste", '\0', NULL,
		"Log in with any browser, and paste its last URL"},
	[OPTION_SET] = {"set", '\0', "SETTING",
		"Set this, NAME=VALUE, in the new account"},
	[OPTION_PRINT] = {"print", '\0', NULL,
		"Print the new account, and write nothing"},
	[OPTION_AUTOCONFIG] = {"autoconfig", '\0', "URL",
		"The page that names the servers"},
	[OPTION_NAME] = {"name", '\0', "NAME", "The name of the new account"},
	[OPTION_HELP] = {"help", 'h', NULL,
		"Show this help, or that of a command"},
	[OPTION_VERSION] = {"version", 'V', NULL, "Show the version"},
};

#define TAKES(name) OPTION_BIT(OPTION_##name)
#define TAKES_ALWAYS                                                        \
	(TAKES(CONFIG) | TAKES(QUIET) | TAKES(VERBOSE) | TAKES(STATE_DIR) | \
		TAKES(HELP) | TAKES(VERSION))
#define TAKES_PROGRESS (TAKES(PROGRESS) | TAKES(NO_PROGRESS))

static const struct command commands[] = {
	{
		.name = "fetch",
		.arguments = "[ACCOUNT...]",
		.summary = "Fetch new mail and apply the retention policy",
		.options = TAKES_ALWAYS | TAKES(KEEP) | TAKES(DRY_RUN) |
			TAKES(JOBS) | TAKES(JSON) | TAKES_PROGRESS |
			TAKES(NO_BRAKE) | TAKES(SAME_MAILBOX),
		.operands = OPERANDS_ACCOUNTS_OR_ALL,
		.online = true,
		.run = command_fetch,
	},
	{
		.name = "check",
		.arguments = "[ACCOUNT...]",
		.summary = "Test whether a fetch would succeed",
		.options = TAKES_ALWAYS | TAKES(JSON),
		.operands = OPERANDS_ACCOUNTS_OR_ALL,
		.online = true,
		.run = command_check,
	},
	{
		.name = "status",
		.arguments = "[ACCOUNT...]",
		.summary = "Show the state of accounts; contacts no server",
		.options = TAKES_ALWAYS | TAKES(JSON),
		.operands = OPERANDS_ACCOUNTS_OR_ALL,
		.run = command_status,
	},
	{
		.name = "history",
		.arguments = "ACCOUNT [UID...]",
		.summary =
			"Show past runs, or all that is known about messages",
		.options = TAKES_ALWAYS | TAKES(JSON),
		.operands = OPERANDS_ACCOUNT_WORDS,
		.words_max = SIZE_MAX,
		.run = command_history,
	},
	{
		.name = "list",
		.arguments = "ACCOUNT",
		.summary =
			"List the messages on the server, or problems on record",
		.options = TAKES_ALWAYS | TAKES(KEEP) | TAKES(JSON) |
			TAKES(LOCAL) | TAKES(NO_BRAKE) | TAKES(SAME_MAILBOX),
		.operands = OPERANDS_ACCOUNT_WORDS,
		.online = true,
		.run = command_list,
	},
	{
		.name = "hold",
		.arguments = "ACCOUNT UID...",
		.summary = "Never delete these messages from the server",
		.options = TAKES_ALWAYS,
		.operands = OPERANDS_ACCOUNT_WORDS,
		.words_min = 1,
		.words_max = SIZE_MAX,
		.run = command_hold,
	},
	{
		.name = "release",
		.arguments = "ACCOUNT UID...",
		.summary = "Apply the retention policy to held messages again",
		.options = TAKES_ALWAYS,
		.operands = OPERANDS_ACCOUNT_WORDS,
		.words_min = 1,
		.words_max = SIZE_MAX,
		.run = command_release,
	},
	{
		.name = "retry",
		.arguments = "ACCOUNT [UID...]",
		.summary = "Try failed messages again in the next run",
		.options = TAKES_ALWAYS,
		.operands = OPERANDS_ACCOUNT_WORDS,
		.words_max = SIZE_MAX,
		.run = command_retry,
	},
	{
		.name = "import",
		.arguments = "ACCOUNT [FILE]",
		.summary = "Do not fetch what another program has fetched",
		.options = TAKES_ALWAYS | TAKES(DRY_RUN) | TAKES(SAME_MAILBOX) |
			TAKES(FROM) | TAKES(TRUST_TIMES),
		.required = TAKES(FROM),
		.operands = OPERANDS_ACCOUNT_WORDS,
		.words_max = 1,
		.online = true,
		.run = command_import,
	},
	{
		.name = "mark-seen",
		.arguments = "ACCOUNT...",
		.summary = "Do not fetch what is on the server now",
		.options = TAKES_ALWAYS | TAKES(DRY_RUN) | TAKES(SAME_MAILBOX),
		.operands = OPERANDS_ACCOUNTS,
		.online = true,
		.run = command_mark_seen,
	},
	{
		.name = "rebuild",
		.arguments = "ACCOUNT...",
		.summary = "Rebuild a lost store from the mail stored here",
		.options = TAKES_ALWAYS | TAKES(DRY_RUN) | TAKES(JOBS) |
			TAKES(JSON) | TAKES_PROGRESS | TAKES(SAME_MAILBOX),
		.operands = OPERANDS_ACCOUNTS,
		.online = true,
		.run = command_rebuild,
	},
	{
		.name = "rename",
		.arguments = "OLD NEW",
		.summary = "Rename the store of a renamed account",
		.options = TAKES_ALWAYS,
		.operands = OPERANDS_WORD_ACCOUNT,
		.words_min = 1,
		.words_max = 1,
		.run = command_rename,
	},
	{
		.name = "verify",
		.arguments = "[ACCOUNT...]",
		.summary = "Check whether the mail stored here is intact",
		.options = TAKES_ALWAYS | TAKES(KEEP) | TAKES(DRY_RUN) |
			TAKES(JSON) | TAKES_PROGRESS | TAKES(NO_BRAKE) |
			TAKES(REFETCH),
		.operands = OPERANDS_ACCOUNTS_OR_ALL,
		.online = true,
		.run = command_verify,
	},
	{
		.name = "setup",
		.arguments = "[ADDRESS]",
		.summary = "Add an account for a mail address to the rc file",
		.options = TAKES_ALWAYS | TAKES(SET) | TAKES(PRINT) |
			TAKES(AUTOCONFIG) | TAKES(NAME) | TAKES(FROM),
		.operands = OPERANDS_WORDS,
		.words_max = 1,
		.online = true,
		.run = command_setup,
	},
	{
		.name = "login",
		.arguments = "ACCOUNT",
		.summary = "Log in to a provider that requires OAuth",
		.options = TAKES_ALWAYS | TAKES(BROWSER) | TAKES(DEVICE) |
			TAKES(PASTE),
		.operands = OPERANDS_ACCOUNT_WORDS,
		.online = true,
		.run = command_login,
	},
	{
		.name = "logout",
		.arguments = "ACCOUNT",
		.summary = "Remove the login from this machine",
		.options = TAKES_ALWAYS,
		.operands = OPERANDS_ACCOUNT_WORDS,
		.run = command_logout,
	},
	{
		.name = "decrypt",
		.arguments = "[FILE]",
		.summary = "Print a message that was stored encrypted",
		.options = TAKES_ALWAYS | TAKES(KEY),
		.required = TAKES(KEY),
		.operands = OPERANDS_WORDS,
		.words_max = 1,
		.run = command_decrypt,
	},
	{
		.name = "help",
		.arguments = "[COMMAND]",
		.summary = "Show the help for a command",
		.options = TAKES(HELP) | TAKES(VERSION),
		.operands = OPERANDS_WORDS,
		.words_max = 1,
	},
};

#define COMMANDS (sizeof commands / sizeof commands[0])

const struct command *command_table(size_t *count)
{
	*count = COMMANDS;
	return commands;
}

const struct command *command_find(const char *name)
{
	for (size_t i = 0; i < COMMANDS; i++) {
		if (strcmp(name, commands[i].name) == 0)
			return &commands[i];
	}
	return NULL;
}

const struct command *command_only_one_with(enum option_id id)
{
	const struct command *taker = NULL;

	for (size_t i = 0; i < COMMANDS; i++) {
		if ((commands[i].options & OPTION_BIT(id)) == 0)
			continue;
		if (taker != NULL)
			return NULL;
		taker = &commands[i];
	}
	return taker;
}

const char *command_nearest(
	const char *word, const char *const *others, size_t count)
{
	const char **names = xcalloc(COMMANDS + count, sizeof names[0]);

	for (size_t i = 0; i < count; i++)
		names[i] = others[i];
	for (size_t i = 0; i < COMMANDS; i++)
		names[count + i] = commands[i].name;
	const char *nearest = text_nearest(word, names, count + COMMANDS);

	free(names);
	return nearest;
}
