#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>
#include "tree/catalog/internal.h"
#include "valise/base/mem.h"
#include "valise/tree/manifest.h"

static int to_buf(void *ctx, const void *p, size_t n, struct err *err)
{
	if (buf_add(ctx, p, n) != 0)
		return err_set(err, ERR_LIMIT, ERR_WHOLE, "too much");
	return 0;
}

struct source {
	const char *p;
	size_t left, step;
};

static int from_text(void *ctx, void *p, size_t n, size_t *got_out, struct err *err)
{
	struct source *s = ctx;

	(void)err;
	if (n > s->left)
		n = s->left;
	if (n > s->step)
		n = s->step;
	memcpy(p, s->p, n);
	s->p += n;
	s->left -= n;
	*got_out = n;
	return 0;
}

static int read_text(const char *text, size_t n, size_t step, struct tree_coll **out,
        struct tree_roots *roots, struct err *err)
{
	struct source s = {text, n, step};

	return catalog_read(from_text, &s, NULL, out, roots, err);
}

static void write_text(
        const struct tree_coll *c, bool places, struct buf *out, struct tree_roots *roots)
{
	struct err err = {0};

	buf_init(out, SIZE_MAX);
	if (catalog_write(c, places, NULL, to_buf, out, roots, &err) != 0)
		fail_msg("%s", err.text);
}

static struct tree_coll *sample_mail(void)
{
	static const char *const words[] = {"$Forwarded", "Work"};
	struct tree_coll *c = tree_coll_new(COLL_MAIL, "INBOX.Kr\xc3\xa4mpel=x");
	struct tree_item it = {.uid = 17, .size = 2048, .date_utc = 837596665, .zone_min = -420};
	struct tree_ext *e;

	c->delimiter = '.';
	c->prefix = xstrdup("INBOX.");
	c->special_use = xstrdup("\\Sent");
	c->attrs = ATTR_SUBSCRIBED | ATTR_NOINFERIORS;
	c->uidvalidity = 1234567890;
	c->uidnext = 44;
	c->highestmodseq = 9000000000;
	c->path = xstrdup("mail/INBOX/Kr\xc3\xa4mpel=3Dx");
	memset(it.sha256, 0x11, SHA256_LEN);
	it.flags = FLAG_SEEN | FLAG_FLAGGED;
	it.where = (struct object_place){1, 1, 0, 512};
	tree_coll_add(c, &it);
	it = (struct tree_item){
	        .uid = 18, .size = 7, .date_utc = 837596665, .warn = WARN_SIZE | WARN_NUL};
	memset(it.sha256, 0x22, SHA256_LEN);
	it.keywords = tree_coll_keywords(c, words, 2);
	e = tree_coll_ext(c, &it.ext);
	e->labels = xstrdup("[\"\\\\Inbox\",\"a b\"]");
	e->note = xstrdup("line\n\x01\"end");
	e->gm_msgid = UINT64_MAX;
	it.where = (struct object_place){12, 3, 99999, 0};
	tree_coll_add(c, &it);
	tree_coll_error(c, 19, NULL, "17-Jul-1996 02:44:25 -0700", "Re: \xe2\x82\xac",
	        "the server said NO");
	tree_coll_number(c, NULL);
	return c;
}

#define HASH_11 "1111111111111111111111111111111111111111111111111111111111111111"
#define HASH_22 "2222222222222222222222222222222222222222222222222222222222222222"

