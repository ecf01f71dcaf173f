/* SPDX-License-Identifier: ISC */
#include "core/date.h"

#include <string.h>
#include <strings.h>

#define HOUR 3600

static bool is_digit(char c)
{
	return c >= '0' && c <= '9';
}

static bool is_letter(char c)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}

static bool is_blank(char c)
{
	return c == ' ' || c == '\t' || c == '\r' || c == '\n';
}

/*
 * Copies text without comments (RFC 5322 section 3.2.2) and without blanks at
 * either end; each other run of blanks becomes one ' '. False if text cannot be
 * a date: it is too long, contains NUL or a comment without end.
 */
static bool clean(char room[DATE_TEXT_MAX + 1], const char *text, size_t length)
{
	unsigned depth = 0;
	size_t n = 0;

	if (length > DATE_TEXT_MAX)
		return false;
	for (size_t i = 0; i < length; i++) {
		char c = text[i];

		if (c == '(' || (depth > 0 && c == ')')) {
			depth += c == '(' ? 1U : -1U;
			c = ' ';
		} else if (depth > 0) {
			i += c == '\\';
			continue;
		}
		if (c == '\0')
			return false;
		if (!is_blank(c))
			room[n++] = c;
		else if (n > 0 && room[n - 1] != ' ')
			room[n++] = ' ';
	}
	n -= n > 0 && room[n - 1] == ' ';
	room[n] = '\0';
	return depth == 0;
}

static void skip_blank(const char **p)
{
	while (**p == ' ')
		(*p)++;
}

/* A number of least to most digits, and any blanks after it. */
static bool take_number(const char **p, int least, int most, int *number)
{
	int digits = 0;

	*number = 0;
	for (; is_digit(**p); (*p)++) {
		if (++digits > most)
			return false;
		*number = *number * 10 + (**p - '0');
	}
	skip_blank(p);
	return digits >= least;
}

static bool take_month(const char **p, int *month)
{
	static const char names[] = "janfebmaraprmayjunjulaugsepoctnovdec";

	for (int i = 0; i < 12; i++) {
		if (strncasecmp(*p, names + 3 * i, 3) != 0)
			continue;
		/* Some programs write its full name. */
		while (is_letter(**p))
			(*p)++;
		skip_blank(p);
		*month = i + 1;
		return true;
	}
	return false;
}

static bool take_year(const char **p, int *year)
{
	const char *start = *p;

	if (!take_number(p, 2, 4, year))
		return false;
	/* RFC 5322 section 4.3. */
	if (!is_digit(start[2]))
		*year += *year < 50 ? 2000 : 1900;
	else if (!is_digit(start[3]))
		*year += 1900;
	return *year >= 1900;
}

/* "10:30", "10:30:59"; a minute may have a leap second. */
static bool take_time(const char **p, int *seconds)
{
	int hour;
	int minute;
	int second = 0;

	if (!take_number(p, 1, 2, &hour) || *(*p)++ != ':')
		return false;
	skip_blank(p);
	if (!take_number(p, 1, 2, &minute))
		return false;
	if (**p == ':') {
		(*p)++;
		skip_blank(p);
		if (!take_number(p, 1, 2, &second))
			return false;
	}
	*seconds = (hour * 60 + minute) * 60 + second;
	return hour < 24 && minute < 60 && second <= 60;
}

/* The offset from UTC in seconds, east is positive; unknown names are UTC. */
static bool take_zone(const char **p, int *east)
{
	static const struct {
		const char *name;
		int hours;
	} zones[] = {{"EST", -5}, {"EDT", -4}, {"CST", -6}, {"CDT", -5},
		{"MST", -7}, {"MDT", -6}, {"PST", -8}, {"PDT", -7}};
	char sign = **p;
	size_t n = 0;
	int number;

	*east = 0;
	if (sign == '+' || sign == '-') {
		(*p)++;
		if (!take_number(p, 4, 4, &number) || number % 100 >= 60)
			return false;
		*east = (number / 100 * 60 + number % 100) * 60;
		if (sign == '-')
			*east = -*east;
		return true;
	}
	while (is_letter((*p)[n]))
		n++;
	for (size_t i = 0; i < sizeof zones / sizeof zones[0]; i++) {
		if (n == 3 && strncasecmp(*p, zones[i].name, 3) == 0)
			*east = zones[i].hours * HOUR;
	}
	*p += n;
	return true;
}

