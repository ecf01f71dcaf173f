/* SPDX-License-Identifier: ISC */
#include "cli/options.h"

#include <getopt.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sysexits.h>

#include "config.h"
#include "core/text.h"
#include "core/xalloc.h"

static const char usage[] =
	"usage: keepmail [OPTION...] [fetch] [ACCOUNT...]\n"
	"       keepmail [OPTION...] status [ACCOUNT...]\n"
	"       keepmail [OPTION...] COMMAND ACCOUNT [UID...]\n"
	"\n"
	"Fetches new mail of all accounts of the rc file, or of those named,\n"
	"and erases on the server what their retention policy says.\n"
	"\n"
	"  check [ACCOUNT...]        try places, password, server and login;\n"
	"                            changes nothing\n"
	"  status [ACCOUNT...]       show the state of accounts; asks no server\n"
	"  history ACCOUNT [UID...]  its runs, or what is known of messages\n"
	"  list ACCOUNT              what is on the server, and what a fetch\n"
	"                            would do with it; changes nothing\n"
	"  list --local ACCOUNT      which messages are missing or damaged here,\n"
	"                            failed, too large or held; asks no server\n"
	"  hold ACCOUNT UID...       never erase these messages on the server\n"
	"  release ACCOUNT UID...    let the retention policy have them again\n"
	"  retry ACCOUNT [UID...]    try again what failed to be fetched\n"
	"  import --from PROGRAM ACCOUNT [FILE]\n"
	"                            what fetchmail, getmail, mpop, fdm,\n"
	"                            thunderbird or claws fetched counts as seen\n"
	"  rebuild ACCOUNT...        find out what is here, after a store was lost\n"
	"  rename OLD NEW            account OLD is called NEW in the rc file now\n"
	"  verify [ACCOUNT...]       read what is here against its digests;\n"
	"                            --refetch fetches again what is damaged\n"
	"  mark-seen ACCOUNT...      what the server lists now counts as seen\n"
	"\n"
	"  -f, --config FILE    read this rc file (may be given more than once)\n"
	"  -n, --dry-run        log in, list, and print what would be fetched,\n"
	"                       erased and left, and why; change nothing\n"
	"  -k, --keep           erase nothing on the server in this run\n"
	"  -j, --jobs N         fetch up to N accounts in parallel\n"
	"  -v, --verbose        a line for each message; -vv: what is said on\n"
	"                       the wire after the login\n"
	"  -q, --quiet          errors only\n"
	"      --json           one JSON object for each account, or whatever is\n"
	"                       shown, on standard output\n"
	"      --local          list: what is on record; with -v all of it\n"
	"      --progress, --no-progress\n"
	"                       a progress bar on standard error, or none\n"
	"      --no-brake       erase although many copies are missing here, or\n"
	"                       the place where they were\n"
	"      --refetch        with verify: fetch again what is damaged here\n"
	"      --same-mailbox   server or user have new names, and the mailbox\n"
	"                       is the same as before\n"
	"      --state-dir DIR  where the stores are kept\n"
	"      --from PROGRAM   import: whose file it is\n"
	"      --trust-times    import: days count from when that program says\n"
	"                       it fetched a message, not from now\n"
	"  -V, --version        print the version\n"
	"  -h, --help           print this\n"
	"\n"
	"The rc file: man keepmailrc. Exit status, examples: man keepmail.\n";

enum long_only {
	OPTION_JSON = 256,
	OPTION_LOCAL,
	OPTION_PROGRESS,
	OPTION_NO_PROGRESS,
	OPTION_NO_BRAKE,
	OPTION_REFETCH,
	OPTION_SAME_MAILBOX,
	OPTION_STATE_DIR,
	OPTION_FROM,
	OPTION_TRUST_TIMES,
};