static const char golden[] =
        "{\"attrs\":[\"noinferiors\",\"subscribed\"],\"catalog\":1,\"delimiter\":\".\","
        "\"highestmodseq\":9000000000,"
        "\"kind\":\"mail\",\"name\":\"INBOX.Kr\xc3\xa4mpel=x\",\"path\":\"mail/INBOX/"
        "Kr\xc3\xa4mpel=3Dx\","
        "\"prefix\":\"INBOX.\",\"special_use\":\"\\\\Sent\",\"status\":\"partial\",\"uidnext\":44,"
        "\"uidvalidity\":1234567890}\n"
        "{\"date\":\"17-Jul-1996 02:44:25 -0700\",\"flags\":[\"\\\\Flagged\",\"\\\\Seen\"],"
        "\"path\":\"cur/837596665.V1111111111111111.valise:2,FS\",\"sha256\":\"" HASH_11
        "\",\"size\":2048,\"uid\":17,"
        "\"where\":{\"member\":0,\"offset\":512,\"part\":\"000001/part-000001.tar.gz\"}}\n"
        "{\"date\":\"17-Jul-1996 09:44:25 +0000\",\"keywords\":[\"$Forwarded\",\"Work\"],"
        "\"labels\":[\"\\\\Inbox\",\"a "
        "b\"],\"msgid\":18446744073709551615,\"note\":\"line\\n\\u0001\\\"end\","
        "\"path\":\"cur/837596665.V2222222222222222.valise:2,P\",\"sha256\":\"" HASH_22
        "\",\"size\":7,\"uid\":18,"
        "\"warnings\":[\"nul\",\"size\"],"
        "\"where\":{\"member\":99999,\"offset\":0,\"part\":\"000012/part-000003.tar.gz\"}}\n"
        "{\"date\":\"17-Jul-1996 02:44:25 -0700\",\"error\":\"the server said "
        "NO\",\"subject\":\"Re: \xe2\x82\xac\","
        "\"uid\":19}\n";

/* What DESIGN says of the roots, done by hand. */
static const char golden_content[] = "mail Kr\xc3\xa4mpel=3Dx\n"
                                     "837596665 " HASH_11 " flagged,seen -\n"
                                     "837596665 " HASH_22 " - $forwarded,work\n";

static void golden_lines(void **state)
{
	struct tree_coll *c = sample_mail();
	struct tree_roots roots, again;
	uint8_t sum[SHA256_LEN];
	struct buf text;

	(void)state;
	write_text(c, true, &text, &roots);
	assert_true(text.len > sizeof golden);
	assert_memory_equal(text.data, golden, sizeof golden - 1);
	assert_memory_equal(text.data + sizeof golden - 1, "{\"bytes\":2055,\"content\":\"", 25);
	assert_non_null(strstr(buf_str(&text), "\",\"end\":2,\"errors\":1,\"state\":\""));
	sha256_of(golden_content, sizeof golden_content - 1, sum);
	assert_memory_equal(roots.content, sum, SHA256_LEN);
	catalog_roots(c, &again);
	assert_memory_equal(&roots, &again, sizeof roots);
	buf_clear(&text);
	/* the state root is that of the lines without places */
	write_text(c, false, &text, &again);
	assert_memory_equal(&roots, &again, sizeof roots);
	sha256_of(text.data, (size_t)(strstr(buf_str(&text), "{\"bytes\"") - buf_str(&text)), sum);
	assert_memory_equal(roots.state, sum, SHA256_LEN);
	buf_clear(&text);
	tree_coll_free(c);
}

static uint32_t rnd(uint32_t *seed, uint32_t below)
{
	*seed = *seed * 1664525u + 1013904223u;
	return (*seed >> 8) % below;
}

static char *random_text(uint32_t *seed)
{
	static const char *const pieces[] = {
	        "a", "\"", "\\", "\n", "\x01", "\x7f", "\xc3\xa4", "\xf0\x9f\x93\xac", " ", "/"};
	struct buf b;

	if (rnd(seed, 2))
		return NULL;
	buf_init(&b, 1000);
	for (uint32_t n = rnd(seed, 12); n > 0; n--)
		buf_puts(&b, pieces[rnd(seed, 10)]);
	return buf_take(&b);
}

