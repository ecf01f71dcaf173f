/* SPDX-License-Identifier: ISC */
#include "io/confine.h"

#include <config.h>
#include <stdlib.h>
#include <string.h>

#include "core/xalloc.h"
#include "io/log.h"

#if defined(__linux__)

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

/* The leak checker looks into its own process, by ptrace and /proc. */
#if defined(__SANITIZE_ADDRESS__)
#define CHECKS_LEAKS 1
#elif defined(__has_feature)
#if __has_feature(address_sanitizer)
#define CHECKS_LEAKS 1
#endif
#endif
#ifndef CHECKS_LEAKS
#define CHECKS_LEAKS 0
#endif

/*
 * Landlock as the kernel knows it. <linux/landlock.h> is of the machine that
 * builds, missing on some and ignorant of the network on Debian 12; what stands
 * here never changes.
 */
#ifndef SYS_landlock_create_ruleset
#define SYS_landlock_create_ruleset 444
#define SYS_landlock_add_rule 445
#define SYS_landlock_restrict_self 446
#endif
#define CREATE_RULESET_VERSION 1U

enum {
	FS_EXECUTE = 1 << 0,
	FS_WRITE_FILE = 1 << 1,
	FS_READ_FILE = 1 << 2,
	FS_READ_DIR = 1 << 3,
	FS_REMOVE_FILE = 1 << 5,
	FS_MAKE_REG = 1 << 8,
	FS_REFER = 1 << 13,    /* ABI 2: rename between directories */
	FS_TRUNCATE = 1 << 14, /* ABI 3 */
	FS_ABI_1 = (1 << 13) - 1,
	FS_ABI_2 = (1 << 14) - 1,
	FS_ABI_3 = (1 << 15) - 1,
	FS_ABI_5 = (1 << 16) - 1, /* ioctl on devices */
	FS_OF_FILES = FS_EXECUTE | FS_WRITE_FILE | FS_READ_FILE | FS_TRUNCATE,
	NET_BIND_TCP = 1 << 0, /* ABI 4 */
	NET_CONNECT_TCP = 1 << 1,
	SCOPE_ABSTRACT_UNIX = 1 << 0, /* ABI 6 */
	SCOPE_SIGNAL = 1 << 1,
	RULE_PATH_BENEATH = 1,
	RULE_NET_PORT = 2,
};

struct ruleset_attr {
	uint64_t handled_fs;
	uint64_t handled_net;
	uint64_t scoped;
};

struct path_beneath_attr {
	uint64_t allowed;
	int32_t parent_fd;
} __attribute__((packed));

struct net_port_attr {
	uint64_t allowed;
	uint64_t port;
};

#define READ (FS_READ_FILE | FS_READ_DIR)
#define WRITE                                                         \
	(FS_WRITE_FILE | FS_READ_DIR | FS_REMOVE_FILE | FS_MAKE_REG | \
		FS_REFER | FS_TRUNCATE)
#define DNS_PORT 53

/*
 * What name lookup, TLS and libraries that are loaded late read; what is not
 * there is passed over, and a link leads to what it points to. Secrets lie
 * close to much of it (keys in /etc/ssl and /etc/pki, NetworkManager's
 * connections), hence the narrow names.
 */
static const char *const readable[] = {
	"/usr",
	"/lib",
	"/lib64",
	"/nix/store",
	"/gnu/store",
	"/etc/ld.so.cache",
	"/etc/localtime",
	"/etc/resolv.conf",
	"/etc/resolvconf",
	"/etc/hosts",
	"/etc/host.conf",
	"/etc/hostname",
	"/etc/nsswitch.conf",
	"/etc/gai.conf",
	"/etc/mdns.allow",
	"/etc/networks",
	"/etc/services",
	"/etc/protocols",
	"/run/systemd/resolve",
	"/run/resolvconf",
	"/run/NetworkManager/resolv.conf",
	"/run/NetworkManager/no-stub-resolv.conf",
	"/run/connman",
	"/run/nscd",
	"/var/lib/sss/mc",
	"/var/lib/libvirt/dnsmasq",
	"/etc/ssl/certs",
	"/etc/ssl/cert.pem",
	"/etc/ssl/ca-bundle.pem",
	"/etc/ssl/openssl.cnf",
	"/etc/pki/tls/certs",
	"/etc/pki/tls/cert.pem",
	"/etc/pki/tls/openssl.cnf",
	"/etc/pki/tls/openssl.d",
	"/etc/pki/ca-trust",
	"/etc/ca-certificates",
	"/etc/crypto-policies",
	"/etc/gnutls",
	"/dev/random",
	"/dev/urandom",
	"/sys/devices/system/cpu",
#if CHECKS_LEAKS
	"/proc",
#endif
};

