/* SPDX-License-Identifier: ISC */
#include "cli/options.h"

#include <getopt.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sysexits.h>

#include "cli/command.h"
#include "cli/help.h"
#include "core/text.h"
#include "core/xalloc.h"

/*
 * Reports a usage error that concerns no particular command; returns EX_USAGE.
 */
static int usage_error(const char *format, ...)
	__attribute__((format(printf, 1, 2)));

static int usage_error(const char *format, ...)
{
	va_list args;

	va_start(args, format);
	fputs("keepmail: ", stderr);
	vfprintf(stderr, format, args);
	fputs(" (keepmail --help lists the options)\n", stderr);
	va_end(args);
	return EX_USAGE;
}

/* The options in the form that getopt_long takes. */
struct getopt_form {
	char letters[2 * OPTION_COUNT + 1];
	struct option names[OPTION_COUNT + 1];
};

static struct getopt_form getopt_form(void)
{
	struct getopt_form form = {.letters = ""};
	size_t n = 0;

	for (int id = 0; id < OPTION_COUNT; id++) {
		const struct option_row *row = &option_rows[id];
		bool takes = row->argument != NULL;

		/* Outside the range of letters. */
		form.names[id] = (struct option){row->name,
			takes ? required_argument : no_argument, NULL,
			256 + id};
		if (row->letter == '\0')
			continue;
		form.letters[n++] = row->letter;
		if (takes)
			form.letters[n++] = ':';
	}
	return form;
}

/* Converts a value from getopt_long to an option; OPTION_COUNT if unknown. */
static int option_of(int value)
{
	int id = 0;

	if (value >= 256)
		return value - 256;
	while (id < OPTION_COUNT && option_rows[id].letter != value)
		id++;
	return id;
}

static bool set_jobs(struct options *options, int *status)
{
	if (text_parse_number(optarg, 64, &options->jobs) && options->jobs > 0)
		return true;
	*status = usage_error(
		"--jobs takes a number from 1 to 64, not '%s'", optarg);
	return false;
}

static bool set_state_dir(struct options *options, int *status)
{
	options->state_dir = optarg;
	if (optarg[0] == '/')
		return true;
	*status = usage_error(
		"--state-dir takes an absolute path, not '%s'", optarg);
	return false;
}

/* Accepts only a value that the table permits. */
static bool set_value(enum option_id id, const char **value, int *status)
{
	const struct option_row *row = &option_rows[id];

	*value = optarg;
	for (size_t i = 0; i < row->value_count; i++) {
		if (strcmp(row->values[i], optarg) == 0)
			return true;
	}
	fprintf(stderr, "keepmail: --%s takes ", row->name);
	help_values(stderr, row);
	fprintf(stderr, ", not '%s'\n", optarg);
	*status = EX_USAGE;
	return false;
}

/* Applies an option. Returns false if the program is to exit with *status. */
static bool set_option(struct options *options, enum option_id id, int *status)
{
	options->given |= OPTION_BIT(id);
	switch (id) {
	case OPTION_CONFIG:
		options->files[options->file_count++] = optarg;
		return true;
	case OPTION_KEEP:
		return options->keep = true;
	case OPTION_DRY_RUN:
		return options->dry_run = true;
	case OPTION_QUIET:
		return options->quiet = true;
	case OPTION_VERBOSE:
		return ++options->verbose > 0;
	case OPTION_JOBS:
		return set_jobs(options, status);
	case OPTION_JSON:
		return options->json = true;
	case OPTION_LOCAL:
		return options->local = true;
	case OPTION_PROGRESS:
	case OPTION_NO_PROGRESS:
		options->progress = id == OPTION_PROGRESS;
		return true;
	case OPTION_NO_BRAKE:
		return options->no_brake = true;
	case OPTION_REFETCH:
		return options->refetch = true;
	case OPTION_SAME_MAILBOX:
		return options->same_mailbox = true;
	case OPTION_STATE_DIR:
		return set_state_dir(options, status);
	case OPTION_FROM:
		return set_value(id, &options->from, status);
	case OPTION_TRUST_TIMES:
		return options->trust_times = true;
	case OPTION_KEY:
		options->key = optarg;
		return true;
	case OPTION_SET:
		options->setup.sets[options->setup.set_count++] = optarg;
		return true;
	case OPTION_NAME:
		options->setup.name = optarg;
		return true;
	case OPTION_AUTOCONFIG:
		options->setup.autoconfig = optarg;
		return true;
	case OPTION_PRINT:
	case OPTION_BROWSER:
	case OPTION_DEVICE:
	case OPTION_PASTE:
	case OPTION_HELP:
		return true;
	case OPTION_VERSION:
		*status = EX_OK;
		return false;
	}
	return false;
}

