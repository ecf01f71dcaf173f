/* SPDX-License-Identifier: ISC */
#include "io/process/command.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "io/process/file.h"
#include "io/process/now.h"
#include "io/process/streams.h"

/*
 * When a command has ended, no more than this can be left of what it printed.
 * What it started may go on printing.
 */
#define PIPE_ROOM (1 << 20)
/*
 * How long the end of a command's standard output is waited for, once it has
 * ended, in milliseconds.
 */
#define LINGER 30000

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

/* Closes what the user who started keepmail had open. */
static void close_others(void)
{
#ifdef SYS_close_range
	if (syscall(SYS_close_range, 3U, ~0U, 0U) == 0)
		return;
#endif
	for (int fd = 3; fd < 1024; fd++)
		close(fd);
}

/* Becomes the command. */
static void execute(const struct command_plan *plan, int output, int text)
{
	signal(SIGPIPE, SIG_DFL);
	/* If there is a terminal, it may ask there, which it could not do in a
	 * process group of its own. */
	if (!streams_has_terminal())
		setpgid(0, 0);
	if (plan->clean)
		clean_environment();
	for (size_t i = 0; i < plan->variable_count; i++)
		setenv(plan->variables[i].name, plan->variables[i].value, 1);
	if ((!plan->has_input || dup2(plan->input, STDIN_FILENO) >= 0) &&
		(!plan->reads_errors || dup2(output, STDERR_FILENO) >= 0) &&
		dup2(text >= 0 ? text : output, STDOUT_FILENO) >= 0) {
		if (plan->clean)
			close_others();
		execl("/bin/sh", "sh", "-c", plan->line, (char *)NULL);
	}
	_exit(127);
}

static void close_both(const int ends[2])
{
	int saved = errno;

	close(ends[0]);
	close(ends[1]);
	errno = saved;
}

bool command_start(struct command *command, const struct command_plan *plan)
{
	int ends[2];
	int texts[2] = {-1, -1};

	/* Whatever happens, only waitpid says that it succeeded. */
	*command = (struct command){.status = 127 << 8,
		.text = -1,
		.file = plan->output,
		.room = plan->output_max};
	if (pipe2(ends, O_CLOEXEC) < 0)
		return false;
	if (plan->has_output && pipe2(texts, O_CLOEXEC) < 0) {
		close_both(ends);
		return false;
	}
	command->child = fork();
	if (command->child == 0)
		execute(plan, ends[1], texts[1]);
	if (command->child < 0) {
		close_both(ends);
		if (plan->has_output)
			close_both(texts);
		return false;
	}
	close(ends[1]);
	command->output = ends[0];
	if (plan->has_output) {
		close(texts[1]);
		command->text = texts[0];
	}
	return true;
}

static void end_text(struct command *command, int error)
{
	close(command->text);
	command->text = -1;
	command->error = error;
}

/* Copies what has arrived of its standard output to the file. */
static void copy_text(struct command *command)
{
	char bytes[64 * 1024];
	ssize_t n = read(command->text, bytes, sizeof bytes);

	if (n < 0 && errno == EINTR)
		return;
	if (n <= 0)
		end_text(command, n < 0 ? errno : 0);
	else if ((uint64_t)n > command->room)
		end_text(command, EFBIG);
	else if (!file_write_at(
			 command->file, bytes, (size_t)n, command->copied))
		end_text(command, errno);
	if (n > 0) {
		command->room -= (uint64_t)n;
		command->copied += n;
	}
}

/* Notes whether it has ended. */
static void note_end(struct command *command)
{
	if (command->ended ||
		waitpid(command->child, &command->status, WNOHANG) !=
			command->child)
		return;
	command->ended = true;
	command->ended_at = now_milliseconds();
}

/*
 * Waits a moment, and copies standard output that is there. Is there something
 * else to be read, or its end? -1: see errno.
 */
static int wait_for_output(struct command *command)
{
	struct pollfd waits[] = {
		{.fd = command->output, .events = POLLIN},
		{.fd = command->text, .events = POLLIN},
	};

	/* Once it has ended, all that it printed is in the pipe. */
	note_end(command);
	bool lingers = command->ended && command->text >= 0;
	int ready = poll(waits, 2, command->ended && !lingers ? 0 : 50);

	if (ready < 0)
		return errno == EINTR ? 0 : ready;
	if (waits[1].revents != 0)
		copy_text(command);
	else if (lingers && now_milliseconds() - command->ended_at > LINGER)
		end_text(command, EBUSY);
	return waits[0].revents != 0;
}

static void end_output(struct command *command)
{
	close(command->output);
	command->output = -1;
}

ssize_t command_read(struct command *command, char *bytes, size_t size,
	enum command_rest rest, const struct patience *patience)
{
	size_t length = 0;
	size_t behind = 0; /* read after it had ended */

	while (length < size && (command->output >= 0 || command->text >= 0)) {
		if (patience_is_over(patience))
			return -2;
		int ready = wait_for_output(command);

		if (ready < 0)
			return -1;
		if (ready == 0 && command->ended && command->text < 0)
			break;
		if (ready == 0)
			continue;
		ssize_t n =
			read(command->output, bytes + length, size - length);

		if (n < 0 && errno != EINTR)
			return -1;
		if (n > 0) {
			length += (size_t)n;
			behind += command->ended ? (size_t)n : 0;
		}
		if (n == 0 || behind >= PIPE_ROOM)
			end_output(command);
		if (length == size && rest == COMMAND_REST_LAST) {
			length = size / 2;
			memmove(bytes, bytes + size - length, length);
		}
	}
	return (ssize_t)length;
}

/* To its process group, if it leads one. */
static void send_signal(const struct command *command, int number)
{
	if (kill(-command->child, number) < 0 && !command->ended)
		kill(command->child, number);
}

/* Has it ended? Waits for that until the patience is over. */
static bool await(struct command *command, const struct patience *patience)
{
	struct timespec tick = {.tv_nsec = 10000000};

	while (!command->ended) {
		pid_t ended =
			waitpid(command->child, &command->status, WNOHANG);

		command->ended = ended == command->child;
		if (command->ended || (ended < 0 && errno != EINTR) ||
			patience_is_over(patience))
			break;
		nanosleep(&tick, NULL);
	}
	return command->ended;
}

bool command_end(struct command *command, const struct patience *patience,
	unsigned grace)
{
	struct patience more = patience_begin(grace, NULL);

	if (command->output >= 0)
		end_output(command);
	if (command->text >= 0)
		end_text(command, ECANCELED);
	if (await(command, patience))
		return true;
	command->hurried = true;
	if (grace > 0) {
		send_signal(command, SIGTERM);
		more = patience_begin(grace, NULL);
	}
	bool ended = await(command, &more);

	/* It may be stopped or ignore other signals; and what it started may
	 * still run. */
	send_signal(command, SIGKILL);
	while (!ended && waitpid(command->child, &command->status, 0) < 0 &&
		errno == EINTR)
		;
	/* It may have ended by itself at the last moment. */
	return WIFEXITED(command->status);
}
