/* What a running command shows: the progress line, notes, JSON events. */
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include "valise/base/clock.h"
#include "valise/base/escape.h"
#include "valise/base/mem.h"
#include "valise/base/text.h"
#include "valise/pack/archive.h"
#include "cli/cli.h"

/* One line, and how often it was to be printed. */
struct said {
	enum say_level level;
	char *collection, *text;
	uint64_t n;
};

enum {
	SAID_MAX = 100, /* lines that differ in numbers alone, a collection */
	SAID_SHOWN = 10, /* the same on a terminal */
	SAID_KINDS = 500,
};

void put_json(json_t *o)
{
	struct buf b = buf_of(SIZE_MAX / 2);

	json_put_shown(&b, o);
	buf_putc(&b, '\n');
	fwrite(b.data, 1, b.len, stdout);
	fflush(stdout);
	buf_clear(&b);
	json_decref(o);
}

void print_event(const json_t *o, const char *name)
{
	json_t *e = json_copy((json_t *)(uintptr_t)o); /* which it does not change */

	json_set_text(e, "event", name);
	put_json(e);
}

static const char *level_word(enum say_level level)
{
	return level >= SAY_WARNING ? "warning" : level == SAY_NOTE ? "note" : "info";
}

void put_text(json_t *o, const char *key, const char *text)
{
	char *safe = NULL;

	if (!text)
		return;
	if (!utf8_valid(text, strlen(text)))
		safe = term_escape_dup(text);
	json_set_text(o, key, safe ? safe : text);
	free(safe);
}

void append_text(json_t *list, const char *text)
{
	char *safe = utf8_valid(text, strlen(text)) ? NULL : term_escape_dup(text);

	json_array_append_new(list, json_string(safe ? safe : text));
	free(safe);
}

void put_unexamined(json_t *list, const char *what, const char *why)
{
	json_t *o = json_object();

	put_text(o, "what", what);
	put_text(o, "why", why);
	json_array_append_new(list, o);
}

void ui_note(
        void *ui, enum say_level level, const char *collection, const char *item, const char *text)
{
	struct ui *u = ui;
	json_t *o = json_object();

	json_set_text(o, "level", level_word(level));
	put_text(o, "collection", collection);
	put_text(o, "item", item);
	put_text(o, "text", text);
	pthread_mutex_lock(&u->lock);
	if (level >= SAY_WARNING)
		u->warnings++;
	if (u->json)
		print_event(o, "note");
	json_array_append_new(u->notes, o);
	pthread_mutex_unlock(&u->lock);
}

/* Notes, which --quiet keeps back: they are told along with what went wrong. */
static void print_kept(struct ui *u)
{
	for (size_t i = 0; i < u->n_kept; i++)
		talk("%s", u->kept[i]);
	texts_free(u->kept, u->n_kept);
	u->kept = NULL;
	u->n_kept = u->kept_cap = 0;
}

static void print_line(struct ui *u, enum say_level level, const char *collection, const char *item,
        const char *text)
{
	char safe[1200], where[400], shown[1300];
	bool red = u->line && level == SAY_WARNING && !getenv("NO_COLOR");

	snprintf(where, sizeof where, "%s%s%s", collection ? collection : "",
	        collection && item ? ", " : "", item ? item : "");
	snprintf(safe, sizeof safe, "%s%s", where, where[0] ? ": " : "");
	term_escape(text, strlen(text), safe + strlen(safe), sizeof safe - strlen(safe));
	term_escape(safe, strlen(safe), shown, sizeof shown);
	if (level < SAY_WARNING && args_has(u->args, "quiet")) {
		*ARR_PUSH(u->kept, u->n_kept, u->kept_cap) = xstrdup(shown);
		return;
	}
	print_kept(u);
	talk("%s%s%s%s", red ? "\033[31m" : "", level == SAY_WARNING ? "warning: " : "", shown,
	        red ? "\033[m" : "");
}

/* The same but for its numbers: each run of digits becomes "#". */
static char *without_numbers(const char *text)
{
	char *out = xstrdup(text), *o = out;

	for (const char *p = text; *p; p++)
		if (*p < '0' || *p > '9')
			*o++ = *p;
		else if (o == out || o[-1] != '#')
			*o++ = '#';
	*o = '\0';
	return out;
}

/*
 * Has this been said of so many items of the collection that people need no more of it
 * than a number? The report and JSON have each.
 */
static bool said_often(struct ui *u, enum say_level level, const char *collection, const char *text)
{
	struct said *s = NULL;
	char *plain;

	if (level == SAY_INFO || !args_takes(u->args, "report"))
		return false;
	plain = without_numbers(text);
	for (size_t i = 0; i < u->n_said && !s; i++)
		if (u->said[i].level == level && strcmp(u->said[i].text, plain) == 0 &&
		        strcmp(u->said[i].collection, collection ? collection : "") == 0)
			s = &u->said[i];
	if (!s && u->n_said < SAID_KINDS) {
		s = ARR_PUSH(u->said, u->n_said, u->said_cap);
		s->level = level;
		s->collection = xstrdup(collection ? collection : "");
		s->text = xstrdup(plain);
	}
	free(plain);
	return s && ++s->n > u->said_max;
}

/* What was not printed any more, in a line each. */
static void say_rest(struct ui *u)
{
	char n[32];

	for (size_t i = 0; i < u->n_said; i++) {
		struct said *s = &u->said[i];
		char *text = xasprintf("%s more of these (%s): %s",
		        human_count(s->n > u->said_max ? s->n - u->said_max : 0, n),
		        args_has(u->args, "report") ? "the report names each"
		                                    : "--report FILE names each",
		        s->text);

		if (s->n > u->said_max)
			print_line(u, s->level, *s->collection ? s->collection : NULL, NULL, text);
		free(text);
		free(s->collection);
		free(s->text);
	}
	free(u->said);
	u->said = NULL;
	u->n_said = u->said_cap = 0;
}