static const struct option options[] = {
	{"config", required_argument, NULL, 'f'},
	{"dry-run", no_argument, NULL, 'n'},
	{"keep", no_argument, NULL, 'k'},
	{"jobs", required_argument, NULL, 'j'},
	{"verbose", no_argument, NULL, 'v'},
	{"quiet", no_argument, NULL, 'q'},
	{"json", no_argument, NULL, OPTION_JSON},
	{"local", no_argument, NULL, OPTION_LOCAL},
	{"progress", no_argument, NULL, OPTION_PROGRESS},
	{"no-progress", no_argument, NULL, OPTION_NO_PROGRESS},
	{"refetch", no_argument, NULL, OPTION_REFETCH},
	{"no-brake", no_argument, NULL, OPTION_NO_BRAKE},
	{"same-mailbox", no_argument, NULL, OPTION_SAME_MAILBOX},
	{"state-dir", required_argument, NULL, OPTION_STATE_DIR},
	{"from", required_argument, NULL, OPTION_FROM},
	{"trust-times", no_argument, NULL, OPTION_TRUST_TIMES},
	{"version", no_argument, NULL, 'V'},
	{"help", no_argument, NULL, 'h'},
	{NULL, 0, NULL, 0},
};

/* What a command takes beside -h, -q, -V and -v, which all of them take. */
enum particular {
	TAKES_KEEP = 1 << 0,
	TAKES_DRY_RUN = 1 << 1,
	TAKES_JOBS = 1 << 2,
	TAKES_JSON = 1 << 3,
	TAKES_PROGRESS = 1 << 4,
	TAKES_NO_BRAKE = 1 << 5,
	TAKES_REFETCH = 1 << 6,
	TAKES_SAME_MAILBOX = 1 << 7,
	TAKES_TRUST_TIMES = 1 << 8,
	TAKES_FROM = 1 << 9,
	TAKES_ALWAYS = 1 << 10,
	TAKES_LOCAL = 1 << 11,
};

static const struct {
	int option;
	unsigned bit;
	const char *name;
	const char *synopsis; /* where it is more than the name in brackets */
} particulars[] = {
	{'k', TAKES_KEEP, "-k", ""},
	{'n', TAKES_DRY_RUN, "-n", ""},
	{'f', TAKES_ALWAYS, "-f", " [-f FILE]"},
	{'j', TAKES_JOBS, "-j", " [-j JOBS]"},
	{OPTION_JSON, TAKES_JSON, "--json", NULL},
	{OPTION_LOCAL, TAKES_LOCAL, "--local", NULL},
	{OPTION_PROGRESS, TAKES_PROGRESS, "--progress",
		" [--progress | --no-progress]"},
	{OPTION_NO_PROGRESS, TAKES_PROGRESS, "--no-progress", ""},
	{OPTION_NO_BRAKE, TAKES_NO_BRAKE, "--no-brake", NULL},
	{OPTION_REFETCH, TAKES_REFETCH, "--refetch", NULL},
	{OPTION_SAME_MAILBOX, TAKES_SAME_MAILBOX, "--same-mailbox", NULL},
	{OPTION_STATE_DIR, TAKES_ALWAYS, "--state-dir", " [--state-dir DIR]"},
	{OPTION_TRUST_TIMES, TAKES_TRUST_TIMES, "--trust-times", NULL},
	/* Behind the command, which is nothing without it. */
	{OPTION_FROM, TAKES_FROM, "--from", ""},
};

#define PARTICULARS (sizeof particulars / sizeof particulars[0])

