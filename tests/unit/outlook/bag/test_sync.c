/* What a content synchronization tells, by what a server gave and by elements made by hand. */
#include "outlook/make.h"
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>

enum { ITEMS = 16 };

struct seen {
	struct bag *bags[ITEMS];
	char *headers[ITEMS]; /* "mid 1 size 2 key 3" and what is broken */
	size_t n;
	uint64_t items, octets; /* of the total */
	struct buf state;
	char ids[256]; /* "deleted 0100; read ..." */
};

static void put_hex(struct buf *out, const uint8_t *p, size_t n)
{
	for (size_t i = 0; i < n; i++)
		buf_putf(out, "%02x", p[i]);
}

static int on_total(void *ctx, uint64_t items, uint64_t octets, struct err *err)
{
	struct seen *s = ctx;

	(void)err;
	s->items = items;
	s->octets = octets;
	return 0;
}

static int on_change(void *ctx, const struct fx_change *c, struct bag *b, struct err *err)
{
	struct seen *s = ctx;
	struct buf line = buf_of(4096);

	(void)err;
	assert_true(s->n < ITEMS);
	assert_int_equal(b == NULL, c->broken != NULL);
	buf_putf(&line, "mid %jx size %ju source ", (uintmax_t)c->mid, (uintmax_t)c->size);
	put_hex(&line, c->source_key, c->n_source_key);
	buf_puts(&line, " change ");
	put_hex(&line, c->change_key, c->n_change_key);
	buf_putf(&line, "%s%s%s", c->associated ? " associated" : "", c->broken ? ": " : "",
	        c->broken ? c->broken : "");
	s->bags[s->n] = b;
	s->headers[s->n++] = buf_take(&line);
	buf_clear(&line);
	return 0;
}

static int on_ids(void *ctx, enum fx_ids what, const void *p, size_t n, struct err *err)
{
	static const char *const words[] = {"deleted", "out", "expired", "read", "unread"};
	struct seen *s = ctx;
	struct buf line = buf_of(200);

	(void)err;
	put_hex(&line, p, n);
	snprintf(s->ids + strlen(s->ids), sizeof s->ids - strlen(s->ids), "%s %s;", words[what],
	        buf_str(&line));
	buf_clear(&line);
	return 0;
}

static int on_state(void *ctx, const void *p, size_t n, struct err *err)
{
	struct seen *s = ctx;

	(void)err;
	buf_reset(&s->state);
	buf_put(&s->state, p, n);
	return 0;
}

static void seen_clear(struct seen *s)
{
	for (size_t i = 0; i < s->n; i++) {
		bag_free(s->bags[i]);
		free(s->headers[i]);
	}
	buf_clear(&s->state);
}

/* In pieces of ${piece}; what the reader says at the end. */
static int read_sync(const void *p, size_t n, size_t piece, struct seen *s, struct err *err)
{
	const struct fx_visit visit = {s, on_total, on_change, on_ids, on_state};
	struct fx_sync *y = fx_sync_new(&visit);
	int rc = 0;

	*s = (struct seen){.state = buf_of(1 << 20)};
	for (size_t at = 0; rc == 0 && at < n; at += piece)
		rc = fx_sync_read(y, (const char *)p + at, MIN(piece, n - at), err);
	if (rc == 0)
		rc = fx_sync_end(y, err);
	fx_sync_free(y);
	return rc;
}

/* ---- what a server gave ---- */

static void read_file(const char *name, struct buf *out)
{
	char *path = xasprintf("%s/mapi/recorded/%s", FIXTURES, name);
	FILE *f = fopen(path, "rb");
	char piece[4096];
	size_t n;

	assert_non_null(f);
	while ((n = fread(piece, 1, sizeof piece, f)) > 0)
		buf_put(out, piece, n);
	fclose(f);
	free(path);
}

