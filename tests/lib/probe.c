/* SPDX-License-Identifier: ISC */
/*
 * Preloaded into keepmail by confine.bats: acts as a keepmail that was
 * compromised by a server. At the first connect, before anything is sent to a
 * server, it tries to reach others; at the first renameat or linkat, well after
 * the login, it tries everything else that an attacker might. For each attempt
 * it writes a line to $PROBE_OUTPUT, which was opened before: its name, and 0
 * or the errno.
 */
#include <arpa/inet.h>
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/ptrace.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

int renameat(int from_dir, const char *from, int to_dir, const char *to);
int linkat(
	int from_dir, const char *from, int to_dir, const char *to, int flags);

/* The number is the same on all architectures that the tests run on. */
#ifndef SYS_clone3
#define SYS_clone3 435
#endif

static int output = -1;
static int memory = -1; /* a file that was opened before */
static int network_tried;
static char home[2048];

__attribute__((constructor)) static void prepare(void)
{
	const char *path = getenv("PROBE_OUTPUT");
	const char *at = getenv("HOME");

	if (path == NULL || at == NULL)
		return;
	snprintf(home, sizeof home, "%s", at);
	output = open(path, O_WRONLY | O_APPEND | O_CLOEXEC);
	memory = memfd_create("probe", MFD_CLOEXEC);
}

static void tell(const char *what, long result)
{
	dprintf(output, "%s %d\n", what, result < 0 ? errno : 0);
}

static const char *in_home(const char *name)
{
	static char path[2100];

	snprintf(path, sizeof path, "%s/%s", home, name);
	return path;
}

static void try_open(const char *what, const char *name, int flags)
{
	int fd = open(in_home(name), flags | O_CLOEXEC, 0600);

	tell(what, fd);
	if (fd >= 0)
		close(fd);
}

static void try_files(void)
{
	char maildir[2100];

	try_open("read", "secret", O_RDONLY);
	try_open("list", ".", O_RDONLY | O_DIRECTORY);
	try_open("write", "secret", O_WRONLY);
	try_open("create", "new", O_WRONLY | O_CREAT);
	tell("truncate", truncate(in_home("secret"), 0));
	tell("ftruncate", ftruncate(memory, 1));
	/* Opened for neither reading nor writing, but truncated
	 * nevertheless. */
	try_open("empty", "emptied", O_ACCMODE | O_TRUNC);
	try_open("empty-reading", "emptied", O_RDONLY | O_TRUNC);
	tell("mkdir", mkdir(in_home("directory"), 0700));
	tell("symlink", symlink("/", in_home("link")));
	tell("chmod", chmod(in_home("secret"), 0666));
	tell("unlink", unlink(in_home("unwanted")));
	snprintf(maildir, sizeof maildir, "%s", getenv("PROBE_MAIL"));
	int fd = open(maildir, O_RDONLY | O_CLOEXEC);

	tell("mail", fd);
	close(fd);
	try_open("store", "../state/b.db", O_RDWR);
	try_open("store-new", "../state/c.db", O_WRONLY | O_CREAT);
	tell("store-unlink", unlink(in_home("../state/b.db")));
}

static int connect_on(int fd, const struct sockaddr *address, socklen_t size)
{
	int (*next)(int, const struct sockaddr *, socklen_t);

	*(void **)&next = dlsym(RTLD_NEXT, "connect");
	return next(fd, address, size);
}

static void try_connect(const char *what, int protocol, int port, int flags)
{
	struct sockaddr_in to = {
		.sin_family = AF_INET,
		.sin_port = htons((uint16_t)port),
		.sin_addr.s_addr = htonl(INADDR_LOOPBACK),
	};
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, protocol);
	const struct sockaddr *address = (const struct sockaddr *)&to;

	if (fd < 0)
		tell(what, fd);
	else if (flags != 0)
		tell(what, sendto(fd, "", 0, flags, address, sizeof to));
	else
		tell(what, connect_on(fd, address, sizeof to));
	close(fd);
}

static void try_bind(void)
{
	struct sockaddr_in any = {.sin_family = AF_INET};
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

	tell("bind", bind(fd, (const struct sockaddr *)&any, sizeof any));
	close(fd);
}

