/* Two states of an account as text, and what is told of them. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>
#include "valise/base/mem.h"
#include "valise/tree/diff.h"

/*
 * A state: "INBOX@7: 1=a 2=b/S 3=c@5 !d; Work: x", a mailbox with its UIDVALIDITY (1) and
 * items, UID=content (one letter) with flags (S, F) and date; "!d" is gone. A name with a
 * small first letter is a calendar: its items are href=content, its href is #what.
 */
struct state {
	struct tree_reader base;
	struct tree_manifest manifest;
	struct tree_coll *colls[20];
};

static void add_item(struct tree_coll *c, char *word)
{
	struct tree_item it = {.size = 1};
	char *eq = strchr(word, '='), *value = eq ? eq + 1 : word + (*word == '!'), *more;

	memset(it.sha256, value[0], sizeof it.sha256);
	if ((more = strchr(value, '/')))
		it.flags = (uint16_t)((strchr(more, 'S') ? FLAG_SEEN : 0) |
		                      (strchr(more, 'F') ? FLAG_FLAGGED : 0));
	if ((more = strchr(value, '@')))
		it.date_utc = atoi(more + 1);
	if (c->kind == COLL_MAIL && eq) {
		it.uid = (uint32_t)atoi(word);
	} else if (eq) {
		*eq = '\0';
		tree_coll_ext(c, &it.ext)->href = xstrdup(word);
	}
	it.gone = *word == '!';
	if (it.gone)
		tree_coll_add_gone(c, &it);
	else
		tree_coll_add(c, &it);
}

static struct tree_coll *read_coll(char *text)
{
	char *colon = strchr(text, ':'), *word, *save = NULL, *more;
	bool mail = text[0] < 'a';
	struct tree_coll *c;

	*colon = '\0';
	if ((more = strpbrk(text, "@#")))
		*more++ = '\0';
	c = tree_coll_new(mail ? COLL_MAIL : COLL_CALENDAR, text + (*text == '*'));
	c->attrs = *text == '*' ? ATTR_GONE : 0;
	c->uidvalidity = mail ? (more ? (uint32_t)atoi(more) : 1) : 0;
	c->href = mail ? NULL : xstrdup(more);
	c->path = xstrdup(c->name);
	for (word = strtok_r(colon + 1, " ", &save); word; word = strtok_r(NULL, " ", &save))
		if (*word == '+')
			c->attrs |= ATTR_SUBSCRIBED;
		else
			add_item(c, word);
	tree_coll_sort(c);
	return c;
}

static const struct tree_manifest *get_manifest(struct tree_reader *r)
{
	return &((struct state *)r)->manifest;
}

static int get_coll(
        struct tree_reader *r, const struct tree_head *h, struct tree_coll **out, struct err *err)
{
	struct state *s = (struct state *)r;

	for (size_t i = 0; s->colls[i]; i++)
		if (s->colls[i]->kind == h->kind && strcmp(s->colls[i]->name, h->name) == 0) {
			const struct tree_coll *c = s->colls[i];

			*out = tree_coll_copy(c);
			for (size_t k = 0; k < c->n_gone; k++)
				tree_coll_add_gone(*out, &c->gone[k]);
			return 0;
		}
	return err_set(err, ERR_NOTFOUND, ERR_COLLECTION, "%s", h->name);
}

static const struct tree_reader_ops ops = {.manifest = get_manifest, .coll = get_coll};

static void read_state(const char *text, struct state *s)
{
	char *copy = xstrdup(text), *save = NULL, *p;
	size_t n = 0;

	memset(s, 0, sizeof *s);
	s->base.ops = &ops;
	tree_manifest_init(&s->manifest);
	for (p = strtok_r(copy, ";", &save); p; p = strtok_r(NULL, ";", &save)) {
		struct tree_roots roots = {0};
		struct tree_head h;

		p += *p == ' ';
		sha256_of(p, strlen(p), roots.state);
		s->colls[n] = read_coll(p);
		roots.items = s->colls[n]->n_items;
		tree_head_of(&h, s->colls[n++], &roots);
		tree_manifest_add(&s->manifest, &h);
		tree_head_clear(&h);
	}
	tree_manifest_sort(&s->manifest);
	free(copy);
}