static void random_item(struct tree_coll *c, uint32_t *seed, uint32_t uid)
{
	const char *words[3] = {"$Forwarded", "b", "NonJunk"};
	struct tree_item it = {.uid = c->kind == COLL_MAIL ? uid : 0, .size = rnd(seed, 100000)};

	for (size_t i = 0; i < SHA256_LEN; i++)
		it.sha256[i] = (uint8_t)rnd(seed, i < 2 ? 3 : 1);
	if (c->kind == COLL_MAIL) {
		it.date_utc = (int64_t)rnd(seed, 5) * 800000000 - 1000000000;
		it.zone_min = (int16_t)((int)rnd(seed, 3) * 90 - 90);
		it.flags = (uint16_t)rnd(seed, 32);
		it.keywords = tree_coll_keywords(c, words + rnd(seed, 3), rnd(seed, 2));
	}
	it.warn = (uint16_t)rnd(seed, 32);
	if (rnd(seed, 3))
		it.where = (struct object_place){
		        1 + rnd(seed, 3), 1 + rnd(seed, 3), rnd(seed, 1000), rnd(seed, 1000)};
	if (c->kind != COLL_MAIL || rnd(seed, 3) == 0) {
		struct tree_ext *e = tree_coll_ext(c, &it.ext);

		e->href = c->kind == COLL_MAIL ? NULL
		                               : xasprintf("/dav/%u-%u.ics", rnd(seed, 1000), uid);
		e->etag = random_text(seed);
		e->note = random_text(seed);
		e->uid = random_text(seed);
		e->labels =
		        rnd(seed, 2) ? xstrdup(rnd(seed, 2) ? "[]" : "[\"x\\\"\",\"y\"]") : NULL;
		e->gm_thrid = rnd(seed, 2);
		if (!e->href && !e->etag && !e->note && !e->uid && !e->labels && !e->gm_thrid)
			e->gm_msgid = 1;
	}
	tree_coll_add(c, &it);
}

static struct tree_coll *random_coll(uint32_t seed)
{
	struct tree_coll *c = tree_coll_new((enum coll_kind)rnd(&seed, 3), "x");
	uint32_t n = rnd(&seed, 40);

	c->path = xasprintf("%s/x", coll_kind_dir(c->kind));
	c->attrs = rnd(&seed, 256);
	c->delimiter = rnd(&seed, 2) ? '"' : 0;
	c->reason = random_text(&seed);
	c->sync_token = random_text(&seed);
	c->uidvalidity = rnd(&seed, 3);
	if (rnd(&seed, 2)) {
		c->raw = xmemdup("\xff\x00x", 3);
		c->raw_len = 3;
		c->props = xstrdup("{\"{DAV:}displayname\":\"a &amp; b\",\"{x}y\":\"\"}");
	}
	for (uint32_t i = 1; i <= n; i++)
		random_item(c, &seed, i * 3);
	for (uint32_t i = rnd(&seed, 3); i > 0; i--)
		tree_coll_error(c, i, NULL, NULL, NULL, "x");
	tree_coll_number(c, NULL);
	return c;
}

static void what_is_written_is_read(void **state)
{
	(void)state;
	for (uint32_t seed = 0; seed < 400; seed++) {
		struct tree_coll *c = random_coll(seed), *d = NULL;
		struct tree_roots roots, back;
		struct buf text, again;
		struct err err = {0};

		write_text(c, true, &text, &roots);
		if (read_text(buf_str(&text), text.len, 1 + seed * 7, &d, &back, &err) != 0)
			fail_msg("seed %u: %s\n%s", seed, err.text, buf_str(&text));
		assert_memory_equal(&roots, &back, sizeof roots);
		write_text(d, true, &again, &back);
		assert_string_equal(buf_str(&text), buf_str(&again));
		buf_clear(&text);
		buf_clear(&again);
		tree_coll_free(c);
		tree_coll_free(d);
	}
}

static void the_content_root_knows_no_server(void **state)
{
	struct tree_coll *a = sample_mail(), *b = sample_mail();
	struct tree_roots x, y;

	(void)state;
	free(b->name);
	b->name = xstrdup("Kr\xc3\xa4mpel=x");
	b->delimiter = '/';
	b->uidvalidity = 5;
	b->items[0].uid = 400;
	b->items[0].zone_min = 60;
	tree_coll_sort(b);
	catalog_roots(a, &x);
	catalog_roots(b, &y);
	assert_memory_equal(x.content, y.content, SHA256_LEN);
	assert_memory_not_equal(x.state, y.state, SHA256_LEN);
	b->items[0].flags ^= FLAG_SEEN;
	catalog_roots(b, &y);
	assert_memory_not_equal(x.content, y.content, SHA256_LEN);
	tree_coll_free(a);
	tree_coll_free(b);
}

