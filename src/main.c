/* SPDX-License-Identifier: ISC */
#include <errno.h>
#include <getopt.h>
#include <signal.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <sysexits.h>
#include <unistd.h>

#include "commands/fetch.h"
#include "commands/history.h"
#include "commands/hold.h"
#include "commands/import.h"
#include "commands/jobs.h"
#include "commands/markseen.h"
#include "commands/retry.h"
#include "commands/status.h"
#include "commands/verify.h"
#include "config.h"
#include "core/error.h"
#include "core/text.h"
#include "core/xalloc.h"
#include "io/config.h"
#include "io/log.h"
#include "io/privilege.h"
#include "io/session.h"

static volatile sig_atomic_t stop;

static const char usage[] =
	"usage: keepmail [OPTION...] [fetch] [ACCOUNT...]\n"
	"       keepmail [OPTION...] status [ACCOUNT...]\n"
	"       keepmail [OPTION...] COMMAND ACCOUNT [UID...]\n"
	"\n"
	"Fetches new mail of all accounts of the rc file, or of those named,\n"
	"and erases on the server what their retention policy says.\n"
	"\n"
	"  status [ACCOUNT...]       how the accounts are; asks no server\n"
	"  history ACCOUNT [UID...]  its runs, or what is known of messages\n"
	"  list ACCOUNT              what is on the server, and what a fetch\n"
	"                            would do with it; changes nothing\n"
	"  hold ACCOUNT UID...       never erase these messages on the server\n"
	"  release ACCOUNT UID...    let the retention policy have them again\n"
	"  retry ACCOUNT [UID...]    try again what failed to be fetched\n"
	"  import --from PROGRAM ACCOUNT [FILE]\n"
	"                            what fetchmail, getmail, mpop, fdm,\n"
	"                            thunderbird or claws fetched counts as seen\n"
	"  rebuild ACCOUNT...        find out what is here, after a store was lost\n"
	"  verify ACCOUNT...         read what is here against its digests;\n"
	"                            --refetch fetches again what is damaged\n"
	"  mark-seen ACCOUNT...      what the server lists now counts as seen\n"
	"\n"
	"  -f, --config FILE    read this rc file (may be given more than once)\n"
	"  -n, --dry-run        log in, list, and print what would be fetched,\n"
	"                       erased and left, and why; change nothing\n"
	"  -k, --keep           erase nothing on the server in this run\n"
	"  -j, --jobs N         fetch so many accounts side by side\n"
	"  -v, --verbose        a line for each message; -vv: what is said on\n"
	"                       the wire after the login\n"
	"  -q, --quiet          errors only\n"
	"      --json           one JSON object for each account, or whatever is\n"
	"                       shown, on standard output\n"
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

struct command_line {
	const struct command *command;
	const char **files; /* owned array of borrowed names */
	size_t file_count;
	const char *state_dir;
	const char *from;
	bool trust_times;
	uint64_t jobs; /* 0: as the rc file says */
	int verbose;
	bool quiet;
	bool dry_run;
	bool keep;
	bool json;
	bool no_brake;
	bool refetch;
	bool same_mailbox;
	int progress; /* 1: on, 0: off, -1: on a terminal */
	char **names; /* borrowed; of accounts */
	size_t name_count;
	char **words; /* borrowed; what follows an account's name */
	size_t word_count;
};

/* What a command does with the accounts named, or all. Returns a status. */
typedef int command_run(const struct command_line *line, struct config *config,
	struct account **accounts, size_t count);

struct command {
	const char *name;
	command_run *run;
	bool one;    /* account alone; words of its own follow */
	bool named;  /* no account unless it is named */
	bool online; /* it talks to servers */
};

static command_run run_fetch;
static command_run run_history;
static command_run run_hold;
static command_run run_list;
static command_run run_release;
static command_run run_import;
static command_run run_mark_seen;
static command_run run_rebuild;
static command_run run_retry;
static command_run run_status;
static command_run run_verify;

