/* SPDX-License-Identifier: ISC */
#include "io/process/secret.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <termios.h>
#include <unistd.h>

#include "core/netrc.h"
#include "core/xalloc.h"
#include "io/process/command.h"
#include "io/process/file.h"

/* The longest netrc file that is read. */
#define NETRC_MAX (64 * 1024)
/* Of the freedesktop.org Secret Service: GNOME's and KDE's keyrings. */
#define KEYRING_COMMAND "secret-tool lookup keepmail \"$KEEPMAIL_ACCOUNT\""
#define KEYRING_STORE \
	"secret-tool store --label=keepmail keepmail \"$KEEPMAIL_ACCOUNT\""
#define PASS_STORE "pass insert -m \"keepmail/$KEEPMAIL_ACCOUNT\" >/dev/null"
/* How long a keyring may wait for its owner. */
#define STORE_SECONDS 300

void secret_free(char *password)
{
	if (password == NULL)
		return;
	explicit_bzero(password, strlen(password));
	free(password);
}

/*
 * Copies the first line of bytes to *password. The caller wipes bytes. where:
 * the source, for errors.
 */
static bool first_line(char *bytes, size_t length, const char *where,
	char **password, struct error *err)
{
	/* A byte order mark, from an editor, is not part of a password. */
	size_t from =
		length >= 3 && memcmp(bytes, "\xef\xbb\xbf", 3) == 0 ? 3 : 0;
	size_t n = from;

	while (n < length && bytes[n] != '\n' && bytes[n] != '\0')
		n++;
	while (n > from && bytes[n - 1] == '\r')
		n--;
	if (n == from)
		return error_set(err, ERROR_CONFIG,
			"what %s gives is empty (only its first line is read)",
			where);
	if (n > SECRET_MAX)
		return error_set(err, ERROR_CONFIG,
			"what %s gives is longer than %d bytes", where,
			SECRET_MAX);
	char *copy = xmalloc(n - from + 1);

	memcpy(copy, bytes + from, n - from);
	copy[n - from] = '\0';
	*password = copy;
	return true;
}

/* Reads up to size bytes from fd until its end; -1: error, -2: gave up. */
static ssize_t read_all(
	int fd, char *bytes, size_t size, const struct patience *patience)
{
	size_t length = 0;

	while (length < size) {
		struct pollfd wait = {.fd = fd, .events = POLLIN};

		if (patience_is_over(patience))
			return -2;
		int ready = poll(&wait, 1, 200);

		if (ready < 0 && errno != EINTR)
			return -1;
		if (ready <= 0)
			continue;
		ssize_t n = read(fd, bytes + length, size - length);

		if (n < 0 && errno != EINTR && errno != EAGAIN)
			return -1;
		if (n == 0)
			break;
		if (n > 0)
			length += (size_t)n;
	}
	return (ssize_t)length;
}

/* A source of passwords, and what errors call it. */
struct source {
	const struct account_remote *of;
	char name[64]; /* of the setting, such as "password-command" */
	const struct patience *wait;
};

static struct source source_of(const struct account_remote *of,
	const char *kind, const struct patience *wait)
{
	struct source source = {.of = of, .wait = wait};

	snprintf(source.name, sizeof source.name, "%s%s-%s", of->prefix,
		of->secret, kind);
	return source;
}

/* Fails with what became of the command. False: nothing failed. */
static bool command_failed(const struct source *source, ssize_t n, bool ended,
	int status, struct error *err)
{
	const char *name = source->name;

	if (patience_is_stopped(source->wait))
		error_set(err, ERROR_TEMPORARY,
			"stopped by a signal while %s was running", name);
	else if (!ended || n == -2)
		error_set(err, ERROR_TEMPORARY,
			"%s did not end within %lld seconds (timeout): run it by hand to see what it waits for",
			name, (long long)source->of->session->timeout);
	else if (n < 0)
		error_set(err, ERROR_TEMPORARY, "cannot read from %s: %s", name,
			strerror(errno));
	else if (WIFSIGNALED(status) && WTERMSIG(status) != SIGPIPE)
		error_set(err, ERROR_CONFIG, "%s was killed by signal %d", name,
			WTERMSIG(status));
	else if (WIFEXITED(status) && WEXITSTATUS(status) != 0)
		error_set(err, ERROR_CONFIG,
			"%s failed with exit status %d: %s", name,
			WEXITSTATUS(status),
			source->of->login->password_keyring
				? "run secret-tool store --label=keepmail keepmail ACCOUNT, and see that the keyring is unlocked"
				: "run it by hand in a shell to see why");
	else
		return false;
	return true;
}

