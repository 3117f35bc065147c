/*
 * One collection of the source beside the snapshot's: by UID or href, then by content, then
 * what is left.
 */
#include "source.h"
#include "valise/base/lookup.h"
#include "valise/base/mem.h"
#include "valise/base/text.h"
#include "valise/format/content.h"
#include <stdlib.h>
#include <string.h>

enum { DIFFERENCES_MAX = 4000, OBJECT_MAX = 1 << 20 };

struct pairing {
	struct audit_source *s;
	const struct tree_coll *now, *was; /* was NULL: the snapshot has no such collection */
	size_t head;
	const struct tree_item **pair; /* of each of now's items that is there with this content */
	bool *used; /* was's items */
	const struct tree_item **by_sum; /* was's items that are not used, sorted */
	size_t n_by_sum;
	struct audit_counts counts;
};

static bool same_sum(const struct tree_item *a, const struct tree_item *b)
{
	return memcmp(a->sha256, b->sha256, SHA256_LEN) == 0;
}

static int by_content(const void *a, const void *b)
{
	const struct tree_item *x = *(const struct tree_item *const *)a;
	const struct tree_item *y = *(const struct tree_item *const *)b;
	int order = memcmp(x->sha256, y->sha256, SHA256_LEN);

	return order ? order : ORDER_OF(x, y);
}

/* The item of the snapshot with the same name, as far as names mean the same. */
static const struct tree_item *find_named(const struct pairing *p, const struct tree_item *it)
{
	const struct tree_ext *x = tree_item_ext(p->now, it);

	if (!p->was)
		return NULL;
	if (p->now->kind == COLL_MAIL)
		return p->now->uidvalidity && p->now->uidvalidity == p->was->uidvalidity
		               ? tree_coll_find(p->was, it->uid)
		               : NULL;
	return x && x->href ? tree_coll_find_href(p->was, x->href) : NULL;
}

static void use_item(struct pairing *p, size_t i, const struct tree_item *old)
{
	p->pair[i] = old;
	p->used[old - p->was->items] = true;
}

static void pair_by_name(struct pairing *p)
{
	for (size_t i = 0; i < p->now->n_items; i++) {
		const struct tree_item *old = find_named(p, &p->now->items[i]);

		if (old && !p->used[old - p->was->items] && same_sum(old, &p->now->items[i]))
			use_item(p, i, old);
	}
}

static void pair_by_content(struct pairing *p)
{
	size_t next = 0, n = p->was ? p->was->n_items : 0;

	p->by_sum = xcalloc(n + 1, sizeof *p->by_sum);
	for (size_t k = 0; k < n; k++)
		if (!p->used[k])
			p->by_sum[p->n_by_sum++] = &p->was->items[k];
	SORT(p->by_sum, p->n_by_sum, by_content);
	for (size_t i = 0; i < p->now->n_items && p->n_by_sum; i++) {
		const struct tree_item *it = &p->now->items[i];

		if (p->pair[i])
			continue;
		LOOKUP_FIRST(next, p->n_by_sum,
		        memcmp(p->by_sum[next]->sha256, it->sha256, SHA256_LEN) < 0);
		while (next < p->n_by_sum && same_sum(p->by_sum[next], it) &&
		        p->used[p->by_sum[next] - p->was->items])
			next++;
		if (next < p->n_by_sum && same_sum(p->by_sum[next], it))
			use_item(p, i, p->by_sum[next]);
	}
}

/* The same content: are its flags? */
static void check_flags(struct pairing *p, const struct tree_item *it, const struct tree_item *old)
{
	char *text;
	enum audit_what what =
	        audit_flags(old->flags, tree_coll_keyword_text(p->was, old->keywords), it->flags,
	                tree_coll_keyword_text(p->now, it->keywords), false, &text);
	struct audit_finding f;

	p->counts.same++;
	if (what == AUDIT_WHATS)
		return;
	f = finding_of(AUDIT_SOURCE, what, p->now, it);
	name_from(p->s->archive, p->was, old, &f.name);
	f.differs = text;
	p->counts.same--;
	audit_add(p->s->audit, &f);
}

/* What came is named by what came. */
static void take_name(const struct fresh *from, struct audit_name *out)
{
	out->from = xstrdup(from->name.from);
	out->subject = xstrdup(from->name.subject);
	out->start = xstrdup(from->name.start);
	out->title = xstrdup(from->name.title);
}

/*
 * The same href with other octets: CONTENT_ALTERED where nobody can tell how. What differs,
 * for people, is appended.
 */
static enum content_grade grade_object(
        struct pairing *p, const struct fresh *new, const struct tree_item *old, struct buf *text)
{
	struct buf octets = buf_of(OBJECT_MAX), differences = buf_of(DIFFERENCES_MAX);
	enum content_grade grade = CONTENT_ALTERED;
	struct err ignored = {0};

	if (new &&new->octets &&
	        tree_reader_octets(p->s->archive, p->was, old, &octets, &ignored) == 0 &&
	        content_compare(octets.data, octets.len, new->octets, new->len, &grade,
	                &differences, &ignored) == 0) {
		if (differences.len)
			content_say_differences(buf_str(&differences), CONTENT_SEEN, text);
	} else {
		grade = CONTENT_ALTERED;
	}
	buf_clear(&octets);
	buf_clear(&differences);
	return grade;
}