static void clear_state(struct state *s)
{
	for (size_t i = 0; s->colls[i]; i++)
		tree_coll_free(s->colls[i]);
	tree_manifest_clear(&s->manifest);
}

/* "moved Work 3 <INBOX flags; " */
static int put_one(void *ctx, const struct diff_one *d, struct err *err)
{
	struct buf *out = ctx;
	const struct tree_item *it = d->is ? d->is : d->was;
	const struct tree_head *h = d->head_after ? d->head_after : d->head_before;

	(void)err;
	buf_putf(out, "%s%s %s", out->len ? "; " : "", diff_word(d->what), h->name);
	if (d->what >= DIFF_NEW)
		buf_putf(out, " %c", it->sha256[0]);
	if (d->what == DIFF_MOVED || d->what == DIFF_COLL_RENAMED)
		buf_putf(out, " <%s", d->head_before->name);
	for (unsigned bit = 1; bit <= d->changes; bit <<= 1)
		if (d->changes & bit)
			buf_putf(out, " %s", diff_change_word(bit));
	if (d->gone)
		buf_puts(out, " (gone)");
	return 0;
}

static const struct {
	const char *before, *after, *want;
} rows[] = {
        {"INBOX: 1=a", "INBOX: 1=a", ""},
        {"INBOX: 1=a", "INBOX: 1=a 2=b", "new INBOX b"},
        {"INBOX: 1=a 2=b", "INBOX: 2=b", "removed INBOX a"},
        {"INBOX: 1=a", "INBOX: 1=a/S", "changed INBOX a flags"},
        {"INBOX: 1=a@3", "INBOX: 1=a@4/F", "changed INBOX a flags date"},
        /* other UIDs, the same messages; two of the same octets */
        {"INBOX@1: 1=a 2=b", "INBOX@2: 1=b 2=a", "folder-changed INBOX uidvalidity"},
        {"INBOX: 1=a 2=a", "INBOX: 7=a 8=a", ""},
        {"INBOX: 1=a 2=a", "INBOX: 7=a", "removed INBOX a"},
        /* a UID means another message after UIDVALIDITY changed */
        {"INBOX@1: 1=a/S 2=b", "INBOX@2: 1=b 2=c",
                "folder-changed INBOX uidvalidity; new INBOX c; removed INBOX a"},
        /* moved, copied, moved with other flags, a copy deleted */
        {"A: 1=x 2=y 3=z; B: 1=b", "A: 2=y 3=z; B: 1=b 2=x", "moved B x <A"},
        {"A: 1=x 2=y 3=z; B: 1=b", "A: 1=x 2=y 3=z; B: 1=b 2=x", "new B x"},
        {"A: 1=x 2=y 3=z; B: 1=b", "A: 2=y 3=z; B: 1=b 2=x/S", "moved B x <A flags"},
        {"A: 1=x 2=y; B: 1=x", "A: 2=y; B: 1=x", "removed A x"},
        {"A: 1=x 2=y 3=z; B: 1=b", "A: 2=y 3=z; B: 1=b 2=x 3=x", "moved B x <A; new B x"},
        /* one mail of two into each of two folders */
        {"A: 1=x 2=x 3=y; B: 1=b; C: 1=c", "A: 3=y; B: 1=b 2=x; C: 1=c 2=x",
                "moved B x <A; moved C x <A"},
        /* folders */
        {"A: 1=x", "A: 1=x; B: 1=y", "folder-new B; new B y"},
        {"A: 1=x; B: 1=y", "A: 1=x", "folder-removed B; removed B y"},
        {"A: 1=x; B:", "A: 1=x", "folder-removed B"},
        {"A: 1=x", "A: 1=x +", "folder-changed A subscribed"},
        {"A: 1=x 2=y 3=z", "B: 1=x 2=y 3=z", "folder-renamed B <A"},
        {"A: 1=x 2=y 3=z", "B: 1=x/S 2=y 4=w",
                "folder-renamed B <A; changed B x flags; new B w; removed B z"},
        {"A: 1=x 2=y", "B: 1=x", "folder-removed A; removed A y; folder-new B; moved B x <A"},
        {"A: 1=x 2=y 3=z; C:", "B: 1=x 2=y; C: 1=z", "folder-renamed B <A; moved C z <A"},
        /* of two folders that have the same messages each is renamed once */
        {"A: 1=x 2=y; C: 1=x 2=y", "B: 1=x 2=y; D: 1=x 2=y",
                "folder-renamed B <A; folder-renamed D <C"},
        /* calendars: by href, by content */
        {"work#h: e1=a e2=b", "work#h: e1=c e2=b", "changed work c content"},
        {"work#h: e1=a e2=b", "work#h: e9=a e2=b", ""},
        {"work#h: e1=a", "job#h: e1=b", "folder-renamed job <work; changed job b content"},
        {"work#h:", "job#h:", "folder-renamed job <work"},
        {"work#h:", "job#g:", "folder-new job; folder-removed work"},
        {"work#h: e1=a; home#g: e5=b", "work#h:; home#g: e5=b e1=a", "moved home a <work"},
        /* mail and calendars have nothing to do with each other */
        {"A: 1=x; work#h:", "A:; work#h: e1=x", "removed A x; new work x"},
        /* what is gone is not there; that it stays is said, also where its folder goes with it */
        {"A: 1=x 2=y", "A: 2=y !x", "removed A x (gone)"},
        {"A: 1=x 2=y; B: 1=b", "*A: !x !y; B: 1=b",
                "folder-removed A; removed A x (gone); removed A y (gone)"},
        {"*A: !x", "A: 1=x", "folder-new A; new A x"},
        {"", "A: 1=x", "folder-new A; new A x"},
        {"A: 1=x", "", "folder-removed A; removed A x"},
        {"", "", ""},
};