static int keep(void *ctx, struct bag *b, struct err *err)
{
	struct seen *s = ctx;

	(void)err;
	assert_true(s->n < ITEMS);
	s->bags[s->n++] = b;
	return 0;
}

/* gromox says of these that they are false by one way alone. */
static char *shown_but_false(struct bag *b)
{
	fx_forget_place(b);
	for (size_t i = 0; i < b->n_props; i++)
		if (!b->props[i].name && (b->props[i].id == 0x29 || b->props[i].id == 0x0c06))
			assert_memory_equal(b->props[i].data, "\0", 2);
	bag_remove(b, 0x0029);
	bag_remove(b, 0x0c06);
	return make_shown(b);
}

static void recorded(void **state)
{
	static const struct {
		const char *folder;
		size_t n;
		uint64_t octets;
		const char *first;
	} cases[] = {
	        {"Inbox", 5, 0x39b81,
	                "mid 30000000001 size 205922 source "
	                "03000000a5187b6fbcdcea1ed03c5657000000030000 change "
	                "03000000a5187b6fbcdcea1ed03c565700000000001e"},
	        {"Calendar", 2, 0, NULL},
	        {"Contacts", 2, 0x2c2, NULL},
	        {"Tasks", 1, 0x185,
	                "mid c0000000001 size 389 source "
	                "03000000a5187b6fbcdcea1ed03c56570000000c0000 change "
	                "03000000a5187b6fbcdcea1ed03c5657000000000027"},
	};

	(void)state;
	for (size_t i = 0; i < COUNT(cases); i++) {
		struct buf sync = buf_of(1 << 20), copy = buf_of(1 << 20);
		char *name = xasprintf("%s.ics-sync.fx", cases[i].folder);
		char *other = xasprintf("%s.copymessages.fx", cases[i].folder);

		read_file(name, &sync);
		read_file(other, &copy);
		for (size_t piece = 1; piece <= sync.len * 7; piece *= 7) {
			struct seen by_sync, by_copy = {.state = buf_of(16)};
			struct fx_reader *r = fx_reader_new(keep, &by_copy);
			struct err err = {0};

			make_check(read_sync(sync.data, sync.len, piece, &by_sync, &err), &err);
			make_check(fx_read(r, copy.data, copy.len, &err), &err);
			make_check(fx_read_end(r, &err), &err);
			fx_reader_free(r);
			assert_int_equal(by_sync.n, cases[i].n);
			assert_int_equal(by_sync.items, cases[i].n);
			if (cases[i].octets)
				assert_int_equal(by_sync.octets, cases[i].octets);
			if (cases[i].first)
				assert_string_equal(by_sync.headers[0], cases[i].first);
			assert_int_equal(by_copy.n, by_sync.n);
			for (size_t k = 0; k < by_sync.n; k++) {
				char *a = shown_but_false(by_sync.bags[k]);
				char *b = shown_but_false(by_copy.bags[k]);

				assert_string_equal(a, b);
				free(a);
				free(b);
			}
			/* the octets between the markers of the state, which end the stream */
			assert_memory_equal(by_sync.state.data, "\x03\x00\x17\x40", 4);
			assert_memory_equal(by_sync.state.data,
			        sync.data + sync.len - 8 - by_sync.state.len, by_sync.state.len);
			seen_clear(&by_sync);
			for (size_t k = 0; k < by_copy.n; k++)
				bag_free(by_copy.bags[k]);
			buf_clear(&by_copy.state);
		}
		free(name);
		free(other);
		buf_clear(&sync);
		buf_clear(&copy);
	}
}

/* A stream that ends anywhere is none, and what came before it was told. */
static void cut(void **state)
{
	struct buf sync = buf_of(1 << 20);

	(void)state;
	read_file("Contacts.ics-sync.fx", &sync);
	for (size_t n = 0; n < sync.len; n++) {
		struct seen s;
		struct err err = {0};

		assert_int_equal(read_sync(sync.data, n, 100, &s, &err), ERR_PROTO);
		seen_clear(&s);
	}
	buf_clear(&sync);
}

