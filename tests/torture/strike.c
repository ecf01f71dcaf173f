/* SPDX-License-Identifier: ISC */
/*
 * Runs a program and harms it at one of its calls that have side effects.
 *
 *   strike [OPTION...] COMMAND [ARGUMENT...]
 *     -n K       at the Kth such call (0, the default: none, only count)
 *     -a ACTION  kill    SIGKILL before the call (the default)
 *                NAME    the call fails with ENOSPC, EIO, EDQUOT, EMFILE, EINTR
 *                short   it writes only half of the data
 *                lose    a sync fails with EIO, and the data that it should
 * have made durable is lost, as after a disk error cut     power cut: the file
 * systems of -m stop as they are on disk, and the program is killed -f at each
 * call from the Kth on -e         at the program's end, if it makes fewer calls
 * (power cut only) -m DIR     a file system that the power cut affects (may be
 * repeated) -o FILE    writes a line for each call: its number, name, and file
 *     -t SECONDS the program hangs if it takes longer (default 60)
 *
 * Every call counts except those that are known to change nothing, so that an
 * unexpected call is struck, too. Output to descriptors 1 and 2 does not count.
 * Exits like the program, with 128 + N if signal N killed it, 124 if it hung,
 * 125 if it cannot be traced, and 126 if there were fewer calls.
 */
#include <errno.h>
#include <fcntl.h>
#include <linux/audit.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <signal.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/prctl.h>
#include <sys/ptrace.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/user.h>
#include <sys/wait.h>
#include <unistd.h>

#if !defined(__x86_64__)
int main(void)
{
	fprintf(stderr, "strike: not ported to this machine\n");
	return 125;
}
#else

/* As in the kernel's fs/ext4/ext4.h; no user space header defines it. */
#define EXT4_IOC_SHUTDOWN _IOR('X', 125, uint32_t)
#define SHUTDOWN_WITHOUT_LOG 2

enum action {
	ACTION_KILL,
	ACTION_ERROR,
	ACTION_SHORT,
	ACTION_LOSE,
	ACTION_CUT,
};

#define MOUNTS_MAX 4
#define DIRTY_MAX 4096

/* Bytes that were written and are not durable yet. */
struct dirty {
	dev_t dev;
	ino_t ino;
	long long at;
	long long length;
	char path[48]; /* by which the tracer accesses the file */
};

static struct {
	long at;
	enum action action;
	int error;
	bool all;
	bool at_end;
	int mounts[MOUNTS_MAX];
	int mount_count;
	FILE *log;
	unsigned seconds;
} set = {.seconds = 60};

static long calls;
static bool struck;
static struct dirty dirty[DIRTY_MAX];
static size_t dirty_count;
static volatile sig_atomic_t hung;
static pid_t command;

static const struct {
	int number;
	const char *name;
} named[] = {
	{SYS_open, "open"},
	{SYS_openat, "openat"},
	{SYS_creat, "creat"},
	{SYS_write, "write"},
	{SYS_writev, "writev"},
	{SYS_pwrite64, "pwrite64"},
	{SYS_fsync, "fsync"},
	{SYS_fdatasync, "fdatasync"},
	{SYS_syncfs, "syncfs"},
	{SYS_rename, "rename"},
	{SYS_renameat, "renameat"},
	{SYS_renameat2, "renameat2"},
	{SYS_link, "link"},
	{SYS_linkat, "linkat"},
	{SYS_unlink, "unlink"},
	{SYS_unlinkat, "unlinkat"},
	{SYS_ftruncate, "ftruncate"},
	{SYS_fallocate, "fallocate"},
	{SYS_mkdir, "mkdir"},
	{SYS_mkdirat, "mkdirat"},
	{SYS_fchmod, "fchmod"},
	{SYS_fchown, "fchown"},
	{SYS_sendto, "sendto"},
	{SYS_sendmsg, "sendmsg"},
	{SYS_connect, "connect"},
};

