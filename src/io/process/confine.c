/* SPDX-License-Identifier: ISC */
#include "io/process/confine.h"

#include <stdlib.h>
#include <string.h>

#include "core/xalloc.h"
#include "io/process/log.h"

#if defined(__linux__)

#include <errno.h>
#include <sys/prctl.h>

#include "io/process/confine_internal.h"

static bool is_filtered;

void confine_worker(const struct account *account, bool dry_run,
	const char *const *readable, size_t readable_count)
{
	char *fence;
	char *filter;

	if (!account->confine) {
		log_line(LOG_MESSAGES, "not confined: confine = false");
		return;
	}
	/* Landlock and seccomp require it: set-user-ID has no effect then. */
	if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) < 0) {
		log_line(LOG_MESSAGES, "not confined: no no_new_privs: %s",
			strerror(errno));
		return;
	}
	bool fenced = confine_files(
		account, dry_run, readable, readable_count, &fence);
	bool filtered = is_filtered = confine_calls(&filter);

	log_line(LOG_MESSAGES, "%s: %s; %s",
		fenced && filtered	     ? "confined"
			: fenced || filtered ? "confined in part"
					     : "not confined",
		fence, filter);
	free(fence);
	free(filter);
}

void confine_connected(void)
{
	char *filter;

	/* If there is no first filter, that was logged. */
	if (!is_filtered)
		return;
	bool filtered = confine_sockets(&filter);

	log_line(LOG_MESSAGES, "%s: %s",
		filtered ? "confined further" : "not confined further", filter);
	free(filter);
}

char *confine_abilities(void)
{
	int abi = confine_landlock();
	char *calls = confine_seccomp();
	char *both = abi > 0 ? xasprintf("Landlock ABI %d, %s", abi, calls)
			     : xasprintf("no Landlock, %s", calls);

	free(calls);
	return both;
}

#else

char *confine_abilities(void)
{
	return xstrdup("none");
}

void confine_worker(const struct account *account, bool dry_run,
	const char *const *readable, size_t readable_count)
{
	(void)dry_run;
	(void)readable;
	(void)readable_count;
	log_line(LOG_MESSAGES, "not confined: %s",
		account->confine
			? "this system has neither Landlock nor seccomp"
			: "confine = false");
}

void confine_connected(void)
{
}

#endif
