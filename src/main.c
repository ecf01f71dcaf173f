/* SPDX-License-Identifier: ISC */
#include <signal.h>
#include <stdbool.h>
#include <sys/stat.h>
#include <sysexits.h>
#include <unistd.h>

#include "cli/choice.h"
#include "cli/command.h"
#include "cli/page.h"
#include "commands/version.h"
#include "core/error.h"
#include "io/net/session.h"
#include "io/process/config.h"
#include "io/process/log.h"
#include "io/process/privilege.h"
#include "io/process/streams.h"

static volatile sig_atomic_t stop;

static void on_signal(int number)
{
	(void)number;
	stop = 1;
}

static void set_signals(void)
{
	struct sigaction action = {.sa_handler = on_signal};
	struct sigaction hangup;

	/* No SA_RESTART: waits must be interrupted so that they check the
	 * flag. */
	sigaction(SIGINT, &action, NULL);
	sigaction(SIGTERM, &action, NULL);
	/* If SIGHUP is ignored (nohup), it stays ignored. */
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

static enum log_level level_of(const struct options *options, bool terminal)
{
	if (options->quiet)
		return LOG_ERRORS;
	if (options->verbose > 1)
		return LOG_WIRE;
	if (options->verbose > 0)
		return LOG_MESSAGES;
	return terminal ? LOG_SUMMARY : LOG_WARNINGS;
}

static int run_command(struct invocation *invocation)
{
	bool online = invocation->command->online;
	struct error err = {.kind = ERROR_NONE};
	int status;

	if (!online || session_global_init(&err)) {
		status = invocation->command->run(invocation);
	} else {
		log_error(&err);
		status = error_status(err.kind);
	}
	if (online)
		session_global_release();
	return status;
}

/* Runs it for the accounts of the rc file. */
static int run_for_accounts(
	struct invocation *invocation, struct config *config)
{
	if (!choice_make(invocation, config->accounts, config->count))
		return EX_USAGE;
	if (invocation->options.jobs == 0)
		invocation->options.jobs = config->jobs;
	return run_command(invocation);
}

int main(int argc, char **argv)
{
	struct invocation invocation;
	struct config config = {.count = 0};
	struct error err = {.kind = ERROR_NONE};
	struct error unwritten = {.kind = ERROR_NONE};
	int status = EX_OK;

	/* Otherwise an opened file could get the number of a closed standard
	 * stream. */
	if (!streams_secure())
		_exit(EX_OSERR);
	bool terminal = isatty(STDERR_FILENO);

	privilege_protect_memory();
	umask(077);
	set_signals();
	page_init();
	if (command_line_parse(&invocation, argc, argv, &status)) {
		const struct options *options = &invocation.options;
		const struct config_source source = {options->files,
			options->file_count, options->state_dir};

		invocation.stop = &stop;
		log_init(level_of(options, terminal), terminal);
		if (invocation.command->operands == OPERANDS_WORDS) {
			status = run_command(&invocation);
		} else if (config_read(
				   &config, &source, report_mistake, &err)) {
			status = run_for_accounts(&invocation, &config);
		} else {
			log_error(&err);
			status = error_status(err.kind);
		}
		choice_release(&invocation);
		config_release(&config);
	}
	if ((invocation.options.given & OPTION_BIT(OPTION_VERSION)) != 0)
		version_print();
	command_line_release(&invocation);
	/* Incomplete output must not look like success. */
	if (!streams_flush(&unwritten)) {
		log_error(&unwritten);
		status = error_worse(status, error_status(unwritten.kind));
	}
	return status;
}