static const struct {
	const char *name;
	const char *arguments; /* as the synopsis in keepmail(1) has them */
	unsigned takes;	       /* enum particular */
	bool one;	       /* account alone; words of its own follow */
	bool named;	       /* no account unless it is named */
	bool online;	       /* it talks to servers */
} commands[] = {
	[COMMAND_CHECK] = {"check", "[ACCOUNT...]", TAKES_JSON, .online = true},
	[COMMAND_FETCH] = {"fetch", "[ACCOUNT...]",
		TAKES_KEEP | TAKES_DRY_RUN | TAKES_JOBS | TAKES_JSON |
			TAKES_PROGRESS | TAKES_NO_BRAKE | TAKES_SAME_MAILBOX,
		.online = true},
	[COMMAND_HISTORY] = {"history", "ACCOUNT [UID...]", TAKES_JSON,
		.one = true, .named = true},
	[COMMAND_HOLD] = {"hold", "ACCOUNT UID...", 0, .one = true,
		.named = true},
	[COMMAND_IMPORT] = {"import", "--from PROGRAM ACCOUNT [FILE]",
		TAKES_DRY_RUN | TAKES_SAME_MAILBOX | TAKES_TRUST_TIMES |
			TAKES_FROM,
		.one = true, .named = true, .online = true},
	[COMMAND_LIST] = {"list", "ACCOUNT",
		TAKES_KEEP | TAKES_JSON | TAKES_LOCAL | TAKES_NO_BRAKE |
			TAKES_SAME_MAILBOX,
		.one = true, .named = true, .online = true},
	[COMMAND_MARK_SEEN] = {"mark-seen", "ACCOUNT...",
		TAKES_DRY_RUN | TAKES_SAME_MAILBOX, .named = true,
		.online = true},
	[COMMAND_REBUILD] = {"rebuild", "ACCOUNT...",
		TAKES_DRY_RUN | TAKES_JOBS | TAKES_JSON | TAKES_PROGRESS |
			TAKES_SAME_MAILBOX,
		.named = true, .online = true},
	[COMMAND_RELEASE] = {"release", "ACCOUNT UID...", 0, .one = true,
		.named = true},
	[COMMAND_RENAME] = {"rename", "OLD NEW", 0, .one = true, .named = true},
	[COMMAND_RETRY] = {"retry", "ACCOUNT [UID...]", 0, .one = true,
		.named = true},
	[COMMAND_STATUS] = {"status", "[ACCOUNT...]", TAKES_JSON},
	[COMMAND_VERIFY] = {"verify", "[ACCOUNT...]",
		TAKES_KEEP | TAKES_DRY_RUN | TAKES_JSON | TAKES_PROGRESS |
			TAKES_NO_BRAKE | TAKES_REFETCH,
		.online = true},
};

#define COMMANDS (sizeof commands / sizeof commands[0])

int command_line_mistake(const char *format, ...)
{
	va_list args;

	va_start(args, format);
	fputs("keepmail: ", stderr);
	vfprintf(stderr, format, args);
	fputs(" (keepmail --help lists the options)\n", stderr);
	va_end(args);
	return EX_USAGE;
}

/* Those that only say that something is so; false: it is none of them. */
static bool take_flag(struct command_line *line, int option)
{
	switch (option) {
	case 'n':
		return line->dry_run = true;
	case 'k':
		return line->keep = true;
	case 'q':
		return line->quiet = true;
	case 'v':
		return ++line->verbose > 0;
	case OPTION_JSON:
		return line->json = true;
	case OPTION_LOCAL:
		return line->local = true;
	case OPTION_PROGRESS:
	case OPTION_NO_PROGRESS:
		line->progress = option == OPTION_PROGRESS;
		return true;
	case OPTION_REFETCH:
		return line->refetch = true;
	case OPTION_NO_BRAKE:
		return line->no_brake = true;
	case OPTION_SAME_MAILBOX:
		return line->same_mailbox = true;
	case OPTION_TRUST_TIMES:
		return line->trust_times = true;
	default:
		return false;
	}
}

/* One option; false when the program is to exit with *status. */
static bool take_option(struct command_line *line, int option, int *status)
{
	for (size_t i = 0; i < PARTICULARS; i++) {
		if (particulars[i].option == option)
			line->given |= 1U << i;
	}
	if (take_flag(line, option))
		return true;
	switch (option) {
	case 'f':
		line->files[line->file_count++] = optarg;
		return true;
	case 'j':
		if (text_parse_number(optarg, 64, &line->jobs) &&
			line->jobs > 0)
			return true;
		*status = command_line_mistake(
			"--jobs takes a number from 1 to 64, not '%s'", optarg);
		return false;
	case OPTION_FROM:
		line->from = optarg;
		return true;
	case OPTION_STATE_DIR:
		line->state_dir = optarg;
		if (optarg[0] == '/')
			return true;
		*status = command_line_mistake(
			"--state-dir takes an absolute path, not '%s'", optarg);
		return false;
	case 'V':
		printf("keepmail %s\n", PACKAGE_VERSION);
		*status = EX_OK;
		return false;
	case 'h':
		fputs(usage, stdout);
		*status = EX_OK;
		return false;
	default:
		fputs("keepmail --help lists the options\n", stderr);
		*status = EX_USAGE;
		return false;
	}
}