static const struct command commands[] = {
	{"fetch", run_fetch, .online = true},
	{"history", run_history, .one = true, .named = true},
	{"hold", run_hold, .one = true, .named = true},
	{"import", run_import, .one = true, .named = true, .online = true},
	{"list", run_list, .one = true, .named = true, .online = true},
	{"mark-seen", run_mark_seen, .named = true, .online = true},
	{"rebuild", run_rebuild, .named = true, .online = true},
	{"release", run_release, .one = true, .named = true},
	{"retry", run_retry, .one = true, .named = true},
	{"status", run_status, .one = false},
	{"verify", run_verify, .online = true},
};

static void on_signal(int number)
{
	(void)number;
	stop = 1;
}

static void set_signals(void)
{
	struct sigaction action = {.sa_handler = on_signal};
	struct sigaction hangup;

	/* No SA_RESTART: waits end, and look at the flag. */
	sigaction(SIGINT, &action, NULL);
	sigaction(SIGTERM, &action, NULL);
	/* nohup had it ignored, and so it stays. */
	if (sigaction(SIGHUP, NULL, &hangup) == 0 &&
		hangup.sa_handler != SIG_IGN)
		sigaction(SIGHUP, &action, NULL);
	action.sa_handler = SIG_IGN;
	sigaction(SIGPIPE, &action, NULL);
}

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

