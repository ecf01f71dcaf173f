/* SPDX-License-Identifier: ISC */
#include "io/process/helper.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "io/process/command.h"
#include "io/process/file.h"
#include "io/process/privilege.h"

/* How long a command has to end when it is asked to. */
#define GRACE_SECONDS 5

/* What accompanies a job: the file. */
union attachment {
	struct cmsghdr header; /* for its alignment */
	char bytes[CMSG_SPACE(sizeof(int))];
};

/*
 * Copies the file to one of its own for this run of the command: what an
 * earlier one left running may still read, or write, what it was given.
 */
static int copy_input(const struct helper_setup *setup, int input)
{
	int fd = file_open_unnamed(setup->directory);
	char bytes[16 * 1024];
	bool ok = fd >= 0;
	off_t at = 0;
	ssize_t n = 1;

	while (ok && n > 0) {
		do
			n = pread(input, bytes, sizeof bytes, at);
		while (n < 0 && errno == EINTR);
		ok = n >= 0 && file_write_at(fd, bytes, (size_t)n, at);
		at += n;
	}
	if (ok || fd < 0)
		return fd;
	int saved = errno;

	close(fd);
	errno = saved;
	return -1;
}

/* Runs the command, but no longer than the other end of the socket is open. */
static void run(const struct helper_setup *setup, const struct helper_job *job,
	const int fds[2], struct helper_result *result)
{
	struct command_variable variables[HELPER_VARIABLES];
	struct patience wait = patience_begin(setup->seconds, NULL);
	int input = copy_input(setup, fds[1]);
	const struct command_plan plan = {
		.line = setup->line,
		.clean = setup->clean,
		.has_input = true,
		.input = input,
		.reads_errors = true,
		.variables = variables,
		.variable_count = setup->count,
	};
	struct command command;

	for (size_t i = 0; i < setup->count; i++)
		variables[i] = (struct command_variable){
			setup->names[i], job->values[i]};
	wait.socket = fds[0];
	if (input < 0 || !command_start(&command, &plan)) {
		result->error = errno;
		if (input >= 0)
			close(input);
		return;
	}
	close(input);
	ssize_t n = command_read(&command, result->output,
		sizeof result->output, COMMAND_REST_LAST, &wait);

	/* Without its output, its status counts. */
	result->length = n > 0 ? (size_t)n : 0;
	result->killed = !command_end(&command, &wait, GRACE_SECONDS);
	result->status = command.status;
}

/* Receives a job and its file. False: this was the last one. */
static bool receive(int fd, struct helper_job *job, int *input)
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
		header->cmsg_len != CMSG_LEN(sizeof *input))
		return false;
	memcpy(input, CMSG_DATA(header), sizeof *input);
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
	int fds[2] = {fd, -1};

	if (setup->forget != NULL)
		setup->forget(setup->forget_data);
	privilege_leave_terminal();
	while (receive(fd, &job, &fds[1])) {
		struct helper_result result = {.error = 0};

		run(setup, &job, fds, &result);
		close(fds[1]);
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

bool helper_send(struct helper *helper, const struct helper_job *job, int input)
{
	union attachment attachment = {.bytes = {0}};
	struct helper_job copy = *job; /* since an iovec is not const */
	struct iovec bytes = {&copy, sizeof copy};
	struct msghdr message = {
		.msg_iov = &bytes,
		.msg_iovlen = 1,
		.msg_control = attachment.bytes,
		.msg_controllen = sizeof attachment.bytes,
	};
	struct cmsghdr *header = CMSG_FIRSTHDR(&message);

	header->cmsg_level = SOL_SOCKET;
	header->cmsg_type = SCM_RIGHTS;
	header->cmsg_len = CMSG_LEN(sizeof input);
	memcpy(CMSG_DATA(header), &input, sizeof input);
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

void helper_close(struct helper *helper)
{
	if (helper->fd < 0)
		return;
	close(helper->fd);
	helper->fd = -1;
	/* Otherwise the lock of the store might be held a moment longer. */
	while (waitpid(helper->pid, NULL, 0) < 0 && errno == EINTR)
		;
}
