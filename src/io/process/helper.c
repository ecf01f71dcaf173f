/* SPDX-License-Identifier: ISC */
#include "io/process/helper.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "io/process/command.h"
#include "io/process/privilege.h"

/* What accompanies a job: the file. */
union attachment {
	struct cmsghdr header; /* for its alignment */
	char bytes[CMSG_SPACE(sizeof(int))];
};

static void run(const struct helper_setup *setup, const struct helper_job *job,
	int input, struct helper_result *result)
{
	struct command_variable variables[HELPER_VARIABLES];
	struct patience wait = patience_begin(setup->seconds, NULL);
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
	if (!command_start(&command, &plan)) {
		result->error = errno;
		return;
	}
	ssize_t n = command_read(&command, result->output,
		sizeof result->output, COMMAND_REST_LAST, &wait);

	result->error = n == -1 ? errno : 0;
	result->length = n > 0 ? (size_t)n : 0;
	result->killed = !command_end(&command, &wait);
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
		n = recvmsg(fd, &message, MSG_WAITALL);
	while (n < 0 && errno == EINTR);
	const struct cmsghdr *header = CMSG_FIRSTHDR(&message);

	if (n != (ssize_t)sizeof *job || header == NULL ||
		header->cmsg_type != SCM_RIGHTS)
		return false;
	memcpy(input, CMSG_DATA(header), sizeof *input);
	fcntl(*input, F_SETFD, FD_CLOEXEC);
	return true;
}

/*
 * Runs the command until the other process closes the socket. Signals for that
 * process do not concern it, but it ends when that process is killed.
 */
static void serve(int fd, const struct helper_setup *setup, pid_t parent)
{
	struct helper_job job = {.values = {""}};
	int input;

	signal(SIGINT, SIG_DFL);
	signal(SIGTERM, SIG_DFL);
	signal(SIGHUP, SIG_DFL);
	signal(SIGCHLD, SIG_DFL);
	privilege_end_with(parent);
	privilege_leave_terminal();
	while (receive(fd, &job, &input)) {
		struct helper_result result = {.error = 0};

		run(setup, &job, input, &result);
		close(input);
		if (send(fd, &result, sizeof result, MSG_NOSIGNAL) < 0)
			break;
	}
}

bool helper_start(struct helper *helper, const struct helper_setup *setup,
	struct error *err)
{
	int ends[2];
	pid_t parent = getpid();

	if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends) < 0)
		return error_set(err, ERROR_TEMPORARY,
			"cannot create a socket: %s", strerror(errno));
	helper->pid = fork();
	if (helper->pid == 0) {
		close(ends[0]);
		serve(ends[1], setup, parent);
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
	if (lseek(input, 0, SEEK_SET) < 0)
		return false;
	/* The socket is empty, and has room for much more. */
	ssize_t n = sendmsg(helper->fd, &message, MSG_NOSIGNAL);

	if (n >= 0 && n != (ssize_t)sizeof *job)
		errno = EMSGSIZE;
	return n == (ssize_t)sizeof *job;
}

void helper_close(struct helper *helper)
{
	if (helper->fd < 0)
		return;
	close(helper->fd);
	/* If it is still running a command, it ends with this process. */
	waitpid(helper->pid, NULL, WNOHANG);
	helper->fd = -1;
}
