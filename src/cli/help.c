/* SPDX-License-Identifier: ISC */
#include "cli/help.h"

#include <string.h>

#define LINE_COLUMNS 79
/* "usage: keepmail" */
#define USAGE_COLUMNS 15
/* Size of a buffer for an option with its argument. */
#define SHOWN_MAX 32
/* The column where an option's help begins. */
#define OPTION_COLUMNS 23
#define COMMAND_COLUMNS 11

/* Formats an option as "-f FILE" or "--json". Returns room. */
static const char *option_shown(
	const struct option_row *row, char room[SHOWN_MAX])
{
	const char *argument = row->argument == NULL ? "" : row->argument;
	const char *blank = row->argument == NULL ? "" : " ";

	if (row->letter != '\0')
		snprintf(room, SHOWN_MAX, "-%c%s%s", row->letter, blank,
			argument);
	else
		snprintf(room, SHOWN_MAX, "--%s%s%s", row->name, blank,
			argument);
	return room;
}

/* A usage line, wrapped between its pieces. */
struct usage {
	FILE *stream;
	size_t column;
};

static void add_piece(struct usage *usage, const char *piece)
{
	size_t length = strlen(piece);

	if (usage->column + 1 + length > LINE_COLUMNS) {
		fprintf(usage->stream, "\n%*s", USAGE_COLUMNS, "");
		usage->column = USAGE_COLUMNS;
	}
	fprintf(usage->stream, " %s", piece);
	usage->column += 1 + length;
}

/* Adds the letters of options without an argument: "[-knqv]". */
static void add_letters(struct usage *usage, unsigned options)
{
	char piece[OPTION_COUNT + 4] = "[-";
	size_t n = 2;

	for (int id = 0; id < OPTION_COUNT; id++) {
		const struct option_row *row = &option_rows[id];

		if ((options & OPTION_BIT(id)) != 0 && row->letter != '\0' &&
			row->argument == NULL)
			piece[n++] = row->letter;
	}
	piece[n] = ']';
	if (n > 2)
		add_piece(usage, piece);
}

/* Adds options with an argument or without a letter: "[-f FILE] [--json]". */
static void add_options(struct usage *usage, unsigned options)
{
	for (int id = 0; id < OPTION_COUNT; id++) {
		const struct option_row *row = &option_rows[id];
		char shown[SHOWN_MAX];
		char piece[2 * SHOWN_MAX];

		if ((options & OPTION_BIT(id)) == 0 ||
			id == OPTION_NO_PROGRESS ||
			(row->letter != '\0' && row->argument == NULL))
			continue;
		/* Commands take either both of these or neither. */
		snprintf(piece, sizeof piece, "[%s%s]",
			option_shown(row, shown),
			id == OPTION_PROGRESS ? " | --no-progress" : "");
		add_piece(usage, piece);
	}
}

void help_synopsis(FILE *stream, const struct command *command)
{
	struct usage usage = {stream, USAGE_COLUMNS};
	/* Every command takes these two, so usage lines omit them. */
	unsigned options = command->options & ~command->required &
		~(OPTION_BIT(OPTION_HELP) | OPTION_BIT(OPTION_VERSION));
	char shown[SHOWN_MAX];

	fputs("usage: keepmail", stream);
	add_letters(&usage, options);
	add_options(&usage, options);
	add_piece(&usage, command->name);
	for (int id = 0; id < OPTION_COUNT; id++) {
		if ((command->required & OPTION_BIT(id)) != 0)
			add_piece(
				&usage, option_shown(&option_rows[id], shown));
	}
	add_piece(&usage, command->arguments);
	fputc('\n', stream);
}

void help_values(FILE *stream, const struct option_row *option)
{
	for (size_t i = 0; i < option->value_count; i++)
		fprintf(stream, "%s%s",
			i == 0				      ? ""
				: i + 1 < option->value_count ? ", "
							      : " or ",
			option->values[i]);
}

/*
 * only: name the command, if it is the only one that takes the option. values:
 * print the permitted arguments.
 */
static void print_option(enum option_id id, bool only, bool values)
{
	const struct option_row *row = &option_rows[id];
	const struct command *taker = only ? command_only_one_with(id) : NULL;
	char name[OPTION_COLUMNS];

	snprintf(name, sizeof name, "--%s%s%s", row->name,
		row->argument == NULL ? "" : " ",
		row->argument == NULL ? "" : row->argument);
	if (row->letter != '\0')
		printf("  -%c, ", row->letter);
	else
		printf("      ");
	printf("%-*s%s", OPTION_COLUMNS - 6, name, row->help);
	if (taker != NULL)
		printf(" (%s)", taker->name);
	putchar('\n');
	if (!values || row->values == NULL)
		return;
	printf("%*s", OPTION_COLUMNS, "");
	help_values(stdout, row);
	putchar('\n');
}

void help_overview(void)
{
	size_t count;
	const struct command *commands = command_table(&count);

	puts("usage: keepmail [OPTION...] [COMMAND] [ARGUMENT...]\n"
	     "\n"
	     "Fetch mail from POP3 servers and store it safely. Without a "
	     "command keepmail\n"
	     "fetches the accounts that are named, or else all accounts of "
	     "the rc file.\n"
	     "\n"
	     "Commands:");
	for (size_t i = 0; i < count; i++)
		printf("  %-*s%s\n", COMMAND_COLUMNS, commands[i].name,
			commands[i].summary);
	puts("\nOptions:");
	for (int id = 0; id < OPTION_COUNT; id++)
		print_option((enum option_id)id, true, false);
	puts("\n"
	     "keepmail help COMMAND shows the arguments and options of a "
	     "command.\n"
	     "Manuals: keepmail(1), and keepmailrc(5) for the rc file.");
}

void help_command(const struct command *command)
{
	help_synopsis(stdout, command);
	printf("\n%s.\n\nOptions:\n", command->summary);
	for (int id = 0; id < OPTION_COUNT; id++) {
		if ((command->options & OPTION_BIT(id)) != 0)
			print_option((enum option_id)id, false, true);
	}
}
