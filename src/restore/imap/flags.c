/*
 * Flags and keywords: what a mailbox takes (PERMANENTFLAGS), what is added, what is only
 * told.
 */
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include "valise/base/lookup.h"
#include "valise/base/text.h"
#include "run.h"

/* Octets of keywords in one command, and how many beyond are counted by name. */
enum { KEYWORDS_SENT = 32 << 10, LACKING_NAMED = 100 };

/* Counted for a line at the end of the mailbox. */
static void keyword_lacking(struct box *b, const char *word)
{
	struct lacking *l;

	for (size_t i = 0; i < b->n_lacking; i++)
		if (strcmp(b->lacking[i].word, word) == 0) {
			b->lacking[i].messages++;
			return;
		}
	l = ARR_PUSH(b->lacking, b->n_lacking, b->lacking_cap);
	l->word = xstrdup(word);
	l->messages = 1;
}

/*
 * It does not get this flag or keyword: counted once (${count}: nothing else says it),
 * and noted for its record.
 */
static void item_lacks(struct box *b, uint32_t item, const char *word, bool count)
{
	const char *lacks = tree_coll_keyword_text(b->words, b->items[item].lacks);
	char *both;

	item_altered(b, item, ODD_FLAGS);
	if (text_has_word(lacks, word, strlen(word)))
		return;
	if (count)
		keyword_lacking(b, word);
	both = xasprintf("%s %s", lacks, word);
	b->items[item].lacks = tree_coll_words(b->words, both, NULL, NULL);
	free(both);
}

void item_words_cut(struct box *b, uint32_t item, const char **word, size_t *n)
{
	struct buf rest;
	size_t room = KEYWORDS_SENT, fit = 0;

	while (fit < *n && strlen(word[fit]) < room)
		room -= strlen(word[fit++]) + 1;
	if (fit == *n)
		return;
	buf_init(&rest, SIZE_MAX);
	buf_puts(&rest, tree_coll_keyword_text(b->words, b->items[item].lacks));
	for (size_t i = fit; i < *n; i++) {
		buf_putf(&rest, " %s", word[i]);
		if (i - fit < LACKING_NAMED)
			keyword_lacking(b, word[i]);
	}
	item_altered(b, item, ODD_FLAGS);
	b->items[item].lacks = tree_coll_words(b->words, buf_str(&rest), NULL, NULL);
	buf_clear(&rest);
	*n = fit;
}

struct owed {
	struct box *b;
	uint32_t item;
	const char *not_kept; /* words */
};

/* What the mailbox does not take, or is in ${not_kept}, is noted. */
static bool is_owed(void *ctx, const char *word)
{
	const struct owed *o = ctx;

	if (keyword_fits(o->b, word) && !text_has_word(o->not_kept, word, strlen(word)))
		return true;
	item_lacks(o->b, o->item, word, true);
	return false;
}

static uint32_t keywords_owed(struct box *b, uint32_t item, const char *text, const char *not_kept)
{
	return tree_coll_words(b->words, text, is_owed, &(struct owed){b, item, not_kept});
}

/* The same of flags. */
static unsigned just_flags_owed(struct box *b, uint32_t item, unsigned flags, const char *not_kept)
{
	unsigned owed = 0;

	for (unsigned bit = 1; bit <= FLAG_DRAFT; bit <<= 1)
		if ((flags & bit) && is_owed(&(struct owed){b, item, not_kept}, flag_name(bit)))
			owed |= bit;
	return owed;
}

void flags_owed(struct box *b, uint32_t item, const struct tmsg *t, unsigned *flags_out,
        uint32_t *words_out)
{
	const struct tree_item *it = &b->coll->items[item];
	uint32_t words = words_minus(b, tree_coll_keyword_text(b->coll, it->keywords),
	        tree_coll_keyword_text(b->words, t->keywords));

	*words_out = keywords_owed(b, item, tree_coll_keyword_text(b->words, words), "");
	*flags_out = just_flags_owed(b, item, it->flags & ~(unsigned)t->flags, "");
}