/* Divides what follows the command into accounts and words. */
static void assign_operands(struct invocation *invocation)
{
	size_t count = invocation->name_count;
	char **names = invocation->names;

	switch (invocation->command->operands) {
	case OPERANDS_ACCOUNTS_OR_ALL:
	case OPERANDS_ACCOUNTS:
		return;
	case OPERANDS_ACCOUNT_WORDS:
		if (count == 0)
			return;
		invocation->words = names + 1;
		invocation->word_count = count - 1;
		invocation->name_count = 1;
		return;
	case OPERANDS_WORD_ACCOUNT:
		if (count == 0)
			return;
		/* With too few or too many arguments, the surplus or lack shows
		 * in word_count. */
		invocation->words = names;
		invocation->word_count = count - 1;
		invocation->names = names + (count > 1 ? 1 : 0);
		invocation->name_count = 1;
		return;
	case OPERANDS_WORDS:
		invocation->words = names;
		invocation->word_count = count;
		invocation->name_count = 0;
		return;
	}
}

/* No command means fetch. An account may have the same name as a command. */
static void set_command(struct invocation *invocation)
{
	size_t rows;
	const struct command *named = invocation->name_count == 0
		? NULL
		: command_find(invocation->names[0]);

	invocation->implied = named == NULL;
	invocation->command = named != NULL ? named : command_table(&rows);
	if (named != NULL) {
		invocation->names++;
		invocation->name_count--;
	}
	assign_operands(invocation);
}

/* Formats an option as "-n" or "--json". */
static const char *option_shown(enum option_id id, char room[32])
{
	const struct option_row *row = &option_rows[id];

	if (row->letter != '\0')
		snprintf(room, 32, "-%c", row->letter);
	else
		snprintf(room, 32, "--%s", row->name);
	return room;
}

/*
 * Options that a command does not take are refused, not ignored: a user who
 * gives -n relies on nothing being changed.
 */
static bool check_options(const struct invocation *invocation, int *status)
{
	const struct command *command = invocation->command;
	unsigned refused = invocation->options.given & ~command->options;
	const char *meant = invocation->implied && invocation->name_count > 0
		? command_nearest(invocation->names[0], NULL, 0)
		: NULL;
	char shown[32];
	int id = 0;

	if (refused == 0)
		return true;
	while ((refused & OPTION_BIT(id)) == 0)
		id++;
	const struct command *taker = command_only_one_with((enum option_id)id);

	*status = EX_USAGE;
	fprintf(stderr, "keepmail: %s does not accept the option %s",
		command->name, option_shown((enum option_id)id, shown));
	if (meant != NULL)
		fprintf(stderr, " (did you mean %s?)", meant);
	else if (taker != NULL)
		fprintf(stderr, " (only %s does)", taker->name);
	fputc('\n', stderr);
	help_synopsis(stderr, command);
	return false;
}

static bool check_required(const struct invocation *invocation, int *status)
{
	const struct command *command = invocation->command;
	unsigned missing = command->required & ~invocation->options.given;
	int id = 0;

	if (missing == 0)
		return true;
	while ((missing & OPTION_BIT(id)) == 0)
		id++;
	fprintf(stderr, "keepmail: %s needs --%s ", command->name,
		option_rows[id].name);
	if (option_rows[id].value_count > 0)
		help_values(stderr, &option_rows[id]);
	else
		fputs(option_rows[id].argument, stderr);
	fputc('\n', stderr);
	help_synopsis(stderr, command);
	*status = EX_USAGE;
	return false;
}

