/*
 * How alike two resources are. Both become sets of digests: an entry for each property of
 * each component, components within a main one (alarms) and time zones being one entry
 * each. What is left on one side only is a difference.
 */
#include <stdlib.h>
#include <string.h>
#include "valise/base/lookup.h"
#include "valise/base/mem.h"
#include "valise/base/text.h"
#include "compare.h"

#define VALUES_MAX 2000000

struct component {
	char name[CANON_LABEL_SIZE];
	size_t parent;
	struct canon_entry *entries;
	size_t n_entries, cap;
	uint32_t line, instance; /* of its BEGIN; 1 + of its RECURRENCE-ID, 0: none */
	uint8_t uid[SHA256_LEN], recurrence[SHA256_LEN], key[SHA256_LEN];
	char *tzid; /* of a VTIMEZONE */
	bool main; /* its properties are compared one by one */
	bool zone; /* a VTIMEZONE, or in one */
};

/* [0] holds what stands in no component. */
struct model {
	struct component *list;
	size_t n, cap;
	size_t at[CONTENT_DEPTH_MAX + 2]; /* the component open at each depth */
	size_t values; /* at most so many entries */
	unsigned strays, unclosed; /* lines that are none; components without END */
	bool all; /* with what is volatile */
	bool card; /* the line stands in a card */
	bool objects; /* there is something besides time zones */
};

static void push_entry(void *ctx, const struct canon_entry *e)
{
	struct component *c = ctx;

	*ARR_PUSH(c->entries, c->n_entries, c->cap) = *e;
}

/* Properties that identify. */
static void note_identity(struct component *c, const struct content_line *l)
{
	if (strcmp(l->name, "UID") == 0) {
		canon_value(l, c->uid);
	} else if (strcmp(l->name, "RECURRENCE-ID") == 0) {
		canon_value(l, c->recurrence);
		c->instance = (uint32_t)l->offset + 1;
	} else if (strcmp(l->name, "TZID") == 0 && !c->tzid) {
		c->tzid = xstrndup(l->value, l->value_len);
	}
}

/* A property of a zone that moves no clock. */
static bool is_ornament(const char *name)
{
	return text_in(name, "TZNAME|TZURL|COMMENT") || strncmp(name, "X-", 2) == 0;
}

/* ERR_LIMIT when there are more values than a comparison may hold. */
static int count_values(struct model *m, const struct content_line *l, struct err *err)
{
	const char *s = l->value, *end = s + l->value_len;

	for (m->values++; (s = memchr(s, ',', (size_t)(end - s))); s++)
		m->values++;
	return m->values <= VALUES_MAX
	               ? 0
	               : err_set(err, ERR_LIMIT, ERR_ITEM,
	                         "there are more than %d properties and values", VALUES_MAX);
}

/* A component of the model, and whether it is compared by its properties. */
static void begin_component(struct model *m, const struct content_line *l)
{
	size_t parent = m->at[l->depth];
	struct canon_entry label;
	struct component *c;
	char *text = content_component(l);
	struct content_line line = {
	        .name = "BEGIN", .value = text, .value_len = strlen(text), .offset = l->offset};

	canon_label(&label, text);
	c = ARR_PUSH(m->list, m->n, m->cap);
	memcpy(c->name, label.label, sizeof c->name);
	c->parent = parent;
	c->line = (uint32_t)l->offset;
	c->zone = m->list[parent].zone || strcmp(c->name, "VTIMEZONE") == 0;
	c->main = parent == 0 || (m->list[parent].parent == 0 && !c->zone &&
	                                 strcmp(m->list[parent].name, "VCALENDAR") == 0);
	m->objects |= c->main && parent != 0;
	if (parent == 0)
		m->card = strcmp(c->name, "VCARD") == 0;
	m->at[l->depth + 1] = m->n - 1;
	canon_line(&line, false, true, push_entry, c);
	free(text);
}

