/* SPDX-License-Identifier: ISC */
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sysexits.h>
#include <unistd.h>

#include "cli/options.h"
#include "cli/page.h"
#include "commands/check.h"
#include "commands/fetch.h"
#include "commands/history.h"
#include "commands/hold.h"
#include "commands/import.h"
#include "commands/list.h"
#include "commands/list_local.h"
#include "commands/mark_seen.h"
#include "commands/rebuild.h"
#include "commands/rename.h"
#include "commands/retry.h"
#include "commands/status.h"
#include "commands/verify.h"
#include "core/error.h"
#include "core/text.h"
#include "core/xalloc.h"
#include "io/net/session.h"
#include "io/process/config.h"
#include "io/process/log.h"
#include "io/process/privilege.h"
#include "io/process/streams.h"

static volatile sig_atomic_t stop;

/* What a command does with the accounts named, or all. Returns a status. */
typedef int command_run(const struct command_line *line, struct config *config,
	struct account **accounts, size_t count);

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

/* command: the word may have been meant for one. */
static int no_such_account(
	const struct config *config, const char *name, bool command)
{
	const char **names = xcalloc(config->count, sizeof names[0]);
	char shown[4 * TEXT_SHOWN_MAX + 8];

	for (size_t i = 0; i < config->count; i++)
		names[i] = config->accounts[i].name;
	const char *near = command
		? command_line_nearest(name, names, config->count)
		: text_nearest(name, names, config->count);

	text_printable(shown, sizeof shown, name, strlen(name));
	if (near != NULL)
		log_line(LOG_ERRORS,
			"no %saccount named '%s'%s: did you mean '%s'?",
			command ? "command and no " : "", shown,
			command ? "" : " in the rc file", near);
	else
		log_line(LOG_ERRORS,
			"no %saccount named '%s' in the rc file; there %s %zu, "
			"the first is '%s'",
			command ? "command and no " : "", shown,
			text_plural(config->count, "is", "are"), config->count,
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
			*status = no_such_account(config, line->names[i],
				line->implied && i == 0);
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

static struct run_options options_of(const struct command_line *line)
{
	bool terminal = isatty(STDERR_FILENO);

	return (struct run_options){
		.dry_run = line->dry_run,
		.json = line->json,
		.keep = line->keep,
		.no_brake = line->no_brake,
		.same_mailbox = line->same_mailbox,
		.verbose = line->verbose > 0,
		.bar = line->progress < 0
			? terminal && !line->quiet && line->verbose == 0
			: line->progress != 0,
		.stop = &stop,
	};
}

static int run_check(const struct command_line *line, struct config *config,
	struct account **accounts, size_t count)
{
	struct run_options how = options_of(line);

	(void)config;
	return check_accounts(accounts, count, &how);
}

static int run_fetch(const struct command_line *line, struct config *config,
	struct account **accounts, size_t count)
{
	struct run_options how = options_of(line);

	return fetch_accounts(accounts, count,
		line->jobs > 0 ? (unsigned)line->jobs : config->jobs, &how);
}

static int run_list(const struct command_line *line, struct config *config,
	struct account **accounts, size_t count)
{
	struct run_options how = options_of(line);

	(void)config;
	if (line->word_count > 0)
		return command_line_mistake("list takes one account");
	if (line->local && (line->keep || line->no_brake || line->same_mailbox))
		return command_line_mistake(
			"list --local asks no server: -k, --no-brake and "
			"--same-mailbox have no meaning with it");
	if (line->local)
		return list_local(accounts[0], &how);
	how.dry_run = true;
	how.columns = page_columns();
	return list_accounts(accounts, count, &how);
}

static int run_hold(const struct command_line *line, struct config *config,
	struct account **accounts, size_t count)
{
	(void)config;
	(void)count;
	return hold_messages(accounts[0], line->words, line->word_count, true);
}

static int run_rename(const struct command_line *line, struct config *config,
	struct account **accounts, size_t count)
{
	(void)config;
	(void)count;
	if (line->word_count != 1)
		return command_line_mistake(
			"rename takes the old name of an account and its new "
			"one");
	return rename_account(accounts[0], line->words[0]);
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
	struct run_options look = options_of(line);
	struct import_options how = {.trust_times = line->trust_times};

	(void)config;
	(void)count;
	if (line->from == NULL || !seen_format_named(line->from, &how.from))
		return command_line_mistake(
			"import takes --from fetchmail, getmail, "
			"mpop, fdm, thunderbird or claws");
	if (line->word_count > 1)
		return command_line_mistake(
			"import takes one account and one file");
	how.file = line->word_count > 0 ? line->words[0] : NULL;
	return import_account(accounts[0], &look, &how);
}

static int run_mark_seen(const struct command_line *line, struct config *config,
	struct account **accounts, size_t count)
{
	struct run_options how = options_of(line);

	(void)config;
	return mark_seen(accounts, count, &how);
}

static int run_rebuild(const struct command_line *line, struct config *config,
	struct account **accounts, size_t count)
{
	struct run_options how = options_of(line);

	return rebuild_accounts(accounts, count,
		line->jobs > 0 ? (unsigned)line->jobs : config->jobs, &how);
}

static int run_verify(const struct command_line *line, struct config *config,
	struct account **accounts, size_t count)
{
	struct run_options how = options_of(line);

	(void)config;
	return verify_accounts(accounts, count, &how, line->refetch);
}

static int run_status(const struct command_line *line, struct config *config,
	struct account **accounts, size_t count)
{
	struct run_options how = options_of(line);

	(void)config;
	return status_accounts(accounts, count, &how);
}

static int run_history(const struct command_line *line, struct config *config,
	struct account **accounts, size_t count)
{
	(void)config;
	(void)count;
	return history_show(
		accounts[0], line->words, line->word_count, line->json);
}

static command_run *const runs[] = {
	[COMMAND_CHECK] = run_check,
	[COMMAND_FETCH] = run_fetch,
	[COMMAND_HISTORY] = run_history,
	[COMMAND_HOLD] = run_hold,
	[COMMAND_IMPORT] = run_import,
	[COMMAND_LIST] = run_list,
	[COMMAND_MARK_SEEN] = run_mark_seen,
	[COMMAND_REBUILD] = run_rebuild,
	[COMMAND_RELEASE] = run_release,
	[COMMAND_RENAME] = run_rename,
	[COMMAND_RETRY] = run_retry,
	[COMMAND_STATUS] = run_status,
	[COMMAND_VERIFY] = run_verify,
};

/* No process of ours needs the passwords of accounts that were not named. */
static void forget_others(
	struct config *config, struct account *const *chosen, size_t count)
{
	for (size_t i = 0; i < config->count; i++) {
		bool needed = false;

		for (size_t k = 0; k < count; k++)
			needed |= chosen[k] == &config->accounts[i];
		if (!needed)
			account_forget_password(&config->accounts[i]);
	}
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
	forget_others(config, accounts, count);
	if (!line->online || session_global_init(&err)) {
		status = runs[line->command](line, config, accounts, count);
	} else {
		log_error(&err);
		status = error_status(err.kind);
	}
	if (line->online)
		session_global_release();
	free(accounts);
	return status;
}

int main(int argc, char **argv)
{
	struct command_line line;
	struct config config = {.count = 0};
	struct error err = {.kind = ERROR_NONE};
	struct error unwritten = {.kind = ERROR_NONE};
	int status = EX_OK;

	/* The store would be given the number of a closed one. */
	if (!streams_secure())
		_exit(EX_OSERR);
	bool terminal = isatty(STDERR_FILENO);

	privilege_protect_memory();
	umask(077);
	set_signals();
	page_init();
	if (command_line_parse(&line, argc, argv, &status)) {
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
	command_line_release(&line);
	/* What was printed may be all that someone goes by. */
	if (!streams_flush(&unwritten)) {
		log_error(&unwritten);
		status = error_worse(status, error_status(unwritten.kind));
	}
	return status;
}