const char *command_line_nearest(
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

bool command_line_is_command(const char *word)
{
	size_t i = 0;

	while (i < COMMANDS && strcmp(word, commands[i].name) != 0)
		i++;
	return i < COMMANDS;
}

/* No command means fetch: an account may be named like one. */
static void take_command(struct command_line *line)
{
	line->implied = true;
	for (size_t i = 0; i < COMMANDS; i++) {
		if (line->name_count == 0 ||
			strcmp(line->names[0], commands[i].name) != 0)
			continue;
		line->command = (enum command)i;
		line->implied = false;
		line->names++;
		line->name_count--;
		break;
	}
	line->online = commands[line->command].online && !line->local;
	if (!commands[line->command].one || line->name_count == 0)
		return;
	line->words = line->names + 1;
	line->word_count = line->name_count - 1;
	line->name_count = 1;
	/* The account is the one that the rc file knows: the second. */
	if (line->command == COMMAND_RENAME && line->word_count == 1) {
		char *old = line->names[0];

		line->names[0] = line->words[0];
		line->words[0] = old;
	}
}

/* How a command is called, as keepmail(1) has it. */
static void say_synopsis(enum command command)
{
	unsigned takes = commands[command].takes | TAKES_ALWAYS;

	fprintf(stderr, "usage: keepmail [-%s%sqv]",
		(takes & TAKES_KEEP) != 0 ? "k" : "",
		(takes & TAKES_DRY_RUN) != 0 ? "n" : "");
	for (size_t i = 0; i < PARTICULARS; i++) {
		const char *synopsis = particulars[i].synopsis;

		if ((particulars[i].bit & takes) == 0)
			continue;
		if (synopsis == NULL)
			fprintf(stderr, " [%s]", particulars[i].name);
		else
			fputs(synopsis, stderr);
	}
	fprintf(stderr, " %s %s\n", commands[command].name,
		commands[command].arguments);
}

/* The one command that takes an option; NULL: several do. */
static const char *only_taker(unsigned bit)
{
	const char *taker = NULL;

	for (size_t i = 0; i < COMMANDS; i++) {
		if ((commands[i].takes & bit) == 0)
			continue;
		if (taker != NULL)
			return NULL;
		taker = commands[i].name;
	}
	return taker;
}

/*
 * An option that a command does not heed is a misunderstanding: somebody who
 * says -n counts on it that nothing is changed.
 */
static bool check_options(const struct command_line *line, int *status)
{
	const char *command = commands[line->command].name;
	const char *meant = line->implied && line->name_count > 0
		? command_line_nearest(line->names[0], NULL, 0)
		: NULL;
	unsigned takes = commands[line->command].takes | TAKES_ALWAYS;
	size_t i = 0;

	while (i < PARTICULARS &&
		((line->given & 1U << i) == 0 ||
			(particulars[i].bit & takes) != 0))
		i++;
	if (i == PARTICULARS)
		return true;
	const char *taker = only_taker(particulars[i].bit);

	*status = EX_USAGE;
	fprintf(stderr, "keepmail: %s has no meaning with %s: nothing was done",
		particulars[i].name, command);
	if (meant != NULL)
		fprintf(stderr, " (did you mean %s?)", meant);
	else if (taker != NULL)
		fprintf(stderr, " (it is %s's)", taker);
	fputc('\n', stderr);
	say_synopsis(line->command);
	return false;
}

bool command_line_parse(
	struct command_line *line, int argc, char **argv, int *status)
{
	int option;

	*line = (struct command_line){
		.command = COMMAND_FETCH,
		.files = xcalloc((size_t)argc, sizeof line->files[0]),
		.progress = -1,
	};
	while ((option = getopt_long(
			argc, argv, "f:nkj:vqVh", options, NULL)) != -1) {
		if (!take_option(line, option, status))
			return false;
	}
	line->names = argv + optind;
	line->name_count = (size_t)(argc - optind);
	take_command(line);
	if (commands[line->command].named && line->name_count == 0) {
		*status =
			command_line_mistake("%s takes the name of an account",
				commands[line->command].name);
		return false;
	}
	if (line->quiet && line->verbose > 0) {
		*status =
			command_line_mistake("-q and -v contradict each other");
		return false;
	}
	return check_options(line, status);
}

void command_line_release(struct command_line *line)
{
	free(line->files);
}