static int on_line(void *ctx, const struct content_line *l, struct err *err)
{
	struct model *m = ctx;
	struct component *c = &m->list[m->at[l->depth]];
	int rc = count_values(m, l, err);

	if (rc < 0 || strcmp(l->name, "END") == 0)
		return rc;
	m->strays += l->name[0] == '\0';
	if (strcmp(l->name, "BEGIN") == 0) {
		begin_component(m, l);
		return 0;
	}
	note_identity(c, l);
	if (m->all || !c->zone || !is_ornament(l->name))
		canon_line(l, m->card, m->all, push_entry, c);
	return 0;
}

static int entry_cmp(const void *a, const void *b)
{
	const struct canon_entry *x = a, *y = b;
	int c = strcmp(x->label, y->label);

	return c ? c : memcmp(x->digest, y->digest, SHA256_LEN);
}

static void sort_entries(struct component *c)
{
	SORT(c->entries, c->n_entries, entry_cmp);
}

/*
 * A component as one entry of its parent. Where what is volatile does not count, nobody
 * needs the definition of a well-known zone; where there is nothing but zones (the
 * property calendar-timezone), its name is what counts.
 */
static void fold_in(struct model *m, struct component *c)
{
	struct component *parent = &m->list[c->parent];
	struct canon_entry e = {.line = c->line};
	struct sha256 h;

	canon_label(&e, c->name);
	sha256_start(&h);
	if (!m->all && strcmp(c->name, "VTIMEZONE") == 0 && content_known_zone(c->tzid)) {
		if (m->objects)
			return;
		sha256_add(&h, c->tzid, strlen(c->tzid));
	} else {
		sort_entries(c);
		sha256_add(&h, c->name, strlen(c->name) + 1);
		for (size_t i = 0; i < c->n_entries; i++)
			sha256_add(&h, c->entries[i].digest, SHA256_LEN);
	}
	sha256_end(&h, e.digest);
	push_entry(parent, &e);
}

static int key_cmp(const void *a, const void *b)
{
	const struct component *const *x = a, *const *y = b;
	int c = memcmp((*x)->key, (*y)->key, SHA256_LEN);

	return c ? c : (*x > *y) - (*x < *y);
}

/* Has the object components of more than one UID? */
static bool several_uids(const struct model *m)
{
	static const uint8_t none[SHA256_LEN];
	const uint8_t *first = NULL;

	for (size_t i = 1; i < m->n; i++) {
		const struct component *c = &m->list[i];

		if (!c->main || memcmp(c->uid, none, SHA256_LEN) == 0)
			continue;
		if (first && memcmp(first, c->uid, SHA256_LEN) != 0)
			return true;
		first = c->uid;
	}
	return false;
}

/*
 * Main components by name and RECURRENCE-ID, with the UID where there are several.
 * Sorted; caller frees.
 */
static struct component **by_key(struct model *m, bool with_uid, size_t *n_out)
{
	struct component **list = xcalloc(m->n, sizeof *list);
	size_t n = 0;

	for (size_t i = 0; i < m->n; i++) {
		struct component *c = &m->list[i];
		struct sha256 h;

		if (i && !c->main)
			continue;
		list[n++] = c;
		/* what stands in no component has no identity but this */
		if (i == 0)
			continue;
		sha256_start(&h);
		sha256_add(&h, c->name, strlen(c->name) + 1);
		sha256_add(&h, c->recurrence, SHA256_LEN);
		if (with_uid)
			sha256_add(&h, c->uid, SHA256_LEN);
		sha256_end(&h, c->key);
	}
	SORT(list, n, key_cmp);
	*n_out = n;
	return list;
}

