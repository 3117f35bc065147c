/* The labels of an item, from the mailboxes that hold it and its X-GM-LABELS. */
#include <stdlib.h>
#include <string.h>
#include "valise/base/json.h"
#include "valise/base/lookup.h"
#include "valise/base/mem.h"
#include "valise/base/text.h"
#include "valise/format/mutf7.h"
#include "names.h"
#include "view.h"

#define LABELS_CAP (4u << 20)

/* ---- lists of labels ---- */

static void list_add(struct label_list *l, const char *text)
{
	*ARR_PUSH(l->text, l->n, l->cap) = xstrdup(text);
}

static void list_clear(struct label_list *l)
{
	texts_free(l->text, l->n);
}

void label_list_parse(const char *json, struct label_list *out)
{
	struct err ignored;
	json_t *a = NULL, *s;
	size_t i;

	/* The catalog was read: it is a list of strings. */
	if (!json || json_read(json, strlen(json), LABELS_CAP, &a, &ignored) < 0)
		return;
	json_array_foreach(a, i, s)
	{
		if (json_is_string(s) && json_string_length(s) == strlen(json_string_value(s)))
			list_add(out, json_string_value(s));
	}
	json_decref(a);
}

/* As a canonical JSON list; NULL if it is empty. */
static char *list_json(struct label_list *l)
{
	struct buf out;
	char *text = NULL;

	if (l->n == 0)
		return NULL;
	SORT(l->text, l->n, text_by_bytes);
	buf_init(&out, SIZE_MAX);
	for (size_t i = 0; i < l->n; i++) {
		if (i && strcmp(l->text[i], l->text[i - 1]) == 0)
			continue;
		buf_putc(&out, i ? ',' : '[');
		json_put_string(&out, l->text[i], strlen(l->text[i]));
	}
	buf_putc(&out, ']');
	text = buf_take(&out);
	buf_clear(&out);
	return text;
}

/* ---- mailboxes and labels ---- */

/* The mailbox of the archive that a label is; n->n: none. */
static size_t mailbox_of(const struct label_names *n, const char *label)
{
	enum label_class class = *label == '\\' ? label_class_named(label) : CLASSES;
	size_t i = 0;

	if (*label == '\\' && class == CLASSES)
		return n->n;
	for (; i < n->n; i++)
		if (class != CLASSES ? n->colls[i].class == class
		                     : strcmp(n->heads[i]->name, label) == 0)
			break;
	return i;
}

/* The numbers of a set, one after the other. */
static bool next_number(const char **text, uint32_t *out)
{
	char *end;

	if (!**text)
		return false;
	*out = (uint32_t)strtoul(*text, &end, 10);
	*text = end + (*end == ' ');
	return true;
}

/*
 * To Gmail: the name of the mailbox, which may be called otherwise there; \Important is
 * no mailbox of its own (view.h).
 */
static const char *name_of(const struct label_names *n, size_t i)
{
	return n->colls[i].class == CLASS_IMPORTANT ? "\\Important" : n->heads[i]->name;
}

/*
 * Labels that tell where a message lies or what flags it has are no labels of their own.
 */
static bool is_place(enum label_class class)
{
	return class == CLASS_ALL || class == CLASS_JUNK || class == CLASS_TRASH;
}

/* The labels of a message beside that of its own mailbox; *starred: it is flagged. */
static void gather_set(const struct label_names *n, uint32_t number, uint32_t set, const char *own,
        struct label_list *out, bool *starred)
{
	const char *text = tree_coll_keyword_text(n->sets, set);
	struct label_list labels = {0};
	uint32_t k;

	*starred = n->colls[number].class == CLASS_FLAGGED;
	while (next_number(&text, &k)) {
		*starred |= n->colls[k].class == CLASS_FLAGGED;
		if (!is_place(n->colls[k].class) && n->colls[k].class != CLASS_FLAGGED)
			list_add(out, name_of(n, k));
	}
	label_list_parse(own, &labels);
	for (size_t i = 0; i < labels.n; i++) {
		const char *label = labels.text[i];
		enum label_class class = label_class_named(label);
		size_t at = mailbox_of(n, label);

		*starred |= class == CLASS_FLAGGED;
		if (is_place(class) || class == CLASS_FLAGGED || at == number)
			continue;
		if (at == n->n)
			list_add(out, label);
		else if (n->wanted[at])
			list_add(out, name_of(n, at));
	}
	list_clear(&labels);
}

/* Is it the question that was answered last? */
static bool memo_fits(const struct label_memo *m, uint32_t set, uint32_t keywords, const char *own)
{
	return m->valid && m->set == set && m->keywords == keywords && !m->own == !own &&
	       (!own || strcmp(m->own, own) == 0);
}

void label_memo_clear(struct label_memo *m)
{
	free(m->own);
	free(m->labels);
	memset(m, 0, sizeof *m);
}

static void memo_begin(struct label_memo *m, uint32_t set, uint32_t keywords, const char *own)
{
	label_memo_clear(m);
	m->valid = true;
	m->set = set;
	m->keywords = keywords;
	m->own = own ? xstrdup(own) : NULL;
}

static const char *own_labels(const struct tree_coll *c, const struct tree_item *it)
{
	const struct tree_ext *e = tree_item_ext(c, it);

	return e ? e->labels : NULL;
}

