/* SPDX-License-Identifier: ISC */
#include "io/process/helper.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "io/process/command.h"
#include "io/process/file.h"
#include "io/process/now.h"
#include "io/process/privilege.h"

/* How long a command has to end when it is asked to. */
#define GRACE_SECONDS 5
/* How long the helper has then, before it is killed: it may hang in a call. */
#define CLOSE_SECONDS 30
/* What a command may write: so many times its input, and so many bytes. */
#define OUTPUT_TIMES 4
#define OUTPUT_MORE (UINT64_C(64) << 20)

/* The files that accompany a job. */
enum { FILE_INPUT, FILE_OUTPUT, FILES };

union attachment {
	struct cmsghdr header; /* for its alignment */
	char bytes[CMSG_SPACE(FILES * sizeof(int))];
};

/* False: see errno. */
static bool copy_file(int from, int to)
{
	char bytes[16 * 1024];
	off_t at = 0;
	ssize_t n = 1;

	while (n > 0) {
		do
			n = pread(from, bytes, sizeof bytes, at);
		while (n < 0 && errno == EINTR);
		if (n > 0 && !file_write_at(to, bytes, (size_t)n, at))
			return false;
		at += n;
	}
	return n == 0;
}

/*
 * Copies the message to a file of its own for this run of the command: what an
 * earlier one left running may still read, or move on in, what it was given.
 * Returns -1 with errno.
 */
static int copy_input(const struct helper_setup *setup, int input)
{
	int fd = file_open_unnamed(setup->directory);

	if (fd < 0 || copy_file(input, fd))
		return fd;
	int saved = errno;

	close(fd);
	errno = saved;
	return -1;
}

static void close_files(const int files[FILES])
{
	for (int i = 0; i < FILES; i++) {
		if (files[i] >= 0)
			close(files[i]);
	}
}

/* More than that is no message with some lines added. */
static uint64_t output_max(int input)
{
	struct stat st;

	return fstat(input, &st) < 0
		? OUTPUT_MORE
		: OUTPUT_MORE + OUTPUT_TIMES * (uint64_t)st.st_size;
}

static void set_fault(
	struct helper_result *result, enum helper_fault fault, int error)
{
	result->fault = fault;
	result->error = error;
}

/* Waits for the command, and takes over what became of it. */
static void finish(struct command *command, const struct patience *wait,
	struct helper_result *result)
{
	ssize_t n = command_read(command, result->output, sizeof result->output,
		COMMAND_REST_LAST, wait);

	/* Without its output, its status counts. */
	result->length = n > 0 ? (size_t)n : 0;
	result->killed = !command_end(command, wait, GRACE_SECONDS);
	result->status = command->status;
}

/* Runs the command, but no longer than the other end of the socket is open. */
static void run(const struct helper_setup *setup, const struct helper_job *job,
	int socket, const int files[FILES], struct helper_result *result)
{
	struct command_variable variables[HELPER_VARIABLES];
	struct patience wait = patience_begin(setup->seconds, NULL);
	int input = copy_input(setup, files[FILE_INPUT]);
	const struct command_plan plan = {
		.line = setup->line,
		.clean = setup->clean,
		.has_input = true,
		.input = input,
		.has_output = files[FILE_OUTPUT] >= 0,
		.output = files[FILE_OUTPUT],
		.output_max = output_max(files[FILE_INPUT]),
		.reads_errors = true,
		.variables = variables,
		.variable_count = setup->count,
	};
	struct command command;

	if (input < 0) {
		set_fault(result, HELPER_INPUT, errno);
		return;
	}
	for (size_t i = 0; i < setup->count; i++)
		variables[i] = (struct command_variable){
			setup->names[i], job->values[i]};
	wait.socket = socket;
	if (command_start(&command, &plan)) {
		finish(&command, &wait, result);
		/* Half a text is none, however it ended when it was told to. */
		if (plan.has_output)
			result->killed = result->killed || command.hurried;
		if (plan.has_output && command.error != 0)
			set_fault(result, HELPER_OUTPUT, command.error);
	} else {
		set_fault(result, HELPER_START, errno);
	}
	close(input);
}

/* Does what is done in the place of a command, with the same limits. */
static void work(const struct helper_setup *setup, const struct helper_job *job,
	int socket, int input, struct helper_result *result)
{
	struct patience wait = patience_begin(setup->seconds, NULL);

	wait.socket = socket;
	setup->work(setup->work_data, job, input, &wait, result);
}