/* Calls that change nothing but the process itself. */
static const int harmless[] = {SYS_read, SYS_readv, SYS_pread64, SYS_close,
	SYS_stat, SYS_fstat, SYS_lstat, SYS_newfstatat, SYS_statx, SYS_statfs,
	SYS_fstatfs, SYS_access, SYS_faccessat, SYS_faccessat2, SYS_readlink,
	SYS_readlinkat, SYS_getdents64, SYS_lseek, SYS_fcntl, SYS_ioctl,
	SYS_fadvise64, SYS_dup, SYS_dup2, SYS_dup3, SYS_getcwd, SYS_chdir,
	SYS_umask, SYS_mmap, SYS_munmap, SYS_mprotect, SYS_mremap, SYS_madvise,
	SYS_msync, SYS_brk, SYS_poll, SYS_ppoll, SYS_select, SYS_pselect6,
	SYS_epoll_create1, SYS_epoll_ctl, SYS_epoll_wait, SYS_epoll_pwait,
	SYS_pipe, SYS_pipe2, SYS_eventfd2, SYS_memfd_create, SYS_socket,
	SYS_socketpair, SYS_bind, SYS_recvfrom, SYS_recvmsg, SYS_shutdown,
	SYS_getsockname, SYS_getpeername, SYS_getsockopt, SYS_setsockopt,
	SYS_rt_sigaction, SYS_rt_sigprocmask, SYS_rt_sigreturn, SYS_sigaltstack,
	SYS_kill, SYS_tgkill, SYS_futex, SYS_nanosleep, SYS_clock_nanosleep,
	SYS_clock_gettime, SYS_clock_getres, SYS_gettimeofday, SYS_time,
	SYS_alarm, SYS_clone, SYS_clone3, SYS_fork, SYS_vfork, SYS_execve,
	SYS_wait4, SYS_exit, SYS_exit_group, SYS_restart_syscall, SYS_getpid,
	SYS_getppid, SYS_gettid, SYS_getuid, SYS_geteuid, SYS_getgid,
	SYS_getegid, SYS_getgroups, SYS_setuid, SYS_setgid, SYS_setgroups,
	SYS_setresuid, SYS_setresgid, SYS_setpgid, SYS_getpgrp, SYS_setsid,
	SYS_uname, SYS_sysinfo, SYS_getrandom, SYS_getrlimit, SYS_setrlimit,
	SYS_prlimit64, SYS_getrusage, SYS_prctl, SYS_arch_prctl,
	SYS_set_tid_address, SYS_set_robust_list, SYS_rseq, SYS_sched_yield,
	SYS_sched_getaffinity, SYS_membarrier, SYS_seccomp, SYS_capget,
	SYS_landlock_create_ruleset, SYS_landlock_add_rule,
	SYS_landlock_restrict_self};

/* ---- what is stopped ----------------------------------------------------- */

static struct sock_filter program[512];
static unsigned short program_length;

static void emit(unsigned short code, uint32_t k, uint8_t yes, uint8_t no)
{
	program[program_length++] = (struct sock_filter){code, yes, no, k};
}

static void load(size_t offset)
{
	emit(BPF_LD | BPF_W | BPF_ABS, (uint32_t)offset, 0, 0);
}

/* If the number matches: stop if its argument has these bits. */
static void stop_if_bits(int number, unsigned argument, uint32_t bits)
{
	size_t at = offsetof(struct seccomp_data, args) + 8 * argument;

	emit(BPF_JMP | BPF_JEQ | BPF_K, (uint32_t)number, 0, 4);
	load(at);
	emit(BPF_JMP | BPF_JSET | BPF_K, bits, 0, 1);
	emit(BPF_RET | BPF_K, SECCOMP_RET_TRACE, 0, 0);
	emit(BPF_RET | BPF_K, SECCOMP_RET_ALLOW, 0, 0);
}

/* If the number matches: do not stop for output to descriptor 1 or 2. */
static void let_output_pass(int number)
{
	emit(BPF_JMP | BPF_JEQ | BPF_K, (uint32_t)number, 0, 5);
	load(offsetof(struct seccomp_data, args));
	emit(BPF_JMP | BPF_JEQ | BPF_K, 1, 1, 0);
	emit(BPF_JMP | BPF_JEQ | BPF_K, 2, 0, 1);
	emit(BPF_RET | BPF_K, SECCOMP_RET_ALLOW, 0, 0);
	emit(BPF_RET | BPF_K, SECCOMP_RET_TRACE, 0, 0);
}

