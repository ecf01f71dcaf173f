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
#include <sys/stat.h>
#include <sys/wait.h>
#include <termios.h>
#include <unistd.h>

#include "core/xalloc.h"
#include "io/process/command.h"

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

static bool from_command(const struct account_remote *of, bool clean,
	const struct patience *wait, char **password, struct error *err)
{
	/* So that one command can serve many accounts. */
	const struct command_variable variables[] = {
		{"KEEPMAIL_ACCOUNT", of->name},
		{"KEEPMAIL_SERVER", of->server->host},
		{"KEEPMAIL_USER", of->login->user},
	};
	/* It inherits standard error for its own messages. */
	const struct command_plan plan = {
		.line = of->login->password_command,
		.clean = clean,
		.variables = variables,
		.variable_count = sizeof variables / sizeof variables[0],
	};
	struct command command;
	char bytes[SECRET_MAX + 2];
	char where[64];
	bool ok = false;

	snprintf(where, sizeof where, "%s%s-command", of->prefix, of->secret);
	if (!command_start(&command, &plan))
		return error_set(err, ERROR_TEMPORARY,
			"cannot start %s%s-command: %s", of->prefix, of->secret,
			strerror(errno));
	ssize_t n = command_read(
		&command, bytes, sizeof bytes, COMMAND_REST_UNREAD, wait);
	int saved = errno;
	bool ended = command_end(&command, wait, 0);
	int status = command.status;

	if (patience_is_stopped(wait))
		error_set(err, ERROR_TEMPORARY,
			"stopped by a signal while %s%s-command was running",
			of->prefix, of->secret);
	else if (!ended || n == -2)
		error_set(err, ERROR_TEMPORARY,
			"%s%s-command did not end within %lld seconds "
			"(timeout): run it by hand to see what it waits for",
			of->prefix, of->secret,
			(long long)of->session->timeout);
	else if (n < 0)
		error_set(err, ERROR_TEMPORARY,
			"cannot read from %s%s-command: %s", of->prefix,
			of->secret, strerror(saved));
	else if (WIFSIGNALED(status) && WTERMSIG(status) != SIGPIPE)
		error_set(err, ERROR_CONFIG,
			"%s%s-command was killed by signal %d", of->prefix,
			of->secret, WTERMSIG(status));
	else if (WIFEXITED(status) && WEXITSTATUS(status) != 0)
		error_set(err, ERROR_CONFIG,
			"%s%s-command failed with exit status %d: run it "
			"by hand in a shell to see why",
			of->prefix, of->secret, WEXITSTATUS(status));
	else
		ok = first_line(bytes, (size_t)n, where, password, err);
	explicit_bzero(bytes, sizeof bytes);
	return ok;
}

static bool from_file(const struct account_remote *of,
	const struct patience *wait, char **password, struct error *err)
{
	char bytes[SECRET_MAX + 2];
	struct stat st;
	const char *path = of->login->password_file;
	/* A FIFO that nobody writes to would be waited for, in vain. */
	int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK);

	if (fd < 0)
		return error_set(err, ERROR_CONFIG,
			"cannot open %s%s-file %s: %s", of->prefix, of->secret,
			path, strerror(errno));
	if (fstat(fd, &st) < 0 || (st.st_mode & 077) != 0) {
		close(fd);
		return error_set(err, ERROR_CONFIG,
			"%s%s-file %s can be read by others: run "
			"chmod 600 '%s'",
			of->prefix, of->secret, path, path);
	}
	ssize_t n = read_all(fd, bytes, sizeof bytes, wait);

	close(fd);
	bool ok = false;

	if (patience_is_stopped(wait))
		error_set(err, ERROR_TEMPORARY,
			"stopped by a signal while %s%s-file %s was read",
			of->prefix, of->secret, path);
	else if (n == -2)
		error_set(err, ERROR_TEMPORARY,
			"%s%s-file %s was not read to its end within %lld seconds (timeout): see that it is an ordinary file",
			of->prefix, of->secret, path,
			(long long)of->session->timeout);
	else if (n < 0)
		error_set(err, ERROR_CONFIG, "cannot read %s%s-file %s: %s",
			of->prefix, of->secret, path, strerror(errno));
	else
		ok = first_line(bytes, (size_t)n, path, password, err);
	explicit_bzero(bytes, sizeof bytes);
	return ok;
}

bool secret_is_at_hand(const struct account *account)
{
	return account->login.password != NULL ||
		account->login.password_command != NULL ||
		account->login.password_file != NULL;
}

bool secret_get_within(const struct account_remote *of, bool clean,
	const struct patience *wait, char **password, struct error *err)
{
	if (of->login->password != NULL) {
		*password = xstrdup(of->login->password);
		return true;
	}
	if (of->login->password_command != NULL)
		return from_command(of, clean, wait, password, err);
	if (of->login->password_file != NULL)
		return from_file(of, wait, password, err);
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