/* Where the environment says that such files are. */
static const char *const readable_by[] = {
	"SSL_CERT_FILE",
	"SSL_CERT_DIR",
	"HOSTALIASES",
};

struct fence {
	int ruleset;
	int abi;
	struct ruleset_attr handled;
};

/* Allows access to what is at path, and below it. False with errno set. */
static bool allow(const struct fence *fence, const char *path, uint64_t access)
{
	struct path_beneath_attr rule = {
		.parent_fd = open(path, O_PATH | O_CLOEXEC)};
	struct stat st;

	if (rule.parent_fd < 0)
		return false;
	rule.allowed = access & fence->handled.handled_fs;
	if (fstat(rule.parent_fd, &st) == 0 && !S_ISDIR(st.st_mode))
		rule.allowed &= FS_OF_FILES;
	long result = syscall(SYS_landlock_add_rule, fence->ruleset,
		RULE_PATH_BENEATH, &rule, 0);
	int saved = errno;

	close(rule.parent_fd);
	errno = saved;
	return result == 0;
}

/*
 * A directory of certificates is one of symbolic links, found by the hash of a
 * name when they are needed; those into /usr may be read already.
 */
static void allow_links(const struct fence *fence, const char *path)
{
	DIR *dir = opendir(path);
	char target[4096];

	if (dir == NULL)
		return;
	for (struct dirent *entry; (entry = readdir(dir)) != NULL;) {
		ssize_t n = readlinkat(
			dirfd(dir), entry->d_name, target, sizeof target);

		/* In the same directory, no link at all, or in /usr. */
		if (n <= 0 || memchr(target, '/', (size_t)n) == NULL ||
			(n >= 5 && memcmp(target, "/usr/", 5) == 0))
			continue;
		char *link = xasprintf("%s/%s", path, entry->d_name);

		allow(fence, link, FS_READ_FILE);
		free(link);
	}
	closedir(dir);
}

static void allow_reading(
	const struct fence *fence, const struct account *account)
{
	const char *const own[] = {
		account->tls_ca, account->tls_cert, account->tls_key};

	for (size_t i = 0; i < sizeof readable / sizeof readable[0]; i++)
		allow(fence, readable[i], READ);
	allow(fence, "/dev/null", FS_READ_FILE | FS_WRITE_FILE);
	for (size_t i = 0; i < sizeof readable_by / sizeof readable_by[0];
		i++) {
		const char *path = getenv(readable_by[i]);

		if (path != NULL)
			allow(fence, path, READ);
	}
	for (size_t i = 0; i < sizeof own / sizeof own[0]; i++) {
		if (own[i] != NULL)
			allow(fence, own[i], READ);
	}
	/* Copies are looked for, and read, before what is there is erased. */
	if (policy_erases_later(&account->policy)) {
		uint64_t look = policy_verify(&account->policy) == VERIFY_OFF
			? FS_READ_DIR
			: READ;

		if (account->local != NULL)
			allow(fence, account->local, look);
		if (account->trash != NULL)
			allow(fence, account->trash, look);
		if (account->destination == DESTINATION_MAILDIR)
			allow(fence, account->path, look);
	}
	/* What might be here already is compared with what is. */
	if (account->destination == DESTINATION_MAILDIR &&
		!account->keep_duplicates)
		allow(fence, account->path, READ);
	/* Some hundred links: where they are needed. */
	if (account->tls != TLS_OFF)
		allow_links(fence,
			account->tls_ca == NULL ? "/etc/ssl/certs"
						: account->tls_ca);
}

/*
 * *where, in new memory, is what to say of it. A Maildir's mail is never read
 * once recovery is done; an mbox is, and its dot-lock lies beside it.
 */
static bool allow_writing(const struct fence *fence,
	const struct account *account, bool dry_run, char **where)
{
	char *destination = xstrdup(account->path);
	char *slash = strrchr(destination, '/');
	bool mbox = account->destination == DESTINATION_MBOX;
	bool ok = true;

	if (mbox && slash != NULL)
		slash[slash == destination] = '\0';
	if (!dry_run)
		ok = allow(fence, destination,
			mbox ? WRITE | FS_READ_FILE : WRITE);
	/* A dry run need not have one; else SQLite writes there even then. */
	if (ok && !allow(fence, account->state, WRITE | FS_READ_FILE))
		ok = dry_run && errno == ENOENT;
	*where = dry_run
		? xasprintf("below %s", account->state)
		: xasprintf("below %s and %s", destination, account->state);
	free(destination);
	return ok;
}