/* ---- elements made by hand ---- */

#define CHANGE "\x03\x00\x12\x40"
#define PARTIAL "\x03\x00\x7d\x40"
#define MESSAGE "\x03\x00\x15\x40"
#define DELETIONS "\x03\x00\x13\x40"
#define READ "\x03\x00\x2f\x40"
#define STATE "\x03\x00\x3a\x40"
#define STATE_END "\x03\x00\x3b\x40"
#define GROUP "\x02\x01\x7b\x40\x02\x01\x00\x00\x02\x00\x00\x00gi"
#define GROUP_ID "\x03\x00\x7c\x40\x01\x00\x00\x00"
#define PART "\x03\x00\x7a\x40\x01\x00\x00\x00"
#define FX_ERROR "\x03\x00\x18\x40"
#define END "\x03\x00\x14\x40"
#define MID(n) "\x14\x00\x4a\x67\x01\x00\x00\x00\x00\x00\x00" n
#define SUBJECT "\x1f\x00\x37\x00\x06\x00\x00\x00H\0i\0\0\0"
#define RECIPIENT "\x03\x00\x03\x40"
#define RECIPIENT_END "\x03\x00\x04\x40"
#define EMBED "\x03\x00\x01\x40"
#define DELETED_PROP "\x03\x00\x16\x40\x0d\x00\x12\x0e"
/* version, code 0x8004010f, folder, message */
#define ERROR_INFO                                                                                 \
	"\x02\x01\x00\x00\x36\x00\x00\x00"                                                         \
	"\0\0\0\0\x0f\x01\x04\x80"                                                                 \
	"FFFFFFFFFFFFFFFFFFFFFF\0\0"                                                               \
	"MMMMMMMMMMMMMMMMMMMMMM"
#define OCTETS(text) text, sizeof(text) - 1