/* Receives a job and its files. False: this was the last one. */
static bool receive(int fd, struct helper_job *job, int files[FILES])
{
	union attachment attachment;
	struct iovec bytes = {job, sizeof *job};
	struct msghdr message = {
		.msg_iov = &bytes,
		.msg_iovlen = 1,
		.msg_control = attachment.bytes,
		.msg_controllen = sizeof attachment.bytes,
	};
	ssize_t n;

	do
		n = recvmsg(fd, &message, MSG_WAITALL | MSG_CMSG_CLOEXEC);
	while (n < 0 && errno == EINTR);
	const struct cmsghdr *header = CMSG_FIRSTHDR(&message);

	if (n != (ssize_t)sizeof *job || header == NULL ||
		header->cmsg_level != SOL_SOCKET ||
		header->cmsg_type != SCM_RIGHTS ||
		(header->cmsg_len != CMSG_LEN(sizeof(int)) &&
			header->cmsg_len != CMSG_LEN(FILES * sizeof(int))))
		return false;
	files[FILE_OUTPUT] = -1;
	memcpy(files, CMSG_DATA(header), header->cmsg_len - CMSG_LEN(0));
	/* The sender may have been taken over by a server. */
	for (size_t i = 0; i < HELPER_VARIABLES; i++)
		job->values[i][HELPER_VALUE_MAX - 1] = '\0';
	return true;
}

static bool send_result(int fd, const struct helper_result *result)
{
	const char *bytes = (const char *)result;
	size_t left = sizeof *result;

	while (left > 0) {
		ssize_t n = send(fd, bytes, left, MSG_NOSIGNAL);

		if (n < 0 && errno != EINTR)
			return false;
		if (n > 0) {
			bytes += n;
			left -= (size_t)n;
		}
	}
	return true;
}

/*
 * Runs the command until the other process closes the socket, or ends. Until
 * then the helper keeps the lock of the store, which it inherited, so that no
 * other run begins while a command is still working. Signals have their
 * handlers, which concern the other process only; commands do not inherit them.
 */
static void serve(int fd, const struct helper_setup *setup)
{
	struct helper_job job = {.values = {""}};
	int files[FILES];

	if (setup->forget != NULL)
		setup->forget(setup->forget_data);
	privilege_leave_terminal();
	while (receive(fd, &job, files)) {
		struct helper_result result = {.fault = HELPER_NONE};

		if (setup->work != NULL)
			work(setup, &job, fd, files[FILE_INPUT], &result);
		else
			run(setup, &job, fd, files, &result);
		close_files(files);
		if (!send_result(fd, &result))
			break;
	}
}

bool helper_start(struct helper *helper, const struct helper_setup *setup,
	struct error *err)
{
	int ends[2];

	if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends) < 0)
		return error_set(err, ERROR_TEMPORARY,
			"cannot create a socket: %s", strerror(errno));
	helper->pid = fork();
	if (helper->pid == 0) {
		close(ends[0]);
		serve(ends[1], setup);
		_exit(0);
	}
	int saved = errno;

	close(ends[1]);
	helper->fd = ends[0];
	fcntl(helper->fd, F_SETFL, O_NONBLOCK);
	return helper->pid > 0 ||
		error_set(err, ERROR_TEMPORARY, "cannot start a process: %s",
			strerror(saved));
}

bool helper_send(struct helper *helper, const struct helper_job *job, int input,
	int output)
{
	const int files[FILES] = {input, output};
	size_t size = output < 0 ? sizeof files[0] : sizeof files;
	union attachment attachment = {.bytes = {0}};
	struct helper_job copy = *job; /* since an iovec is not const */
	struct iovec bytes = {&copy, sizeof copy};
	struct msghdr message = {
		.msg_iov = &bytes,
		.msg_iovlen = 1,
		.msg_control = attachment.bytes,
		.msg_controllen = CMSG_SPACE(size),
	};
	struct cmsghdr *header = CMSG_FIRSTHDR(&message);

	header->cmsg_level = SOL_SOCKET;
	header->cmsg_type = SCM_RIGHTS;
	header->cmsg_len = CMSG_LEN(size);
	memcpy(CMSG_DATA(header), files, size);
	/* The socket is empty, and has room for much more. */
	ssize_t n = sendmsg(helper->fd, &message, MSG_NOSIGNAL);

	if (n >= 0 && n != (ssize_t)sizeof *job)
		errno = EMSGSIZE;
	return n == (ssize_t)sizeof *job;
}

void helper_hurry(struct helper *helper)
{
	shutdown(helper->fd, SHUT_WR);
}

/* Waits for a process, but no longer than these seconds. */
static bool has_ended(pid_t pid, int64_t seconds)
{
	const struct timespec tick = {.tv_nsec = 1000000};
	int64_t end = now_milliseconds() + seconds * 1000;
	pid_t ended;

	while ((ended = waitpid(pid, NULL, WNOHANG)) == 0 &&
		now_milliseconds() < end)
		nanosleep(&tick, NULL);
	return ended != 0;
}

void helper_leave(struct helper *helper)
{
	if (helper->fd < 0)
		return;
	shutdown(helper->fd, SHUT_RDWR);
	close(helper->fd);
	helper->fd = -1;
}

void helper_close(struct helper *helper)
{
	if (helper->fd < 0)
		return;
	/* A helper that was started later inherited this end. */
	shutdown(helper->fd, SHUT_RDWR);
	close(helper->fd);
	helper->fd = -1;
	/* Otherwise the lock of the store might be held a moment longer. */
	if (!has_ended(helper->pid, CLOSE_SECONDS)) {
		kill(helper->pid, SIGKILL);
		while (waitpid(helper->pid, NULL, 0) < 0 && errno == EINTR)
			;
	}
}
