/* SPDX-License-Identifier: ISC */
/*
 * io/log.h and io/progress.h: nothing is shown, but what would be is checked;
 * and the clock and the faults.
 */
#include <stdarg.h>
#include <string.h>
#include <time.h>

#include "fakes.h"
#include "io/process/log.h"
#include "io/process/progress.h"

int64_t fake_clock;
int64_t fake_pace;

/* For run_now: the time is set by the input, not by the system. */
time_t time(time_t *at)
{
	fake_clock += fake_pace;
	if (at != NULL)
		*at = (time_t)fake_clock;
	return (time_t)fake_clock;
}

static struct {
	enum fake_fault what;
	unsigned left; /* times that it still succeeds */
} faults[2];
static bool deadly;
static bool dead;
static bool failed;

void fake_faults(uint8_t first, uint8_t second, bool killed)
{
	faults[0].what = (enum fake_fault)(first & 7);
	faults[0].left = first >> 3;
	faults[1].what = (enum fake_fault)(second & 7);
	faults[1].left = second >> 3;
	deadly = killed;
	dead = false;
	failed = false;
}

bool fake_has_failed(void)
{
	return failed;
}

void fake_revive(void)
{
	dead = false;
}

bool fake_is_dead(void)
{
	return dead;
}

bool fake_fails(enum fake_fault fault, struct error *err)
{
	bool fails = dead;

	for (size_t i = 0; i < 2; i++) {
		if (faults[i].what != fault || faults[i].left-- > 0)
			continue;
		faults[i].what = FAKE_NO_FAULT;
		dead = dead || deadly;
		fails = true;
	}
	failed = failed || fails;
	if (fails)
		error_set(err, ERROR_WRITE, "the disk is full");
	return fails;
}

/* Text from others must be made printable before it is shown. */
static void check_shown(const char *text)
{
	for (; *text != '\0'; text++)
		PROMISE((unsigned char)*text >= ' ' && *text != 0x7f);
}

bool log_shows(enum log_level level)
{
	return level <= LOG_MESSAGES;
}

void log_line(enum log_level level, const char *format, ...)
{
	char text[2000];
	va_list args;

	(void)level;
	va_start(args, format);
	vsnprintf(text, sizeof text, format, args);
	va_end(args);
	check_shown(text);
}

void log_error(const struct error *err)
{
	check_shown(err->text);
	check_shown(err->server);
}

void progress_start(
	struct progress *progress, uint64_t messages, uint64_t octets)
{
	progress->total_messages = messages;
	progress->total_octets = octets;
}

void progress_add(struct progress *progress, uint64_t messages, uint64_t octets)
{
	progress->messages += messages;
	progress->octets += octets;
}

void progress_draw(struct progress_bar *bar, const struct progress *progress,
	unsigned count)
{
	(void)bar;
	(void)progress;
	(void)count;
}