/* Each cut and each changed byte of a catalog is noticed. */
static void damage_is_found(void **state)
{
	struct tree_coll *c = sample_mail(), *d;
	struct tree_roots roots;
	struct buf text;
	struct err err;

	(void)state;
	write_text(c, true, &text, &roots);
	for (size_t i = 0; i < text.len; i++)
		assert_int_equal(read_text(buf_str(&text), i, 999, &d, NULL, &err), ERR_DAMAGED);
	for (size_t i = 0; i < text.len; i++) {
		char *where = strstr(buf_str(&text), "\"where\"");

		/*
		 * places are not under a root: a wrong place is found by the hash of the
		 * bytes there
		 */
		if (text.data[i] >= '0' && text.data[i] <= '9' && buf_str(&text) + i > where)
			continue;
		text.data[i] ^= 1;
		if (read_text(buf_str(&text), text.len, 999, &d, NULL, &err) == 0)
			fail_msg("byte %zu", i);
		text.data[i] ^= 1;
	}
	buf_clear(&text);
	tree_coll_free(c);
}

#define HEAD "{\"catalog\":1,\"kind\":\"mail\",\"name\":\"x\",\"path\":\"mail/x\"}"
#define PATH "\"path\":\"cur/0.V1111111111111111.valise:2,\""
#define ITEM PATH ",\"sha256\":\"" HASH_11 "\",\"uid\":1"

