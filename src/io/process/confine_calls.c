/* SPDX-License-Identifier: ISC */
/* Which system calls a worker may make. The only file that uses libseccomp. */
#if defined(__linux__)

#include <config.h>
#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>

#include "core/xalloc.h"
#include "io/process/confine_internal.h"

#if defined(HAVE_LIBSECCOMP)

#include <seccomp.h>

/* Missing in some headers. */
#ifndef CLONE_NEWCGROUP
#define CLONE_NEWCGROUP 0x02000000
#endif
/* glibc takes it from a kernel header; others lack it. */
#ifndef TIOCLINUX
#define TIOCLINUX 0x541C
#endif
#ifndef MSG_FASTOPEN
#define MSG_FASTOPEN 0x20000000
#endif

#define WHOLE UINT32_MAX /* the mask of an argument that is an int */

#ifdef __s390__
#define CLONE_FLAGS 1 /* the position of the flags in clone's arguments */
#else
#define CLONE_FLAGS 0
#endif

/*
 * Calls that are not needed once the password is known. They include those that
 * change by path what Landlock does not protect (mode, owner, attributes, and
 * before ABI 3 the length), and io_uring, which would bypass this filter.
 */
static const int refused[] = {
	SCMP_SYS(execve),
	SCMP_SYS(execveat),
#if !CHECKS_LEAKS
	SCMP_SYS(ptrace),
#endif
	SCMP_SYS(process_vm_readv),
	SCMP_SYS(process_vm_writev),
	SCMP_SYS(pidfd_getfd),
	SCMP_SYS(kcmp),
	SCMP_SYS(mount),
	SCMP_SYS(umount),
	SCMP_SYS(umount2),
	SCMP_SYS(pivot_root),
	SCMP_SYS(chroot),
	SCMP_SYS(move_mount),
	SCMP_SYS(open_tree),
	SCMP_SYS(fsopen),
	SCMP_SYS(fsconfig),
	SCMP_SYS(fsmount),
	SCMP_SYS(fspick),
	SCMP_SYS(unshare),
	SCMP_SYS(setns),
	SCMP_SYS(open_by_handle_at),
	SCMP_SYS(fanotify_init),
	SCMP_SYS(quotactl),
	SCMP_SYS(acct),
	SCMP_SYS(swapon),
	SCMP_SYS(swapoff),
	SCMP_SYS(reboot),
	SCMP_SYS(kexec_load),
	SCMP_SYS(kexec_file_load),
	SCMP_SYS(init_module),
	SCMP_SYS(finit_module),
	SCMP_SYS(delete_module),
	SCMP_SYS(bpf),
	SCMP_SYS(perf_event_open),
	SCMP_SYS(userfaultfd),
	SCMP_SYS(add_key),
	SCMP_SYS(request_key),
	SCMP_SYS(keyctl),
	SCMP_SYS(syslog),
	SCMP_SYS(settimeofday),
	SCMP_SYS(stime),
	SCMP_SYS(clock_settime),
	SCMP_SYS(clock_settime64),
	SCMP_SYS(adjtimex),
	SCMP_SYS(clock_adjtime),
	SCMP_SYS(clock_adjtime64),
	SCMP_SYS(sethostname),
	SCMP_SYS(setdomainname),
	SCMP_SYS(io_uring_setup),
	SCMP_SYS(io_uring_enter),
	SCMP_SYS(io_uring_register),
	SCMP_SYS(chmod),
	SCMP_SYS(fchmodat),
	SCMP_SYS(chown),
	SCMP_SYS(chown32),
	SCMP_SYS(lchown),
	SCMP_SYS(lchown32),
	SCMP_SYS(fchownat),
	SCMP_SYS(setxattr),
	SCMP_SYS(lsetxattr),
	SCMP_SYS(removexattr),
	SCMP_SYS(lremovexattr),
	SCMP_SYS(truncate),
	SCMP_SYS(truncate64),
	SCMP_SYS(iopl),
	SCMP_SYS(ioperm),
	SCMP_SYS(modify_ldt),
};

/*
 * More of them, whose names older versions of libseccomp do not know. From 424
 * on calls have the same number on every architecture, except for an offset.
 */
