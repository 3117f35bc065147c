/* What restore journals have in common: whose records they are, how they are written. */
#include "journal_file.h"
#include <ctype.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include "valise/base/mem.h"

/* ---- flat records ---- */

struct flat {
	const char *p, *end;
};

static bool take_char(struct flat *f, char c)
{
	bool is = f->p < f->end && *f->p == c;

	f->p += is;
	return is;
}

/* What stands between quotes, as it is written. */
static bool take_quoted(struct flat *f, const char **out, size_t *n_out)
{
	if (!take_char(f, '"'))
		return false;
	*out = f->p;
	for (; f->p < f->end && *f->p != '"'; f->p++)
		f->p += *f->p == '\\' && f->p + 1 < f->end;
	*n_out = (size_t)(f->p - *out);
	return take_char(f, '"');
}

/* Text with escapes is left to the parser. */
static char *copy_text(const char *quoted, size_t n)
{
	json_t *v;
	const char *s;
	char *text = NULL;

	if (!memchr(quoted, '\\', n))
		return xstrndup(quoted, n);
	if (json_read(quoted - 1, n + 2, n + 2, &v, NULL) < 0)
		return NULL;
	s = json_string_value(v);
	if (s && strlen(s) == json_string_length(v))
		text = xstrdup(s);
	json_decref(v);
	return text;
}

static bool take_number(struct flat *f, int64_t *out)
{
	char text[24];
	size_t n = 0;
	char *end;

	while (f->p < f->end && n < sizeof text - 1 && (isdigit((uint8_t)*f->p) || *f->p == '-'))
		text[n++] = *f->p++;
	text[n] = '\0';
	errno = 0;
	*out = strtoll(text, &end, 10);
	return n && *end == '\0' && errno == 0;
}

static bool take_word(struct flat *f, const char *word)
{
	size_t n = strlen(word);
	bool is = (size_t)(f->end - f->p) >= n && memcmp(f->p, word, n) == 0;

	f->p += is ? n : 0;
	return is;
}

/* The value of the member ${i}; a later one of the name stands. */
static bool take_value(struct flat *f, size_t i, struct flat_record *out)
{
	const char *quoted;
	size_t n;

	if (f->p < f->end && *f->p == '"') {
		if (!take_quoted(f, &quoted, &n))
			return false;
		free(out->text[i]);
		out->text[i] = copy_text(quoted, n);
		return out->text[i] != NULL;
	}
	if (take_word(f, "true"))
		return out->is_true[i] = true;
	if (take_word(f, "false") || take_word(f, "null"))
		return true;
	return out->has_number[i] = take_number(f, &out->number[i]);
}

bool flat_read(const char *json, size_t n, struct flat_record *out)
{
	struct flat f = {json, json + n};
	const char *name;
	size_t len;
	bool known;

	memset(out, 0, sizeof *out);
	if (!take_char(&f, '{'))
		return false;
	do {
		if (!take_quoted(&f, &name, &len) || !take_char(&f, ':'))
			return false;
		known = len == 1 && *name >= 'a' && *name <= 'z';
		if (!take_value(&f, known ? (size_t)FLAT(*name) : FLAT_OTHER, out))
			return false;
	} while (take_char(&f, ','));
	return take_char(&f, '}') && f.p == f.end;
}

void flat_clear(struct flat_record *r)
{
	for (size_t i = 0; i < COUNT(r->text); i++)
		free(r->text[i]);
}

/* ---- the file ---- */

static int no_record(struct err *err)
{
	return err_set(
	        err, ERR_DAMAGED, ERR_WHOLE, "the restore journal holds a line that is no record");
}

static int replay_flat(struct journal_file *f, const char *json, size_t n, struct err *err)
{
	struct flat_record r;
	int rc = flat_read(json, n, &r) ? f->replay_flat(f->ctx, &r, err) : no_record(err);

	flat_clear(&r);
	return rc;
}

static int replay_parsed(struct journal_file *f, const json_t *o, struct err *err)
{
	return json_is_object(o) ? f->replay(f->ctx, o, err) : no_record(err);
}

/* A record of the archive in hand goes to its reader; those of others are passed over. */
static int replay_record(void *ctx, const char *json, size_t n, struct err *err)
{
	static const char begin[] = "{\"archive\":";
	struct journal_file *f = ctx;
	bool archive = n >= sizeof begin && memcmp(json, begin, sizeof begin - 1) == 0;
	const char *id;
	json_t *o;
	int rc;

	if (!archive && !f->ours)
		return 0;
	if (!archive && f->replay_flat)
		return replay_flat(f, json, n, err);
	rc = json_read(json, n, n, &o, err);
	if (rc < 0)
		return err_widen(err, ERR_WHOLE);
	id = json_get_str(o, "archive");
	if (archive)
		f->ours = id && strcmp(id, f->archive_id) == 0;
	else
		rc = replay_parsed(f, o, err);
	json_decref(o);
	return rc;
}

int journal_file_open(
        struct journal_file *f, const char *path, const char *archive_id, bool dry, struct err *err)
{
	struct buf b;
	int rc;

	f->archive_id = archive_id ? archive_id : "";
	if (!path)
		return 0;
	if (dry)
		return journal_read_text(AT_FDCWD, path, replay_record, f, err);
	rc = journal_open_text(AT_FDCWD, path, replay_record, f, &f->journal, err);
	if (rc < 0 || f->ours)
		return rc;
	buf_init(&b, 4096);
	buf_putc(&b, '{');
	record_text(&b, "archive", f->archive_id);
	buf_putc(&b, '}');
	journal_add(f->journal, buf_str(&b));
	buf_clear(&b);
	return journal_commit(f->journal, err);
}

static void put_name(struct buf *b, const char *name)
{
	buf_putf(b, "%s\"%s\":", b->data[b->len - 1] == '{' ? "" : ",", name);
}

void record_text(struct buf *b, const char *name, const char *text)
{
	if (!text)
		return;
	put_name(b, name);
	json_puts(b, text);
}

void record_number(struct buf *b, const char *name, int64_t number)
{
	put_name(b, name);
	buf_putf(b, "%lld", (long long)number);
}

static struct choice *find_place(const struct chosen *p, const char *name)
{
	for (size_t i = 0; i < p->n; i++)
		if (strcmp(p->list[i].name, name) == 0)
			return &p->list[i];
	return NULL;
}

void chosen_set(struct chosen *p, const char *name, const char *to)
{
	struct choice *at = find_place(p, name);

	if (!at) {
		at = ARR_PUSH(p->list, p->n, p->cap);
		at->name = xstrdup(name);
	}
	free(at->to);
	at->to = xstrdup(to);
}

const char *chosen_get(const struct chosen *p, const char *name)
{
	const struct choice *at = find_place(p, name);

	return at ? at->to : NULL;
}

void chosen_clear(struct chosen *p)
{
	for (size_t i = 0; i < p->n; i++) {
		free(p->list[i].name);
		free(p->list[i].to);
	}
	free(p->list);
}
