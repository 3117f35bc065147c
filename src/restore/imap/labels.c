/*
 * Labels of Gmail (X-GM-EXT-1): each message is appended once (restore/labels/view.h),
 * then labelled by UID STORE +X-GM-LABELS, a command for the messages that lack the same,
 * several commands in flight. A label that is refused costs itself.
 *
 * A label is held as a word of a set of box->words: as on the wire, its blanks as US.
 */
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include "valise/base/lookup.h"
#include "valise/base/text.h"
#include "valise/format/mutf7.h"
#include "run.h"
#include "restore/labels/names.h"
#include "restore/labels/view.h"

#define JSON_CAP (4u << 20)

enum { US = 0x1f, GROUP = 500, FLY = 16 };

/* ---- the plan ---- */

static bool use_is(const char *uses, const char *use)
{
	return uses && strcasestr(uses, use);
}

static bool shows_all(const struct run *r)
{
	for (size_t i = 0; i < r->plan.n_list; i++)
		if (use_is(r->plan.list[i].special_use, "\\All"))
			return true;
	return false;
}

int labels_plan(struct run *r, struct imap *m, struct err *err)
{
	struct label_opts o = {
	        .target = r->opts, .gmail = imap_has(m, "X-GM-EXT-1"), .gmail_all = shows_all(r)};
	int rc = label_view(r->reader, &o, &r->view, err);

	if (rc == 0 && r->view)
		r->reader = r->view;
	r->plan.gmail = o.gmail;
	r->plan.there.labels = o.gmail;
	/* What another policy has put elsewhere is no sign that it is gone. */
	if (o.gmail || r->opts->labels == LABELS_FOLDERS)
		r->journal_id = xstrdup(r->opts->archive_id);
	else
		r->journal_id = xasprintf("%s %s", r->opts->archive_id ? r->opts->archive_id : "",
		        r->opts->labels == LABELS_FIRST ? "first" : "keywords");
	return rc;
}

int labels_make(struct worker *w, struct err *err)
{
	struct run *r = w->run;

	for (size_t i = 0; i < r->plan.n_map && r->plan.gmail && !r->opts->dry_run; i++) {
		struct map_entry *e = &r->plan.map[i];
		bool plain = !e->implied && !(e->head->attrs & ATTR_NOSELECT);

		/* A refusal is told when its messages are to be restored. */
		if (r->plan.selected[i] && plain && !e->exists &&
		        box_make(w, e, &r->outcome.sum, err) < 0 && err->code == ERR_STOPPED)
			return err->code;
	}
	return 0;
}

/* ---- what a message is to have ---- */

/* The label that a mailbox of the target is; NULL: none that can be set. */
static const char *label_of_mailbox(const struct run *r, const struct map_entry *e, char **own)
{
	static const struct {
		const char *use, *label;
	} uses[] = {{"\\All", NULL}, {"\\Junk", NULL}, {"\\Trash", NULL},
	        {"\\Flagged", "\\Starred"}, {"\\Important", "\\Important"}, {"\\Sent", "\\Sent"},
	        {"\\Drafts", "\\Draft"}};
	const struct imap_mailbox *there;

	*own = NULL;
	if (e->raw_len == 5 && strncasecmp((const char *)e->raw, "INBOX", 5) == 0)
		return "\\Inbox";
	there = map_listed(r->plan.list, r->plan.n_list, e->raw, e->raw_len);
	for (size_t i = 0; i < COUNT(uses) && there; i++)
		if (use_is(there->special_use, uses[i].use))
			return uses[i].label;
	return *own = xstrndup((const char *)e->raw, e->raw_len);
}

/*
 * As a word; malloc'ed, NULL: nothing is to be set. ${label} is what the view says: a
 * mailbox of the archive, or a label.
 */
