/* SPDX-License-Identifier: ISC */
#include "io/process/now.h"

#include <time.h>

int64_t now_milliseconds(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

int64_t now_seconds(void)
{
	return (int64_t)time(NULL);
}