/* Days from 1970-01-01 to a day of the Gregorian calendar. */
static int64_t days_to(int year, int month, int day)
{
	/* Counted from March, so that a leap day is the last of its year. */
	int64_t y = month > 2 ? year : year - 1;
	int64_t m = month > 2 ? month - 3 : month + 9;

	return y * 365 + y / 4 - y / 100 + y / 400 + (m * 153 + 2) / 5 + day -
		1 - 719468;
}

static bool is_day(int year, int month, int day)
{
	static const int days[] = {
		31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
	bool leap = year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);

	return day >= 1 && day <= days[month - 1] + (leap && month == 2);
}

bool date_parse(const char *text, size_t length, int64_t *seconds)
{
	char room[DATE_TEXT_MAX + 1];
	const char *p = room;
	int year;
	int month;
	int day;
	int time;
	int east;

	if (!clean(room, text, length))
		return false;
	/* The day of the week is ignored. */
	while (is_letter(*p))
		p++;
	skip_blank(&p);
	p += *p == ',';
	skip_blank(&p);
	if (!take_number(&p, 1, 2, &day) || !take_month(&p, &month) ||
		!take_year(&p, &year) || !take_time(&p, &time) ||
		!take_zone(&p, &east) || *p != '\0' ||
		!is_day(year, month, day))
		return false;
	*seconds = days_to(year, month, day) * 24 * HOUR + time - east;
	return true;
}

void date_scan_init(struct date_scan *scan)
{
	memset(scan, 0, sizeof *scan);
	scan->at_start = true;
	/* A continuation line without a field before it has no name. */
	scan->in_value = true;
}

static bool is_named(const struct date_scan *scan, const char *name)
{
	return scan->name_length == strlen(name) &&
		memcmp(scan->name, name, scan->name_length) == 0;
}

static void end_field(struct date_scan *scan)
{
	if (!scan->has_received && is_named(scan, "received"))
		scan->has_received =
			date_parse(scan->text, scan->length, &scan->received);
	if (!scan->has_date && is_named(scan, "date"))
		scan->has_date =
			date_parse(scan->text, scan->length, &scan->date);
	scan->name_length = scan->length = 0;
	scan->in_value = false;
}

static void take_value(struct date_scan *scan, char c)
{
	if (c == ';' && is_named(scan, "received"))
		scan->length = 0;
	else if (scan->length < sizeof scan->text)
		scan->text[scan->length++] = c;
	else
		scan->length = sizeof scan->text + 1;
}

static void take_name(struct date_scan *scan, char c)
{
	if (c == ':') {
		scan->in_value = true;
		return;
	}
	/* RFC 5322 section 4.5: blanks before the colon. */
	if (is_blank(c))
		return;
	if (c >= 'A' && c <= 'Z')
		c = (char)(c - 'A' + 'a');
	if (scan->name_length < sizeof scan->name)
		scan->name[scan->name_length++] = c;
}

void date_scan_feed(struct date_scan *scan, const char *text, size_t length)
{
	for (size_t i = 0; i < length && !scan->done; i++) {
		char c = text[i];

		if (scan->at_start && c != ' ' && c != '\t') {
			end_field(scan);
			scan->done = c == '\n';
		}
		scan->at_start = c == '\n';
		if (scan->in_value)
			take_value(scan, c);
		else
			take_name(scan, c);
	}
}

bool date_scan_end(struct date_scan *scan, int64_t *seconds)
{
	if (!scan->done)
		end_field(scan);
	scan->done = true;
	if (scan->has_received)
		*seconds = scan->received;
	else if (scan->has_date)
		*seconds = scan->date;
	return scan->has_received || scan->has_date;
}