static void elements(void **state)
{
	static const struct {
		const char *name, *octets;
		size_t n;
		int rc;
		const char *told; /* of each item "HEADER (PidTagSubject); " */
		const char *ids, *state;
	} cases[] = {
	        {"nothing", OCTETS(END), 0, "", "", ""},
	        {"nothing at all", OCTETS(""), ERR_PROTO, "", "", ""},
	        {"one item",
	                OCTETS(CHANGE MID("\x05") MESSAGE SUBJECT STATE "\x02\x01\x96\x67\x01\0\0\0"
	                                                                "x" STATE_END END),
	                0, "5 Hi;", "", "020196670100000078"},
	        {"two items, with what has no bearing",
	                OCTETS(GROUP CHANGE MID("\x05") MESSAGE SUBJECT DELETED_PROP CHANGE MID(
	                        "\x06") MESSAGE RECIPIENT SUBJECT RECIPIENT_END END),
	                0, "5 Hi;6 ;", "", ""},
	        {"a part of an item",
	                OCTETS(GROUP GROUP_ID PARTIAL MID("\x05")
	                                PART SUBJECT PART RECIPIENT RECIPIENT_END CHANGE MID("\x06")
	                                        MESSAGE SUBJECT END),
	                0, "5 (only what changed of it came);6 Hi;", "", ""},
	        {"ids",
	                OCTETS(DELETIONS "\x02\x01\xe5\x67\x01\0\0\0"
	                                 "d"
	                                 "\x02\x01\x21\x40\x01\0\0\0"
	                                 "o" READ "\x02\x01\x2d\x40\x01\0\0\0"
	                                 "r"
	                                 "\x02\x01\x2e\x40\0\0\0\0" END),
	                0, "", "deleted 64;out 6f;read 72;unread ;", ""},
	        {"an item that the server gives up",
	                OCTETS(CHANGE MID("\x05") MESSAGE SUBJECT RECIPIENT FX_ERROR ERROR_INFO
	                                CHANGE MID("\x06") MESSAGE SUBJECT END),
	                0, "5 (the server gave it up);6 Hi;", "", ""},
	        {"an item that it does not begin", OCTETS(FX_ERROR ERROR_INFO END), 0,
	                "0 (the server could not give it (0x8004010f));", "", ""},
	        {"an error that says nothing", OCTETS(FX_ERROR END), 0,
	                "0 (the server could not give it (0x00000000));", "", ""},
	        {"an item that ends within a recipient",
	                OCTETS(CHANGE MID("\x05") MESSAGE RECIPIENT CHANGE MID("\x06")
	                                MESSAGE SUBJECT END),
	                0, "5 (FastTransfer: an item that ends within a part of it);6 Hi;", "", ""},
	        {"an item with parts where they may not be",
	                OCTETS(CHANGE MID("\x05") MESSAGE EMBED SUBJECT RECIPIENT CHANGE MID("\x06")
	                                MESSAGE SUBJECT END),
	                0,
	                "5 (FastTransfer: a part that begins where it may not (0x40010003));6 Hi;",
	                "", ""},
	        {"a header alone", OCTETS(CHANGE MID("\x05") END), 0,
	                "5 (FastTransfer: nothing but its header came);", "", ""},
	        {"an item without a header", OCTETS(MESSAGE SUBJECT END), ERR_PROTO, "", "", ""},
	        {"a recipient in a header", OCTETS(CHANGE RECIPIENT END), ERR_PROTO, "", "", ""},
	        {"the end of a state that has none", OCTETS(STATE_END END), ERR_PROTO, "", "", ""},
	        {"something behind the end", OCTETS(END CHANGE), 0, "", "", ""},
	        {"a message of another kind of stream",
	                OCTETS("\x03\x00\x0c\x40\x03\x00\x0d\x40" END), ERR_PROTO, "", "", ""},
	        {"an end within a property",
	                OCTETS(CHANGE MID("\x05") MESSAGE "\x1f\x00\x37\x00\x06\0\0\0H"), ERR_PROTO,
	                "", "", ""},
	        {"a type that nobody knows",
	                OCTETS(CHANGE MID("\x05") MESSAGE "\x99\x00\x37\x00" END), ERR_PROTO, "",
	                "", ""},
	};

	(void)state;
	for (size_t i = 0; i < COUNT(cases); i++) {
		struct buf told = buf_of(4096), hex = buf_of(4096);
		struct err err = {0};
		struct seen s;
		int rc = read_sync(cases[i].octets, cases[i].n, 3, &s, &err);

		for (size_t k = 0; k < s.n; k++) {
			const char *why = strstr(s.headers[k], ": ");
			const char *text = s.bags[k] ? bag_text(s.bags[k], PidTagSubject) : NULL;

			buf_putf(&told, "%.1s ", s.headers[k] + 4);
			if (why)
				buf_putf(&told, "(%s);", why + 2);
			else
				buf_putf(&told, "%s;", text ? text : "");
		}
		put_hex(&hex, s.state.data, s.state.len);
		if (rc != cases[i].rc)
			fail_msg("%s: %d, %s", cases[i].name, rc, err.text);
		if (strcmp(buf_str(&told), cases[i].told) || strcmp(s.ids, cases[i].ids) ||
		        strcmp(buf_str(&hex), cases[i].state))
			fail_msg("%s: %s %s", cases[i].name, buf_str(&told), s.ids);
		buf_clear(&told);
		buf_clear(&hex);
		seen_clear(&s);
	}
}

