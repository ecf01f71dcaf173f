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
#include <time.h>
#include <unistd.h>

#include "core/xalloc.h"

void secret_free(char *password)
{
	if (password == NULL)
		return;
	explicit_bzero(password, strlen(password));
	free(password);
}

/*
 * Takes the first line of bytes as the password. The rest is wiped by the
 * caller. where names its source in the error.
 */
static bool first_line(char *bytes, size_t length, const char *where,
	char **password, struct error *err)
{
	/* A byte order mark, which editors write, is no part of a password. */
	size_t from =
		length >= 3 && memcmp(bytes, "\xef\xbb\xbf", 3) == 0 ? 3 : 0;
	size_t n = from;

	while (n < length && bytes[n] != '\n' && bytes[n] != '\0')
		n++;
	while (n > from && bytes[n - 1] == '\r')
		n--;
	if (n == from)
		return error_set(err, ERROR_CONFIG,
			"%s gave no password: its first line is empty", where);
	if (n > SECRET_MAX)
		return error_set(err, ERROR_CONFIG,
			"%s gave a password of more than %d bytes", where,
			SECRET_MAX);
	char *copy = xmalloc(n - from + 1);

	memcpy(copy, bytes + from, n - from);
	copy[n - from] = '\0';
	*password = copy;
	return true;
}

