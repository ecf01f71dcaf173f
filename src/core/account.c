/* SPDX-License-Identifier: ISC */
#include "core/account.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>

void account_init(struct account *account)
{
	*account = (struct account){
		.tls = TLS_IMPLICIT,
		.tls_min = TLS_MIN_1_2,
		.auth = AUTH_AUTO,
		.timeout = 60,
	};
}

void account_forget_password(struct account *account)
{
	if (account->password != NULL)
		explicit_bzero(account->password, strlen(account->password));
	free(account->password);
	account->password = NULL;
}

void account_release(struct account *account)
{
	account_forget_password(account);
	free(account->name);
	free(account->server);
	free(account->tls_ca);
	free(account->tls_pin);
	free(account->tls_cert);
	free(account->tls_key);
	free(account->proxy);
	free(account->user);
	free(account->password_command);
	free(account->password_file);
	free(account->path);
	free(account->state);
	free(account->file);
	*account = (struct account){.port = 0};
}

uint16_t account_default_port(enum tls_mode tls)
{
	return tls == TLS_IMPLICIT ? 995 : 110;
}

bool account_name_is_good(const char *name)
{
	static const char allowed[] = "abcdefghijklmnopqrstuvwxyz"
				      "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
				      "0123456789._@+-";
	size_t length = strlen(name);

	return length > 0 && length <= 64 && strchr(".-+", name[0]) == NULL &&
		strspn(name, allowed) == length;
}

bool account_is_loopback(const char *server)
{
	return strcasecmp(server, "localhost") == 0 ||
		strcmp(server, "::1") == 0 || strcmp(server, "[::1]") == 0 ||
		(strncmp(server, "127.", 4) == 0 &&
			strspn(server, "0123456789.") == strlen(server));
}
