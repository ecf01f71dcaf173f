/* SPDX-License-Identifier: ISC */
/* What it takes to read and measure text in any language. */
#ifndef IO_PROCESS_LANGUAGE_H
#define IO_PROCESS_LANGUAGE_H

#include <locale.h>

struct language {
	/* For uselocale, where text is measured: one of UTF-8, whatever the
	 * user's own is; (locale_t)0, which changes nothing: there is none. */
	locale_t locale;
};

/*
 * In new memory; what this system lacks is left out. To be called before
 * confine_worker: the C library reads files and loads modules for it, which is
 * over when this returns. Nothing of it is needed where no text is shown.
 */
struct language *language_open(void);

void language_close(struct language *language);

#endif