static void lines_that_are_refused(void **state)
{
	static const char *const heads[] = {
	        "",
	        "{}",
	        "[]",
	        "{\"catalog\":0,\"kind\":\"mail\",\"name\":\"x\",\"path\":\"mail/x\"}",
	        "{\"catalog\":1,\"kind\":\"male\",\"name\":\"x\",\"path\":\"mail/x\"}",
	        "{\"catalog\":1,\"kind\":\"mail\",\"path\":\"mail/x\"}",
	        "{\"catalog\":1,\"kind\":\"mail\",\"left_out\":-1,\"name\":\"x\",\"path\":\"mail/"
	        "x\"}",
	        "{\"catalog\":1,\"kind\":\"mail\",\"name\":\"x\",\"path\":\"mail/x\","
	        "\"selection\":\"--unseen\"}",
	        "{\"catalog\":1,\"kind\":\"mail\",\"name\":\"x\"}",
	        "{\"catalog\":1,\"kind\":\"mail\",\"name\":\"x\",\"path\":\"mail/../x\"}",
	        "{\"catalog\":1,\"kind\":\"mail\",\"name\":\"x\",\"path\":\"mail/x/cur\"}",
	        "{\"catalog\":1,\"kind\":\"mail\",\"name\":\"x\",\"path\":\"contacts/x\"}",
	        "{\"catalog\":1,\"kind\":\"calendars\",\"name\":\"x\",\"path\":\"calendars/x/y\"}",
	        "{\"catalog\":1,\"kind\":\"mail\",\"name\":\"x\",\"path\":\"mail/x\",\"what\":1}",
	        "{\"catalog\":1, \"kind\":\"mail\",\"name\":\"x\",\"path\":\"mail/x\"}",
	        "{\"catalog\":1,\"kind\":\"mail\",\"name\":\"x\",\"path\":\"mail/"
	        "x\",\"uidnext\":4294967296}",
	        "{\"catalog\":1,\"kind\":\"mail\",\"name\":\"x\",\"path\":\"mail/"
	        "x\",\"raw\":\"=\"}",
	        "{\"catalog\":1,\"kind\":\"mail\",\"name\":\"x\\u0000\",\"path\":\"mail/x\"}",
	};
	static const char *const lines[] = {
	        "{" PATH ",\"sha256\":\"" HASH_11 "\",\"uid\":01}",
	        "{" PATH ",\"sha256\":\"" HASH_11 "\",\"uid\":0}",
	        "{" PATH ",\"sha256\":\"" HASH_11 "\",\"uid\":4294967296}",
	        "{" PATH ",\"sha256\":\"" HASH_11 "\",\"uid\":-1}",
	        "{" PATH ",\"uid\":1}",
	        "{\"sha256\":\"" HASH_11 "\",\"uid\":1}",
	        "{" ITEM "} ",
	        "{" ITEM "",
	        "{" ITEM ",\"x\":1}",
	        "{\"gone\":0," ITEM "}",
	        "{\"gone\":65536," ITEM "}",
	        "{" ITEM ",\"gone\":1}",
	        "{" ITEM ",\"warnings\":[]}",
	        "{" ITEM ",\"warnings\":[\"size\",\"date\"]}",
	        "{" ITEM ",\"warnings\":[\"odd\"]}",
	        "{\"etag\":\"\\u0000\"," ITEM "}",
	        "{\"etag\":\"\\u0041\"," ITEM "}",
	        "{\"etag\":\"\\u000A\"," ITEM "}",
	        "{\"etag\":\"\\/\"," ITEM "}",
	        "{\"etag\":\"\xff\"," ITEM "}",
	        "{\"etag\":\"\t\"," ITEM "}",
	        "{\"etag\":\"x," ITEM "}",
	        "{\"etag\":1," ITEM "}",
	        "{\"keywords\":[\"b\",\"a\"]," ITEM "}",
	        "{\"keywords\":[\"a b\"]," ITEM "}",
	        "{\"keywords\":[\"\"]," ITEM "}",
	        "{\"labels\":[1]," ITEM "}",
	        "{\"labels\":[\"a\"," ITEM "}",
	        "{\"date\":\"1-Jul-1996 02:44:25 -0700\"," ITEM "}",
	        "{\"flags\":[\"\\\\Seen\"]," ITEM "}", /* the path says otherwise */
	        "{\"path\":\"cur/0.V1111111111111111_.valise:2,\",\"sha256\":\"" HASH_11
	        "\",\"uid\":1}",
	        "{\"path\":\"cur/0.V1111111111111111_02.valise:2,\",\"sha256\":\"" HASH_11
	        "\",\"uid\":1}",
	        "{\"path\":\"cur/0.V1111111111111111_1.valise:2,\",\"sha256\":\"" HASH_11
	        "\",\"uid\":1}",
	        "{\"path\":\"cur/../0.V1111111111111111.valise:2,\",\"sha256\":\"" HASH_11
	        "\",\"uid\":1}",
	        "{" ITEM
	        ",\"where\":{\"member\":0,\"offset\":0,\"part\":\"000000/part-000001.tar.gz\"}}",
	        "{" ITEM ",\"where\":{\"member\":0,\"offset\":0,\"part\":\"1/part-1.tar.gz\"}}",
	        "{" ITEM ",\"where\":{\"member\":0,\"offset\":0,\"part\":\"000001/"
	        "part-000001.tar.gz/../x\"}}",
	        "{" ITEM ",\"where\":{\"member\":0,\"part\":\"000001/part-000001.tar.gz\"}}",
	        "{" ITEM ",\"what\":{}}",
	        "{" ITEM ",\"what\":{\"subject\":\"\"}}",
	        "{" ITEM ",\"what\":{\"subject\":\"a\"}",
	        "{" ITEM ",\"what\":{\"subject\":\"a\"},\"what\":{\"subject\":\"a\"}}",
	        "{" ITEM ",\"what\":{\"subject\":\"a\",\"x\":\"a\"}}",
	        "{" ITEM ",\"what\":{\"to\":\"a\",\"subject\":\"a\"}}",
	        "{" ITEM ",\"what\":{\"subject\":\"a\\u001bb\"}}",
	        "{" ITEM ",\"what\":{\"subject\":\"\xe2\x80\xae\"}}",
	        "{" ITEM ",\"what\":\"a\"}",
	        "{" ITEM ",\"where\":{\"member\":0,\"offset\":0,\"part\":\"000001/"
	        "part-000001.tar.gz\"},\"what\":{\"subject\":\"a\"}}",
	        "{\"error\":1}",
	        "{\"error\":\"x\",\"uid\":0}",
	        "{\"error\":\"x\",\"bytes\":0}",
	        "{}",
	        "",
	};
	static const char fine[] = "{" ITEM "}";
	struct tree_coll *c;
	struct buf text;
	struct err err;
	struct line_parts parts;

	(void)state;
	buf_init(&text, 1000);
	assert_int_equal(catalog_parse_head(HEAD, strlen(HEAD), &c, &err), 0);
	assert_true(catalog_scan_line(fine, strlen(fine), c, &text, &parts));
	for (size_t i = 0; i < sizeof lines / sizeof *lines; i++)
		if (catalog_scan_line(lines[i], strlen(lines[i]), c, &text, &parts))
			fail_msg("%s", lines[i]);
	assert_int_equal(c->n_items, 1);
	assert_int_equal(c->n_errors, 0);
	buf_clear(&text);
	tree_coll_free(c);
	for (size_t i = 0; i < sizeof heads / sizeof *heads; i++) {
		if (catalog_parse_head(heads[i], strlen(heads[i]), &c, &err) != ERR_DAMAGED)
			fail_msg("%s", heads[i]);
		assert_null(c);
	}
	assert_int_equal(catalog_parse_head("{\"catalog\":2}", 13, &c, &err), ERR_UNSUPPORTED);
}