/* Returns what to say of the network, in new memory. */
static char *allow_network(
	const struct fence *fence, const struct account *account)
{
	struct net_port_attr rule = {.allowed = NET_CONNECT_TCP};
	uint16_t port = account->port;

	if (fence->handled.handled_net == 0)
		return xstrdup(fence->abi < 4 ? "connects anywhere"
					      : "connects anywhere, since the "
						"proxy's port is not known");
	if (account->proxy != NULL)
		account_proxy_port(account->proxy, &port);
	rule.port = port;
	syscall(SYS_landlock_add_rule, fence->ruleset, RULE_NET_PORT, &rule, 0);
	rule.port = DNS_PORT;
	syscall(SYS_landlock_add_rule, fence->ruleset, RULE_NET_PORT, &rule, 0);
	return xasprintf("connects only to ports %u and %d", port, DNS_PORT);
}

/* What this kernel can hold us to, as a ruleset without any rule. */
static bool fence_make(struct fence *fence, const struct account *account)
{
	struct ruleset_attr *handled = &fence->handled;
	size_t size = sizeof *handled;
	uint16_t port;

	handled->handled_fs = fence->abi >= 5 ? FS_ABI_5
		: fence->abi >= 3	      ? FS_ABI_3
					      : FS_ABI_2;
	if (fence->abi >= 4 &&
		(account->proxy == NULL ||
			account_proxy_port(account->proxy, &port)))
		handled->handled_net = NET_BIND_TCP | NET_CONNECT_TCP;
	if (fence->abi >= 6)
		handled->scoped = SCOPE_ABSTRACT_UNIX | SCOPE_SIGNAL;
	/* An older kernel knows less of it, which is zero then. */
	if (fence->abi < 6)
		size = offsetof(struct ruleset_attr, scoped);
	if (fence->abi < 4)
		size = offsetof(struct ruleset_attr, handled_net);
	fence->ruleset =
		(int)syscall(SYS_landlock_create_ruleset, handled, size, 0);
	return fence->ruleset >= 0;
}

/* Landlock: true with *said what is in force, else why nothing is. */
static bool fence_in(const struct account *account, bool dry_run, char **said)
{
	struct fence fence = {.ruleset = -1};
	char *where = NULL;

	fence.abi = (int)syscall(
		SYS_landlock_create_ruleset, NULL, 0, CREATE_RULESET_VERSION);
	if (fence.abi == 1) {
		*said = xstrdup("Landlock ABI 1 would not let mail be moved "
				"into new/");
		return false;
	}
	if (fence.abi < 0 || !fence_make(&fence, account)) {
		*said = xasprintf("no Landlock: %s", strerror(errno));
		return false;
	}
	allow_reading(&fence, account);
	char *network = allow_network(&fence, account);
	bool ok = allow_writing(&fence, account, dry_run, &where) &&
		syscall(SYS_landlock_restrict_self, fence.ruleset, 0) == 0;

	*said = ok ? xasprintf("writes only %s, %s (Landlock ABI %d)", where,
			     network, fence.abi)
		   : xasprintf("no Landlock: %s", strerror(errno));
	close(fence.ruleset);
	free(network);
	free(where);
	return ok;
}

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

/* seccomp: true with *said what is in force, else why nothing is. */
static bool filter_calls(char **said)
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

static bool filter_calls(char **said)
{
	*said = xstrdup("no seccomp: no filter was built for this machine");
	return false;
}

#endif

void confine_worker(const struct account *account, bool dry_run)
{
	char *fence;
	char *filter;

	if (!account->confine) {
		log_line(LOG_MESSAGES, "not confined: confine = false");
		return;
	}
	/* Both ask for it; a program that is started gains nothing by it. */
	if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) < 0) {
		log_line(LOG_MESSAGES, "not confined: no no_new_privs: %s",
			strerror(errno));
		return;
	}
	bool fenced = fence_in(account, dry_run, &fence);
	bool filtered = filter_calls(&filter);

	log_line(LOG_MESSAGES, "%s: %s; %s",
		fenced && filtered	     ? "confined"
			: fenced || filtered ? "confined in part"
					     : "not confined",
		fence, filter);
	free(fence);
	free(filter);
}

#else

void confine_worker(const struct account *account, bool dry_run)
{
	(void)dry_run;
	log_line(LOG_MESSAGES, "not confined: %s",
		account->confine
			? "this system has neither Landlock nor seccomp"
			: "confine = false");
}

#endif
