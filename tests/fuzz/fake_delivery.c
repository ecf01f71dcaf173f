/* SPDX-License-Identifier: ISC */
/* io/delivery.h in memory: letters and what became of each. */
#include <string.h>

#include "fakes.h"

struct delivery {
	bool sealed; /* the closed batch is sealed, and can be published */
};

struct fake_letter fake_letters[FAKE_LETTERS_MAX];
size_t fake_letter_count;

static struct delivery the_delivery;
/* No text is longer than the bytes that it arrived in, in four runs. */
static char texts[4 * FAKE_WIRE_MAX];
static size_t texts_length;

struct delivery *fake_delivery(void)
{
	return &the_delivery;
}

void fake_delivery_reset(void)
{
	fake_letter_count = 0;
	texts_length = 0;
	the_delivery.sealed = false;
}

/* Changes the state of every letter that is in state from. */
static void change(enum fake_letter_state from, enum fake_letter_state to)
{
	for (size_t i = 0; i < fake_letter_count; i++) {
		if (fake_letters[i].state == from)
			fake_letters[i].state = to;
	}
}

void fake_delivery_died(void)
{
	change(FAKE_WRITING, FAKE_GONE);
	change(FAKE_ENDED, FAKE_GONE);
	change(FAKE_CLOSED, FAKE_GONE);
	change(FAKE_SEALED, FAKE_LEFT);
	the_delivery.sealed = false;
}

const char *fake_text(const struct fake_letter *letter)
{
	return texts + letter->text;
}

size_t fake_letter_named(const char *name)
{
	size_t i = (size_t)strtoul(name, NULL, 10);

	PROMISE(i < fake_letter_count);
	return i;
}

/* The letter being written; NULL: none. */
static struct fake_letter *writing(void)
{
	struct fake_letter *last = fake_letters + fake_letter_count - 1;

	return fake_letter_count > 0 && last->state == FAKE_WRITING ? last
								    : NULL;
}

const struct destination_traits *destination_traits(enum destination_kind kind)
{
	static const struct destination_traits maildir = {.named = true};
	static const struct destination_traits mbox = {.named = false};

	return kind == DESTINATION_MBOX ? &mbox : &maildir;
}

char *destination_where(
	const struct account_destination *to, const struct letter *letter)
{
	(void)letter;
	return strdup(to->path);
}

struct delivery *delivery_open(
	const struct destination_opening *opening, struct error *err)
{
	PROMISE(opening->destination->kind != DESTINATION_NONE &&
		opening->destination->path != NULL);
	(void)err;
	return &the_delivery;
}

void delivery_close(struct delivery *delivery)
{
	if (delivery == NULL || fake_is_dead())
		return;
	delivery_drop(delivery);
	change(FAKE_ENDED, FAKE_GONE);
	delivery_abandon(delivery);
}

void delivery_watch(
	struct delivery *delivery, destination_confirm *confirm, void *data)
{
	(void)delivery;
	(void)confirm;
	(void)data;
}

/* Nothing is handed over before it is stored. */
bool delivery_hands_over(const struct delivery *delivery)
{
	(void)delivery;
	return false;
}

const char *delivery_sought(const struct delivery *delivery)
{
	(void)delivery;
	return "";
}

void delivery_was_taken(struct delivery *delivery, size_t i)
{
	(void)delivery;
	(void)i;
	PROMISE(false);
}

bool delivery_hand_over(
	struct delivery *delivery, size_t count, struct error *err)
{
	(void)delivery;
	(void)count;
	(void)err;
	PROMISE(false);
	return false;
}

/* Asked only about destinations that confirm, of which there is none. */
enum verdict delivery_verdict(const struct delivery *delivery, size_t i)
{
	(void)delivery;
	(void)i;
	return VERDICT_FAILED;
}

void delivery_sweep(struct delivery *delivery)
{
	(void)delivery;
}

void delivery_read_dates(struct delivery *delivery)
{
	(void)delivery;
}

bool delivery_begin(struct delivery *delivery, struct error *err)
{
	(void)delivery;
	PROMISE(writing() == NULL);
	if (fake_fails(FAKE_BEGIN, err))
		return false;
	PROMISE(fake_letter_count < FAKE_LETTERS_MAX);
	fake_letters[fake_letter_count++] = (struct fake_letter){
		.state = FAKE_WRITING, .text = texts_length};
	return true;
}

bool delivery_write(struct delivery *delivery, const char *text, size_t length,
	struct error *err)
{
	struct fake_letter *letter = writing();

	(void)delivery;
	PROMISE(letter != NULL);
	if (fake_fails(FAKE_WRITE, err))
		return false;
	PROMISE(length <= sizeof texts - texts_length);
	memcpy(texts + texts_length, text, length);
	texts_length += length;
	letter->length += length;
	return true;
}

