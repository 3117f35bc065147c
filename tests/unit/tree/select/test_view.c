#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>
#include "valise/base/mem.h"
#include "valise/tree/abouts.h"
#include "valise/tree/select.h"

/* A tree in memory: three mailboxes, a calendar, and what is behind its links. */
struct fake {
	struct tree_reader base;
	struct tree_manifest manifest;
	unsigned bodies; /* how many were read */
};

static const struct tree_manifest *fake_manifest(struct tree_reader *r)
{
	return &((struct fake *)r)->manifest;
}

static const char *octets_of(const struct tree_item *it)
{
	static const char *const octets[] = {"Subject: a lunch\r\nFrom: ann@x\r\n\r\n",
	        "Subject: other\r\nFrom: bob@x\r\n\r\n",
	        ("BEGIN:VCALENDAR\r\nBEGIN:VEVENT\r\nDTSTART:20150101T100000\r\nRRULE:FREQ=DAILY\r\n"
	         "SUMMARY:lunch\r\nEND:VEVENT\r\nEND:VCALENDAR\r\n")};

	return octets[it->sha256[0]];
}

static int fake_coll(
        struct tree_reader *r, const struct tree_head *h, struct tree_coll **out, struct err *err)
{
	struct tree_item it = {.size = 10};
	struct tree_coll *c;

	(void)r;
	if (strcmp(h->name, "Broken") == 0)
		return err_set(err, ERR_DAMAGED, ERR_COLLECTION, "damaged");
	*out = c = tree_coll_new(h->kind, h->name);
	c->path = xstrdup(h->path);
	if (h->kind == COLL_MAIL) {
		for (it.uid = 1; it.uid <= 4; it.uid++) {
			it.sha256[0] = it.uid > 2;
			it.size = 10 * it.uid;
			it.gone = it.uid == 4;
			it.flags = it.uid & 1 ? FLAG_FLAGGED : 0;
			if (it.gone)
				tree_coll_add_gone(c, &it);
			else
				tree_coll_add(c, &it);
		}
		return 0;
	}
	it.sha256[0] = 2;
	tree_coll_ext(c, &it.ext)->href = xstrdup("/cal/Work/one.ics");
	tree_coll_add(c, &it);
	return 0;
}

static int fake_body(struct tree_reader *r, const struct tree_coll *c, const struct tree_item *it,
        tree_write_fn write, void *ctx, struct err *err)
{
	(void)c;
	((struct fake *)r)->bodies++;
	return write(ctx, octets_of(it), strlen(octets_of(it)), err);
}

static int fake_names(
        struct tree_reader *r, const struct tree_coll *c, struct abouts *into, struct err *err)
{
	(void)r;
	for (size_t i = 0; i < c->n_items + c->n_gone; i++) {
		const struct tree_item *it = tree_coll_any(c, i);
		struct item_about a;
		struct buf json = buf_of(ABOUT_JSON_MAX);

		about_of_octets(c->kind, octets_of(it), strlen(octets_of(it)), &a);
		about_put(&a, &json);
		(void)!abouts_add(into, c->kind, it->sha256, buf_str(&json), json.len, err);
		buf_clear(&json);
		about_clear(&a);
	}
	return 0;
}

static void fake_free(struct tree_reader *r)
{
	tree_manifest_clear(&((struct fake *)r)->manifest);
	free(r);
}

static const struct tree_reader_ops ops = {
        .manifest = fake_manifest,
        .coll = fake_coll,
        .body = fake_body,
        .free = fake_free,
        .names = fake_names,
};

static void add_head(struct fake *f, enum coll_kind kind, char *name, char *path, unsigned what)
{
	const struct tree_head h = {.kind = kind,
	        .name = name,
	        .path = path,
	        .content_name = name,
	        .what = what,
	        .roots = {.items = kind == COLL_MAIL ? 3 : 1, .gone = kind == COLL_MAIL}};

	tree_manifest_add(&f->manifest, &h);
}

static struct tree_reader *fake(unsigned what)
{
	struct fake *f = xcalloc(1, sizeof *f);

	f->base.ops = &ops;
	tree_manifest_init(&f->manifest);
	f->manifest.tool = xstrdup("test");
	add_head(f, COLL_MAIL, (char[]){"Broken"}, (char[]){"mail/Broken"}, what);
	add_head(f, COLL_MAIL, (char[]){"INBOX"}, (char[]){"mail/INBOX"}, what);
	add_head(f, COLL_MAIL, (char[]){"INBOX/Sub"}, (char[]){"mail/INBOX/Sub"}, what);
	add_head(f, COLL_CALENDAR, (char[]){"Work"}, (char[]){"calendars/Work"}, what);
	add_head(f, COLL_LINKED, (char[]){"calendars: Work"}, (char[]){"linked/Work"}, what);
	return &f->base;
}