static bool from_command(const struct source *source, const char *line,
	bool clean, char **password, struct error *err)
{
	const struct account_remote *of = source->of;
	/* So that one command can serve many accounts. */
	const struct command_variable variables[] = {
		{"KEEPMAIL_ACCOUNT", of->name},
		{"KEEPMAIL_SERVER", of->server->host},
		{"KEEPMAIL_USER", of->login->user},
	};
	/* It inherits standard error for its own messages. */
	const struct command_plan plan = {
		.line = line,
		.clean = clean,
		.variables = variables,
		.variable_count = sizeof variables / sizeof variables[0],
	};
	struct command command;
	char bytes[SECRET_MAX + 2];

	if (!command_start(&command, &plan))
		return error_set(err, ERROR_TEMPORARY, "cannot start %s: %s",
			source->name, strerror(errno));
	ssize_t n = command_read(&command, bytes, sizeof bytes,
		COMMAND_REST_UNREAD, source->wait);
	int saved = errno;
	bool ended = command_end(&command, source->wait, 0);

	errno = saved;
	bool ok = !command_failed(source, n, ended, command.status, err) &&
		first_line(bytes, (size_t)n, source->name, password, err);

	explicit_bzero(bytes, sizeof bytes);
	return ok;
}

/* Reads a file that nobody else can read. -1: see err. */
static ssize_t read_file(const struct source *source, const char *path,
	char *bytes, size_t size, struct error *err)
{
	const char *name = source->name;
	struct stat st;
	/* A FIFO that nobody writes to would be waited for, in vain. */
	int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK);

	if (fd < 0) {
		error_set(err, ERROR_CONFIG, "cannot open %s %s: %s", name,
			path, strerror(errno));
		return -1;
	}
	/* Those of systemd are in a directory of their own. */
	if (fstat(fd, &st) < 0 ||
		((st.st_mode & 077) != 0 &&
			source->of->login->password_credential == NULL)) {
		close(fd);
		error_set(err, ERROR_CONFIG,
			"%s %s can be read by others: run chmod 600 '%s'", name,
			path, path);
		return -1;
	}
	ssize_t n = read_all(fd, bytes, size, source->wait);
	int saved = errno;

	close(fd);
	if (patience_is_stopped(source->wait))
		error_set(err, ERROR_TEMPORARY,
			"stopped by a signal while %s %s was read", name, path);
	else if (n == -2)
		error_set(err, ERROR_TEMPORARY,
			"%s %s was not read to its end within %lld seconds (timeout): see that it is an ordinary file",
			name, path, (long long)source->of->session->timeout);
	else if (n < 0)
		error_set(err, ERROR_CONFIG, "cannot read %s %s: %s", name,
			path, strerror(saved));
	else
		return n;
	return -1;
}

static bool from_file(const struct source *source, const char *path,
	char **password, struct error *err)
{
	char bytes[SECRET_MAX + 2];
	ssize_t n = read_file(source, path, bytes, sizeof bytes, err);
	bool ok = n >= 0 && first_line(bytes, (size_t)n, path, password, err);

	explicit_bzero(bytes, sizeof bytes);
	return ok;
}

static bool from_credential(
	const struct source *source, char **password, struct error *err)
{
	const char *directory = getenv("CREDENTIALS_DIRECTORY");
	const char *name = source->of->login->password_credential;

	if (directory == NULL || directory[0] != '/')
		return error_set(err, ERROR_CONFIG,
			"%s = %s needs a systemd service with LoadCredential=%s or SetCredentialEncrypted=%s: without one, use another setting for the password",
			source->name, name, name, name);
	char *path = xasprintf("%s/%s", directory, name);
	bool ok = from_file(source, path, password, err);

	free(path);
	return ok;
}

static bool from_netrc(
	const struct source *source, char **password, struct error *err)
{
	const struct account_remote *of = source->of;
	const char *path = of->login->password_netrc;
	char *text = xmalloc(NETRC_MAX + 1);
	ssize_t n = read_file(source, path, text, NETRC_MAX, err);
	const char *found;
	bool ok = n >= 0;

	if (ok) {
		text[n] = '\0';
		ok = netrc_find(
			text, of->server->host, of->login->user, &found);
		if (!ok)
			error_set(err, ERROR_CONFIG,
				"%s %s has no password for %s on %s: add machine %s login %s password ...",
				source->name, path, of->login->user,
				of->server->host, of->server->host,
				of->login->user);
	}
	char *copy = ok ? xstrdup(found) : NULL;

	explicit_bzero(text, NETRC_MAX + 1);
	free(text);
	ok = ok && first_line(copy, strlen(copy), path, password, err);
	secret_free(copy);
	return ok;
}