/* The components of a text; those within a main one are folded into it. */
static int read_model(struct model *m, const void *p, size_t n, bool all, struct err *err)
{
	int rc;

	memset(m, 0, sizeof *m);
	m->all = all;
	(void)ARR_PUSH(m->list, m->n, m->cap);
	rc = content_scan(p, n, on_line, true, m, &m->unclosed, err);
	m->unclosed -= m->strays;
	for (size_t i = m->n; rc == 0 && i-- > 1;)
		if (!m->list[i].main)
			fold_in(m, &m->list[i]);
	return rc;
}

static void model_clear(struct model *m)
{
	for (size_t i = 0; i < m->n; i++) {
		free(m->list[i].entries);
		free(m->list[i].tzid);
	}
	free(m->list);
}

/* Who is told of what is found. */
struct diff {
	compare_fn fn;
	void *ctx;
};

static void tell_whole(const struct diff *d, char sign, const struct component *c)
{
	struct compare_found f = {.sign = sign, .label = c->name, .component = ""};
	struct canon_entry e = {.line = c->line};

	memcpy(e.label, c->name, sizeof e.label);
	*(sign == '-' ? &f.n_lost : &f.n_added) = 1;
	*(sign == '-' ? f.lost : f.added) = e;
	d->fn(d->ctx, &f);
}

static void keep_entry(struct canon_entry *list, size_t *n, const struct canon_entry *e)
{
	if (*n < COMPARE_KEPT)
		list[*n] = *e;
	++*n;
}

/*
 * Entries with one label, from ${*i} and ${*j} on: what remains on each side once equal
 * ones are taken away?
 */
static void compare_label(struct compare_found *f, const struct component *a, size_t *i,
        const struct component *b, size_t *j)
{
	for (;;) {
		const struct canon_entry *x = *i < a->n_entries ? &a->entries[*i] : NULL;
		const struct canon_entry *y = *j < b->n_entries ? &b->entries[*j] : NULL;
		bool in_a = x && strcmp(x->label, f->label) == 0;
		bool in_b = y && strcmp(y->label, f->label) == 0;
		int c;

		if (!in_a && !in_b)
			return;
		c = !in_b ? -1 : !in_a ? 1 : entry_cmp(x, y);
		if (c < 0)
			keep_entry(f->lost, &f->n_lost, x);
		else if (c > 0)
			keep_entry(f->added, &f->n_added, y);
		*i += c <= 0;
		*j += c >= 0;
	}
}

static void compare_entries(const struct diff *d, struct component *a, struct component *b)
{
	size_t i = 0, j = 0;

	sort_entries(a);
	sort_entries(b);
	while (i < a->n_entries || j < b->n_entries) {
		struct compare_found f = {.component = a->name, .instance = a->instance};

		if (i < a->n_entries && (j >= b->n_entries || strcmp(a->entries[i].label,
		                                                      b->entries[j].label) <= 0))
			f.label = a->entries[i].label;
		else
			f.label = b->entries[j].label;
		compare_label(&f, a, &i, b, &j);
		f.sign = '+';
		if (f.n_lost)
			f.sign = f.n_added ? '~' : '-';
		if (f.n_lost || f.n_added)
			d->fn(d->ctx, &f);
	}
}

/* How many components from ${i} on have the key of the first. */
static size_t run_length(struct component **list, size_t n, size_t i)
{
	size_t k = i;

	while (k < n && memcmp(list[k]->key, list[i]->key, SHA256_LEN) == 0)
		k++;
	return k - i;
}

/*
 * Twins under one key: each is one entry, so that properties are not mixed up between
 * them.
 */
static void compare_twins(const struct diff *d, struct model *ma, struct component **a, size_t n_a,
        struct model *mb, struct component **b, size_t n_b)
{
	struct component left = {0}, right = {0};
	struct component *both[2] = {&left, &right};

	for (int side = 0; side < 2; side++) {
		struct model m = {.list = both[side], .all = (side ? mb : ma)->all};

		for (size_t i = 0; i < (side ? n_b : n_a); i++) {
			struct component copy = *(side ? b : a)[i];

			copy.parent = 0;
			fold_in(&m, &copy);
		}
	}
	compare_entries(d, &left, &right);
	free(left.entries);
	free(right.entries);
}