static const int refused_by_number[] = {
	440, /* process_madvise */
	442, /* mount_setattr */
	443, /* quotactl_fd */
	452, /* fchmodat2 */
	463, /* setxattrat */
	466, /* removexattrat */
	467, /* open_tree_attr */
	469, /* file_setattr */
};
#define IO_URING_SETUP 425

/* Their arguments are behind a pointer; the C library falls back to others. */
static const int unknown[] = {
	SCMP_SYS(clone3),
	SCMP_SYS(openat2),
};

static const int sockets[] = {
	SCMP_SYS(socket),
	SCMP_SYS(socketpair),
	SCMP_SYS(connect),
	SCMP_SYS(bind),
	SCMP_SYS(listen),
	SCMP_SYS(accept),
	SCMP_SYS(accept4),
};

#define COUNT(array) (sizeof(array) / sizeof(array)[0])

struct filter {
	scmp_filter_ctx context;
	int result; /* of the first call that failed; or 0 */
};

static void add(struct filter *filter, int error, int call,
	const struct scmp_arg_cmp *where)
{
	if (filter->result == 0)
		filter->result = seccomp_rule_add_array(filter->context,
			SCMP_ACT_ERRNO((unsigned)error), call, where != NULL,
			where);
}

static void refuse_all(struct filter *filter, const int *calls, size_t count)
{
	for (size_t i = 0; i < count; i++)
		add(filter, EPERM, calls[i], NULL);
}

/*
 * Refuses the call if this argument, masked, has these bits. Only the lower 32
 * bits are compared, as the kernel ignores the others.
 */
static void refuse_if(struct filter *filter, int call, unsigned argument,
	uint32_t mask, uint32_t bits)
{
	const struct scmp_arg_cmp where = {
		.arg = argument,
		.op = SCMP_CMP_MASKED_EQ,
		.datum_a = mask,
		.datum_b = bits,
	};

	add(filter, EPERM, call, &where);
}

/* Refuses the call unless the argument is one of values, which are ascending.
 */
static void refuse_unless(struct filter *filter, int call, unsigned argument,
	const unsigned *values, size_t count)
{
	const struct scmp_arg_cmp above = {
		.arg = argument,
		.op = SCMP_CMP_GT,
		.datum_a = values[count - 1],
	};
	size_t next = 0;

	for (unsigned value = 0; value < values[count - 1]; value++) {
		if (value == values[next])
			next++;
		else
			refuse_if(filter, call, argument, WHOLE, value);
	}
	add(filter, EPERM, call, &above);
}

/*
 * Landlock restricts the ports of connect over TCP only: protocols that fall
 * back to TCP (MPTCP, SMC), and TCP fast open, would bypass that.
 */
static void filter_network(struct filter *filter)
{
	static const unsigned families[] = {
		AF_UNIX, AF_INET, AF_INET6, 16 /* AF_NETLINK */};
	static const unsigned protocols[] = {0, 6 /* TCP */, 17 /* UDP */};

	refuse_unless(filter, SCMP_SYS(socket), 0, families, COUNT(families));
	refuse_unless(filter, SCMP_SYS(socket), 2, protocols, COUNT(protocols));
	refuse_if(filter, SCMP_SYS(sendto), 3, MSG_FASTOPEN, MSG_FASTOPEN);
	refuse_if(filter, SCMP_SYS(sendmsg), 2, MSG_FASTOPEN, MSG_FASTOPEN);
	refuse_if(filter, SCMP_SYS(sendmmsg), 3, MSG_FASTOPEN, MSG_FASTOPEN);
}

/* In a namespace of its own the process would gain rights. */
static void filter_namespaces(struct filter *filter)
{
	static const unsigned flags[] = {CLONE_NEWNS, CLONE_NEWCGROUP,
		CLONE_NEWUTS, CLONE_NEWIPC, CLONE_NEWUSER, CLONE_NEWPID,
		CLONE_NEWNET};

	for (size_t i = 0; i < COUNT(flags); i++)
		refuse_if(filter, SCMP_SYS(clone), CLONE_FLAGS, flags[i],
			flags[i]);
}