void box_store_later(struct box *b, uint32_t item, uint32_t uid, unsigned flags, uint32_t keywords)
{
	struct to_store *s;

	if (flags == 0 && keywords == 0)
		return;
	s = ARR_PUSH(b->store, b->n_store, b->store_cap);
	s->uid = uid;
	s->flags = (uint16_t)flags;
	s->keywords = keywords;
	s->item = item;
	s->told = s->listed = false;
}

static int store_cmp(const void *pa, const void *pb)
{
	const struct to_store *a = pa, *b = pb;
	int c = ORDER_OF(a->flags, b->flags);

	c = c ? c : ORDER_OF(a->keywords, b->keywords);
	return c ? c : ORDER_OF(a->uid, b->uid);
}

/* "(\Seen $Label1)". */
static void flag_list(unsigned flags, const char *words, struct buf *out)
{
	buf_reset(out);
	buf_putc(out, '(');
	for (unsigned bit = 1; bit <= FLAG_DRAFT; bit <<= 1)
		if (flags & bit)
			buf_putf(out, "%s%s", out->len > 1 ? " " : "", flag_name(bit));
	if (*words)
		buf_putf(out, "%s%s", out->len > 1 ? " " : "", words);
	buf_putc(out, ')');
}

static unsigned count_words(const char *text)
{
	unsigned n = *text != 0;

	for (; *text; text++)
		n += *text == ' ';
	return n;
}

static unsigned count_bits(unsigned flags)
{
	unsigned n = 0;

	for (; flags; flags &= flags - 1)
		n++;
	return n;
}

/* ${n} messages have so many flags and keywords more. */
static void count_stored(struct box *b, size_t n, unsigned flags, const char *words)
{
	if (b->since)
		b->sum.flags_added += n * (count_bits(flags) + count_words(words));
}

/* Each keyword by itself, after all together were refused. */
static int store_words(
        struct box *b, struct to_store *s, size_t n_msgs, const char *set, struct err *err)
{
	char *copy = xstrdup(tree_coll_keyword_text(b->words, s->keywords)), *one;
	size_t n;
	const char **word = words_split(copy, &n);
	int rc = 0;

	for (size_t i = 0; i < n && rc == 0; i++) {
		one = xasprintf("(%s)", word[i]);
		rc = imap_store_add(b->w->conn.m, set, one, err);
		free(one);
		if (rc == 0)
			count_stored(b, n_msgs, 0, word[i]);
		if (!box_refuses(b, rc))
			continue;
		for (size_t k = 0; k < n_msgs; k++) {
			item_lacks(b, s[k].item, word[i], true);
			s[k].told = true;
		}
		rc = 0;
	}
	free(word);
	free(copy);
	return rc;
}

/* A refusal that cost all of these messages their flags. */
static void say_not_stored(
        struct box *b, struct to_store *s, size_t n, const char *flags, const char *why)
{
	for (size_t k = 0; k < n; k++) {
		for (unsigned bit = 1; bit <= FLAG_DRAFT; bit <<= 1)
			if (s[k].flags & bit)
				item_lacks(b, s[k].item, flag_name(bit), false);
		s[k].told = true;
	}
	say_box(b, SAY_WARNING, "%s not get the flags %s: %s",
	        counted(n, "message does", "messages do", (char[COUNTED_SIZE]){0}), flags, why);
}

/*
 * One STORE for messages that lack the same; where it is refused, flags and keywords one
 * after the other.
 */
