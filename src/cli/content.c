/*
 * verify --content: what is wrong with calendars and contacts. No damage of the archive:
 * they came so from the server.
 */
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include "valise/base/lookup.h"
#include "valise/base/mem.h"
#include "valise/base/text.h"
#include "valise/format/content.h"
#include "valise/pack/archive.h"
#include "cli.h"

#define BODY_MAX ((size_t)128 << 20)

/* A resource as it is remembered until all are read. */
struct seen {
	enum coll_kind kind;
	size_t coll; /* in the manifest */
	char *file;
	char *uid; /* NULL: none */
	bool odd; /* it has findings */
};
struct member {
	char *uid; /* of a card, as card_uid gives it */
	size_t group; /* in seen */
};

struct reading {
	struct ui *ui;
	const struct tree_manifest *manifest;
	struct seen *seen;
	size_t n_seen, seen_cap;
	struct member *members;
	size_t n_members, members_cap;
	size_t at; /* the resource that is looked at */
	uint64_t by_problem[CONTENT_PROBLEMS];
};

/* "lunch.ics, UID 17@a" */
static void put_item(const struct seen *s, struct buf *out)
{
	buf_puts(out, s->file);
	if (s->uid)
		buf_putf(out, ", UID %.200s", s->uid);
}

static void on_problem(void *ctx, enum content_problem what, const char *text)
{
	struct reading *r = ctx;
	struct seen *s = &r->seen[r->at];
	struct buf line = buf_of(SIZE_MAX);
	struct buf item = buf_of(SIZE_MAX);

	put_item(s, &item);
	buf_putf(&line, "%s: %s", content_problem_word(what), text);
	r->by_problem[what]++;
	s->odd = true;
	ui_report(
	        r->ui, SAY_NOTE, r->manifest->heads[s->coll].name, buf_str(&item), buf_str(&line));
	buf_clear(&item);
	buf_clear(&line);
}

/* A UID as groups name it: without "urn:uuid:", in any case. */
static char *card_uid(const char *uid)
{
	char *copy = xstrdup(strncasecmp(uid, "urn:uuid:", 9) == 0 ? uid + 9 : uid);

	for (char *p = copy; *p; p++)
		*p = (char)(*p >= 'A' && *p <= 'Z' ? *p + 32 : *p);
	return copy;
}

static void on_member(void *ctx, const char *uid)
{
	struct reading *r = ctx;

	*ARR_PUSH(r->members, r->n_members, r->members_cap) = (struct member){card_uid(uid), r->at};
}

static int keep_octets(void *ctx, const void *p, size_t n, struct err *err)
{
	return buf_add(ctx, p, n) == 0
	               ? 0
	               : err_set(err, ERR_LIMIT, ERR_ITEM,
	                         "larger than %zu MiB: it was not looked at", BODY_MAX >> 20);
}

/* A resource that cannot be read is a finding, too. */
static int read_item(struct reading *r, struct tree_reader *from, const struct tree_coll *c,
        const struct tree_item *it, struct err *err)
{
	struct buf body = buf_of(BODY_MAX);
	bool ends = false;
	int rc;

	rc = from->ops->body(from, c, it, keep_octets, &body, err);
	if (rc == 0) {
		content_check(buf_str(&body), body.len, on_problem, r);
		/* content_check has said so */
		if (c->kind == COLL_CONTACTS &&
		        content_members(buf_str(&body), body.len, on_member, r, err) < 0)
			err_clear(err);
	} else if (err->scope == ERR_ITEM && err->code != ERR_STOPPED) {
		on_problem(r, CONTENT_UNREADABLE, err->text);
	} else {
		ends = true;
	}
	buf_clear(&body);
	return ends ? rc : 0;
}

/* r->at is it from now on. */
static void remember_item(
        struct reading *r, size_t coll, const struct tree_coll *c, const struct tree_item *it)
{
	const struct tree_ext *x = tree_item_ext(c, it);
	struct buf path = buf_of(SIZE_MAX);

	tree_item_path(c, it, &path);
	*ARR_PUSH(r->seen, r->n_seen, r->seen_cap) = (struct seen){.kind = c->kind,
	        .coll = coll,
	        .file = xstrdup(strrchr(buf_str(&path), '/') + 1),
	        .uid = x && x->uid && x->uid[0] ? xstrdup(x->uid) : NULL};
	r->at = r->n_seen - 1;
	buf_clear(&path);
}

static int read_coll(struct reading *r, struct tree_reader *from, size_t coll, struct err *err)
{
	struct tree_coll *c = NULL;
	int rc = from->ops->coll(from, &r->manifest->heads[coll], &c, err);

	for (size_t i = 0; rc == 0 && i < c->n_items; i++) {
		rc = stop_check(err);
		if (rc == 0) {
			remember_item(r, coll, c, &c->items[i]);
			rc = read_item(r, from, c, &c->items[i], err);
		}
	}
	tree_coll_free(c);
	return rc;
}