/* An item beyond a cap costs that item. */
static void too_deep(void **state)
{
	struct buf octets = buf_of(1 << 20);
	struct err err = {0};
	struct seen s;

	(void)state;
	buf_put(&octets, OCTETS(CHANGE MID("\x05") MESSAGE));
	for (int i = 0; i < 2 * BAG_DEPTH_MAX; i++) {
		buf_put(&octets, OCTETS("\x03\x00\x00\x40"));
		buf_put(&octets, OCTETS(EMBED));
	}
	buf_put(&octets, OCTETS(SUBJECT CHANGE MID("\x06") MESSAGE SUBJECT END));
	make_check(read_sync(octets.data, octets.len, 100, &s, &err), &err);
	assert_int_equal(s.n, 2);
	assert_null(s.bags[0]);
	assert_non_null(strstr(s.headers[0], ": items within items"));
	assert_string_equal(bag_text(s.bags[1], PidTagSubject), "Hi");
	seen_clear(&s);
	buf_clear(&octets);
}

/* The header's time of the last change is the item's, unless that says another one. */
static void modified(void **state)
{
#define MODIFIED "\x40\x00\x08\x30"
	static const char octets[] = CHANGE MODIFIED "12345678" MESSAGE SUBJECT CHANGE MODIFIED
	                                             "12345678" MESSAGE MODIFIED "abcdefgh" END;
	struct err err = {0};
	struct seen s;

	(void)state;
	make_check(read_sync(octets, sizeof octets - 1, 5, &s, &err), &err);
	assert_int_equal(s.n, 2);
	assert_memory_equal(bag_peek(s.bags[0], PidTagLastModificationTime)->data, "12345678", 8);
	assert_memory_equal(bag_peek(s.bags[1], PidTagLastModificationTime)->data, "abcdefgh", 8);
	assert_int_equal(s.bags[1]->n_props, 1);
	seen_clear(&s);
}

/* Where a stream broke: the item whose header had come. */
static void where(void **state)
{
	static const struct {
		const char *octets;
		size_t n;
		uint64_t mid; /* 0: nobody knows */
	} cases[] = {
	        {OCTETS(CHANGE MID("\x05") MESSAGE SUBJECT "\x99\x00\x37\x00"), 0x0500000000000001},
	        {OCTETS(CHANGE MID("\x05") "\x99\x00\x37\x00"), 0},
	        {OCTETS(CHANGE MID("\x05") MESSAGE SUBJECT STATE "\x99\x00\x37\x00"), 0},
	        {OCTETS("\x99\x00\x37\x00"), 0},
	};

	(void)state;
	for (size_t i = 0; i < COUNT(cases); i++) {
		struct seen seen = {.state = buf_of(1 << 20)};
		const struct fx_visit visit = {&seen, on_total, on_change, on_ids, on_state};
		struct fx_sync *y = fx_sync_new(&visit);
		struct fx_change c = {0};
		struct err err = {0};

		assert_int_equal(fx_sync_read(y, cases[i].octets, cases[i].n, &err), ERR_PROTO);
		assert_int_equal(fx_sync_where(y, &c), cases[i].mid != 0);
		assert_int_equal(c.mid, cases[i].mid);
		fx_sync_free(y);
		seen_clear(&seen);
	}
}

/* FXErrorInfo among messages that are copied: the rest of them come. */
static void error_in_copy(void **state)
{
	static const char octets[] = "\x03\x00\x0c\x40" SUBJECT RECIPIENT FX_ERROR ERROR_INFO
	                             "\x03\x00\x0c\x40" SUBJECT "\x03\x00\x0d\x40";
	struct seen s = {.n = 0};
	struct fx_reader *r = fx_reader_new(keep, &s);
	struct err err = {0};

	(void)state;
	make_check(fx_read(r, octets, sizeof octets - 1, &err), &err);
	make_check(fx_read_end(r, &err), &err);
	fx_reader_free(r);
	assert_int_equal(s.n, 1);
	bag_free(s.bags[0]);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	        cmocka_unit_test(recorded),
	        cmocka_unit_test(cut),
	        cmocka_unit_test(elements),
	        cmocka_unit_test(too_deep),
	        cmocka_unit_test(modified),
	        cmocka_unit_test(where),
	        cmocka_unit_test(error_in_copy),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
