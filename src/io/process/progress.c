/* SPDX-License-Identifier: ISC */
#include "io/process/progress.h"

#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "core/text.h"
#include "io/process/now.h"

#define BAR_WIDTH 20

void progress_start(
	struct progress *progress, uint64_t messages, uint64_t octets)
{
	uint64_t came =
		atomic_load_explicit(&progress->messages, memory_order_relaxed);
	uint64_t received =
		atomic_load_explicit(&progress->octets, memory_order_relaxed);

	atomic_store_explicit(&progress->total_messages, came + messages,
		memory_order_relaxed);
	atomic_store_explicit(&progress->total_octets,
		octets == 0 ? 0 : received + octets, memory_order_relaxed);
}

void progress_add(struct progress *progress, uint64_t messages, uint64_t octets)
{
	atomic_fetch_add_explicit(
		&progress->messages, messages, memory_order_relaxed);
	atomic_fetch_add_explicit(
		&progress->octets, octets, memory_order_relaxed);
}

static double seconds(void)
{
	return (double)now_milliseconds() / 1e3;
}

static uint64_t sum(
	const struct progress *progress, unsigned count, size_t field)
{
	uint64_t total = 0;

	for (unsigned i = 0; i < count; i++) {
		const char *at = (const char *)&progress[i] + field;

		total += atomic_load_explicit(
			(const _Atomic uint64_t *)(const void *)at,
			memory_order_relaxed);
	}
	return total;
}

#define SUM(field) sum(progress, count, offsetof(struct progress, field))

void progress_draw(struct progress_bar *bar, const struct progress *progress,
	unsigned count)
{
	double now = seconds();

	if (bar->started == 0)
		bar->started = now;
	if (now - bar->drawn < 0.1)
		return;
	uint64_t total = SUM(total_messages);

	if (total == 0)
		return;
	bar->drawn = now;
	uint64_t messages = SUM(messages);
	uint64_t octets = SUM(octets);
	uint64_t all = SUM(total_octets);
	double done = all > 0 ? (double)octets / (double)all
			      : (double)messages / (double)total;
	double passed = now - bar->started;
	uint64_t rate = passed > 0 ? (uint64_t)((double)octets / passed) : 0;
	char blocks[BAR_WIDTH + 1];
	char size[32];
	char speed[32];
	char left[32] = "-:--";
	char line[200];

	done = done > 1 ? 1 : done;
	if (done > 0.001)
		text_clock(left, sizeof left,
			(int64_t)(passed / done * (1 - done) + 0.5));
	memset(blocks, '.', BAR_WIDTH);
	memset(blocks, '#', (size_t)(done * BAR_WIDTH));
	blocks[BAR_WIDTH] = '\0';
	int n = snprintf(line, sizeof line,
		"\r[%s] %llu/%llu messages, %s, %s/s, %s left\033[K", blocks,
		(unsigned long long)messages, (unsigned long long)total,
		text_size(size, sizeof size, octets),
		text_size(speed, sizeof speed, rate), left);
	ssize_t ignored = write(STDERR_FILENO, line, (size_t)n);

	(void)ignored;
	bar->shown = true;
}

void progress_clear(struct progress_bar *bar)
{
	if (bar->shown) {
		ssize_t ignored = write(STDERR_FILENO, "\r\033[K", 4);

		(void)ignored;
	}
	bar->shown = false;
}
