/*
 * The progress line: one line of the terminal that is drawn again and again, and is gone
 * before anything else is written there. The process has one terminal, so this is global.
 *
 * The cursor waits at the line's beginning: if the window becomes narrower, a terminal may
 * break the line, and all of its rows are below.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>
#include "valise/base/columns.h"
#include "valise/base/mem.h"
#include "valise/base/progress.h"
#include "cli/cli.h"

#define CLEAR "\r\033[K"
#define TEXT_SIZE 1024
#define ROWS_MAX 20

static size_t drawn; /* columns of the line that stands there; guarded by terminal_take */

bool line_possible(void)
{
	const char *term = getenv("TERM");

	return isatty(STDERR_FILENO) && term && strcmp(term, "dumb") != 0;
}

size_t line_columns(void)
{
	struct winsize size;

	if (ioctl(STDERR_FILENO, TIOCGWINSZ, &size) != 0 || size.ws_col == 0)
		return 79;
	/* some terminals begin a new line when the last column is written */
	return size.ws_col > 1 ? size.ws_col - 1u : 1;
}

size_t reading_columns(void)
{
	struct winsize size;

	if (!isatty(STDOUT_FILENO))
		return 0;
	if (ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) != 0 || size.ws_col < 20)
		return 79;
	return size.ws_col - 1u;
}

/* A job in the background leaves the terminal to the one in front. */
static bool is_in_front(void)
{
	pid_t front = tcgetpgrp(STDERR_FILENO);

	return front < 0 || front == getpgrp();
}

static void clear_rows(void)
{
	size_t rows = drawn / (line_columns() + 1);

	fputs("\r\0337\033[K", stderr);
	/* where nothing was broken, the row below is empty, or this is the last one */
	for (size_t i = 0; i < MIN(rows, ROWS_MAX); i++)
		fputs("\033[B\033[K", stderr);
	fputs("\0338", stderr);
	drawn = 0;
}

static void clear_line(void)
{
	/* "^C", which the terminal shows, stands there, too */
	if (drawn || (stop_requested() && line_possible()))
		clear_rows();
	stop_says(NULL);
}

void line_draw(const char *text)
{
	char cut[TEXT_SIZE];

	if (!is_in_front())
		return;
	text_cut(text, line_columns(), cut, sizeof cut);
	if (!terminal_try())
		return;
	clear_rows();
	fprintf(stderr, "%s\r", cut);
	fflush(stderr);
	drawn = text_columns(cut);
	stop_says(CLEAR);
	terminal_release();
}

void line_begin(void)
{
	terminal_take();
	clear_line();
}

void line_end(void)
{
	fflush(stderr);
	terminal_release();
}
