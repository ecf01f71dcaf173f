/* SPDX-License-Identifier: ISC */
/*
 * Any rc file, and up to three files that it includes: never a crash, a leak, a
 * hang, a refusal without a message, or an accepted account that breaks a
 * promise. The files are in memory (memfd_create); nothing else is read.
 */
#include <fcntl.h>
#include <glob.h>
#include <stdbool.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "core/setting.h"
#include "fuzz.h"
#include "io/process/config.h"

/* Separates the files: a byte that does not occur in UTF-8. */
#define SEPARATOR 0xff
#define FILES_MAX 4
/*
 * Files that include the next one several times form a tree; this much of it is
 * enough.
 */
#define INCLUDES_MAX 16

static int files[FILES_MAX];
static size_t file_count;
static unsigned included;
static size_t reports;

static void path_of(int file, char room[32])
{
	snprintf(room, 32, "/proc/self/fd/%d", file);
}

/*
 * The files for include: a pattern that ends in "1" names the second file, and
 * so on, and one that ends in "*" names all of them. No others exist, so that
 * no input reads the machine's own files.
 */
int glob(const char *restrict pattern, int flags,
	int (*on_error)(const char *path, int number), glob_t *restrict found)
{
	size_t length = strlen(pattern);
	char last = pattern[length - 1];

	(void)flags;
	(void)on_error;
	memset(found, 0, sizeof *found);
	found->gl_pathv = calloc(FILES_MAX + 1, sizeof found->gl_pathv[0]);
	PROMISE(found->gl_pathv != NULL);
	for (size_t i = 0; i < file_count; i++) {
		char path[32];

		if ((last != '*' && (size_t)(last - '0') != i) ||
			++included > INCLUDES_MAX)
			continue;
		path_of(files[i], path);
		found->gl_pathv[found->gl_pathc++] = strdup(path);
	}
	if (found->gl_pathc > 0)
		return 0;
	globfree(found);
	return GLOB_NOMATCH;
}

void globfree(glob_t *found)
{
	for (size_t i = 0; i < found->gl_pathc; i++)
		free(found->gl_pathv[i]);
	free(found->gl_pathv);
	found->gl_pathv = NULL;
	found->gl_pathc = 0;
}

static void on_report(const char *line)
{
	PROMISE(line[0] != '\0');
	PROMISE(strchr(line, '\n') == NULL);
	reports++;
}

/* Text that goes to a server or to libcurl. */
static void check_clean(const char *text, size_t max)
{
	if (text == NULL)
		return;
	PROMISE(text[0] != '\0' && strlen(text) <= max);
	for (; *text != '\0'; text++)
		PROMISE((unsigned char)*text >= ' ' && *text != 0x7f);
}

static void check_path(const char *path)
{
	PROMISE(path == NULL || path[0] == '/');
}

static void check_policy(const struct policy *policy)
{
	PROMISE(policy->erase == ERASE_NEVER || policy->erase == ERASE_NOW ||
		policy->erase == ERASE_AFTER);
	PROMISE(policy->after >= 0);
	PROMISE(policy->erase != ERASE_AFTER || policy->after > 0);
	PROMISE(policy->after <= INT64_C(36525) * 86400);
	PROMISE(policy->keep_newest <= INT32_MAX);
	PROMISE(policy->max_size <= INT64_MAX);
}

static void check_account(const struct account *account)
{
	PROMISE(account->name != NULL && account_name_is_good(account->name));
	PROMISE(account->server.host != NULL &&
		account->server.host[0] != '\0');
	PROMISE(strpbrk(account->server.host, " /@\\\"'?#%\t\r\n\x7f") == NULL);
	check_clean(account->server.host, 255);
	PROMISE(account->login.user != NULL);
	check_clean(account->login.user, 1024);
	check_clean(account->login.password, 1024);
	check_clean(account->server.proxy, 1024);
	check_clean(account->tls.pin, 4096);
	PROMISE((account->login.password != NULL) +
			(account->login.password_command != NULL) +
			(account->login.password_file != NULL) <=
		1);
	PROMISE(account->server.port != 0);
	PROMISE(account->session.timeout >= 1 &&
		account->session.timeout <= 86400);
	PROMISE(account->destination.kind == DESTINATION_MAILDIR ||
		account->destination.kind == DESTINATION_MBOX);
	PROMISE(account->destination.path != NULL && account->state != NULL);
	check_path(account->destination.path);
	check_path(account->state);
	check_path(account->login.password_file);
	check_path(account->tls.ca);
	check_path(account->tls.cert);
	check_path(account->tls.key);
	PROMISE(account->tls.key == NULL || account->tls.cert != NULL);
	PROMISE(account->tls.mode != TLS_OFF ||
		account->login.cleartext_password ||
		account_is_loopback(account->server.host));
	PROMISE(account->file != NULL && account->line > 0);
	check_policy(&account->policy);
}

static void check_config(const struct config *config)
{
	PROMISE(config->count > 0);
	PROMISE(config->jobs >= 1 && config->jobs <= 64);
	for (size_t i = 0; i < config->count; i++) {
		check_account(&config->accounts[i]);
		for (size_t k = 0; k < i; k++)
			PROMISE(strcmp(config->accounts[i].name,
					config->accounts[k].name) != 0);
	}
}

/* The environment names no existing files, and nothing is asked. */
static void prepare(void)
{
	static bool prepared;

	if (prepared)
		return;
	prepared = true;
	setenv("HOME", "/nonexistent/home", 1);
	unsetenv("KEEPMAIL_STATE");
	unsetenv("KEEPMAIL_CONFIG");
	unsetenv("XDG_STATE_HOME");
	unsetenv("XDG_CONFIG_HOME");
}

static void add_file(const uint8_t *text, size_t size)
{
	int file = memfd_create("rc", MFD_CLOEXEC);

	PROMISE(file >= 0);
	/* With the permissions that an rc file should have. */
	PROMISE(fchmod(file, 0600) == 0);
	PROMISE(write(file, text, size) == (ssize_t)size);
	files[file_count++] = file;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct config config;
	struct error err = {.kind = ERROR_NONE};
	char path[32];
	const char *paths[] = {path};

	if (size > FUZZ_MAX)
		return 0;
	prepare();
	included = 0;
	reports = 0;
	file_count = 0;
	while (file_count < FILES_MAX) {
		const uint8_t *end =
			size == 0 ? NULL : memchr(data, SEPARATOR, size);
		size_t n = end == NULL ? size : (size_t)(end - data);

		add_file(data, n);
		if (end == NULL)
			break;
		data += n + 1;
		size -= n + 1;
	}
	path_of(files[0], path);
	const struct config_source source = {paths, 1, NULL};

	if (config_read(&config, &source, on_report, &err)) {
		PROMISE(reports == 0);
		PROMISE(err.kind == ERROR_NONE);
		check_config(&config);
	} else {
		PROMISE(err.kind == ERROR_CONFIG && err.text[0] != '\0');
		PROMISE(reports > 0 || config.count == 0);
	}
	config_release(&config);
	for (size_t i = 0; i < file_count; i++)
		close(files[i]);
	return 0;
}