static bool install_filter(void)
{
	struct sock_fprog fprog = {.filter = program};
	/* Directories are opened to be synced or read. */
	uint32_t bits = O_WRONLY | O_RDWR | O_CREAT | O_TRUNC | O_DIRECTORY;

	load(offsetof(struct seccomp_data, arch));
	emit(BPF_JMP | BPF_JEQ | BPF_K, AUDIT_ARCH_X86_64, 1, 0);
	emit(BPF_RET | BPF_K, SECCOMP_RET_TRACE, 0, 0);
	load(offsetof(struct seccomp_data, nr));
	for (size_t i = 0; i < sizeof harmless / sizeof harmless[0]; i++) {
		emit(BPF_JMP | BPF_JEQ | BPF_K, (uint32_t)harmless[i], 0, 1);
		emit(BPF_RET | BPF_K, SECCOMP_RET_ALLOW, 0, 0);
	}
	stop_if_bits(SYS_openat, 2, bits);
	stop_if_bits(SYS_open, 1, bits);
	let_output_pass(SYS_write);
	let_output_pass(SYS_writev);
	emit(BPF_RET | BPF_K, SECCOMP_RET_TRACE, 0, 0);
	fprog.len = program_length;
	return prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) == 0 &&
		prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &fprog) == 0;
}

static _Noreturn void run_command(char **argv)
{
	if (ptrace(PTRACE_TRACEME, 0, NULL, NULL) < 0 || raise(SIGSTOP) != 0)
		_exit(125);
	if (!install_filter()) {
		perror("strike: seccomp");
		_exit(125);
	}
	execvp(argv[0], argv);
	perror(argv[0]);
	_exit(127);
}

/* ---- what is not durable yet ----------------------------------------------
 */

static bool is_sync(long number)
{
	return number == SYS_fsync || number == SYS_fdatasync ||
		number == SYS_syncfs;
}

static bool is_write(long number)
{
	return number == SYS_write || number == SYS_pwrite64 ||
		number == SYS_sendto;
}

static long long position(pid_t pid, int fd)
{
	char path[64];
	long long at = 0;

	snprintf(path, sizeof path, "/proc/%d/fdinfo/%d", (int)pid, fd);
	FILE *file = fopen(path, "r");

	if (file != NULL) {
		if (fscanf(file, "pos: %lld", &at) != 1)
			at = 0;
		fclose(file);
	}
	return at;
}

/* Notes what a write will change, and what a sync makes durable. */
static void note(pid_t pid, const struct user_regs_struct *regs)
{
	struct dirty one = {.length = (long long)regs->rdx};
	struct stat st;
	long number = (long)regs->orig_rax;

	if (!is_sync(number) && number != SYS_write && number != SYS_pwrite64)
		return;
	snprintf(one.path, sizeof one.path, "/proc/%d/fd/%d", (int)pid,
		(int)regs->rdi);
	if (stat(one.path, &st) < 0)
		return;
	if (number == SYS_syncfs) {
		dirty_count = 0;
	} else if (is_sync(number)) {
		size_t left = 0;

		for (size_t i = 0; i < dirty_count; i++) {
			if (dirty[i].ino != st.st_ino ||
				dirty[i].dev != st.st_dev)
				dirty[left++] = dirty[i];
		}
		dirty_count = left;
	} else if (S_ISREG(st.st_mode) && dirty_count < DIRTY_MAX) {
		one.dev = st.st_dev;
		one.ino = st.st_ino;
		one.at = number == SYS_pwrite64 ? (long long)regs->r10
						: position(pid, (int)regs->rdi);
		dirty[dirty_count++] = one;
	}
}