static char *word_of(const struct box *b, const char *label)
{
	const struct run *r = b->w->run;
	const struct map_entry *e = NULL;
	const char *wire = label;
	char *own = NULL, *word;
	struct buf encoded;

	for (size_t i = 0; i < r->plan.n_map && !e; i++)
		if (strcmp(r->plan.map[i].head->name, label) == 0)
			e = &r->plan.map[i];
	if (e == b->e)
		return NULL;
	buf_init(&encoded, JSON_CAP);
	if (e)
		wire = label_of_mailbox(r, e, &own);
	else if (*label != '\\' && mutf7_encode(label, strlen(label), &encoded))
		wire = buf_str(&encoded);
	word = wire && *wire ? xstrdup(wire) : NULL;
	for (char *p = word; p && *p; p++)
		if (*p == ' ')
			*p = US;
	free(own);
	buf_clear(&encoded);
	return word;
}

static uint32_t words_set(struct box *b, struct label_list *w)
{
	uint32_t set = tree_coll_keywords(b->words, (const char *const *)w->text, w->n);

	texts_free(w->text, w->n);
	return set;
}

/* The labels that the view lists, as words of the target. */
static uint32_t wanted_set(struct box *b, const char *json)
{
	struct label_list labels = {0}, w = {0};

	label_list_parse(json, &labels);
	for (size_t i = 0; i < labels.n; i++) {
		char *word = word_of(b, labels.text[i]);

		if (word)
			*ARR_PUSH(w.text, w.n, w.cap) = word;
	}
	texts_free(labels.text, labels.n);
	return words_set(b, &w);
}

void labels_load(struct box *b)
{
	const char *last = NULL;
	uint32_t set = 0;

	if (!b->w->run->plan.gmail)
		return;
	for (size_t i = 0; i < b->coll->n_items; i++) {
		const struct tree_ext *e = tree_item_ext(b->coll, &b->coll->items[i]);

		if (!e || !e->labels)
			continue;
		if (!last || strcmp(last, e->labels) != 0)
			set = wanted_set(b, e->labels);
		last = e->labels;
		b->items[i].labels = set;
	}
}

/* ---- what it has ---- */

const char *there_items(const struct run *r)
{
	return r->plan.gmail ? "(UID FLAGS INTERNALDATE RFC822.SIZE X-GM-LABELS)"
	                     : "(UID FLAGS INTERNALDATE RFC822.SIZE)";
}

/*
 * One that comes empty came in a literal, which was lost when libetpan refused the line:
 * some label is there.
 */
static const char some_label[] = {US, '\0'};

static void add_there(void *ctx, const char *s, size_t n)
{
	struct label_list *w = ctx;
	char *word = n ? xstrndup(s, n) : xstrdup(some_label);

	for (char *p = word; *p; p++)
		if (*p == ' ')
			*p = US;
	*ARR_PUSH(w->text, w->n, w->cap) = word;
}

uint32_t labels_there(struct box *b, const char *raw)
{
	struct label_list w = {0};

	(void)imap_labels_each(raw, add_there, &w);
	return words_set(b, &w);
}

static uint32_t labels_minus(struct box *b, uint32_t from, uint32_t what)
{
	return words_minus(
	        b, tree_coll_keyword_text(b->words, from), tree_coll_keyword_text(b->words, what));
}

/* The labels of a set, as they go out: pointers into ${text}. */
static const char **split_labels(char *text, size_t *n_out)
{
	size_t len = strlen(text);
	const char **list = words_split(text, n_out);

	for (size_t i = 0; i < len; i++)
		if (text[i] == US)
			text[i] = ' ';
	return list;
}

/* A label for people. */
static void put_label(const char *label, struct buf *out)
{
	struct buf name = buf_of(JSON_CAP);

	buf_puts(out, mutf7_decode(label, strlen(label), &name) ? buf_str(&name) : label);
	buf_clear(&name);
}

bool labels_lacking(struct box *b, uint32_t item, const struct tmsg *t)
{
	return b->w->run->plan.gmail && labels_minus(b, b->items[item].labels, t->labels) != 0;
}

void labels_put_lacking(struct box *b, uint32_t item, const struct tmsg *t, struct buf *out)
{
	char *text;
	size_t n;
	const char **list;

	if (!labels_lacking(b, item, t))
		return;
	text = xstrdup(tree_coll_keyword_text(
	        b->words, labels_minus(b, b->items[item].labels, t->labels)));
	list = split_labels(text, &n);
	/* the one that was not read may be the only one that seems to be lacking */
	if (text_has_word(tree_coll_keyword_text(b->words, t->labels), some_label, 1))
		n -= n == 1;
	for (size_t i = 0; i < n; i++) {
		buf_putc(out, ' ');
		put_label(list[i], out);
	}
	free(list);
	free(text);
}