void ui_report(
        void *ui, enum say_level level, const char *collection, const char *item, const char *text)
{
	struct ui *u = ui;

	ui_note(ui, level, collection, item, text);
	if (level == SAY_LISTED || (level == SAY_INFO && args_has(u->args, "quiet")))
		return;
	pthread_mutex_lock(&u->lock);
	if (!said_often(u, level, collection, text))
		print_line(u, level, collection, item, text);
	pthread_mutex_unlock(&u->lock);
}

void ui_talk(struct ui *u, const char *text)
{
	char *safe = term_escape_dup(text);

	pthread_mutex_lock(&u->lock);
	talk("%s", safe);
	pthread_mutex_unlock(&u->lock);
	free(safe);
}

static void say_text(void *ctx, enum say_level level, const char *text)
{
	ui_report(ctx, level, NULL, NULL, text);
}

void ui_finding(void *ui, const struct archive_finding *f)
{
	ui_report(
	        ui, f->level == FINDING_DAMAGE ? SAY_WARNING : SAY_NOTE, f->file, f->item, f->text);
}

/* What the line says. */
static void draw_line(struct ui *u)
{
	int64_t left = (int64_t)atomic_load(&u->progress.wait_until_ms) - clock_ms();
	char what[sizeof u->progress.what], text[512];
	struct progress_view v = {.items = atomic_load(&u->progress.items_done),
	        .items_total = atomic_load(&u->progress.items_total),
	        .bytes = atomic_load(&u->progress.bytes_done),
	        .bytes_total = atomic_load(&u->progress.bytes_total),
	        .seconds = (double)(clock_ms() - u->started) / 1000.0,
	        .what = what};

	pthread_mutex_lock(&u->progress.lock);
	memcpy(what, u->progress.what, sizeof what);
	pthread_mutex_unlock(&u->progress.lock);
	if (stop_requested())
		snprintf(text, sizeof text, "stopping at a clean point; ^C again: at once");
	else if (left > 0)
		snprintf(text, sizeof text, "waiting %lld s, as the server asks",
		        (long long)(left + 999) / 1000);
	else
		progress_line(&v, line_columns(), text, sizeof text);
	line_draw(text);
}

static void put_tick(struct ui *u)
{
	json_t *o = json_object();

	json_set_text(o, "event", "progress");
	json_set_number(o, "items", atomic_load(&u->progress.items_done));
	json_set_number(o, "items_total", atomic_load(&u->progress.items_total));
	json_set_number(o, "bytes", atomic_load(&u->progress.bytes_done));
	json_set_number(o, "bytes_total", atomic_load(&u->progress.bytes_total));
	put_json(o);
}

static void *line_thread(void *arg)
{
	struct ui *u = arg;
	int tick = 0;

	for (;;) {
		struct timespec t = {0, 50000000};

		nanosleep(&t, NULL);
		pthread_mutex_lock(&u->lock);
		if (!u->thread_runs) {
			pthread_mutex_unlock(&u->lock);
			return NULL;
		}
		if (++tick % 8 == 0 && u->line)
			draw_line(u);
		if (tick % 20 == 0 && u->ticks)
			put_tick(u);
		pthread_mutex_unlock(&u->lock);
	}
}

void ui_start(struct ui *u, const struct args *a)
{
	memset(u, 0, sizeof *u);
	progress_init(&u->progress);
	u->progress.say = say_text;
	u->progress.name = ui_report;
	u->progress.ctx = u;
	u->args = a;
	u->json = args_has(a, "json");
	u->notes = json_array();
	u->started = clock_ms();
	pthread_mutex_init(&u->lock, NULL);
	u->line = !u->json && !args_has(a, "quiet") && line_possible();
	u->said_max = isatty(2) ? SAID_SHOWN : SAID_MAX;
	u->ticks = u->json && args_has(a, "progress");
	if (u->line || u->ticks) {
		u->thread_runs = true;
		if (pthread_create(&u->thread, NULL, line_thread, u) != 0)
			u->line = u->ticks = u->thread_runs = false;
	}
}

void ui_stop(struct ui *u)
{
	if (u->thread_runs) {
		pthread_mutex_lock(&u->lock);
		u->thread_runs = false;
		pthread_mutex_unlock(&u->lock);
		pthread_join(u->thread, NULL);
		line_begin();
		line_end();
	}
	pthread_mutex_lock(&u->lock);
	say_rest(u);
	pthread_mutex_unlock(&u->lock);
	u->line = false;
}

bool ui_quiet(struct ui *u, int rc)
{
	if (rc != EXIT_DONE)
		print_kept(u);
	return rc == EXIT_DONE && args_has(u->args, "quiet");
}

void ui_clear(struct ui *u)
{
	ui_stop(u);
	texts_free(u->kept, u->n_kept);
	json_decref(u->notes);
	pthread_mutex_destroy(&u->lock);
	pthread_mutex_destroy(&u->progress.lock);
}

void ui_stats(const struct ui *u)
{
	char in[32], out[32];

	if (args_has(u->args, "stats"))
		talk("%llu round trips, %s in and %s out on the wire, %.1f s",
		        (unsigned long long)atomic_load(&u->progress.round_trips),
		        human_bytes(atomic_load(&u->progress.wire_in), in),
		        human_bytes(atomic_load(&u->progress.wire_out), out),
		        (double)(clock_ms() - u->started) / 1000.0);
}
