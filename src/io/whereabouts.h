/* SPDX-License-Identifier: ISC */
/* Where a letter lies now: readers of mail rename and move it. */
#ifndef IO_WHEREABOUTS_H
#define IO_WHEREABOUTS_H

/*
 * The file of a Maildir, or of a Maildir++ folder in it, that has this base
 * name, whatever flags follow it: its path, which the caller frees; NULL when
 * there is none, or it cannot be looked for. Changes nothing.
 */
char *whereabouts_maildir(const char *path, const char *name);

#endif