/* Replaces what an earlier sync did not make durable with zeros. */
static void lose_data(pid_t pid, const struct user_regs_struct *regs)
{
	static const char zeros[65536];
	char path[64];
	struct stat synced;
	struct stat st;

	snprintf(path, sizeof path, "/proc/%d/fd/%d", (int)pid, (int)regs->rdi);
	if (stat(path, &synced) < 0)
		return;
	for (size_t i = 0; i < dirty_count; i++) {
		struct dirty *one = &dirty[i];

		if ((long)regs->orig_rax != SYS_syncfs &&
			(one->dev != synced.st_dev ||
				one->ino != synced.st_ino))
			continue;
		int fd = open(one->path, O_WRONLY);

		/* The descriptor may belong to another file by now. */
		if (fd < 0 || fstat(fd, &st) < 0 || st.st_ino != one->ino) {
			if (fd >= 0)
				close(fd);
			continue;
		}
		while (one->length > 0) {
			size_t n = one->length < (long long)sizeof zeros
				? (size_t)one->length
				: sizeof zeros;

			if (pwrite(fd, zeros, n, one->at) != (ssize_t)n)
				break;
			one->at += (long long)n;
			one->length -= (long long)n;
		}
		close(fd);
	}
}

/* ---- the blow -------------------------------------------------------------
 */

static const char *name_of(long number)
{
	for (size_t i = 0; i < sizeof named / sizeof named[0]; i++) {
		if (named[i].number == number)
			return named[i].name;
	}
	return "other";
}

static void log_call(pid_t pid, const struct user_regs_struct *regs)
{
	long number = (long)regs->orig_rax;
	char link[64];
	char file[4096] = "-";
	char text[4096];

	if (set.log == NULL)
		return;
	snprintf(link, sizeof link, "/proc/%d/fd/%d", (int)pid, (int)regs->rdi);
	ssize_t n = readlink(link, text, sizeof text - 1);

	if (n > 0 && number != SYS_mkdir && number != SYS_unlink &&
		number != SYS_open && number != SYS_rename) {
		text[n] = '\0';
		snprintf(file, sizeof file, "%s", text);
	}
	fprintf(set.log, "%ld %s %s\n", calls, name_of(number), file);
}

static void fail_with(pid_t pid, struct user_regs_struct *regs, int error)
{
	regs->orig_rax = (unsigned long long)-1;
	regs->rax = (unsigned long long)-error;
	ptrace(PTRACE_SETREGS, pid, NULL, regs);
	struck = true;
}

static void cut_power(void)
{
	uint32_t how = SHUTDOWN_WITHOUT_LOG;

	for (int i = 0; i < set.mount_count; i++) {
		if (ioctl(set.mounts[i], EXT4_IOC_SHUTDOWN, &how) < 0)
			perror("strike: shutdown");
	}
	struck = true;
}

/* Kills the process at the call, and its parent, which would continue. */
static void kill_all(pid_t pid)
{
	kill(pid, SIGKILL);
	kill(command, SIGKILL);
}

static void strike(pid_t pid, struct user_regs_struct *regs)
{
	long number = (long)regs->orig_rax;

	switch (set.action) {
	case ACTION_CUT:
		cut_power();
		kill_all(pid);
		break;
	case ACTION_KILL:
		kill_all(pid);
		struck = true;
		break;
	case ACTION_ERROR:
		fail_with(pid, regs, set.error);
		break;
	case ACTION_SHORT:
		if (!is_write(number) || regs->rdx < 2)
			break;
		regs->rdx /= 2;
		ptrace(PTRACE_SETREGS, pid, NULL, regs);
		struck = true;
		break;
	case ACTION_LOSE:
		if (!is_sync(number))
			break;
		lose_data(pid, regs);
		fail_with(pid, regs, EIO);
		break;
	}
}

static void stopped_at_call(pid_t pid)
{
	struct user_regs_struct regs;

	if (ptrace(PTRACE_GETREGS, pid, NULL, &regs) < 0)
		return;
	calls++;
	log_call(pid, &regs);
	if (set.at > 0 && (calls == set.at || (set.all && calls > set.at)))
		strike(pid, &regs);
	if (set.action == ACTION_LOSE && (long)regs.orig_rax >= 0)
		note(pid, &regs);
}

