/* SPDX-License-Identifier: ISC */
#include "commands/version.h"

#include <config.h>
#include <stdio.h>
#include <stdlib.h>

#include "io/net/session.h"
#include "io/process/confine.h"
#include "io/process/digest.h"
#include "io/store/store.h"

void version_print(void)
{
	char *fence = confine_abilities();

	printf("keepmail %s (%s, SQLite %s, OpenSSL %s)\n", PACKAGE_VERSION,
		session_library(), store_library(), digest_library());
	puts("Destinations: maildir mbox lmtp imap gmail pipe");
	printf("Logins: plain user login apop cram-md5 digest-md5%s oauthbearer xoauth2\n",
		session_has_scram() ? " scram-sha-1 scram-sha-256" : "");
	printf("Confinement: %s\n", fence);
	free(fence);
}
