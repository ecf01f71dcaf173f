/* SPDX-License-Identifier: ISC */
#include "io/process/language.h"

#include <stdlib.h>

#include "core/xalloc.h"

struct language *language_open(void)
{
	struct language *language = xcalloc(1, sizeof *language);

	charsets_open(&language->charsets, iconv_open);
	return language;
}

void language_close(struct language *language)
{
	if (language == NULL)
		return;
	charsets_close(&language->charsets);
	free(language);
}