/* Note that it is to get ${set}; the rest of its labels it has. */
static void label_later(struct box *b, uint32_t item, uint32_t uid, uint32_t set)
{
	struct to_label *l;

	b->items[item].labelled = labels_minus(b, b->items[item].labels, set);
	if (set == 0)
		return;
	l = ARR_PUSH(b->label, b->n_label, b->label_cap);
	l->uid = uid;
	l->item = item;
	l->set = set;
}

void labels_after(struct box *b, uint32_t item, const struct tmsg *t)
{
	if (b->w->run->plan.gmail)
		label_later(b, item, t->uid, labels_minus(b, b->items[item].labels, t->labels));
}

bool labels_since(struct box *b, uint32_t item, const struct tmsg *t, const char *had)
{
	uint32_t news;

	if (!b->w->run->plan.gmail)
		return false;
	news = words_minus(
	        b, tree_coll_keyword_text(b->words, b->items[item].labels), had ? had : "");
	label_later(b, item, t->uid, labels_minus(b, news, t->labels));
	return news != 0;
}

/* ---- storing ---- */

/* A label that the target does not take. */
struct refused {
	char *word;
	uint64_t n;
	struct err why;
};

struct storing {
	struct box *b;
	struct refused *refused;
	size_t n_refused, refused_cap;
};

static int label_cmp(const void *pa, const void *pb)
{
	const struct to_label *a = pa, *b = pb;
	int c = ORDER_OF(a->set, b->set);

	return c ? c : ORDER_OF(a->uid, b->uid);
}

/* How many from ${at} on go into one command. */
static size_t group_size(const struct box *b, size_t at)
{
	size_t n = 1;

	while (at + n < b->n_label && n < GROUP && b->label[at + n].set == b->label[at].set)
		n++;
	return n;
}

static int send_labels(struct box *b, size_t at, size_t n, const char *const *labels,
        size_t n_labels, struct err *err)
{
	struct buf set = buf_of(SET_MAX);
	int rc;

	for (size_t i = 0; i < n; i++)
		buf_putf(&set, "%s%u", i ? "," : "", b->label[at + i].uid);
	rc = imap_labels_send(b->w->conn.m, buf_str(&set), labels, n_labels, err);
	buf_clear(&set);
	return rc;
}

/* Counted, with the first reason, to be told once. */
static void note_refused(struct storing *s, const char *label, size_t n, const struct err *why)
{
	struct refused *r;

	for (size_t i = 0; i < s->n_refused; i++)
		if (strcmp(s->refused[i].word, label) == 0) {
			s->refused[i].n += n;
			return;
		}
	r = ARR_PUSH(s->refused, s->n_refused, s->refused_cap);
	r->word = xstrdup(label);
	r->n = n;
	r->why = *why;
}

/* What the messages of a group have got: all but ${refused}. */
static void group_done(struct box *b, size_t at, size_t n, uint32_t refused)
{
	for (size_t i = 0; i < n; i++) {
		struct to_label *l = &b->label[at + i];

		l->done = true;
		b->items[l->item].labelled = labels_minus(b, b->items[l->item].labels, refused);
		if (refused)
			item_altered(b, l->item, ODD_FLAGS);
	}
}

/* One label; where the server asks for patience, it gets it. */
static int store_one(struct box *b, size_t at, size_t n, const char *const *label, struct err *err)
{
	struct attempts a = {.limit = ATTEMPTS_BUSY};
	int rc;

	do {
		rc = send_labels(b, at, n, label, 1, err);
		if (rc == 0)
			rc = imap_labels_wait(b->w->conn.m, err);
	} while (box_refuses(b, rc) && imap_conn_retry(&b->w->conn, &a, &rc, b->e->shown, err));
	return rc;
}