/* Beside what options left out stands which they were. */
static void what_was_left_out(void **state)
{
	struct tree_coll *c = tree_coll_new(COLL_MAIL, "a"), *again = NULL;
	struct tree_roots roots;
	struct tree_head head;
	struct err err = {0};
	struct buf text;

	(void)state;
	c->path = xstrdup("mail/a");
	c->left_out = 12;
	c->selection = xstrdup("--since 2024-01-01");
	write_text(c, false, &text, &roots);
	assert_non_null(strstr(buf_str(&text), "\"kind\":\"mail\",\"left_out\":12,\"name\":\"a\","
	                                       "\"path\":\"mail/a\",\"selection\":\"--since "
	                                       "2024-01-01\"}"));
	assert_int_equal(read_text(buf_str(&text), text.len, 2, &again, NULL, &err), 0);
	assert_int_equal(again->left_out, 12);
	assert_string_equal(again->selection, "--since 2024-01-01");
	tree_head_of(&head, again, &roots);
	assert_int_equal(head.left_out, 12);
	assert_string_equal(head.selection, "--since 2024-01-01");
	tree_head_clear(&head);
	buf_clear(&text);
	tree_coll_free(again);
	c->left_out = 0;
	write_text(c, false, &text, &roots);
	assert_null(strstr(buf_str(&text), "selection"));
	buf_clear(&text);
	tree_coll_free(c);
}

static void order_is_checked(void **state)
{
	static const char head[] = HEAD "\n";
	static const char one[] = "{" PATH ",\"sha256\":\"" HASH_11 "\",\"uid\":1}\n";
	static const char two[] = "{" PATH ",\"sha256\":\"" HASH_11 "\",\"uid\":2}\n";
	static const char bad[] = "{\"error\":\"x\",\"uid\":5}\n";
	static const char lost[] = "{\"gone\":1," PATH ",\"sha256\":\"" HASH_11 "\",\"uid\":3}\n";
	static const char *const orders[][2] = {{two, one}, {bad, one}, {lost, one}, {bad, lost}};
	struct tree_coll *c;
	struct err err;

	(void)state;
	for (size_t i = 0; i < sizeof orders / sizeof *orders; i++) {
		char *text = xasprintf("%s%s%s", head, orders[i][0], orders[i][1]);

		assert_int_equal(read_text(text, strlen(text), 4096, &c, NULL, &err), ERR_DAMAGED);
		assert_non_null(strstr(err.text, "line 3"));
		free(text);
	}
}