/* The child's errno is its exit status. */
static void try_in_child(const char *what, const char *program)
{
	int status = 0;
	pid_t child = fork();

	if (child == 0) {
		if (program != NULL)
			execl(program, program, (char *)NULL);
		else if (ptrace(PTRACE_TRACEME, 0, NULL, NULL) == 0)
			_exit(0);
		_exit(errno);
	}
	waitpid(child, &status, 0);
	dprintf(output, "%s %d\n", what, WEXITSTATUS(status));
}

static void try_network(void)
{
	int other = atoi(getenv("PROBE_PORT"));

	dprintf(output, "abi %ld\n", syscall(444, NULL, 0, 1));
	try_connect("connect", 0, other, 0);
	try_connect("mptcp", 262, other, 0);
	try_connect("fastopen", 0, other, MSG_FASTOPEN);
	tell("family", socket(AF_VSOCK, SOCK_STREAM | SOCK_CLOEXEC, 0));
	try_bind();
}

static void try_sockets(void)
{
	struct sockaddr_in to = {.sin_family = AF_INET};
	const struct sockaddr *address = (const struct sockaddr *)&to;
	int pair[2];

	tell("socket", socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
	tell("socketpair", socketpair(AF_UNIX, SOCK_STREAM, 0, pair));
	/* On something other than a socket, for which the kernel has an error
	 * of its own. */
	tell("late-connect", connect_on(output, address, sizeof to));
	tell("late-bind", bind(output, address, sizeof to));
	tell("listen", listen(output, 1));
	tell("accept", accept(output, NULL, NULL));
	tell("accept4", accept4(output, NULL, NULL, 0));
}

/* Requests that the kernel refuses for anything but a terminal. */
static void try_terminal(void)
{
	char typed = 'x';

	tell("tiocsti", ioctl(output, TIOCSTI, &typed));
	tell("tioclinux", ioctl(output, 0x541C, &typed));
	tell("tiocsctty", ioctl(output, TIOCSCTTY, 0));
	/* The kernel ignores the bits above 32. */
	tell("tiocsti-high",
		syscall(SYS_ioctl, output, TIOCSTI | (unsigned long)1 << 32,
			&typed));
	dprintf(output, "input %d\n", isatty(0) ? 0 : ENOTTY);
	dprintf(output, "read-terminal %d\n",
		(fcntl(2, F_GETFL) & O_ACCMODE) == O_WRONLY ? EBADF : 0);
	dprintf(output, "session %d\n",
		getsid(0) == getsid(getppid()) ? 0 : EPERM);
}

/* With a combination of flags that the kernel always refuses. */
static void try_namespaces(void)
{
	tell("userns",
		syscall(SYS_clone, CLONE_NEWUSER | CLONE_FS | SIGCHLD, 0, 0, 0,
			0));
	tell("mountns",
		syscall(SYS_clone, CLONE_NEWNS | CLONE_FS | SIGCHLD, 0, 0, 0,
			0));
	tell("clone3", syscall(SYS_clone3, NULL, 0));
	tell("unshare", unshare(CLONE_NEWUSER | CLONE_VM | 1));
}

static void try_all(void)
{
	try_files();
	try_sockets();
	try_terminal();
	try_namespaces();
	tell("signal", kill(getppid(), 0));
	try_in_child("program", "/bin/true");
	try_in_child("ptrace", NULL);
	close(output);
	output = -1;
}

int connect(int fd, const struct sockaddr *address, socklen_t size)
{
	if (output >= 0 && !network_tried) {
		network_tried = 1;
		try_network();
	}
	return connect_on(fd, address, size);
}

int renameat(int from_dir, const char *from, int to_dir, const char *to)
{
	int (*next)(int, const char *, int, const char *);

	*(void **)&next = dlsym(RTLD_NEXT, "renameat");
	if (output >= 0)
		try_all();
	return next(from_dir, from, to_dir, to);
}

int linkat(
	int from_dir, const char *from, int to_dir, const char *to, int flags)
{
	int (*next)(int, const char *, int, const char *, int);

	*(void **)&next = dlsym(RTLD_NEXT, "linkat");
	if (output >= 0)
		try_all();
	return next(from_dir, from, to_dir, to, flags);
}