/* ---- the program, from its start to its end
 * ---------------------------------- */

static void on_alarm(int number)
{
	(void)number;
	hung = 1;
	kill(command, SIGKILL);
}

static int follow(void)
{
	int status;
	int result = 125;
	pid_t pid;

	while ((pid = waitpid(-1, &status, __WALL)) > 0 || errno == EINTR) {
		int signal_number = 0;

		if (pid < 0)
			continue;
		if (WIFEXITED(status) || WIFSIGNALED(status)) {
			if (pid == command)
				result = WIFEXITED(status)
					? WEXITSTATUS(status)
					: 128 + WTERMSIG(status);
			continue;
		}
		if (status >> 8 == (SIGTRAP | PTRACE_EVENT_SECCOMP << 8))
			stopped_at_call(pid);
		else if (status >> 16 == 0 && WSTOPSIG(status) != SIGSTOP &&
			WSTOPSIG(status) != SIGTRAP)
			signal_number = WSTOPSIG(status);
		ptrace(PTRACE_CONT, pid, NULL, (void *)(long)signal_number);
	}
	return result;
}

static bool take_action(const char *name)
{
	static const struct {
		const char *name;
		enum action action;
		int error;
	} actions[] = {
		{"kill", ACTION_KILL, 0},
		{"short", ACTION_SHORT, 0},
		{"lose", ACTION_LOSE, 0},
		{"cut", ACTION_CUT, 0},
		{"ENOSPC", ACTION_ERROR, ENOSPC},
		{"EIO", ACTION_ERROR, EIO},
		{"EDQUOT", ACTION_ERROR, EDQUOT},
		{"EMFILE", ACTION_ERROR, EMFILE},
		{"EINTR", ACTION_ERROR, EINTR},
	};

	for (size_t i = 0; i < sizeof actions / sizeof actions[0]; i++) {
		if (strcmp(name, actions[i].name) == 0) {
			set.action = actions[i].action;
			set.error = actions[i].error;
			return true;
		}
	}
	return false;
}

static bool take_option(int option)
{
	switch (option) {
	case 'n':
		set.at = strtol(optarg, NULL, 10);
		return true;
	case 'a':
		return take_action(optarg);
	case 'f':
		set.all = true;
		return true;
	case 'e':
		set.at_end = true;
		return true;
	case 'm':
		if (set.mount_count == MOUNTS_MAX)
			return false;
		set.mounts[set.mount_count] =
			open(optarg, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
		return set.mounts[set.mount_count++] >= 0;
	case 'o':
		set.log = fopen(optarg, "we");
		return set.log != NULL;
	case 't':
		set.seconds = (unsigned)strtoul(optarg, NULL, 10);
		return true;
	default:
		return false;
	}
}

int main(int argc, char **argv)
{
	int option;
	int status;

	while ((option = getopt(argc, argv, "+n:a:efm:o:t:")) != -1) {
		if (!take_option(option)) {
			fprintf(stderr, "strike: bad option -%c\n", option);
			return 125;
		}
	}
	command = fork();
	if (command == 0)
		run_command(argv + optind);
	if (command < 0 || waitpid(command, &status, 0) != command ||
		!WIFSTOPPED(status) ||
		ptrace(PTRACE_SETOPTIONS, command, NULL,
			PTRACE_O_EXITKILL | PTRACE_O_TRACESECCOMP |
				PTRACE_O_TRACECLONE | PTRACE_O_TRACEFORK |
				PTRACE_O_TRACEVFORK | PTRACE_O_TRACEEXEC) < 0 ||
		ptrace(PTRACE_CONT, command, NULL, NULL) < 0) {
		fprintf(stderr, "strike: may not trace here\n");
		return 125;
	}
	struct sigaction action = {.sa_handler = on_alarm};

	sigaction(SIGALRM, &action, NULL);
	alarm(set.seconds);
	int result = follow();

	if (set.at_end && set.action == ACTION_CUT && !struck)
		cut_power();

	if (set.log != NULL)
		fclose(set.log);
	if (hung)
		return 124;
	if (set.at > 0 && !struck)
		return 126;
	return result;
}
#endif