static bool check_operands(const struct invocation *invocation, int *status)
{
	const struct command *command = invocation->command;
	bool named = command->operands != OPERANDS_ACCOUNTS_OR_ALL &&
		command->operands != OPERANDS_WORDS;
	const char *wrong = NULL;

	if (named && invocation->name_count == 0)
		wrong = "needs the name of an account";
	else if (invocation->word_count < command->words_min)
		wrong = "needs more arguments";
	else if (invocation->word_count > command->words_max)
		wrong = "takes fewer arguments";
	if (wrong == NULL)
		return true;
	fprintf(stderr, "keepmail: %s %s\n", command->name, wrong);
	help_synopsis(stderr, command);
	*status = EX_USAGE;
	return false;
}

/* keepmail help [COMMAND]. Returns an exit status. */
static int answer_help(const struct invocation *invocation)
{
	char shown[4 * TEXT_SHOWN_MAX + 8];

	if (invocation->word_count == 0) {
		help_overview();
		return EX_OK;
	}
	const char *word = invocation->words[0];
	const struct command *command = command_find(word);

	if (command != NULL) {
		help_command(command);
		return EX_OK;
	}
	const char *near = command_nearest(word, NULL, 0);

	text_printable(shown, sizeof shown, word, strlen(word));
	if (near != NULL)
		fprintf(stderr,
			"keepmail: no command named '%s': did you mean '%s'?\n",
			shown, near);
	else
		fprintf(stderr,
			"keepmail: no command named '%s': keepmail --help "
			"lists them\n",
			shown);
	return EX_USAGE;
}

static bool parse_options(
	struct invocation *invocation, int argc, char **argv, int *status)
{
	struct getopt_form form = getopt_form();
	int value;

	while ((value = getopt_long(
			argc, argv, form.letters, form.names, NULL)) != -1) {
		int id = option_of(value);

		if (id == OPTION_COUNT) {
			fputs("keepmail --help lists the options\n", stderr);
			*status = EX_USAGE;
			return false;
		}
		if (!set_option(
			    &invocation->options, (enum option_id)id, status))
			return false;
	}
	return true;
}

/* Options that exclude each other. */
static bool check_conflicts(const struct options *options, int *status)
{
	const unsigned ways = options->given &
		(OPTION_BIT(OPTION_BROWSER) | OPTION_BIT(OPTION_DEVICE) |
			OPTION_BIT(OPTION_PASTE));

	if (options->quiet && options->verbose > 0)
		*status = usage_error("-q and -v cannot be used together");
	else if ((ways & (ways - 1)) != 0)
		*status = usage_error(
			"only one of --browser, --device and --paste can be used");
	else
		return true;
	return false;
}

bool command_line_parse(
	struct invocation *invocation, int argc, char **argv, int *status)
{
	*invocation = (struct invocation){
		.options = {
			.files = xcalloc((size_t)argc, sizeof(const char *)),
			.setup.sets =
				xcalloc((size_t)argc, sizeof(const char *)),
			.progress = -1,
		}};
	if (!parse_options(invocation, argc, argv, status))
		return false;
	invocation->names = argv + optind;
	invocation->name_count = (size_t)(argc - optind);
	set_command(invocation);
	if ((invocation->options.given & OPTION_BIT(OPTION_HELP)) != 0) {
		if (invocation->implied || invocation->command->run == NULL)
			help_overview();
		else
			help_command(invocation->command);
		*status = EX_OK;
		return false;
	}
	if (!check_conflicts(&invocation->options, status))
		return false;
	if (!check_options(invocation, status) ||
		!check_operands(invocation, status) ||
		!check_required(invocation, status))
		return false;
	if (invocation->command->run != NULL)
		return true;
	*status = answer_help(invocation);
	return false;
}

void command_line_release(struct invocation *invocation)
{
	free(invocation->options.files);
	free(invocation->options.setup.sets);
}