static void test_rows(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++) {
		struct buf have = buf_of(10000);
		struct state a, b;
		struct err err = {0};

		read_state(rows[i].before, &a);
		read_state(rows[i].after, &b);
		if (tree_diff(&a.base, &b.base, put_one, &have, &err) < 0)
			fail_msg("%s", err.text);
		if (strcmp(buf_str(&have), rows[i].want) != 0)
			fail_msg("%s -> %s:\n%s\ninstead of\n%s", rows[i].before, rows[i].after,
			        buf_str(&have), rows[i].want);
		buf_clear(&have);
		clear_state(&a);
		clear_state(&b);
	}
}

static int refuse(void *ctx, const struct diff_one *d, struct err *err)
{
	unsigned *n = ctx;

	(void)d;
	++*n;
	return err_set(err, ERR_STOPPED, ERR_WHOLE, "enough");
}

static void test_error(void **state)
{
	struct state a, b;
	struct err err = {0};
	unsigned n = 0;

	(void)state;
	read_state("A: 1=x", &a);
	read_state("A: 1=x 2=y 3=z; B: 1=b", &b);
	assert_int_equal(tree_diff(&a.base, &b.base, refuse, &n, &err), ERR_STOPPED);
	assert_int_equal(n, 1);
	tree_coll_free(b.colls[1]);
	b.colls[1] = NULL;
	assert_int_equal(
	        tree_diff(&a.base, &b.base, put_one, &(struct buf){0}, &err), ERR_NOTFOUND);
	clear_state(&a);
	clear_state(&b);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	        cmocka_unit_test(test_rows),
	        cmocka_unit_test(test_error),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