static int store_group(struct box *b, struct to_store *s, size_t n, struct err *err)
{
	const char *words = tree_coll_keyword_text(b->words, s->keywords);
	struct buf flags = buf_of(64u << 10);
	struct buf set = buf_of(SET_MAX);
	int rc;

	for (size_t i = 0; i < n; i++)
		buf_putf(&set, "%s%u", i ? "," : "", s[i].uid);
	flag_list(s->flags, words, &flags);
	rc = imap_store_add(b->w->conn.m, buf_str(&set), buf_str(&flags), err);
	if (rc == 0) {
		count_stored(b, n, s->flags, words);
	} else if (box_refuses(b, rc) && *words) {
		flag_list(s->flags, "", &flags);
		rc = s->flags ? imap_store_add(b->w->conn.m, buf_str(&set), buf_str(&flags), err)
		              : 0;
		if (rc == 0)
			count_stored(b, n, s->flags, "");
		else if (box_refuses(b, rc))
			say_not_stored(b, s, n, buf_str(&flags), err->text);
		if (rc == 0 || box_refuses(b, rc))
			rc = store_words(b, s, n, buf_str(&set), err);
	} else if (box_refuses(b, rc)) {
		say_not_stored(b, s, n, buf_str(&flags), err->text);
		rc = 0;
	}
	buf_clear(&set);
	buf_clear(&flags);
	return rc;
}

enum { GROUP = 500 }; /* messages of one command */

/* One STORE for each group of messages that lack the same, from *at on. */
static int store_run(struct box *b, size_t *at, struct err *err)
{
	int rc = 0;

	while (*at < b->n_store && rc == 0) {
		struct to_store *s = &b->store[*at];
		size_t n = 1;

		while (*at + n < b->n_store && n < GROUP && s[n].flags == s->flags &&
		        s[n].keywords == s->keywords)
			n++;
		rc = stop_check(err);
		if (rc == 0)
			rc = store_group(b, s, n, err);
		if (rc == 0)
			*at += n;
	}
	return rc;
}

static int store_uid_cmp(const void *pa, const void *pb)
{
	const struct to_store *a = pa, *b = pb;

	return ORDER_OF(a->uid, b->uid);
}

/* What a message has now is not lacking any more. */
static int on_stored(void *ctx, const struct imap_msg *msg, struct err *err)
{
	struct box *b = ctx;
	struct to_store key = {.uid = msg->uid}, *s;
	uint32_t has;

	(void)err;
	s = msg->uid && msg->has_flags ? FIND(&key, b->store, b->n_store, store_uid_cmp) : NULL;
	if (!s)
		return 0;
	s->flags &= (uint16_t)~msg->flags;
	has = tree_coll_keywords(b->words, msg->keywords, msg->n_keywords);
	s->keywords = words_minus(b, tree_coll_keyword_text(b->words, s->keywords),
	        tree_coll_keyword_text(b->words, has));
	s->listed = true;
	return 0;
}

/*
 * The server said OK to the STORE, and the message is without: as if it had been refused.
 */
static void stored_in_vain(struct box *b, const struct to_store *s)
{
	const char *text = tree_coll_keyword_text(b->words, s->keywords);
	char *copy = xstrdup(text);
	size_t n;
	const char **word = words_split(copy, &n);

	for (unsigned bit = 1; bit <= FLAG_DRAFT; bit <<= 1)
		if (s->flags & bit)
			item_lacks(b, s->item, flag_name(bit), true);
	for (size_t i = 0; i < n; i++)
		item_lacks(b, s->item, word[i], true);
	if (b->since)
		b->sum.flags_added -= count_bits(s->flags) + n;
	free(word);
	free(copy);
}

/*
 * Was it stored? An OK alone does not say so: some mailboxes keep flags for the session,
 * or not at all.
 */
