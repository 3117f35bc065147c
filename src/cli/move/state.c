/* The file that says how far a move is. */
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include "valise/base/date.h"
#include "valise/base/file.h"
#include "valise/base/mem.h"
#include "state.h"

enum { FORMAT = 1, FILE_MAX = 16 << 20, ROUNDS_MAX = 100 };

/* Lists of single items are in the certificate; the file stays small. */
static const char *const lists[] = {"findings", "not_examined", "notes", "folders"};

static json_t *last_round(const struct move_state *s)
{
	json_t *rounds = json_object_get(s->json, "rounds");

	return json_array_get(rounds, json_array_size(rounds) - 1);
}

static int refuse_other(
        const struct move_state *s, const char *from, const char *to, struct err *err)
{
	const char *was_from = json_get_str(s->json, "from"), *was_to = json_get_str(s->json, "to");

	if (json_get_int(s->json, "format", 0) > FORMAT)
		return err_set(err, ERR_UNSUPPORTED, ERR_WHOLE,
		        "%s: a newer version of valise has written this", s->path);
	if (!was_from || !was_to || !json_is_array(json_object_get(s->json, "rounds")))
		return err_set(err, ERR_DAMAGED, ERR_WHOLE,
		        "%s: this is no file of a move; take it away, and the move begins again",
		        s->path);
	if (strcmp(was_from, from) == 0 && strcmp(was_to, to) == 0)
		return 0;
	return err_set(err, ERR_USAGE, ERR_WHOLE,
	        "%s: this archive is used for a move from %s to %s; name another one with -o",
	        s->path, was_from, was_to);
}

static int read_state(struct move_state *s, const char *from, const char *to, struct err *err)
{
	struct buf text = buf_of(FILE_MAX);
	int rc = file_read(AT_FDCWD, s->path, &text, err);

	if (rc == 0)
		rc = json_read((const char *)text.data, text.len, FILE_MAX, &s->json, err);
	buf_clear(&text);
	if (rc == 0)
		return refuse_other(s, from, to, err);
	if (rc != ERR_NOTFOUND)
		return rc;
	s->json = json_object();
	json_set_number(s->json, "format", FORMAT);
	json_set_text(s->json, "from", from);
	json_set_text(s->json, "to", to);
	json_object_set_new(s->json, "rounds", json_array());
	return 0;
}

int move_state_open(const char *archive, const char *from, const char *to, struct move_state *out,
        struct err *err)
{
	const char *slash = strrchr(archive, '/');
	char *dir = slash ? xstrndup(archive, (size_t)(slash + 1 - archive)) : xstrdup(".");
	char *name = xasprintf("%s.move.lock", slash ? slash + 1 : archive);
	int rc;

	*out = (struct move_state){.dir = -1, .lock = LOCK_NONE};
	out->path = xasprintf("%s.move.json", archive);
	rc = dir_open(AT_FDCWD, dir, &out->dir, err);
	if (rc == 0)
		rc = lock_take(
		        out->dir, name, "another move is at work on this archive", &out->lock, err);
	if (rc == 0)
		rc = read_state(out, from, to, err);
	free(name);
	free(dir);
	return rc;
}

void move_state_close(struct move_state *s)
{
	const char *slash = strrchr(s->path, '/'), *base = slash ? slash + 1 : s->path;
	char *name = xasprintf("%.*slock", (int)(strlen(base) - strlen("json")), base);
	struct err ignored = {0};

	/* what cannot be taken away is taken again by the next run */
	if (s->lock.fd >= 0)
		(void)!lock_remove(s->dir, name, &s->lock, &ignored);
	fd_close(s->dir);
	json_decref(s->json);
	free(name);
	free(s->path);
}

void move_state_round(const struct move_state *s, struct move_round *out)
{
	const json_t *r = last_round(s), *step;
	const char *began = json_get_str(r, "began");
	size_t i;

	*out = (struct move_round){0};
	if (!r)
		return;
	out->number = (unsigned)json_get_int(r, "round", 1);
	out->copy = json_get_bool(r, "copy");
	out->over = json_get_bool(r, "over");
	out->safe = json_get_bool(r, "safe");
	if (!began || !date_parse_iso(began, &out->began))
		out->began = 0;
	json_array_foreach(json_object_get(r, "steps"), i, step)
	{
		const char *word = json_get_str(step, "step");
		enum move_step s_of = word ? move_step_of(word) : MOVE_STEPS;

		if (s_of < MOVE_STEPS)
			out->done[s_of] = json_get_bool(step, "done");
	}
}

int move_state_put(struct move_state *s, const struct move_round *r, struct err *err)
{
	json_t *rounds = json_object_get(s->json, "rounds"), *last = last_round(s);
	char when[DATE_TEXT_SIZE], *text;
	int rc;

	if (!last || json_get_int(last, "round", 0) != r->number) {
		last = json_object();
		json_object_set_new(last, "steps", json_array());
		json_array_append_new(rounds, last);
		if (json_array_size(rounds) > ROUNDS_MAX)
			json_array_remove(rounds, 0);
	}
	json_set_number(last, "round", r->number);
	json_set_text(last, "began", date_format_iso(r->began, when));
	json_object_set_new(last, "copy", json_boolean(r->copy));
	json_object_set_new(last, "over", json_boolean(r->over));
	json_object_set_new(last, "safe", json_boolean(r->safe));
	text = json_text(json_incref(s->json));
	rc = file_write(AT_FDCWD, s->path, text, strlen(text), err);
	free(text);
	return rc;
}

void move_state_step(struct move_state *s, enum move_step step, int exit, bool done, int64_t now,
        const json_t *outcome)
{
	json_t *steps = json_object_get(last_round(s), "steps"), *o = json_object();
	json_t *kept = outcome ? json_deep_copy(outcome) : NULL;
	char when[DATE_TEXT_SIZE];

	for (size_t i = 0; kept && i < COUNT(lists); i++)
		json_object_del(kept, lists[i]);
	json_set_text(o, "step", move_step_word(step));
	json_set_text(o, "ended", date_format_iso(now, when));
	json_object_set_new(o, "exit", json_integer(exit));
	json_object_set_new(o, "done", json_boolean(done));
	if (kept)
		json_object_set_new(o, "outcome", kept);
	json_array_append_new(steps, o);
}
