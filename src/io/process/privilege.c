/* SPDX-License-Identifier: ISC */
#include "io/process/privilege.h"

#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <pwd.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/types.h>
#include <unistd.h>
#ifdef __linux__
#include <sys/prctl.h>
#endif

void privilege_protect_memory(void)
{
	struct rlimit none = {0, 0};

	setrlimit(RLIMIT_CORE, &none);
#if defined(__linux__) && !defined(__SANITIZE_ADDRESS__)
	prctl(PR_SET_DUMPABLE, 0, 0, 0, 0);
#endif
}

/* The process that this one must not outlive; 0: none. */
static pid_t ends_with;

void privilege_end_with(pid_t parent)
{
	ends_with = parent;
#ifdef __linux__
	prctl(PR_SET_PDEATHSIG, SIGKILL, 0, 0, 0);
	/* The parent may have ended before this call. */
	if (getppid() != parent)
		raise(SIGKILL);
#endif
}

/*
 * If fd is a terminal, opens it again for writing only, so that this process
 * cannot read what is typed there. If that fails, fd remains as it is.
 */
static void make_write_only(int fd)
{
	char path[256];
	struct stat was;
	struct stat is;

	if (!isatty(fd) || fstat(fd, &was) < 0 ||
		ttyname_r(fd, path, sizeof path) != 0)
		return;
	int again = open(path, O_WRONLY | O_NOCTTY | O_CLOEXEC);

	if (again < 0)
		return;
	if (fstat(again, &is) == 0 && is.st_rdev == was.st_rdev &&
		is.st_ino == was.st_ino)
		dup2(again, fd);
	close(again);
}

void privilege_leave_terminal(void)
{
	int nothing = open("/dev/null", O_RDONLY | O_CLOEXEC);

	/* It is 0 already if standard input was closed. */
	if (nothing > 0) {
		dup2(nothing, STDIN_FILENO);
		close(nothing);
	}
	make_write_only(STDOUT_FILENO);
	make_write_only(STDERR_FILENO);
	/* Fails only for leaders of a process group, which children are not. */
	setsid();
}

/* Looks up the user of run-as; the result is libc's. */
static const struct passwd *find_user(
	const struct account *account, struct error *err)
{
	errno = 0;
	const struct passwd *user = getpwnam(account->run_as);

	/* For an unknown user the value of errno depends on the libc. */
	if (user == NULL &&
		(errno == EIO || errno == EMFILE || errno == ENFILE))
		error_set(err, ERROR_TEMPORARY,
			"cannot look up the user %s (run-as): %s",
			account->run_as, strerror(errno));
	else if (user == NULL)
		error_set(err, ERROR_CONFIG,
			"run-as = %s: there is no user of that name here; "
			"correct it in %s",
			account->run_as, account->file);
	return user;
}

/* *user: the user to change to; NULL: no change. */
static bool choose_user(const struct account *account,
	const struct passwd **user, struct error *err)
{
	uid_t self = geteuid();

	*user = NULL;
	if (account->run_as == NULL) {
		if (self != 0)
			return true;
		return error_set(err, ERROR_CONFIG,
			"keepmail was started by root, which is refused because a server exploiting a bug would gain root: run it as the owner of the mail, or set run-as = USER in %s (run-as = root to insist)",
			account->file);
	}
	const struct passwd *wanted = find_user(account, err);

	if (wanted == NULL)
		return false;
	if (wanted->pw_uid == self)
		return true;
	if (self != 0)
		return error_set(err, ERROR_CONFIG,
			"run-as = %s, but only root can become another user: run keepmail as %s or as root, or remove run-as from %s",
			account->run_as, account->run_as, account->file);
	*user = wanted;
	return true;
}

/* Set by privilege_become. */
static bool has_changed;

bool privilege_has_changed(void)
{
	return has_changed;
}

bool privilege_check(const struct account *account, struct error *err)
{
	const struct passwd *user;

	return choose_user(account, &user, err);
}

/* Was the change complete, and is it irreversible? */
static bool has_become(uid_t uid, gid_t gid)
{
	return getuid() == uid && geteuid() == uid && getgid() == gid &&
		getegid() == gid && setuid(0) < 0 && seteuid(0) < 0 &&
		(gid == 0 || setegid(0) < 0);
}

bool privilege_become(const struct account *account, struct error *err)
{
	const struct passwd *user;

	if (!choose_user(account, &user, err))
		return false;
	if (user == NULL)
		return true;
	uid_t uid = user->pw_uid;
	gid_t gid = user->pw_gid;

	/* Now, since the new user cannot open the old user's terminal. */
	make_write_only(STDOUT_FILENO);
	make_write_only(STDERR_FILENO);
	if (initgroups(user->pw_name, gid) < 0 || setgid(gid) < 0 ||
		setuid(uid) < 0)
		return error_set(err, ERROR_CONFIG,
			"cannot become the user %s (run-as): %s",
			account->run_as, strerror(errno));
	if (!has_become(uid, gid))
		return error_set(err, ERROR_SOFTWARE,
			"cannot become the user %s (run-as) for good: nothing "
			"was fetched",
			account->run_as);
	has_changed = true;
	/* The kernel resets these when the user changes. */
	privilege_protect_memory();
	if (ends_with != 0)
		privilege_end_with(ends_with);
	/* For password-command; root's directory may be inaccessible to it. */
	setenv("HOME", user->pw_dir, 1);
	setenv("USER", user->pw_name, 1);
	setenv("LOGNAME", user->pw_name, 1);
	if (chdir("/") < 0)
		return error_set(err, ERROR_CONFIG,
			"cannot go to the directory /: %s", strerror(errno));
	return true;
}
