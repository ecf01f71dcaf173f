/* SPDX-License-Identifier: ISC */
#include "io/process/now.h"

#include <time.h>

int64_t now_seconds(void)
{
	return (int64_t)time(NULL);
}