/* Items that are gone have lines of their own and no part in what the server shows. */
static void what_is_gone(void **state)
{
	struct tree_coll *c = sample_mail(), *back;
	struct tree_roots plain, roots, again;
	struct tree_item it;
	struct err err;
	struct buf text;

	(void)state;
	catalog_roots(c, &plain);
	tree_item_copy(c, c, &c->items[0], &it);
	it.uid = 3;
	it.gone = 2;
	it.sha256[0] = 0x99;
	tree_coll_add_gone(c, &it);
	tree_coll_number(c, NULL);
	write_text(c, true, &text, &roots);
	assert_int_equal(roots.items, 2);
	assert_int_equal(roots.gone, 1);
	assert_int_equal(roots.bytes, plain.bytes);
	assert_memory_equal(roots.content, plain.content, SHA256_LEN);
	assert_memory_not_equal(roots.state, plain.state, SHA256_LEN);
	assert_int_equal(catalog_lines(&roots), 6);
	assert_non_null(strstr(
	        buf_str(&text), "\"flags\":[\"\\\\Flagged\",\"\\\\Seen\"],\"gone\":2,\"path\""));
	assert_non_null(strstr(buf_str(&text), "\"end\":2,\"errors\":1,\"gone\":1,\"state\":"));
	assert_int_equal(read_text(buf_str(&text), text.len, 100, &back, &again, &err), 0);
	assert_memory_equal(&roots, &again, sizeof roots);
	assert_int_equal(back->n_items, 2);
	assert_int_equal(back->n_gone, 1);
	assert_int_equal(back->gone[0].gone, 2);
	tree_coll_with_gone(back);
	assert_int_equal(back->n_items, 3);
	assert_int_equal(back->items[0].uid, 3); /* sorted */
	tree_coll_part_gone(back);
	catalog_roots(back, &again);
	assert_memory_equal(&roots, &again, sizeof roots);
	tree_coll_without_gone(back);
	catalog_roots(back, &again);
	assert_memory_equal(&plain, &again, sizeof roots);
	buf_clear(&text);
	tree_coll_free(back);
	tree_coll_free(c);
}

static int endless(void *ctx, void *p, size_t n, size_t *got_out, struct err *err)
{
	(void)ctx;
	(void)err;
	memset(p, 'x', n);
	*got_out = n;
	return 0;
}

static void a_line_has_a_limit(void **state)
{
	struct tree_coll *c;
	struct err err;

	(void)state;
	assert_int_equal(catalog_read(endless, NULL, NULL, &c, NULL, &err), ERR_LIMIT);
	c = sample_mail();
	free(c->reason);
	c->reason = xcalloc(CATALOG_LINE_MAX + 1, 1);
	memset(c->reason, 'x', CATALOG_LINE_MAX);
	struct tree_roots roots;
	struct buf text;
	buf_init(&text, SIZE_MAX);
	assert_int_equal(catalog_write(c, false, NULL, to_buf, &text, &roots, &err), ERR_LIMIT);
	buf_clear(&text);
	tree_coll_free(c);
}

