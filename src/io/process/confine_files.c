/* SPDX-License-Identifier: ISC */
/* Which files a worker may use, and where it may connect: Landlock. */
#if defined(__linux__)

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "core/xalloc.h"
#include "io/process/confine_internal.h"

/*
 * The kernel's interface, which never changes. <linux/landlock.h> is missing on
 * some systems, and that of Debian 12 lacks the network.
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
 * What name lookup, TLS and dynamically loaded libraries read. Missing ones are
 * skipped; links are followed. The names are narrow since there are secrets
 * next to many of them (keys in /etc/ssl and /etc/pki, NetworkManager's
 * connections).
 */
static const char *const always[] = {
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

/* Environment variables that name such files. */
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
 * A directory of certificates consists of symbolic links, which are opened when
 * they are needed. Targets in /usr are readable already.
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

		/* Not a link, or one to the same directory or to /usr. */
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
		account->tls.ca, account->tls.cert, account->tls.key};

	for (size_t i = 0; i < sizeof always / sizeof always[0]; i++)
		allow(fence, always[i], READ);
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
	/* Only if needed, since there are hundreds of links. */
	if (account->tls.mode != TLS_OFF)
		allow_links(fence,
			account->tls.ca == NULL ? "/etc/ssl/certs"
						: account->tls.ca);
}

/*
 * In new memory; of an mbox, the directory that has its dot-lock. NULL: mail is
 * handed over through a socket that is open already.
 */
static char *directory_of_mail(const struct account *account)
{
	if (!account_is_place(account->destination.kind))
		return NULL;
	char *directory = xstrdup(account->destination.path);
	char *slash = strrchr(directory, '/');

	if (account->destination.kind == DESTINATION_MBOX && slash != NULL)
		slash[slash == directory] = '\0';
	return directory;
}

/*
 * *where, in new memory, describes it for the log. After recovery, the mail in
 * a Maildir is no longer read, but an mbox is. The account's own store is open
 * already; the others in its directory may be read.
 */
static bool allow_writing(const struct fence *fence,
	const struct account *account, bool dry_run, char **where)
{
	char *mail = directory_of_mail(account);
	bool mbox = account->destination.kind == DESTINATION_MBOX;
	bool ok = dry_run || mail == NULL ||
		allow(fence, mail, mbox ? WRITE | FS_READ_FILE : WRITE);

	/* In a dry run it need not exist. */
	if (ok && !allow(fence, account->state, READ))
		ok = dry_run && errno == ENOENT;
	*where = dry_run
		? xstrdup("writes no files")
		: xasprintf("writes only %s%s%sto %s/%s.db",
			  mail == NULL ? "" : "below ",
			  mail == NULL ? "" : mail, mail == NULL ? "" : " and ",
			  account->state, account->name);
	free(mail);
	return ok;
}

/* Returns a description of it for the log, in new memory. */
static char *allow_network(
	const struct fence *fence, const struct account *account)
{
	struct net_port_attr rule = {.allowed = NET_CONNECT_TCP};
	uint16_t port = account->server.port;

	if (fence->handled.handled_net == 0)
		return xstrdup(fence->abi < 4 ? "connects anywhere"
					      : "connects anywhere, since the "
						"proxy's port is not known");
	if (account->server.proxy != NULL)
		account_proxy_port(account->server.proxy, &port);
	rule.port = port;
	syscall(SYS_landlock_add_rule, fence->ruleset, RULE_NET_PORT, &rule, 0);
	rule.port = DNS_PORT;
	syscall(SYS_landlock_add_rule, fence->ruleset, RULE_NET_PORT, &rule, 0);
	return xasprintf("connects only to ports %u and %d", port, DNS_PORT);
}

/* Makes a ruleset, without rules, of all that this kernel can restrict. */
static bool fence_make(struct fence *fence, const struct account *account)
{
	struct ruleset_attr *handled = &fence->handled;
	size_t size = sizeof *handled;
	uint16_t port;

	handled->handled_fs = fence->abi >= 5 ? FS_ABI_5
		: fence->abi >= 3	      ? FS_ABI_3
					      : FS_ABI_2;
	if (fence->abi >= 4 &&
		(account->server.proxy == NULL ||
			account_proxy_port(account->server.proxy, &port)))
		handled->handled_net = NET_BIND_TCP | NET_CONNECT_TCP;
	if (fence->abi >= 6)
		handled->scoped = SCOPE_ABSTRACT_UNIX | SCOPE_SIGNAL;
	/* Older kernels know only the first fields. */
	if (fence->abi < 6)
		size = offsetof(struct ruleset_attr, scoped);
	if (fence->abi < 4)
		size = offsetof(struct ruleset_attr, handled_net);
	fence->ruleset =
		(int)syscall(SYS_landlock_create_ruleset, handled, size, 0);
	return fence->ruleset >= 0;
}

static int landlock_abi(void)
{
	return (int)syscall(
		SYS_landlock_create_ruleset, NULL, 0, CREATE_RULESET_VERSION);
}

int confine_landlock(void)
{
	int abi = landlock_abi();

	return abi > 0 ? abi : 0;
}

bool confine_files(const struct account *account, bool dry_run,
	const char *const *readable, size_t readable_count, char **said)
{
	struct fence fence = {.ruleset = -1};
	char *where = NULL;

	fence.abi = landlock_abi();
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
	for (size_t i = 0; i < readable_count; i++)
		allow(&fence, readable[i], READ);
	char *network = allow_network(&fence, account);
	bool ok = allow_writing(&fence, account, dry_run, &where) &&
		syscall(SYS_landlock_restrict_self, fence.ruleset, 0) == 0;

	*said = ok ? xasprintf("%s, %s (Landlock ABI %d)", where, network,
			     fence.abi)
		   : xasprintf("no Landlock: %s", strerror(errno));
	close(fence.ruleset);
	free(network);
	free(where);
	return ok;
}

#endif