static int seen_cmp(const void *a, const void *b, void *ctx)
{
	const struct seen *seen = ctx;
	size_t i = *(const size_t *)a, k = *(const size_t *)b;
	int order = (seen[i].kind > seen[k].kind) - (seen[i].kind < seen[k].kind);

	if (order == 0)
		order = strcmp(seen[i].uid, seen[k].uid);
	return order ? order : (i > k) - (i < k);
}

/* UIDs that come twice in the calendars or in the address books. */
static void find_doubled(struct reading *r)
{
	size_t *by_uid = xcalloc(r->n_seen + 1, sizeof *by_uid), n = 0;

	for (size_t i = 0; i < r->n_seen; i++)
		if (r->seen[i].uid)
			by_uid[n++] = i;
	if (n)
		qsort_r(by_uid, n, sizeof *by_uid, seen_cmp, r->seen);
	for (size_t i = 1; i < n; i++) {
		const struct seen *before = &r->seen[by_uid[i - 1]], *s = &r->seen[by_uid[i]];
		struct buf text = buf_of(SIZE_MAX);

		if (s->kind != before->kind || strcmp(s->uid, before->uid) != 0)
			continue;
		r->at = by_uid[i];
		buf_puts(&text, "has the same UID as ");
		buf_puts(&text, before->file);
		if (before->coll != s->coll)
			buf_putf(&text, " in %s", r->manifest->heads[before->coll].name);
		on_problem(r, CONTENT_DOUBLED_UID, buf_str(&text));
		buf_clear(&text);
	}
	free(by_uid);
}

/* Members of groups that are in no address book. */
static void find_dangling(struct reading *r)
{
	char **uids = xcalloc(r->n_seen + 1, sizeof *uids);
	size_t n = 0;

	for (size_t i = 0; i < r->n_seen; i++)
		if (r->seen[i].kind == COLL_CONTACTS && r->seen[i].uid)
			uids[n++] = card_uid(r->seen[i].uid);
	SORT(uids, n, text_by_bytes);
	for (size_t i = 0; i < r->n_members; i++) {
		char text[300];

		if (FIND(&r->members[i].uid, uids, n, text_by_bytes))
			continue;
		r->at = r->members[i].group;
		snprintf(text, sizeof text, "the member %.200s is in no card", r->members[i].uid);
		on_problem(r, CONTENT_DANGLING, text);
	}
	texts_free(uids, n);
}

static json_t *outcome_json(const struct reading *r)
{
	json_t *o = json_object(), *problems = json_object();
	size_t odd = 0;

	for (size_t i = 0; i < r->n_seen; i++)
		odd += r->seen[i].odd;
	json_set_number(o, "resources", r->n_seen);
	json_set_number(o, "with_findings", odd);
	for (unsigned i = 0; i < CONTENT_PROBLEMS; i++)
		if (r->by_problem[i])
			json_object_set_new(problems, content_problem_word((enum content_problem)i),
			        json_integer((json_int_t)r->by_problem[i]));
	json_object_set_new(o, "problems", problems);
	return o;
}

static void reading_clear(struct reading *r)
{
	for (size_t i = 0; i < r->n_seen; i++) {
		free(r->seen[i].file);
		free(r->seen[i].uid);
	}
	for (size_t i = 0; i < r->n_members; i++)
		free(r->members[i].uid);
	free(r->seen);
	free(r->members);
}

int content_report(const char *path, struct ui *ui, json_t **out, struct err *err)
{
	struct reading r = {.ui = ui};
	struct tree_reader *from = NULL;
	int rc = archive_reader(path, 0, &from, err);

	*out = NULL;
	if (rc < 0)
		return rc;
	r.manifest = from->ops->manifest(from);
	for (size_t i = 0; i < r.manifest->n_heads && rc == 0; i++)
		if (r.manifest->heads[i].kind == COLL_CALENDAR ||
		        r.manifest->heads[i].kind == COLL_CONTACTS)
			rc = read_coll(&r, from, i, err);
	if (rc == 0) {
		find_doubled(&r);
		find_dangling(&r);
		*out = outcome_json(&r);
	}
	reading_clear(&r);
	tree_reader_free(from);
	return rc;
}

void content_tell(json_t *o)
{
	const char *word, *between = " (";
	char n[32], read[COUNTED_SIZE];
	uint64_t odd = (uint64_t)json_get_int(o, "with_findings", 0);
	json_t *v;

	printf("content: %s read, %s with findings",
	        counted((uint64_t)json_get_int(o, "resources", 0), "resource", "resources", read),
	        odd ? human_count(odd, n) : "none");
	json_object_foreach(json_object_get(o, "problems"), word, v)
	{
		printf("%s%s %s", between, human_count((uint64_t)json_integer_value(v), n), word);
		between = ", ";
	}
	printf("%s\n", between[0] == ',' ? ")" : "");
}
