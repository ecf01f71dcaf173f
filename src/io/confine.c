/* SPDX-License-Identifier: ISC */
#include "io/confine.h"

#include <stdlib.h>
#include <string.h>

#include "io/log.h"

#if defined(__linux__)

#include <errno.h>
#include <sys/prctl.h>

#include "io/confine_inside.h"

void confine_worker(const struct account *account, bool dry_run)
{
	char *fence;
	char *filter;

	if (!account->confine) {
		log_line(LOG_MESSAGES, "not confined: confine = false");
		return;
	}
	/* Both ask for it; a program that is started gains nothing by it. */
	if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) < 0) {
		log_line(LOG_MESSAGES, "not confined: no no_new_privs: %s",
			strerror(errno));
		return;
	}
	bool fenced = confine_files(account, dry_run, &fence);
	bool filtered = confine_calls(&filter);

	log_line(LOG_MESSAGES, "%s: %s; %s",
		fenced && filtered	     ? "confined"
			: fenced || filtered ? "confined in part"
					     : "not confined",
		fence, filter);
	free(fence);
	free(filter);
}

#else

void confine_worker(const struct account *account, bool dry_run)
{
	(void)dry_run;
	log_line(LOG_MESSAGES, "not confined: %s",
		account->confine
			? "this system has neither Landlock nor seccomp"
			: "confine = false");
}

#endif
