/* SPDX-License-Identifier: ISC */
#include "commands/run_options.h"

#include <unistd.h>

struct run_options run_options_make(const struct invocation *invocation)
{
	const struct options *options = &invocation->options;
	bool terminal = isatty(STDERR_FILENO);

	return (struct run_options){
		.dry_run = options->dry_run,
		.json = options->json,
		.keep = options->keep,
		.no_brake = options->no_brake,
		.same_mailbox = options->same_mailbox,
		.verbose = options->verbose > 0,
		.bar = options->progress < 0
			? terminal && !options->quiet && options->verbose == 0
			: options->progress != 0,
		.stop = invocation->stop,
	};
}
