#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>
#include "valise/base/mem.h"
#include "valise/tree/catalog.h"

static int to_buf(void *ctx, const void *p, size_t n, struct err *err)
{
	if (buf_add(ctx, p, n) != 0)
		return err_set(err, ERR_LIMIT, ERR_WHOLE, "too much");
	return 0;
}

/* A catalog in pieces of ${lines} lines each. */
struct pieces {
	struct buf text;
	size_t at[64], n, asked;
};

static void cut(struct pieces *p, size_t lines)
{
	size_t in_piece = 0;

	p->n = 0;
	p->asked = 0;
	for (size_t i = 0; i < p->text.len; i++) {
		if (in_piece == 0 && (i == 0 || p->text.data[i - 1] == '\n'))
			p->at[p->n++] = i;
		if (p->text.data[i] == '\n')
			in_piece = (in_piece + 1) % lines;
	}
	p->at[p->n] = p->text.len;
}

static int get(void *ctx, size_t i, const char **p_out, size_t *n_out, struct err *err)
{
	struct pieces *p = ctx;

	(void)err;
	assert_true(i < p->n);
	p->asked++;
	*p_out = (const char *)p->text.data + p->at[i];
	*n_out = p->at[i + 1] - p->at[i];
	return 0;
}

/* Items with UIDs 10, 20 ... 200, some with keywords; two that are gone, one error. */
static void make(struct pieces *p, size_t n_items)
{
	static const char *const words[] = {"Work"};
	struct tree_coll *c = tree_coll_new(COLL_MAIL, "INBOX");
	struct tree_roots roots;
	struct err err = {0};

	c->path = xstrdup("mail/INBOX");
	c->uidvalidity = 7;
	for (uint32_t i = 1; i <= n_items; i++) {
		struct tree_item it = {.uid = i * 10, .size = 100 + i, .date_utc = i};

		memset(it.sha256, (int)i, SHA256_LEN);
		it.keywords = i % 3 ? 0 : tree_coll_keywords(c, words, 1);
		tree_coll_add(c, &it);
	}
	for (uint32_t i = 0; i < 2; i++) {
		struct tree_item it = {.uid = 15 + i * 100, .size = 5, .date_utc = 99, .gone = 1};

		memset(it.sha256, 0xee + (int)i, SHA256_LEN);
		tree_coll_add_gone(c, &it);
	}
	tree_coll_error(c, 33, NULL, NULL, NULL, "the server said NO");
	tree_coll_sort(c);
	tree_coll_number(c, NULL);
	buf_init(&p->text, SIZE_MAX);
	assert_int_equal(catalog_write(c, false, NULL, to_buf, &p->text, &roots, &err), 0);
	tree_coll_free(c);
}

/* Each UID that there is and those between, however the lines fall into pieces. */
static void each_uid(void **state)
{
	static const size_t items[] = {0, 1, 2, 20};
	struct pieces p;
	struct err err = {0};

	(void)state;
	for (size_t k = 0; k < 4; k++) {
		make(&p, items[k]);
		for (size_t lines = 1; lines < 30; lines++) {
			cut(&p, lines);
			for (uint32_t uid = 0; uid <= 210; uid += 5) {
				bool there = uid && uid % 10 == 0 && uid / 10 <= items[k];
				struct tree_coll *c;

				assert_int_equal(catalog_find_uid(get, &p, p.n, uid, &c, &err), 0);
				assert_int_equal(c->uidvalidity, 7);
				assert_int_equal(c->n_items, there);
				if (there) {
					const struct tree_item *it = &c->items[0];

					assert_int_equal(it->uid, uid);
					assert_int_equal(it->sha256[0], uid / 10);
					assert_string_equal(tree_coll_keyword_text(c, it->keywords),
					        uid / 10 % 3 ? "" : "Work");
				}
				tree_coll_free(c);
			}
		}
		buf_clear(&p.text);
	}
}

/* Of many pieces few are read. */
static void few_pieces(void **state)
{
	struct pieces p;
	struct tree_coll *c;
	struct err err = {0};

	(void)state;
	make(&p, 40);
	cut(&p, 1);
	assert_int_equal(p.n, 45);
	assert_int_equal(catalog_find_uid(get, &p, p.n, 170, &c, &err), 0);
	assert_int_equal(c->n_items, 1);
	assert_true(p.asked <= 8);
	tree_coll_free(c);
	buf_clear(&p.text);
}

/* What is no catalog in whole lines is damaged: whoever asked reads all of it. */
static void damaged(void **state)
{
	struct pieces p;
	struct tree_coll *c;
	struct err err = {0};

	(void)state;
	make(&p, 20);
	cut(&p, 4);
	assert_int_equal(catalog_find_uid(get, &p, 0, 30, &c, &err), ERR_DAMAGED);
	assert_null(c);
	p.at[1]--; /* a border inside a line */
	assert_int_equal(catalog_find_uid(get, &p, p.n, 30, &c, &err), ERR_DAMAGED);
	cut(&p, 4);
	p.text.data[p.at[0]] = '[';
	assert_int_equal(catalog_find_uid(get, &p, p.n, 30, &c, &err), ERR_DAMAGED);
	p.text.data[p.at[0]] = '{';
	p.text.data[p.at[1] + 1] = '?';
	assert_int_equal(catalog_find_uid(get, &p, p.n, 50, &c, &err), ERR_DAMAGED);
	assert_null(c);
	buf_clear(&p.text);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	        cmocka_unit_test(each_uid),
	        cmocka_unit_test(few_pieces),
	        cmocka_unit_test(damaged),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