/* The item of this name has another content now. */
static void say_newer(struct pairing *p, const struct tree_item *it, const struct tree_item *old)
{
	struct fresh *new = source_fresh(p->s, it->sha256);
	struct buf text = buf_of(4 * DIFFERENCES_MAX);
	enum content_grade grade = CONTENT_ALTERED;
	struct audit_finding f;

	p->used[old - p->was->items] = true;
	if (p->now->kind != COLL_MAIL)
		grade = grade_object(p, new, old, &text);
	if (grade <= CONTENT_CANONICAL) {
		p->counts.same++;
		buf_clear(&text);
		return;
	}
	f = finding_of(AUDIT_SOURCE, grade == CONTENT_ALTERED ? AUDIT_NEWER : AUDIT_OTHER_FORM,
	        p->now, it);
	if (new)
		take_name(new, &f.name);
	else
		name_from(p->s->archive, p->was, old, &f.name);
	if (text.len)
		f.differs = buf_take(&text);
	buf_clear(&text);
	audit_add(p->s->audit, &f);
}

/* Its content is in the archive, but not here, or not so often. */
static void say_moved(struct pairing *p, const struct tree_item *it, const struct sum *sum)
{
	const struct tree_manifest *m = p->s->archive->ops->manifest(p->s->archive);
	struct audit_finding f =
	        finding_of(AUDIT_SOURCE, sum->gone ? AUDIT_CAME_BACK : AUDIT_MOVED, p->now, it);

	f.place = xstrdup(m->heads[sum->head].name);
	memcpy(*ARR_PUSH(p->s->moved, p->s->n_moved, p->s->moved_cap), it->sha256, SHA256_LEN);
	if (p->s->n_moved <= NAMED_MAX)
		source_name(p->s, sum->head, sum->item, &f.name);
	audit_add(p->s->audit, &f);
}

static void say_new(struct pairing *p, const struct tree_item *it)
{
	struct audit_finding f = finding_of(AUDIT_SOURCE, AUDIT_NOT_IN_ARCHIVE, p->now, it);
	const struct fresh *new = source_fresh(p->s, it->sha256);

	if (new)
		take_name(new, &f.name);
	audit_add(p->s->audit, &f);
}

static void judge_items(struct pairing *p)
{
	for (size_t i = 0; i < p->now->n_items; i++) {
		const struct tree_item *it = &p->now->items[i], *named;
		const struct sum *sum;

		if (p->pair[i]) {
			check_flags(p, it, p->pair[i]);
			continue;
		}
		named = find_named(p, it);
		sum = source_sum(p->s, it->sha256);
		/* an event that was changed back is another one now; a message is what it holds */
		if (named && !p->used[named - p->was->items] && (!sum || p->now->kind != COLL_MAIL))
			say_newer(p, it, named);
		else if (sum)
			say_moved(p, it, sum);
		else
			say_new(p, it);
	}
	for (size_t k = 0; p->was && k < p->was->n_items; k++)
		if (!p->used[k])
			*ARR_PUSH(p->s->absent, p->s->n_absent, p->s->absent_cap) =
			        (struct absent){(uint32_t)p->head, (uint32_t)k};
}

static void say_errors(struct pairing *p)
{
	for (size_t i = 0; i < p->now->n_errors; i++) {
		const struct tree_error *e = &p->now->errors[i];
		struct audit_finding f = {.side = AUDIT_SOURCE,
		        .what = AUDIT_UNREAD,
		        .kind = p->now->kind,
		        .collection = xstrdup(p->now->name),
		        .of_item = e->uid || e->href,
		        .uid = e->uid,
		        .href = xstrdup(e->href),
		        .name = {.date = xstrdup(e->date), .subject = xstrdup(e->subject)},
		        .differs = xstrdup(e->reason)};

		audit_add(p->s->audit, &f);
	}
}

static bool is_place(const struct tree_coll *c)
{
	return !(c->attrs & (ATTR_NOSELECT | ATTR_NONEXISTENT));
}

/* Of the collection itself. */
static void judge_coll(struct pairing *p)
{
	if (!p->was && p->now->n_items == 0 && p->now->n_errors == 0 && is_place(p->now))
		audit_say(p->s->audit, AUDIT_SOURCE, AUDIT_FOLDER_NEW, p->now->kind, p->now->name,
		        NULL);
	if (p->was && p->now->props && p->was->props && !text_same(p->now->props, p->was->props))
		audit_say(p->s->audit, AUDIT_SOURCE, AUDIT_PROPERTIES, p->now->kind, p->now->name,
		        NULL);
}

void source_compare(
        struct audit_source *s, const struct tree_coll *now, struct tree_coll *was, size_t head)
{
	struct pairing p = {.s = s, .now = now, .was = was, .head = head};
	uint64_t bytes = 0;

	if (was) {
		s->heads[head].given = true;
		tree_coll_without_gone(was);
		tree_coll_sort(was);
	}
	p.pair = xcalloc(now->n_items + 1, sizeof *p.pair);
	p.used = xcalloc(was ? was->n_items + 1 : 1, sizeof *p.used);
	p.counts = (struct audit_counts){.collections = 1, .items = now->n_items};
	pair_by_name(&p);
	pair_by_content(&p);
	judge_items(&p);
	say_errors(&p);
	judge_coll(&p);
	audit_count(s->audit, AUDIT_SOURCE, &p.counts);
	for (size_t i = 0; i < now->n_items; i++)
		bytes += now->items[i].size;
	audit_count_coll(s->audit, AUDIT_SOURCE, now->kind, now->name, now->n_items, bytes);
	free(p.pair);
	free(p.used);
	free(p.by_sum);
}
