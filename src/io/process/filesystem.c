/* SPDX-License-Identifier: ISC */
#include "io/process/filesystem.h"

#include <stddef.h>

const char *filesystem_name(enum filesystem_kind kind)
{
	switch (kind) {
	case FILESYSTEM_LOCAL:
		return "a local file system";
	case FILESYSTEM_NFS:
		return "NFS";
	case FILESYSTEM_SMB:
		return "SMB (CIFS)";
	case FILESYSTEM_9P:
		return "9P";
	case FILESYSTEM_AFS:
		return "AFS";
	case FILESYSTEM_CODA:
		return "Coda";
	case FILESYSTEM_CEPH:
		return "Ceph";
	case FILESYSTEM_CLUSTER:
		return "a cluster's file system";
	case FILESYSTEM_FOLDER:
		return "a folder shared with a virtual machine";
	case FILESYSTEM_FUSE:
		return "a FUSE file system";
	}
	return "";
}

#if defined(__linux__)

#include <errno.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <sys/vfs.h>

#include "core/xalloc.h"

/* From linux/magic.h and from the sources of the file systems. */
static const struct {
	uint32_t magic;
	enum filesystem_kind kind;
} magics[] = {
	{0x00006969U, FILESYSTEM_NFS},
	{0x0000517bU, FILESYSTEM_SMB}, /* smbfs */
	{0xff534d42U, FILESYSTEM_SMB}, /* cifs */
	{0xfe534d42U, FILESYSTEM_SMB}, /* smb2 */
	{0x01021997U, FILESYSTEM_9P},
	{0x5346414fU, FILESYSTEM_AFS}, /* OpenAFS */
	{0x6b414653U, FILESYSTEM_AFS}, /* the kernel's */
	{0x73757245U, FILESYSTEM_CODA},
	{0x00c36400U, FILESYSTEM_CEPH},
	{0x0bd00bd0U, FILESYSTEM_CLUSTER}, /* Lustre */
	{0x47504653U, FILESYSTEM_CLUSTER}, /* GPFS */
	{0x01161970U, FILESYSTEM_CLUSTER}, /* GFS2 */
	{0x7461636fU, FILESYSTEM_CLUSTER}, /* OCFS2 */
	{0x20030528U, FILESYSTEM_CLUSTER}, /* OrangeFS */
	{0xaad7aaeaU, FILESYSTEM_CLUSTER}, /* PanFS */
	{0x786f4256U, FILESYSTEM_FOLDER},  /* VirtualBox */
	{0xbacbacbcU, FILESYSTEM_FOLDER},  /* VMware */
	{0x65735546U, FILESYSTEM_FUSE},
};

/* FUSE may be anything; these types store their data on a local disk. */
static bool is_local_fuse(const char *type)
{
	static const char *const types[] = {"fuseblk", "fuse.bindfs",
		"fuse.cryfs", "fuse.encfs", "fuse.fuse-overlayfs",
		"fuse.gocryptfs", "fuse.mergerfs", "fuse.ntfs-3g",
		"fuse.securefs", "fuse.unionfs", "virtiofs"};

	for (size_t i = 0; i < sizeof types / sizeof types[0]; i++) {
		if (strcmp(type, types[i]) == 0)
			return true;
	}
	return false;
}

/*
 * The type in a line of mountinfo, if it is for this device: "ID PARENT
 * MAJOR:MINOR ROOT POINT OPTIONS [FIELD...] - TYPE SOURCE OPTIONS".
 */
static const char *type_of(char *line, const char *device)
{
	char *field = strchr(line, ' ');

	field = field == NULL ? NULL : strchr(field + 1, ' ');
	if (field == NULL)
		return NULL;
	size_t length = strlen(device);
	char *type = strstr(field, " - ");

	if (strncmp(field + 1, device, length) != 0 ||
		field[1 + length] != ' ' || type == NULL)
		return NULL;
	type += 3;
	type[strcspn(type, " \n")] = '\0';
	return type;
}

static bool is_local_mount(const struct stat *st)
{
	FILE *mounts = fopen("/proc/self/mountinfo", "re");
	char device[32];
	char *line = NULL;
	size_t room = 0;
	bool local = false;

	if (mounts == NULL)
		return false;
	snprintf(device, sizeof device, "%u:%u", major(st->st_dev),
		minor(st->st_dev));
	while (!local && getline(&line, &room, mounts) > 0) {
		const char *type = type_of(line, device);

		local = type != NULL && is_local_fuse(type);
	}
	free(line);
	fclose(mounts);
	return local;
}

enum filesystem_kind filesystem_of(const char *path)
{
	char *at = xstrdup(path);
	struct statfs fs;
	struct stat st;
	enum filesystem_kind kind = FILESYSTEM_LOCAL;
	int failed;

	while ((failed = statfs(at, &fs)) < 0 && errno == ENOENT) {
		char *slash = strrchr(at, '/');

		if (slash == NULL || at[1] == '\0')
			break;
		slash[slash == at] = '\0';
	}
	for (size_t i = 0; failed == 0 && i < sizeof magics / sizeof magics[0];
		i++) {
		/* The type of f_type differs, and may be signed. */
		if (magics[i].magic == (uint32_t)fs.f_type)
			kind = magics[i].kind;
	}
	if (kind == FILESYSTEM_FUSE && stat(at, &st) == 0 &&
		is_local_mount(&st))
		kind = FILESYSTEM_LOCAL;
	free(at);
	return kind;
}

#else

enum filesystem_kind filesystem_of(const char *path)
{
	(void)path;
	return FILESYSTEM_LOCAL;
}

#endif