/* With these, input could be inserted into an open terminal. */
static void filter_terminal(struct filter *filter)
{
	static const unsigned requests[] = {
		TIOCSTI, TIOCLINUX, TIOCSCTTY, TIOCSETD};

	for (size_t i = 0; i < COUNT(requests); i++)
		refuse_if(filter, SCMP_SYS(ioctl), 1, WHOLE, requests[i]);
}

/*
 * Before ABI 3 Landlock ignores O_TRUNC: a readable file could be emptied, and,
 * with both bits of the access mode set, any file.
 */
static void filter_opening(struct filter *filter)
{
	static const unsigned modes[] = {O_RDONLY, O_WRONLY | O_RDWR};

	for (size_t i = 0; i < COUNT(modes); i++) {
		refuse_if(filter, SCMP_SYS(open), 1, O_ACCMODE | O_TRUNC,
			modes[i] | O_TRUNC);
		refuse_if(filter, SCMP_SYS(openat), 2, O_ACCMODE | O_TRUNC,
			modes[i] | O_TRUNC);
	}
}

/* Makes a filter that allows all calls of the native architecture only. */
static void filter_init(struct filter *filter)
{
	filter->context = seccomp_init(SCMP_ACT_ALLOW);
	filter->result = filter->context == NULL ? -ENOMEM : 0;
	if (filter->result == 0)
		filter->result = seccomp_attr_set(filter->context,
			SCMP_FLTATR_ACT_BADARCH, SCMP_ACT_ERRNO(EPERM));
	if (filter->result != 0)
		return;
	/* Optional, since old kernels lack them: the kernel's own error codes,
	 * calls that a tracer skips, all threads. */
	seccomp_attr_set(filter->context, SCMP_FLTATR_API_SYSRAWRC, 1);
	seccomp_attr_set(filter->context, SCMP_FLTATR_API_TSKIP, 1);
	seccomp_attr_set(filter->context, SCMP_FLTATR_CTL_TSYNC, 1);
}

/* Enforces the filter, and releases it. */
static bool filter_load(struct filter *filter, const char *what, char **said)
{
	if (filter->result == 0)
		filter->result = seccomp_load(filter->context);
	if (filter->context != NULL)
		seccomp_release(filter->context);
	*said = filter->result == 0
		? xasprintf("%s (seccomp)", what)
		: xasprintf("no seccomp: %s", strerror(-filter->result));
	return filter->result == 0;
}

char *confine_seccomp(void)
{
	const struct scmp_version *version = seccomp_version();

	return xasprintf("libseccomp %u.%u.%u", version->major, version->minor,
		version->micro);
}

bool confine_calls(char **said)
{
	struct filter filter;
	int base =
		seccomp_syscall_resolve_name("io_uring_setup") - IO_URING_SETUP;
	/* A single call for all of them, with arguments behind a pointer. */
	bool one_call = seccomp_syscall_resolve_name("socketcall") >= 0;

	filter_init(&filter);
	refuse_all(&filter, refused, COUNT(refused));
	for (size_t i = 0; i < COUNT(refused_by_number); i++)
		add(&filter, EPERM, base + refused_by_number[i], NULL);
	for (size_t i = 0; i < COUNT(unknown); i++)
		add(&filter, ENOSYS, unknown[i], NULL);
	filter_namespaces(&filter);
	filter_terminal(&filter);
	filter_opening(&filter);
	if (!one_call)
		filter_network(&filter);
	return filter_load(&filter,
		one_call ? "starts no programs, but opens sockets of any kind"
			 : "starts no programs",
		said);
}

bool confine_sockets(char **said)
{
	struct filter filter;

	filter_init(&filter);
	refuse_all(&filter, sockets, COUNT(sockets));
	return filter_load(&filter, "opens no more sockets", said);
}

#else

char *confine_seccomp(void)
{
	return xstrdup("no libseccomp");
}

bool confine_calls(char **said)
{
	*said = xstrdup("no seccomp: built without libseccomp");
	return false;
}

bool confine_sockets(char **said)
{
	return confine_calls(said);
}

#endif

#endif