static int64_t milliseconds(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

/* How long one may wait, and for what else than time. */
struct patience {
	int64_t end; /* on the clock of milliseconds() */
	const volatile sig_atomic_t *stop;
};

static struct patience patience(
	const struct account *account, const volatile sig_atomic_t *stop)
{
	return (struct patience){
		milliseconds() + account->timeout * 1000, stop};
}

static bool is_over(const struct patience *patience)
{
	return *patience->stop || milliseconds() >= patience->end;
}

/* Reads up to size octets from fd until its end; -1: error, -2: time is up. */
static ssize_t read_all(
	int fd, char *bytes, size_t size, const struct patience *patience)
{
	size_t length = 0;

	while (length < size) {
		struct pollfd wait = {.fd = fd, .events = POLLIN};

		if (is_over(patience))
			return -2;
		int ready = poll(&wait, 1, 200);

		if (ready < 0 && errno != EINTR)
			return -1;
		if (ready <= 0)
			continue;
		ssize_t n = read(fd, bytes + length, size - length);

		if (n < 0 && errno != EINTR)
			return -1;
		if (n == 0)
			break;
		if (n > 0)
			length += (size_t)n;
	}
	return (ssize_t)length;
}

/* Waits for the command to end, and ends it when time is up: false. */
static bool reap(pid_t child, int *status, const struct patience *patience)
{
	struct timespec tick = {.tv_nsec = 10000000};

	for (;;) {
		pid_t ended = waitpid(child, status, WNOHANG);

		if (ended == child)
			return true;
		if (ended < 0 && errno != EINTR)
			return false;
		if (is_over(patience))
			break;
		nanosleep(&tick, NULL);
	}
	/* SIGKILL, since it may be stopped or deaf to anything less; all of it,
	 * where it is a group. */
	if (kill(-child, SIGKILL) < 0)
		kill(child, SIGKILL);
	while (waitpid(child, status, 0) < 0 && errno == EINTR)
		;
	return false;
}

/*
 * Reads what a command prints until it ends: an agent that it started may keep
 * the pipe open for hours. As read_all; *ended: it did, with *status.
 */
static ssize_t read_command(int fd, char *bytes, size_t size,
	const struct patience *patience, pid_t child, int *status, bool *ended)
{
	size_t length = 0;

	while (length < size) {
		struct pollfd wait = {.fd = fd, .events = POLLIN};

		if (is_over(patience))
			return -2;
		/* What it printed is there once it has ended. */
		*ended = *ended || waitpid(child, status, WNOHANG) == child;
		int ready = poll(&wait, 1, *ended ? 0 : 50);

		if (ready < 0 && errno != EINTR)
			return -1;
		if (ready == 0 && *ended)
			break;
		if (ready <= 0)
			continue;
		ssize_t n = read(fd, bytes + length, size - length);

		if (n < 0 && errno != EINTR)
			return -1;
		if (n == 0)
			break;
		if (n > 0)
			length += (size_t)n;
	}
	return (ssize_t)length;
}

static bool has_terminal(void)
{
	int fd = open("/dev/tty", O_RDWR | O_CLOEXEC | O_NOCTTY);

	if (fd >= 0)
		close(fd);
	return fd >= 0;
}

/*
 * Leaves of the environment what says who and where the user is: all else is of
 * the one who started us (agents, keys, libraries to be loaded).
 */
static void clean_environment(void)
{
	static const char *const kept[] = {"HOME=", "USER=", "LOGNAME=",
		"LANG=", "LC_", "TZ=", "TERM=", "KEEPMAIL_"};
	size_t n = 0;

	for (char **entry = environ; entry != NULL && *entry != NULL; entry++) {
		for (size_t i = 0; i < sizeof kept / sizeof kept[0]; i++) {
			if (strncmp(*entry, kept[i], strlen(kept[i])) != 0)
				continue;
			environ[n++] = *entry;
			break;
		}
	}
	if (environ != NULL)
		environ[n] = NULL;
	setenv("PATH", "/usr/local/bin:/usr/bin:/bin", 1);
	setenv("SHELL", "/bin/sh", 1);
}

/*
 * The command runs under /bin/sh, as its owner wrote it: nothing from a server
 * is ever in it. Its standard error is ours, so that it can say what it misses.
 */
static pid_t start_command(const struct account *account, bool clean,
	int *output, struct error *err)
{
	int ends[2];

	if (pipe2(ends, O_CLOEXEC) < 0) {
		error_set(err, ERROR_TEMPORARY, "cannot make a pipe: %s",
			strerror(errno));
		return -1;
	}
	pid_t child = fork();

	if (child == 0) {
		signal(SIGPIPE, SIG_DFL);
		/* With a terminal it may ask there, which a group of its own
		 * could not. */
		if (!has_terminal())
			setpgid(0, 0);
		if (clean)
			clean_environment();
		/* So that one command can serve many accounts. */
		setenv("KEEPMAIL_ACCOUNT", account->name, 1);
		setenv("KEEPMAIL_SERVER", account->server, 1);
		setenv("KEEPMAIL_USER", account->user, 1);
		if (dup2(ends[1], STDOUT_FILENO) >= 0)
			execl("/bin/sh", "sh", "-c", account->password_command,
				(char *)NULL);
		_exit(127);
	}
	close(ends[1]);
	*output = ends[0];
	if (child < 0) {
		error_set(err, ERROR_TEMPORARY,
			"cannot start password-command: %s", strerror(errno));
		close(ends[0]);
	}
	return child;
}

static bool from_command(const struct account *account, bool clean,
	const volatile sig_atomic_t *stop, char **password, struct error *err)
{
	struct patience wait = patience(account, stop);
	char bytes[SECRET_MAX + 2];
	int output;
	int status = 0;
	bool ok = false;
	pid_t child = start_command(account, clean, &output, err);

	if (child < 0)
		return false;
	bool ended = false;
	ssize_t n = read_command(
		output, bytes, sizeof bytes, &wait, child, &status, &ended);

	close(output);
	ended = ended || reap(child, &status, &wait);

	if (*stop)
		error_set(err, ERROR_TEMPORARY,
			"stopped by a signal while password-command was running");
	else if (!ended || n == -2)
		error_set(err, ERROR_TEMPORARY,
			"password-command did not end within %lld seconds "
			"(timeout): run it by hand to see what it waits for",
			(long long)account->timeout);
	else if (n < 0)
		error_set(err, ERROR_TEMPORARY,
			"cannot read from password-command: %s",
			strerror(errno));
	else if (WIFSIGNALED(status) && WTERMSIG(status) != SIGPIPE)
		error_set(err, ERROR_CONFIG,
			"password-command was killed by signal %d",
			WTERMSIG(status));
	else if (WIFEXITED(status) && WEXITSTATUS(status) != 0)
		error_set(err, ERROR_CONFIG,
			"password-command failed with exit status %d: run it "
			"by hand in a shell to see why",
			WEXITSTATUS(status));
	else
		ok = first_line(
			bytes, (size_t)n, "password-command", password, err);
	explicit_bzero(bytes, sizeof bytes);
	return ok;
}

static bool from_file(const struct account *account,
	const volatile sig_atomic_t *stop, char **password, struct error *err)
{
	struct patience wait = patience(account, stop);
	char bytes[SECRET_MAX + 2];
	struct stat st;
	const char *path = account->password_file;
	int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY);

	if (fd < 0)
		return error_set(err, ERROR_CONFIG,
			"cannot open password-file %s: %s", path,
			strerror(errno));
	if (fstat(fd, &st) < 0 || (st.st_mode & 077) != 0) {
		close(fd);
		return error_set(err, ERROR_CONFIG,
			"password-file %s can be read by others: run "
			"chmod 600 '%s'",
			path, path);
	}
	ssize_t n = read_all(fd, bytes, sizeof bytes, &wait);

	close(fd);
	bool ok = n < 0 ? error_set(err, ERROR_CONFIG,
				  "cannot read password-file %s: %s", path,
				  strerror(errno))
			: first_line(bytes, (size_t)n, path, password, err);

	explicit_bzero(bytes, sizeof bytes);
	return ok;
}

bool secret_is_at_hand(const struct account *account)
{
	return account->password != NULL || account->password_command != NULL ||
		account->password_file != NULL;
}

bool secret_get(const struct account *account, bool clean,
	const volatile sig_atomic_t *stop, char **password, struct error *err)
{
	if (account->password != NULL) {
		*password = xstrdup(account->password);
		return true;
	}
	if (account->password_command != NULL)
		return from_command(account, clean, stop, password, err);
	if (account->password_file != NULL)
		return from_file(account, stop, password, err);
	return error_set(err, ERROR_CONFIG,
		"no password: set password-command, password-file or password "
		"in %s",
		account->file);
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
			"no password, and no terminal to ask on: set "
			"password-command, password-file or password in %s",
			account->file);
	}
	quiet = old;
	quiet.c_lflag &= ~(tcflag_t)ECHO;
	tcsetattr(fd, TCSAFLUSH, &quiet);
	dprintf(fd, "Password of %s on %s (account %s): ", account->user,
		account->server, account->name);
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