static int store_check(struct box *b, struct err *err)
{
	static const struct imap_fetch_ops ops = {.message = on_stored};
	struct buf set;
	int rc = 0;

	SORT(b->store, b->n_store, store_uid_cmp);
	buf_init(&set, SET_MAX);
	for (size_t i = 0; i < b->n_store && rc == 0; i += GROUP) {
		buf_reset(&set);
		for (size_t k = i; k < b->n_store && k < i + GROUP; k++)
			buf_putf(&set, "%s%u", k > i ? "," : "", b->store[k].uid);
		rc = imap_fetch_send(b->w->conn.m, buf_str(&set), "(UID FLAGS)", err);
		if (rc == 0)
			rc = imap_fetch_wait(b->w->conn.m, &ops, b, err);
		if (box_refuses(b, rc))
			rc = 0;
	}
	buf_clear(&set);
	for (size_t i = 0; i < b->n_store && rc == 0; i++)
		if (b->store[i].listed && !b->store[i].told &&
		        (b->store[i].flags || b->store[i].keywords))
			stored_in_vain(b, &b->store[i]);
	return rc;
}

int box_store(struct box *b, struct err *err)
{
	struct attempts a = {.limit = ATTEMPTS};
	size_t at = 0;
	int rc = 0;

	for (size_t i = 0; i < b->n_store && b->w->run->opts->dry_run; i++)
		count_stored(b, 1, b->store[i].flags,
		        tree_coll_keyword_text(b->words, b->store[i].keywords));
	SORT(b->store, b->n_store, store_cmp);
	if (b->n_store && !b->w->run->opts->dry_run)
		do {
			rc = store_run(b, &at, err);
			if (rc == 0)
				rc = store_check(b, err);
		} while (box_again_in(b, &a, &rc, err));
	b->n_store = 0;
	return rc < 0 ? rc : labels_store(b, err);
}

/* The record of an earlier restore of a message, NULL: none. */
static const struct kept *record_of(const struct kept *k, size_t n, uint32_t uid)
{
	size_t i;

	LOOKUP_FIRST(i, n, k[i].uid < uid);
	return i < n && k[i].uid == uid ? &k[i] : NULL;
}

static void say_taken(struct box *b, uint32_t item, unsigned flags, const char *words)
{
	struct buf list;

	if (flags == 0 && !*words)
		return;
	buf_init(&list, 64u << 10);
	flag_list(flags, words, &list);
	say_item(b, SAY_NOTE, item, false,
	        "flags taken away at the source since it was restored, left here: %s",
	        buf_str(&list));
	buf_clear(&list);
}

/*
 * What an earlier restore brought with a message: not what the target did not keep, which
 * is tried again.
 */
struct brought {
	unsigned flags;
	const char *words;
	const char *lacked;
};

/* What the record of an earlier restore says of a message; none: nothing. */
static struct brought brought_by(struct box *b, const struct kept *k)
{
	struct brought had = {0, "", k && k->lacks ? k->lacks : ""};

	if (!k)
		return had;
	had.flags = k->flags;
	for (unsigned bit = 1; bit <= FLAG_DRAFT; bit <<= 1)
		if (text_has_word(had.lacked, flag_name(bit), strlen(flag_name(bit))))
			had.flags &= ~bit;
	if (k->keywords)
		had.words =
		        tree_coll_keyword_text(b->words, words_minus(b, k->keywords, had.lacked));
	return had;
}

/* One message that is there. True if its record has to be written (again). */
static bool since_one(struct box *b, uint32_t i, const struct kept *k)
{
	const struct tree_item *it = &b->coll->items[i];
	const struct tmsg *t = &b->there[b->on_target[i] - 1];
	const char *want = tree_coll_keyword_text(b->coll, it->keywords);
	struct brought had = brought_by(b, k);
	unsigned flags = it->flags & ~(unsigned)t->flags;
	uint32_t words = words_minus(b, want, tree_coll_keyword_text(b->words, t->keywords));
	const char *known = b->w->run->opts->dry_run ? had.lacked : "";
	bool news;

	if (flags & ~had.flags & FLAG_DELETED)
		say_item(b, SAY_NOTE, i, false,
		        "marked \\Deleted at the source; the message here is not");
	flags = just_flags_owed(b, i, flags & ~(unsigned)FLAG_DELETED, known) & ~had.flags;
	words = keywords_owed(b, i, tree_coll_keyword_text(b->words, words), known);
	words = words_minus(b, tree_coll_keyword_text(b->words, words), had.words);
	box_store_later(b, i, t->uid, flags, words);
	news = labels_since(b, i, t, k ? k->labels : NULL);
	if (!k)
		return true;
	say_taken(b, i, had.flags & ~(unsigned)it->flags,
	        tree_coll_keyword_text(b->words, words_minus(b, had.words, want)));
	return news || k->flags != it->flags || strcmp(k->keywords ? k->keywords : "", want) != 0 ||
	       k->src_uid != it->uid;
}

