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
			"the password from %s is empty (only its first line is read)",
			where);
	if (n > SECRET_MAX)
		return error_set(err, ERROR_CONFIG,
			"the password from %s is longer than %d bytes", where,
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

/* When to stop waiting. */
struct patience {
	int64_t end; /* on the clock of milliseconds() */
	const volatile sig_atomic_t *stop;
};

static struct patience patience(
	const struct account *account, const volatile sig_atomic_t *stop)
{
	return (struct patience){
		milliseconds() + account->session.timeout * 1000, stop};
}

static bool is_over(const struct patience *patience)
{
	return *patience->stop || milliseconds() >= patience->end;
}

/* Reads up to size bytes from fd until its end; -1: error, -2: gave up. */
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

/* A password-command that was started. */
struct command {
	pid_t child;
	int output; /* of the pipe: what the command prints */
	bool ended;
	int status; /* once it ended: as waitpid gives it */
};

/* Waits until the command has ended, and kills it when time is up: false. */
static bool reap(struct command *command, const struct patience *patience)
{
	struct timespec tick = {.tv_nsec = 10000000};

	if (command->ended)
		return true;
	for (;;) {
		pid_t ended =
			waitpid(command->child, &command->status, WNOHANG);

		if (ended == command->child)
			return true;
		if (ended < 0 && errno != EINTR)
			return false;
		if (is_over(patience))
			break;
		nanosleep(&tick, NULL);
	}
	/* SIGKILL, since it may be stopped or ignore other signals; to its
	 * process group, if it leads one. */
	if (kill(-command->child, SIGKILL) < 0)
		kill(command->child, SIGKILL);
	while (waitpid(command->child, &command->status, 0) < 0 &&
		errno == EINTR)
		;
	return false;
}

/*
 * Reads what the command prints until it ends, even if a process that it
 * started (an agent, say) keeps the pipe open. Returns as read_all.
 */
static ssize_t read_command(struct command *command, char *bytes, size_t size,
	const struct patience *patience)
{
	size_t length = 0;

	while (length < size) {
		struct pollfd wait = {.fd = command->output, .events = POLLIN};

		if (is_over(patience))
			return -2;
		/* Once it has ended, all that it printed is in the pipe. */
		command->ended = command->ended ||
			waitpid(command->child, &command->status, WNOHANG) ==
				command->child;
		int ready = poll(&wait, 1, command->ended ? 0 : 50);

		if (ready < 0 && errno != EINTR)
			return -1;
		if (ready == 0 && command->ended)
			break;
		if (ready <= 0)
			continue;
		ssize_t n =
			read(command->output, bytes + length, size - length);

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
 * Removes all but the variables that describe the user and the locale: others
 * belong to the user who started keepmail (agents, keys, preloaded libraries).
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
 * Runs password-command under /bin/sh, exactly as it is in the rc file: no part
 * of it comes from a server. It inherits standard error for its own messages.
 */
static bool start_command(const struct account *account, bool clean,
	struct command *command, struct error *err)
{
	int ends[2];

	*command = (struct command){.ended = false};
	if (pipe2(ends, O_CLOEXEC) < 0)
		return error_set(err, ERROR_TEMPORARY,
			"cannot create a pipe: %s", strerror(errno));
	command->child = fork();
	if (command->child == 0) {
		signal(SIGPIPE, SIG_DFL);
		/* If there is a terminal, it may ask there, which it could not
		 * do in a process group of its own. */
		if (!has_terminal())
			setpgid(0, 0);
		if (clean)
			clean_environment();
		/* So that one command can serve many accounts. */
		setenv("KEEPMAIL_ACCOUNT", account->name, 1);
		setenv("KEEPMAIL_SERVER", account->server.host, 1);
		setenv("KEEPMAIL_USER", account->login.user, 1);
		if (dup2(ends[1], STDOUT_FILENO) >= 0)
			execl("/bin/sh", "sh", "-c",
				account->login.password_command, (char *)NULL);
		_exit(127);
	}
	close(ends[1]);
	command->output = ends[0];
	if (command->child > 0)
		return true;
	error_set(err, ERROR_TEMPORARY, "cannot start password-command: %s",
		strerror(errno));
	close(ends[0]);
	return false;
}

static bool from_command(const struct account *account, bool clean,
	const volatile sig_atomic_t *stop, char **password, struct error *err)
{
	struct patience wait = patience(account, stop);
	struct command command;
	char bytes[SECRET_MAX + 2];
	bool ok = false;

	if (!start_command(account, clean, &command, err))
		return false;
	ssize_t n = read_command(&command, bytes, sizeof bytes, &wait);

	close(command.output);
	bool ended = reap(&command, &wait);
	int status = command.status;

	if (*stop)
		error_set(err, ERROR_TEMPORARY,
			"stopped by a signal while password-command was running");
	else if (!ended || n == -2)
		error_set(err, ERROR_TEMPORARY,
			"password-command did not end within %lld seconds "
			"(timeout): run it by hand to see what it waits for",
			(long long)account->session.timeout);
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
	const char *path = account->login.password_file;
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
	return account->login.password != NULL ||
		account->login.password_command != NULL ||
		account->login.password_file != NULL;
}

bool secret_get(const struct account *account, bool clean,
	const volatile sig_atomic_t *stop, char **password, struct error *err)
{
	if (account->login.password != NULL) {
		*password = xstrdup(account->login.password);
		return true;
	}
	if (account->login.password_command != NULL)
		return from_command(account, clean, stop, password, err);
	if (account->login.password_file != NULL)
		return from_file(account, stop, password, err);
	return error_set(err, ERROR_CONFIG,
		"no password is set: set password-command, password-file or password in %s",
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