void label_item(const struct label_names *n, uint32_t number, struct tree_coll *c,
        struct tree_item *it, uint32_t set, struct label_memo *memo)
{
	const char *own = own_labels(c, it);

	if (!memo_fits(memo, set, 0, own)) {
		struct label_list l = {0};

		memo_begin(memo, set, 0, own);
		gather_set(n, number, set, own, &l, &memo->starred);
		memo->labels = list_json(&l);
		list_clear(&l);
	}
	if (memo->starred)
		it->flags |= FLAG_FLAGGED;
	if (!it->ext && !memo->labels)
		return;
	if (!it->ext)
		tree_coll_ext(c, &it->ext);
	free(c->ext[it->ext].labels);
	c->ext[it->ext].labels = memo->labels ? xstrdup(memo->labels) : NULL;
}

/* ---- keywords ---- */

bool label_keyword(const char *label, struct buf *out)
{
	size_t start = out->len;

	if (*label == '\\')
		buf_putf(out, "$%s", label + 1);
	else if (!mutf7_encode(label, strlen(label), out))
		buf_puts(out, label);
	for (size_t i = start; i < out->len; i++) {
		uint8_t c = out->data[i];

		if (c <= ' ' || c >= 0x7f || strchr("(){%*\"\\]", c))
			out->data[i] = '_';
	}
	if (out->len == start)
		buf_putc(out, '_');
	return strcmp(buf_str(out) + start, label) != 0;
}

/*
 * The label that a mailbox is, when its messages lie elsewhere; NULL: where they lie, or
 * their flags, tell.
 */
static const char *label_of(const struct label_names *n, size_t i)
{
	switch (n->colls[i].class) {
	case CLASS_USER:
		return n->heads[i]->name;
	case CLASS_IMPORTANT:
		return "\\Important";
	case CLASS_SENT:
		return "\\Sent";
	default:
		return NULL;
	}
}

/* The same as keywords of a server without labels. */
static void gather_keywords(const struct label_names *n, uint32_t number, uint32_t set,
        const char *own, struct label_list *out)
{
	const char *text = tree_coll_keyword_text(n->sets, set);
	struct label_list labels = {0}, found = {0};
	uint32_t k;

	while (next_number(&text, &k))
		if (label_of(n, k))
			list_add(&found, label_of(n, k));
	label_list_parse(own, &labels);
	for (size_t i = 0; i < labels.n; i++) {
		size_t at = mailbox_of(n, labels.text[i]);
		const char *label = at < n->n ? label_of(n, at) : labels.text[i];

		if (at != number && label)
			list_add(&found, label);
	}
	for (size_t i = 0; i < found.n; i++) {
		struct buf word = buf_of(SIZE_MAX);

		label_keyword(found.text[i], &word);
		list_add(out, buf_str(&word));
		buf_clear(&word);
	}
	list_clear(&labels);
	list_clear(&found);
}

void label_item_keywords(const struct label_names *n, uint32_t number, struct tree_coll *c,
        struct tree_item *it, uint32_t set, struct label_memo *memo)
{
	const char *own = own_labels(c, it);

	if (!memo_fits(memo, set, it->keywords, own)) {
		struct label_list l = {0};
		char *had = xstrdup(tree_coll_keyword_text(c, it->keywords)), *rest = NULL;

		memo_begin(memo, set, it->keywords, own);
		for (char *w = strtok_r(had, " ", &rest); w; w = strtok_r(NULL, " ", &rest))
			list_add(&l, w);
		gather_keywords(n, number, set, own, &l);
		memo->words = tree_coll_keywords(c, (const char *const *)l.text, l.n);
		list_clear(&l);
		free(had);
	}
	it->keywords = memo->words;
}

/* ---- what is spelled otherwise ---- */

void label_names_see(struct label_names *n, const char *json)
{
	struct label_list l = {0};

	label_list_parse(json, &l);
	for (size_t i = 0; i < l.n; i++) {
		bool known = *l.text[i] == '\\' || mailbox_of(n, l.text[i]) < n->n;

		for (size_t k = 0; k < n->n_seen && !known; k++)
			known = strcmp(n->seen[k], l.text[i]) == 0;
		if (!known)
			*ARR_PUSH(n->seen, n->n_seen, n->seen_cap) = xstrdup(l.text[i]);
	}
	list_clear(&l);
}

/* Only where the label is not to be seen in it. */
static void say_keyword(const struct target_opts *o, const char *label)
{
	struct buf word = buf_of(SIZE_MAX);

	if (label_keyword(label, &word))
		target_say(o, SAY_NOTE, label, NULL, "the label is restored as the keyword %s",
		        buf_str(&word));
	buf_clear(&word);
}

void label_names_say(const struct label_names *n, const struct target_opts *o)
{
	for (size_t i = 0; i < n->n; i++)
		if (n->colls[i].class == CLASS_USER && n->wanted[i] && n->colls[i].n)
			say_keyword(o, n->heads[i]->name);
	for (size_t i = 0; i < n->n_seen; i++)
		say_keyword(o, n->seen[i]);
}

void label_names_clear(struct label_names *n)
{
	texts_free(n->seen, n->n_seen);
	for (size_t i = 0; i < n->n; i++)
		free(n->colls[i].set);
	free(n->colls);
	free(n->heads);
	free(n->wanted);
	tree_coll_free(n->sets);
}