/* The components of both sides by their keys, and what is on one side alone. */
static void compare_models(const struct diff *d, struct model *ma, struct model *mb)
{
	bool with_uid = several_uids(ma) || several_uids(mb);
	size_t n_a, n_b, i = 0, j = 0;
	struct component **a = by_key(ma, with_uid, &n_a), **b = by_key(mb, with_uid, &n_b);

	while (i < n_a || j < n_b) {
		int c = i >= n_a ? 1 : j >= n_b ? -1 : memcmp(a[i]->key, b[j]->key, SHA256_LEN);
		size_t k = c <= 0 ? run_length(a, n_a, i) : 0;
		size_t l = c >= 0 ? run_length(b, n_b, j) : 0;

		if (c < 0)
			tell_whole(d, '-', a[i]);
		else if (c > 0)
			tell_whole(d, '+', b[j]);
		else if (k == 1 && l == 1)
			compare_entries(d, a[i], b[j]);
		else
			compare_twins(d, ma, a + i, k, mb, b + j, l);
		i += k;
		j += l;
	}
	if (ma->unclosed != mb->unclosed)
		d->fn(d->ctx,
		        &(struct compare_found){.sign = ma->unclosed < mb->unclosed ? '-' : '+',
		                .label = "END",
		                .component = ""});
	free(a);
	free(b);
}

int compare_texts(const void *a, size_t a_len, const void *b, size_t b_len, bool all, compare_fn fn,
        void *ctx, struct err *err)
{
	const struct diff d = {fn, ctx};
	struct model ma = {0}, mb = {0};
	int rc = read_model(&ma, a, a_len, all, err);

	if (rc == 0)
		rc = read_model(&mb, b, b_len, all, err);
	if (rc == 0)
		compare_models(&d, &ma, &mb);
	model_clear(&ma);
	model_clear(&mb);
	return rc;
}

/* "-NAME", "+NAME" or "~NAME", once each. */
struct names {
	bool found;
	struct buf *out; /* NULL: nobody wants them, or it is full */
};

static void note_name(void *ctx, const struct compare_found *f)
{
	struct names *s = ctx;
	char token[CANON_LABEL_SIZE + 2]; /* blank, sign, label */
	size_t n = strlen(f->label);
	const char *at;

	s->found = true;
	if (!s->out)
		return;
	token[0] = ' ';
	token[1] = f->sign;
	memcpy(token + 2, f->label, n + 1);
	for (at = buf_str(s->out); (at = strstr(at, token + 1)); at += n + 1)
		if ((at == buf_str(s->out) || at[-1] == ' ') &&
		        (at[n + 1] == ' ' || at[n + 1] == '\0'))
			return;
	/* At the cap of ${out} the rest is left unsaid. */
	if (buf_adds(s->out, token + (s->out->len == 0)) < 0)
		s->out = NULL;
}

int content_compare(const void *a, size_t a_len, const void *b, size_t b_len,
        enum content_grade *out, struct buf *differences, struct err *err)
{
	struct names s = {0};
	int rc;

	if (differences)
		buf_reset(differences);
	*out = CONTENT_IDENTICAL;
	if (a_len == b_len && (a_len == 0 || memcmp(a, b, a_len) == 0))
		return 0;
	*out = CONTENT_CANONICAL;
	rc = compare_texts(a, a_len, b, b_len, true, note_name, &s, err);
	if (rc < 0 || !s.found)
		return rc;
	*out = CONTENT_EQUIVALENT;
	s = (struct names){.out = differences};
	rc = compare_texts(a, a_len, b, b_len, false, note_name, &s, err);
	if (rc == 0 && s.found)
		*out = CONTENT_ALTERED;
	return rc;
}