/* Names follow from the octets: both roots are the same with them and without. */
static void names_are_kept(void **state)
{
	static const char what[] = "{\"from\":\"Ann\",\"subject\":\"a \\\"b\\\"\"}";
	struct abouts *names = abouts_new(-1, NULL), *again = abouts_new(-1, NULL);
	struct tree_coll *c = sample_mail(), *back = NULL;
	struct tree_roots roots, without;
	struct buf text, plain, found = buf_of(SIZE_MAX);
	struct err err = {0};
	struct source src;

	(void)state;
	assert_int_equal(
	        abouts_add(names, COLL_MAIL, c->items[0].sha256, what, strlen(what), &err), 0);
	write_text(c, true, &plain, &without);
	buf_init(&text, SIZE_MAX);
	assert_int_equal(catalog_write(c, true, names, to_buf, &text, &roots, &err), 0);
	assert_memory_equal(&roots, &without, sizeof roots);
	assert_null(strstr(buf_str(&plain), "\"what\""));
	assert_non_null(strstr(buf_str(&text), what));
	src = (struct source){buf_str(&text), text.len, 7};
	assert_int_equal(catalog_read(from_text, &src, again, &back, &roots, &err), 0);
	assert_memory_equal(&roots, &without, sizeof roots);
	assert_int_equal(abouts_get(again, COLL_MAIL, c->items[0].sha256, &found, &err), 1);
	assert_string_equal(buf_str(&found), what);
	assert_int_equal(abouts_get(again, COLL_CALENDAR, c->items[0].sha256, NULL, &err), 0);
	buf_clear(&text);
	buf_clear(&plain);
	buf_clear(&found);
	tree_coll_free(c);
	tree_coll_free(back);
	abouts_free(names);
	abouts_free(again);
}

/* A server may give an empty ETag, href or UID: no member is empty. */
static void what_is_empty_is_not_written(void **state)
{
	struct tree_coll *c = tree_coll_new(COLL_CALENDAR, "a");
	struct tree_item it = {.size = 1};
	struct tree_ext *e = tree_coll_ext(c, &it.ext);
	struct tree_roots roots;
	struct buf text;

	(void)state;
	c->path = xstrdup("calendars/a");
	e->path = xstrdup("x");
	e->etag = xstrdup("");
	e->href = xstrdup("");
	e->uid = xstrdup("");
	e->note = xstrdup("");
	tree_coll_add(c, &it);
	write_text(c, false, &text, &roots);
	assert_null(strstr(buf_str(&text), ":\"\""));
	buf_clear(&text);
	tree_coll_free(c);
}

/*
 * Two items of one path are one file: a tree, and the recipe by hand, would have one of
 * them only.
 */
static void two_items_of_one_path_are_refused(void **state)
{
	(void)state;
	for (unsigned kind = COLL_MAIL; kind < COLL_KINDS; kind++)
		for (uint32_t dup = 0; dup < 2; dup++) {
			struct tree_coll *c = tree_coll_new((enum coll_kind)kind, "a"),
			                 *again = NULL;
			struct tree_roots roots;
			struct err err = {0};
			struct buf text;

			c->path = xasprintf("%s/a", coll_kind_dir((enum coll_kind)kind));
			for (uint32_t i = 0; i < 40; i++) {
				struct tree_item it = {
				        .uid = i + 1, .date_utc = i, .sha256 = {(uint8_t)i}};

				if (i == 39 && dup)
					it.date_utc = it.sha256[0] = 7;
				if (kind != COLL_MAIL) {
					it.uid = 0;
					tree_coll_ext(c, &it.ext)->path =
					        xasprintf("f%02u", it.sha256[0]);
					c->ext[it.ext].href = xasprintf("/%02u", i);
				}
				tree_coll_add(c, &it);
			}
			write_text(c, false, &text, &roots);
			assert_int_equal(
			        read_text(buf_str(&text), text.len, 100, &again, NULL, &err),
			        dup ? ERR_DAMAGED : 0);
			buf_clear(&text);
			tree_coll_free(c);
			tree_coll_free(again);
		}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	        cmocka_unit_test(golden_lines),
	        cmocka_unit_test(what_is_written_is_read),
	        cmocka_unit_test(the_content_root_knows_no_server),
	        cmocka_unit_test(damage_is_found),
	        cmocka_unit_test(lines_that_are_refused),
	        cmocka_unit_test(what_was_left_out),
	        cmocka_unit_test(order_is_checked),
	        cmocka_unit_test(what_is_gone),
	        cmocka_unit_test(a_line_has_a_limit),
	        cmocka_unit_test(two_items_of_one_path_are_refused),
	        cmocka_unit_test(names_are_kept),
	        cmocka_unit_test(what_is_empty_is_not_written),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