enum addition delivery_end(struct delivery *delivery, struct uid uid,
	int64_t now, struct letter *letter, struct error *err)
{
	struct fake_letter *last = writing();

	(void)delivery;
	(void)uid;
	(void)now;
	PROMISE(last != NULL);
	if (fake_fails(FAKE_END, err))
		return ADDITION_FAILED;
	last->state = FAKE_ENDED;
	last->whole = true;
	memset(letter, 0, sizeof *letter);
	snprintf(letter->name, sizeof letter->name, "%zu",
		fake_letter_count - 1);
	letter->octets = last->length;
	return ADDITION_DONE;
}

void delivery_drop(struct delivery *delivery)
{
	struct fake_letter *letter = writing();

	(void)delivery;
	if (letter == NULL || fake_is_dead())
		return;
	letter->state = FAKE_GONE;
	texts_length = letter->text;
}

void delivery_turn(struct delivery *delivery)
{
	PROMISE(writing() == NULL && !delivery->sealed);
	/* The previous batch must be finished. */
	for (size_t i = 0; i < fake_letter_count; i++)
		PROMISE(fake_letters[i].state != FAKE_CLOSED &&
			fake_letters[i].state != FAKE_SEALED);
	change(FAKE_ENDED, FAKE_CLOSED);
}

bool delivery_has(struct delivery *delivery, const struct letter *letters,
	size_t count, bool *there, struct error *err)
{
	(void)delivery;
	(void)err;
	for (size_t i = 0; i < count; i++)
		there[i] = there[i] &&
			fake_letters[fake_letter_named(letters[i].name)]
					.state == FAKE_PUBLISHED;
	return true;
}

/* No letter here is identified, so none is recognised. */
void delivery_forgo(struct delivery *delivery, size_t i)
{
	(void)delivery;
	PROMISE(i == SIZE_MAX);
}

bool delivery_seal(struct delivery *delivery, struct letter *letters,
	size_t count, struct error *err)
{
	size_t ended = 0;

	PROMISE(!delivery->sealed);
	/* All letters ended between the last two turns, in order. */
	for (size_t i = 0; i < fake_letter_count; i++) {
		if (fake_letters[i].state != FAKE_CLOSED)
			continue;
		PROMISE(ended < count &&
			fake_letter_named(letters[ended].name) == i);
		ended++;
	}
	PROMISE(ended == count && count > 0);
	if (fake_fails(FAKE_SEAL, err))
		return false;
	change(FAKE_CLOSED, FAKE_SEALED);
	delivery->sealed = true;
	return true;
}

/* Nothing is published before the store has recorded it as arriving. */
static void publish_one(size_t i)
{
	size_t count;
	const struct fake_row *rows = fake_store_rows(&count);
	size_t found = 0;

	for (size_t k = 0; k < count; k++)
		found +=
			rows[k].letter == i && rows[k].state == MEMORY_ARRIVING;
	PROMISE(found == 1);
	fake_letters[i].state = FAKE_PUBLISHED;
}

bool delivery_publish(struct delivery *delivery, struct error *err)
{
	size_t left = 0;

	PROMISE(delivery->sealed && !fake_store_is_open());
	for (size_t i = 0; i < fake_letter_count; i++)
		left += fake_letters[i].state == FAKE_SEALED;
	bool fails = fake_fails(FAKE_PUBLISH, err);

	if (fails)
		left /= 2;
	for (size_t i = 0; i < fake_letter_count && left > 0; i++) {
		if (fake_letters[i].state == FAKE_SEALED) {
			publish_one(i);
			left--;
		}
	}
	if (!fails)
		delivery->sealed = false;
	return !fails;
}

void delivery_drop_last(struct delivery *delivery, size_t count)
{
	(void)delivery;
	for (size_t i = fake_letter_count; i > 0 && count > 0; i--) {
		if (fake_letters[i - 1].state != FAKE_ENDED)
			continue;
		fake_letters[i - 1].state = FAKE_GONE;
		count--;
	}
	PROMISE(count == 0);
}

void delivery_abandon(struct delivery *delivery)
{
	if (fake_is_dead())
		return;
	change(FAKE_CLOSED, FAKE_GONE);
	change(FAKE_SEALED, FAKE_GONE);
	delivery->sealed = false;
}

bool delivery_recover(struct delivery *delivery, const struct letter *letters,
	size_t count, bool *arrived, struct error *err)
{
	(void)delivery;
	(void)err;
	for (size_t i = 0; i < count; i++) {
		size_t at = fake_letter_named(letters[i].name);

		/* Complete in tmp/: it is published now. */
		if (fake_letters[at].state == FAKE_LEFT)
			publish_one(at);
		arrived[i] = fake_letters[at].state == FAKE_PUBLISHED;
	}
	/* Files that no row names are eventually swept. */
	change(FAKE_LEFT, FAKE_GONE);
	return true;
}