/* It is there, but not as it is in the archive; pairing has not said it yet. */
static void say_still(struct box *b, uint32_t i, const struct kept *k)
{
	const struct tree_item *it = &b->coll->items[i];
	const struct tmsg *t = &b->there[b->on_target[i] - 1];

	form_set(b, i, k ? k->form : 0);
	form_count(b, i, "is there in another form");
	if (!(b->items[i].odd & ~ODD_FLAGS) && k && k->octets) {
		say_altered(b, i, ODD_OCTETS, false,
		        "is there already (UID %u of the target), with other octets", t->uid);
	}
	if (!(b->items[i].odd & ~ODD_FLAGS) && t->has_date && t->date_utc != it->date_utc) {
		say_altered(b, i, ODD_DATE, false,
		        "is there already (UID %u of the target), with another date", t->uid);
	}
}

/* Is something else known of it now than its record says? */
static bool is_learnt(const struct box *b, uint32_t i, const struct kept *k)
{
	const char *lacked = k && k->lacks ? k->lacks : "";

	return !k || k->octets != ((b->items[i].odd & ODD_OCTETS) != 0) ||
	       strcmp(lacked, tree_coll_keyword_text(b->words, b->items[i].lacks)) != 0;
}

/* It was stored, and is one of several that might be it: nothing is done with it. */
static void leave_taken(struct box *b, uint32_t i)
{
	char which[TAKEN_SIZE];

	b->items[i].state = ITEM_THERE;
	b->sum.already++;
	say_altered(b, i, ODD_OCTETS, true,
	        "an earlier restore stored it, but it cannot be told which message of the target "
	        "it is (%s); it is not stored once more",
	        taken_text(&b->items[i].taken, which));
}

int box_flags(struct box *b, struct err *err)
{
	size_t n_kept, n = 0;
	const struct kept *k =
	        kept_of(b->w->run->journal, b->e->shown, b->sel.uidvalidity, &n_kept);
	uint32_t *news = xcalloc(b->coll->n_items + 1, sizeof *news);
	uint8_t *is_news = xcalloc(b->coll->n_items + 1, 1);
	int rc;

	for (uint32_t i = 0; i < b->coll->n_items; i++) {
		const struct kept *record;

		if (b->items[i].taken.to)
			leave_taken(b, i);
		if (!b->on_target[i])
			continue;
		b->items[i].got = b->there[b->on_target[i] - 1].uid;
		b->items[i].state = ITEM_THERE;
		b->sum.already++;
		record = record_of(k, n_kept, b->items[i].got);
		say_still(b, i, record);
		is_news[i] = since_one(b, i, record);
	}
	b->since = true;
	rc = box_store(b, err);
	b->since = false;
	/* Only what was really stored may be taken for known next time. */
	for (uint32_t i = 0; i < b->coll->n_items && rc == 0; i++) {
		const struct kept *record = record_of(k, n_kept, b->items[i].got);

		if (!b->on_target[i])
			continue;
		if (is_news[i] || is_learnt(b, i, record))
			news[n++] = i;
		b->items[i].noted = b->items[i].odd;
	}
	if (rc == 0)
		rc = box_remember(b, news, n, err);
	free(is_news);
	free(news);
	return rc;
}