static bool has_source(const struct account_login *login)
{
	return login->password != NULL || login->password_command != NULL ||
		login->password_file != NULL || login->password_netrc != NULL ||
		login->password_credential != NULL || login->password_keyring;
}

bool secret_is_at_hand(const struct account *account)
{
	return account->oauth.provider != OAUTH_NONE ||
		has_source(&account->login);
}

bool secret_get_within(const struct account_remote *of, bool clean,
	const struct patience *wait, char **password, struct error *err)
{
	const struct account_login *login = of->login;
	struct source source;

	if (login->password != NULL) {
		*password = xstrdup(login->password);
		return true;
	}
	if (login->password_command != NULL) {
		source = source_of(of, "command", wait);
		return from_command(
			&source, login->password_command, clean, password, err);
	}
	if (login->password_keyring) {
		source = source_of(of, "keyring", wait);
		return from_command(
			&source, KEYRING_COMMAND, clean, password, err);
	}
	if (login->password_file != NULL) {
		source = source_of(of, "file", wait);
		return from_file(&source, login->password_file, password, err);
	}
	if (login->password_netrc != NULL) {
		source = source_of(of, "netrc", wait);
		return from_netrc(&source, password, err);
	}
	if (login->password_credential != NULL) {
		source = source_of(of, "credential", wait);
		return from_credential(&source, password, err);
	}
	return error_set(err, ERROR_CONFIG,
		"no password is set: set password-command, password-file or password in %s",
		of->file);
}

bool secret_get(const struct account_remote *of, bool clean,
	const volatile sig_atomic_t *stop, char **password, struct error *err)
{
	const struct patience wait = patience_begin(of->session->timeout, stop);

	return secret_get_within(of, clean, &wait, password, err);
}

bool secret_ask(const struct account *account,
	const volatile sig_atomic_t *stop, char **password, struct error *err)
{
	char bytes[SECRET_MAX + 2];
	struct termios old;
	struct termios quiet;
	int fd = open("/dev/tty", O_RDWR | O_CLOEXEC | O_NOCTTY);

	if (fd < 0 || tcgetattr(fd, &old) < 0) {
		if (fd >= 0)
			close(fd);
		return error_set(err, ERROR_CONFIG,
			"no password is set, and there is no terminal to ask for one: set password-command, password-file or password in %s",
			account->file);
	}
	quiet = old;
	quiet.c_lflag &= ~(tcflag_t)ECHO;
	tcsetattr(fd, TCSAFLUSH, &quiet);
	dprintf(fd, "Password of %s on %s (account %s): ", account->login.user,
		account->server.host, account->name);
	ssize_t n = read(fd, bytes, sizeof bytes);

	tcsetattr(fd, TCSAFLUSH, &old);
	dprintf(fd, "\n");
	close(fd);
	bool ok = *stop ? error_set(err, ERROR_TEMPORARY,
				  "stopped by a signal at the password prompt")
			: first_line(bytes, n > 0 ? (size_t)n : 0,
				  "the terminal", password, err);

	explicit_bzero(bytes, sizeof bytes);
	return ok;
}

/* Runs a command with the password on its standard input. */
static bool store_by(const char *line, int input,
	const struct command_variable *account, const struct patience *wait)
{
	const struct command_plan plan = {
		.line = line,
		.has_input = true,
		.input = input,
		.variables = account,
		.variable_count = 1,
	};
	struct command command;
	char output[256];

	if (!command_start(&command, &plan))
		return false;
	command_read(&command, output, sizeof output, COMMAND_REST_LAST, wait);
	return command_end(&command, wait, 1) && WIFEXITED(command.status) &&
		WEXITSTATUS(command.status) == 0;
}

bool secret_store(enum secret_place place, const char *name,
	const char *password, const volatile sig_atomic_t *stop,
	struct error *err)
{
	const char *line = place == SECRET_KEYRING ? KEYRING_STORE : PASS_STORE;
	const struct patience wait = patience_begin(STORE_SECONDS, stop);
	const struct command_variable account = {"KEEPMAIL_ACCOUNT", name};
	int fd = memfd_create("keepmail", MFD_CLOEXEC);
	bool ok = fd >= 0 && file_write_at(fd, password, strlen(password), 0) &&
		store_by(line, fd, &account, &wait);

	if (fd >= 0)
		close(fd);
	return ok ||
		error_set(err, ERROR_CREATE,
			place == SECRET_KEYRING
				? "cannot store the password in the keyring: secret-tool failed. See that the keyring is unlocked, or choose another place"
				: "cannot store the password as keepmail/%s: pass failed. If it has that already, use --set password-command=..., or choose another place",
			name);
}
