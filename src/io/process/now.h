/* SPDX-License-Identifier: ISC */
/* What time the system's clock says, whether it is believed or not. */
#ifndef IO_PROCESS_NOW_H
#define IO_PROCESS_NOW_H

#include <stdint.h>

/* Seconds since 1970. Decisions go by core/clock, which may doubt it. */
int64_t now_seconds(void);

/*
 * Milliseconds since some moment in the past, for time limits: when somebody
 * sets the clock, this does not leap.
 */
int64_t now_milliseconds(void);

#endif