/* "Broken! INBOX:1,3+4 calendars:Work..." of all that a view shows; what is gone after '+'. */
static void describe(struct tree_reader *r, struct buf *out)
{
	const struct tree_manifest *m = r->ops->manifest(r);

	for (size_t i = 0; i < m->n_heads; i++) {
		const struct tree_head *h = &m->heads[i];
		struct tree_coll *c = NULL;

		buf_putf(out, "%s%s", out->len ? " " : "", h->name);
		if (r->ops->coll(r, h, &c, NULL) < 0) {
			buf_puts(out, "!");
			continue;
		}
		assert_int_equal(h->roots.items, c->n_items);
		assert_int_equal(h->roots.gone, c->n_gone);
		for (size_t k = 0; k < c->n_items + c->n_gone; k++)
			buf_putf(out, "%s%u",
			        k == c->n_items ? "+"
			        : k             ? ","
			                        : "=",
			        tree_coll_any(c, k)->uid);
		tree_coll_free(c);
	}
}

static const char *const lunch[] = {"Lunch", NULL};
static const char *const two[] = {"INBOX/2", "calendars/Work/one.ics", NULL};
static const char *const sub[] = {"INBOX/Sub/4", "INBOX/nothing", NULL};
static const char *const inbox[] = {"INBOX"};

static bool has_text(void *ctx, enum coll_kind kind, const uint8_t sha256[SHA256_LEN])
{
	(void)ctx;
	return kind == COLL_MAIL && sha256[0] == 1;
}

#define REST " INBOX/Sub=1,2,3+4 Work=0 calendars: Work=0"
static void shown(void **state)
{
	static const struct {
		struct selection s;
		const char *want;
	} rows[] = {
	        {{.larger = 0}, "Broken! INBOX=1,2,3+4" REST},
	        {{.choice = {inbox, 1, NULL, 0, 0}}, "INBOX=1,2,3+4 INBOX/Sub=1,2,3+4"},
	        {{.kinds = 1u << COLL_CALENDAR}, "Work=0 calendars: Work=0"},
	        {{.larger = 25}, "Broken! INBOX=3+4 INBOX/Sub=3+4"},
	        {{.larger = 35}, "Broken! INBOX+4 INBOX/Sub+4"},
	        {{.larger = 35, .kinds = 1u << COLL_CALENDAR}, ""},
	        {{.flagged = true, .choice = {inbox, 1, NULL, 0, 0}}, "INBOX=1,3 INBOX/Sub=1,3"},
	        {{.flagged = true, .choice = {inbox, 1, NULL, 0, 0}, .keep_others = true},
	                "Broken! INBOX=1,3 INBOX/Sub=1,3 Work=0 calendars: Work=0"},
	        {{.subject = lunch}, "Broken! INBOX=1,2 INBOX/Sub=1,2 Work=0"},
	        {{.text = has_text}, "Broken! INBOX=3+4 INBOX/Sub=3+4"},
	        {{.items = two}, "INBOX=2 Work=0"},
	        {{.items = sub}, "INBOX/Sub+4"},
	        {{.since = 1}, "Broken! INBOX=1,2,3+4"
	                       " INBOX/Sub=1,2,3+4 Work=0"},
	};

	(void)state;
	for (unsigned what = 0; what < 2; what++) /* an older catalog, and one with names */
		for (size_t i = 0; i < COUNT(rows); i++) {
			struct selection s = rows[i].s;
			struct tree_reader *r;
			struct buf b = buf_of(4096);

			s.since = s.since ? s.since : INT64_MIN;
			s.until = INT64_MAX;
			s.smaller = UINT64_MAX;
			assert_int_equal(selection_view(fake(what), &s, &r, NULL), 0);
			describe(r, &b);
			if (strcmp(buf_str(&b), rows[i].want) != 0)
				fail_msg("row %zu: %s", i, buf_str(&b));
			if (s.items)
				assert_ptr_equal(
				        selection_unfound(r), s.items == sub ? sub[1] : NULL);
			buf_clear(&b);
			tree_reader_free(r);
		}
}

/* Names suffice where a catalog has them. */
static void bodies_are_spared(void **state)
{
	struct selection s;
	struct tree_reader *from = fake(1), *r;

	(void)state;
	selection_all(&s);
	s.subject = lunch;
	assert_int_equal(selection_view(from, &s, &r, NULL), 0);
	assert_int_equal(((struct fake *)from)->bodies, 0);
	tree_reader_free(r);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	        cmocka_unit_test(shown),
	        cmocka_unit_test(bodies_are_spared),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
