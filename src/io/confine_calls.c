/* SPDX-License-Identifier: ISC */
/* Which system calls a worker may make: seccomp. */
#if defined(__linux__)

#include <config.h>
#include <errno.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/syscall.h>

#include "core/xalloc.h"
#include "io/confine_inside.h"

#if defined(HAVE_LINUX_SECCOMP_H) &&                 \
	__BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__ && \
	(defined(__aarch64__) || (defined(__x86_64__) && !defined(__ILP32__)))

#include <linux/audit.h>
#include <linux/filter.h>
#include <linux/seccomp.h>

/* Newer than some headers; the same number on every machine. */
#ifndef SYS_fchmodat2
#define SYS_fchmodat2 452
#endif
#ifndef SYS_setxattrat
#define SYS_setxattrat 463
#define SYS_removexattrat 466
#endif
#ifndef SYS_open_tree_attr
#define SYS_open_tree_attr 467
#endif

#ifdef __x86_64__
#define OUR_ARCH AUDIT_ARCH_X86_64
#else
#define OUR_ARCH AUDIT_ARCH_AARCH64
#endif
#define REFUSE (SECCOMP_RET_ERRNO | EPERM)
#define X32_BIT 0x40000000U
#define FAST_OPEN 0x20000000 /* MSG_FASTOPEN */
#define ARGUMENT(n) (offsetof(struct seccomp_data, args) + 8 * (n))

/*
 * What a fetcher never needs once its password is known. What takes a path and
 * changes what Landlock does not look at (mode, owner, attributes) is here too,
 * and io_uring, which would pass this filter by.
 */
static const int refused[] = {
	SYS_execve,
	SYS_execveat,
#if !CHECKS_LEAKS
	SYS_ptrace,
#endif
	SYS_process_vm_readv,
	SYS_process_vm_writev,
	SYS_process_madvise,
	SYS_pidfd_getfd,
	SYS_kcmp,
	SYS_mount,
	SYS_umount2,
	SYS_pivot_root,
	SYS_chroot,
	SYS_move_mount,
	SYS_open_tree,
	SYS_open_tree_attr,
	SYS_fsopen,
	SYS_fsconfig,
	SYS_fsmount,
	SYS_fspick,
	SYS_mount_setattr,
	SYS_unshare,
	SYS_setns,
	SYS_open_by_handle_at,
	SYS_fanotify_init,
	SYS_quotactl,
	SYS_acct,
	SYS_swapon,
	SYS_swapoff,
	SYS_reboot,
	SYS_kexec_load,
	SYS_kexec_file_load,
	SYS_init_module,
	SYS_finit_module,
	SYS_delete_module,
	SYS_bpf,
	SYS_perf_event_open,
	SYS_userfaultfd,
	SYS_add_key,
	SYS_request_key,
	SYS_keyctl,
	SYS_syslog,
	SYS_settimeofday,
	SYS_clock_settime,
	SYS_adjtimex,
	SYS_clock_adjtime,
	SYS_sethostname,
	SYS_setdomainname,
	SYS_io_uring_setup,
	SYS_io_uring_enter,
	SYS_io_uring_register,
	SYS_fchmodat,
	SYS_fchmodat2,
	SYS_fchownat,
	SYS_setxattr,
	SYS_lsetxattr,
	SYS_setxattrat,
	SYS_removexattr,
	SYS_lremovexattr,
	SYS_removexattrat,
#ifdef __x86_64__
	SYS_chmod,
	SYS_chown,
	SYS_lchown,
	SYS_iopl,
	SYS_ioperm,
	SYS_modify_ldt,
#endif
};

struct filter {
	struct sock_filter steps[256];
	unsigned short count;
};

static void step(struct filter *filter, unsigned code, unsigned value,
	unsigned if_true, unsigned if_false)
{
	filter->steps[filter->count++] =
		(struct sock_filter){.code = (unsigned short)code,
			.jt = (unsigned char)if_true,
			.jf = (unsigned char)if_false,
			.k = value};
}

static void load(struct filter *filter, size_t offset)
{
	step(filter, BPF_LD | BPF_W | BPF_ABS, (unsigned)offset, 0, 0);
}

static void answer(struct filter *filter, unsigned value)
{
	step(filter, BPF_RET | BPF_K, value, 0, 0);
}

/* Goes on behind so many steps if what is loaded is not equal to value. */
static void unless(struct filter *filter, unsigned value, unsigned skip)
{
	step(filter, BPF_JMP | BPF_JEQ | BPF_K, value, 0, skip);
}

/* Refuses all but the values given, if what is loaded is none of them. */
static void only(struct filter *filter, const unsigned *values, unsigned count)
{
	for (unsigned i = 0; i < count; i++)
		step(filter, BPF_JMP | BPF_JEQ | BPF_K, values[i], count - i,
			0);
	answer(filter, REFUSE);
}

/*
 * Landlock's ports are those of TCP by connect: other protocols that fall back
 * to TCP (MPTCP, SMC) and TCP fast open would go around it. 16 is netlink.
 */
static void filter_network(struct filter *filter)
{
	static const unsigned families[] = {1, 2, 10, 16};
	static const unsigned protocols[] = {0, 6, 17};
	static const struct {
		unsigned call;
		unsigned flags;
	} sends[] = {{SYS_sendto, 3}, {SYS_sendmsg, 2}, {SYS_sendmmsg, 3}};

	unless(filter, SYS_socket, 4 + 1 + 1 + 3 + 1 + 1 + 1);
	load(filter, ARGUMENT(0));
	only(filter, families, 4);
	load(filter, ARGUMENT(2));
	only(filter, protocols, 3);
	answer(filter, SECCOMP_RET_ALLOW);
	for (size_t i = 0; i < sizeof sends / sizeof sends[0]; i++) {
		unless(filter, sends[i].call, 4);
		load(filter, ARGUMENT(sends[i].flags));
		step(filter, BPF_JMP | BPF_JSET | BPF_K, FAST_OPEN, 0, 1);
		answer(filter, REFUSE);
		answer(filter, SECCOMP_RET_ALLOW);
	}
}

bool confine_calls(char **said)
{
	struct filter filter = {.count = 0};
	struct sock_fprog program = {.filter = filter.steps};

	/* Another architecture's numbers mean other calls. */
	load(&filter, offsetof(struct seccomp_data, arch));
	step(&filter, BPF_JMP | BPF_JEQ | BPF_K, OUR_ARCH, 1, 0);
	answer(&filter, REFUSE);
	load(&filter, offsetof(struct seccomp_data, nr));
#ifdef __x86_64__
	/* -1 is a call that a tracer took away. */
	step(&filter, BPF_JMP | BPF_JGE | BPF_K, X32_BIT, 0, 2);
	step(&filter, BPF_JMP | BPF_JEQ | BPF_K, UINT32_MAX, 1, 0);
	answer(&filter, REFUSE);
#endif
	for (size_t i = 0; i < sizeof refused / sizeof refused[0]; i++) {
		unless(&filter, (unsigned)refused[i], 1);
		answer(&filter, REFUSE);
	}
	filter_network(&filter);
	answer(&filter, SECCOMP_RET_ALLOW);
	program.len = filter.count;
	bool ok = prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &program) == 0;

	*said = ok ? xstrdup("starts no programs (seccomp)")
		   : xasprintf("no seccomp: %s", strerror(errno));
	return ok;
}

#else

bool confine_calls(char **said)
{
	*said = xstrdup("no seccomp: no filter was built for this machine");
	return false;
}

#endif

#endif