/* The labels of a refused command, each by itself. */
static int store_singly(struct storing *s, size_t at, size_t n, struct err *err)
{
	struct box *b = s->b;
	char *text = xstrdup(tree_coll_keyword_text(b->words, b->label[at].set));
	size_t n_labels;
	const char **labels = split_labels(text, &n_labels);
	struct label_list refused = {0};
	uint32_t no;
	int rc = 0;

	for (size_t i = 0; i < n_labels && rc == 0; i++) {
		rc = store_one(b, at, n, &labels[i], err);
		if (!box_refuses(b, rc))
			continue;
		note_refused(s, labels[i], n, err);
		add_there(&refused, labels[i], strlen(labels[i]));
		rc = 0;
	}
	no = words_set(b, &refused);
	if (rc == 0)
		group_done(b, at, n, no);
	free(labels);
	free(text);
	return rc;
}

/* One command for all labels of the group. */
static int send_group(struct box *b, size_t at, size_t n, struct err *err)
{
	char *text = xstrdup(tree_coll_keyword_text(b->words, b->label[at].set));
	size_t n_labels;
	const char **labels = split_labels(text, &n_labels);
	int rc = send_labels(b, at, n, labels, n_labels, err);

	free(labels);
	free(text);
	return rc;
}

/* All commands but those that are refused, in flight together. */
static int store_groups(struct box *b, struct err *err)
{
	size_t fly[FLY], n_fly = 0, at = 0;
	int rc = 0;

	while (rc == 0 && (at < b->n_label || n_fly)) {
		rc = stop_check(err);
		if (rc == 0 && at < b->n_label && n_fly < FLY) {
			if (!b->label[at].done) {
				rc = send_group(b, at, group_size(b, at), err);
				if (rc == 0)
					fly[n_fly++] = at;
				else if (box_refuses(b, rc))
					rc = 0;
			}
			at += group_size(b, at);
			continue;
		}
		if (rc < 0 || n_fly == 0)
			break;
		rc = imap_labels_wait(b->w->conn.m, err);
		if (rc == 0)
			group_done(b, fly[0], group_size(b, fly[0]), 0);
		else if (box_refuses(b, rc))
			rc = 0;
		memmove(fly, fly + 1, --n_fly * sizeof fly[0]);
	}
	return rc;
}

/* In groups, then what was refused label by label. */
static int store_once(struct storing *s, struct err *err)
{
	struct box *b = s->b;
	int rc = store_groups(b, err);

	for (size_t at = 0; at < b->n_label && rc == 0; at += group_size(b, at))
		if (!b->label[at].done)
			rc = store_singly(s, at, group_size(b, at), err);
	return rc;
}

static void say_refused(struct storing *s)
{
	for (size_t i = 0; i < s->n_refused; i++) {
		struct refused *r = &s->refused[i];
		char n[COUNTED_SIZE];
		struct buf name = buf_of(JSON_CAP);

		put_label(r->word, &name);
		say_box(s->b, SAY_WARNING,
		        "the target does not take the label \"%s\": %s without it: %s",
		        buf_str(&name), counted(r->n, "message is", "messages are", n),
		        r->why.text);
		buf_clear(&name);
		free(r->word);
	}
	free(s->refused);
}

/* What was stored is known to the journal. */
static int remember_labels(struct box *b, struct err *err)
{
	uint32_t *items = xcalloc(b->n_label + 1, sizeof *items);
	size_t n = 0;
	int rc;

	for (size_t i = 0; i < b->n_label; i++)
		if (b->label[i].done)
			items[n++] = b->label[i].item;
	rc = box_remember(b, items, n, err);
	free(items);
	return rc;
}

int labels_store(struct box *b, struct err *err)
{
	struct storing s = {.b = b};
	struct attempts a = {.limit = ATTEMPTS};
	int rc;

	if (b->n_label == 0 || b->w->run->opts->dry_run) {
		b->n_label = 0;
		return 0;
	}
	SORT(b->label, b->n_label, label_cmp);
	do
		rc = store_once(&s, err);
	while (box_again_in(b, &a, &rc, err));
	say_refused(&s);
	if (rc == 0)
		rc = remember_labels(b, err);
	b->n_label = 0;
	return rc;
}