/* One option; false when the program is to exit with *status. */
static bool take_option(struct command_line *line, int option, int *status)
{
	switch (option) {
	case 'f':
		line->files[line->file_count++] = optarg;
		return true;
	case 'n':
		line->dry_run = true;
		return true;
	case 'k':
		line->keep = true;
		return true;
	case 'j':
		if (text_parse_number(optarg, 64, &line->jobs) &&
			line->jobs > 0)
			return true;
		*status = usage_error(
			"--jobs takes a number from 1 to 64, not '%s'", optarg);
		return false;
	case 'v':
		line->verbose++;
		return true;
	case 'q':
		line->quiet = true;
		return true;
	case OPTION_JSON:
		line->json = true;
		return true;
	case OPTION_PROGRESS:
	case OPTION_NO_PROGRESS:
		line->progress = option == OPTION_PROGRESS;
		return true;
	case OPTION_REFETCH:
		line->refetch = true;
		return true;
	case OPTION_NO_BRAKE:
		line->no_brake = true;
		return true;
	case OPTION_SAME_MAILBOX:
		line->same_mailbox = true;
		return true;
	case OPTION_FROM:
		line->from = optarg;
		return true;
	case OPTION_TRUST_TIMES:
		line->trust_times = true;
		return true;
	case OPTION_STATE_DIR:
		line->state_dir = optarg;
		if (optarg[0] == '/')
			return true;
		*status = usage_error(
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

/* No command means fetch: an account may be named like one. */
static void take_command(struct command_line *line)
{
	for (size_t i = 0; i < sizeof commands / sizeof commands[0]; i++) {
		if (line->name_count == 0 ||
			strcmp(line->names[0], commands[i].name) != 0)
			continue;
		line->command = &commands[i];
		line->names++;
		line->name_count--;
		break;
	}
	if (!line->command->one || line->name_count == 0)
		return;
	line->words = line->names + 1;
	line->word_count = line->name_count - 1;
	line->name_count = 1;
}

static bool parse(struct command_line *line, int argc, char **argv, int *status)
{
	int option;

	while ((option = getopt_long(
			argc, argv, "f:nkj:vqVh", options, NULL)) != -1) {
		if (!take_option(line, option, status))
			return false;
	}
	line->names = argv + optind;
	line->name_count = (size_t)(argc - optind);
	line->command = &commands[0];
	take_command(line);
	if (line->command->named && line->name_count == 0) {
		*status = usage_error(
			"%s takes the name of an account", line->command->name);
		return false;
	}
	if (line->quiet && line->verbose > 0) {
		*status = usage_error("-q and -v contradict each other");
		return false;
	}
	if ((line->from != NULL || line->trust_times) &&
		line->command->run != run_import) {
		*status = usage_error("--from and --trust-times are import's");
		return false;
	}
	return true;
}

static void report_mistake(const char *text)
{
	log_line(LOG_ERRORS, "%s", text);
}

static enum log_level level_of(const struct command_line *line, bool terminal)
{
	if (line->quiet)
		return LOG_ERRORS;
	if (line->verbose > 1)
		return LOG_WIRE;
	if (line->verbose > 0)
		return LOG_MESSAGES;
	return terminal ? LOG_SUMMARY : LOG_WARNINGS;
}

static struct account *find_account(struct config *config, const char *name)
{
	for (size_t i = 0; i < config->count; i++) {
		if (strcmp(config->accounts[i].name, name) == 0)
			return &config->accounts[i];
	}
	return NULL;
}

static int no_such_account(const struct config *config, const char *name)
{
	const char **names = xcalloc(config->count, sizeof names[0]);
	char shown[4 * TEXT_SHOWN_MAX + 8];

	for (size_t i = 0; i < config->count; i++)
		names[i] = config->accounts[i].name;
	const char *near = text_nearest(name, names, config->count);

	text_printable(shown, sizeof shown, name, strlen(name));
	if (near != NULL)
		log_line(LOG_ERRORS,
			"no account named '%s' in the rc file: did you mean "
			"'%s'?",
			shown, near);
	else
		log_line(LOG_ERRORS,
			"no account named '%s' in the rc file; there %s %zu, "
			"the first is '%s'",
			shown, config->count == 1 ? "is" : "are", config->count,
			names[0]);
	free(names);
	return EX_USAGE;
}

/* The accounts named on the command line, or all; NULL: one is unknown. */
static struct account **choose_accounts(const struct command_line *line,
	struct config *config, size_t *count, int *status)
{
	struct account **chosen =
		xcalloc(config->count + line->name_count, sizeof chosen[0]);

	*count = 0;
	for (size_t i = 0; line->name_count == 0 && i < config->count; i++)
		chosen[(*count)++] = &config->accounts[i];
	for (size_t i = 0; i < line->name_count; i++) {
		struct account *found = find_account(config, line->names[i]);
		bool twice = false;

		if (found == NULL) {
			*status = no_such_account(config, line->names[i]);
			free(chosen);
			return NULL;
		}
		for (size_t k = 0; k < *count; k++)
			twice |= chosen[k] == found;
		if (!twice)
			chosen[(*count)++] = found;
	}
	return chosen;
}

/* The width of standard output, if it is a terminal; else 0. */
static unsigned output_columns(void)
{
	struct winsize size = {.ws_col = 0};

	if (!isatty(STDOUT_FILENO))
		return 0;
	ioctl(STDOUT_FILENO, TIOCGWINSZ, &size);
	return size.ws_col < 80 ? 80 : size.ws_col;
}

static struct fetch_options options_of(const struct command_line *line)
{
	bool terminal = isatty(STDERR_FILENO);

	return (struct fetch_options){
		.dry_run = line->dry_run,
		.json = line->json,
		.no_brake = line->no_brake,
		.same_mailbox = line->same_mailbox,
		.verbose = line->verbose > 0,
		.bar = line->progress < 0
			? terminal && !line->quiet && line->verbose == 0
			: line->progress != 0,
		.stop = &stop,
	};
}

static int run_fetch(const struct command_line *line, struct config *config,
	struct account **accounts, size_t count)
{
	struct fetch_options how = options_of(line);

	for (size_t i = 0; i < config->count; i++) {
		if (line->keep)
			config->accounts[i].policy.keep = true;
		if (line->no_brake)
			config->accounts[i].policy.brake = 100;
	}
	return jobs_fetch(accounts, count,
		line->jobs > 0 ? (unsigned)line->jobs : config->jobs, &how);
}

static int run_list(const struct command_line *line, struct config *config,
	struct account **accounts, size_t count)
{
	struct fetch_options how = options_of(line);

	if (line->word_count > 0)
		return usage_error("list takes one account");
	for (size_t i = 0; line->keep && i < config->count; i++)
		config->accounts[i].policy.keep = true;
	how.dry_run = how.list = true;
	how.columns = output_columns();
	return jobs_fetch(accounts, count, 1, &how);
}

static int run_hold(const struct command_line *line, struct config *config,
	struct account **accounts, size_t count)
{
	(void)config;
	(void)count;
	return hold_messages(accounts[0], line->words, line->word_count, true);
}

static int run_retry(const struct command_line *line, struct config *config,
	struct account **accounts, size_t count)
{
	(void)config;
	(void)count;
	return retry_messages(accounts[0], line->words, line->word_count);
}

static int run_release(const struct command_line *line, struct config *config,
	struct account **accounts, size_t count)
{
	(void)config;
	(void)count;
	return hold_messages(accounts[0], line->words, line->word_count, false);
}

static int run_import(const struct command_line *line, struct config *config,
	struct account **accounts, size_t count)
{
	struct fetch_options look = options_of(line);
	struct import_options how = {.trust_times = line->trust_times};

	(void)config;
	(void)count;
	if (line->from == NULL || !seen_format_named(line->from, &how.from))
		return usage_error("import takes --from fetchmail, getmail, "
				   "mpop, fdm, thunderbird or claws");
	if (line->word_count > 1)
		return usage_error("import takes one account and one file");
	how.file = line->word_count > 0 ? line->words[0] : NULL;
	return import_account(accounts[0], &look, &how);
}

static int run_mark_seen(const struct command_line *line, struct config *config,
	struct account **accounts, size_t count)
{
	struct fetch_options how = options_of(line);

	(void)config;
	return mark_seen(accounts, count, &how);
}

static int run_rebuild(const struct command_line *line, struct config *config,
	struct account **accounts, size_t count)
{
	struct fetch_options how = options_of(line);

	how.rebuild = true;
	return jobs_fetch(accounts, count,
		line->jobs > 0 ? (unsigned)line->jobs : config->jobs, &how);
}

/* One after another: a disk reads no faster for being asked by several. */
static int run_verify(const struct command_line *line, struct config *config,
	struct account **accounts, size_t count)
{
	struct fetch_options how = options_of(line);
	int status = EX_OK;

	for (size_t i = 0; i < count && !stop; i++) {
		size_t refetched;

		if (line->no_brake)
			accounts[i]->policy.brake = 100;

		status = error_worse(status,
			verify_account(
				accounts[i], &how, line->refetch, &refetched));
		if (refetched > 0)
			status = error_worse(status,
				jobs_fetch(
					&accounts[i], 1, config->jobs, &how));
	}
	return status;
}

static int run_status(const struct command_line *line, struct config *config,
	struct account **accounts, size_t count)
{
	(void)config;
	return status_accounts(accounts, count, line->json);
}

static int run_history(const struct command_line *line, struct config *config,
	struct account **accounts, size_t count)
{
	(void)config;
	(void)count;
	return history_show(
		accounts[0], line->words, line->word_count, line->json);
}

static int run_command(const struct command_line *line, struct config *config)
{
	size_t count;
	int status = EX_OK;
	struct error err = {.kind = ERROR_NONE};
	struct account **accounts =
		choose_accounts(line, config, &count, &status);

	if (accounts == NULL)
		return status;
	if (!line->command->online || session_global_init(&err)) {
		status = line->command->run(line, config, accounts, count);
	} else {
		log_error(&err);
		status = error_status(err.kind);
	}
	if (line->command->online)
		session_global_release();
	free(accounts);
	return status;
}

int main(int argc, char **argv)
{
	struct command_line line = {
		.files = xcalloc((size_t)argc, sizeof line.files[0]),
		.progress = -1,
	};
	struct config config = {.count = 0};
	struct error err = {.kind = ERROR_NONE};
	bool terminal = isatty(STDERR_FILENO);
	int status = EX_OK;

	privilege_protect_memory();
	umask(077);
	set_signals();
	if (parse(&line, argc, argv, &status)) {
		log_init(level_of(&line, terminal), terminal);
		if (config_read(&config, line.files, line.file_count,
			    line.state_dir, report_mistake, &err)) {
			status = run_command(&line, &config);
		} else {
			log_error(&err);
			status = error_status(err.kind);
		}
		config_release(&config);
	}
	free(line.files);
	/* What was printed may be all that someone goes by. */
	if (fflush(stdout) != 0 || ferror(stdout)) {
		log_line(LOG_ERRORS, "cannot write to standard output: %s",
			strerror(errno));
		status = error_worse(status, EX_IOERR);
	}
	return status;
}
