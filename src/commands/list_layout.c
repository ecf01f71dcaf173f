/* SPDX-License-Identifier: ISC */
#include "commands/list_layout.h"

#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "core/width.h"
#include "core/xalloc.h"

/* Uids are not shortened below this width. */
#define UID_LEAST 10

/*
 * Minimum width of author and subject together, and the width from which the
 * uid is shown whole.
 */
#define TEXTS_LEAST 28
#define TEXTS_GOOD 40

/* Minimum width for showing the author beside the subject. */
#define TEXTS_TWO 20
#define SUBJECT_LEAST 12

/* From this width on, no column is dropped. */
#define COLUMNS_USUAL 80

static size_t add_gap(size_t width, size_t gap)
{
	return width > 0 ? width + gap : 0;
}

/* Returns the width left for author and subject if uids have this width. */
static size_t room_for_texts(
	const struct list_layout *layout, size_t columns, size_t uid)
{
	size_t taken = add_gap(layout->number, 1) + add_gap(uid, 1) +
		add_gap(layout->size, 1) + add_gap(layout->date, 1) +
		add_gap(layout->from, 2) + 2 + add_gap(layout->here, 1) +
		layout->next;

	/* The width of from is part of the result. */
	taken -= layout->from;
	return taken < columns ? columns - taken : 0;
}

static int compare(const void *a, const void *b)
{
	return strcmp(*(char *const *)a, *(char *const *)b);
}

/* Counts the distinct texts after shortening them to this width. */
static size_t count_different(char *const *uids, size_t count, size_t width)
{
	char **texts = xcalloc(count, sizeof texts[0]);
	size_t different = 0;

	for (size_t i = 0; i < count; i++)
		texts[i] = width_cut_middle(xstrdup(uids[i]), width);
	qsort(texts, count, sizeof texts[0], compare);
	for (size_t i = 0; i < count; i++)
		different += i == 0 || strcmp(texts[i - 1], texts[i]) != 0;
	for (size_t i = 0; i < count; i++)
		free(texts[i]);
	free(texts);
	return different;
}

/*
 * Returns the smallest width between least and most that keeps distinct uids
 * distinct; or most.
 */
static size_t find_uid_width(
	char *const *uids, size_t count, size_t least, size_t most)
{
	size_t all = count_different(uids, count, (size_t)-1);

	/* A wider text shows more of its beginning and its end. */
	while (least < most) {
		size_t middle = least + (most - least) / 2;

		if (count_different(uids, count, middle) == all)
			most = middle;
		else
			least = middle + 1;
	}
	return most;
}

static size_t widest_of(char *const *uids, size_t count)
{
	size_t widest = strlen("UID");

	for (size_t i = 0; i < count; i++) {
		size_t width = width_text(uids[i]);

		if (width > widest)
			widest = width;
	}
	return widest;
}

/* Drops the least important columns until the others fit. */
static void drop_columns(struct list_layout *layout, size_t columns, size_t uid)
{
	size_t *const dropped[] = {&layout->date, &layout->size, &layout->here};

	for (size_t i = 0; i < sizeof dropped / sizeof dropped[0] &&
		columns < COLUMNS_USUAL &&
		room_for_texts(layout, columns, uid) < TEXTS_LEAST;
		i++)
		*dropped[i] = 0;
	if (room_for_texts(layout, columns, uid) < TEXTS_TWO)
		layout->from = 0;
}

void list_layout_fit(struct list_layout *layout, size_t columns,
	char *const *uids, size_t count)
{
	size_t whole = widest_of(uids, count);
	size_t least = whole < UID_LEAST ? whole : UID_LEAST;

	/* Any width other than 0: the column is shown for now. */
	layout->from = 1;
	drop_columns(layout, columns, least);
	layout->uid = least;
	size_t room = room_for_texts(layout, columns, least) + least;

	if (whole + TEXTS_GOOD <= room) {
		layout->uid = whole;
	} else {
		size_t texts = layout->from > 0 ? TEXTS_LEAST : SUBJECT_LEAST;
		size_t most = room > texts + least ? room - texts : least;

		layout->uid = find_uid_width(
			uids, count, least, most < whole ? most : whole);
	}
	room = room_for_texts(layout, columns, layout->uid);
	if (layout->from > 0)
		layout->from = room * 2 / 5;
	layout->subject = room - layout->from;
}
