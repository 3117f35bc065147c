/*
 * The rescue ladder: a message that the target refuses is tried in other forms, from the
 * least change on. First what its error names; then, where that says nothing or does not
 * help: without keywords, without flags (both are set afterwards), with a final CRLF,
 * with all that a strict server could ask for, as it is but without its date, at last as
 * an attachment of a cover message. What is too large or over quota is not rescued.
 */
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include "run.h"

enum {
	ASKS_DATE = 256,
	/*
	 * after so many in a row that were refused in every form, the rest is only named
	 */
	GIVE_UP = 5,
	CODE_DATE = 256,
};

const char *rescue_name(enum rescue r)
{
	static const char *const names[RESCUES] = {"final-crlf", "line-ends", "nul", "header-lines",
	        "8bit-header", "long-lines", "wrapped", "no-date", "other-form"};

	return names[r];
}

static struct form *form_of(struct box *b, uint32_t item)
{
	if (!b->items[item].form)
		b->items[item].form = xcalloc(1, sizeof *b->items[item].form);
	return b->items[item].form;
}

void form_free(struct form *f)
{
	if (f)
		mend_free(f->mender);
	free(f);
}

/* ---- what a server asks for ---- */

/* The first that fits counts. */
static unsigned what_asks(const char *text)
{
	static const struct {
		const char *word;
		unsigned asks;
	} words[] = {
	        {"NUL", MEND_NUL}, /* Cyrus */
	        {"invalid character in literal", MEND_NUL}, /* Gmail, then BYE */
	        {"bare newline", MEND_LINES}, /* Cyrus */
	        {"bare LF", MEND_LINES},
	        {"bare CR", MEND_LINES},
	        {"line ending", MEND_LINES},
	        {"additional arguments", MEND_END}, /* Yahoo */
	        {"Command Argument Error", MEND_LONG}, /* Exchange: "... . 11" */
	        {"line too long", MEND_LONG},
	        {"long line", MEND_LONG},
	        {"line length", MEND_LONG},
	        {"8-bit", MEND_8BIT},
	        {"8bit", MEND_8BIT},
	        {"non-ASCII", MEND_8BIT}, /* Cyrus */
	        {"header", MEND_FIELDS | MEND_8BIT}, /* Cyrus: "invalid header" */
	        {"date-time", ASKS_DATE},
	        {"internaldate", ASKS_DATE},
	        {"invalid date", ASKS_DATE},
	        {"bad date", ASKS_DATE},
	};

	for (size_t i = 0; i < COUNT(words); i++)
		if (strcasestr(text, words[i].word))
			return words[i].asks;
	return 0;
}

static bool is_one_of(const char *s, const char *const *list, size_t n,
        int (*differs)(const char *, const char *))
{
	for (size_t i = 0; i < n; i++)
		if (differs(s, list[i]) == 0)
			return true;
	return false;
}

static int text_lacks(const char *text, const char *word)
{
	return strcasestr(text, word) == NULL;
}

enum about ladder_about(const char *code, const char *text)
{
	static const char *const codes[] = {"NOPERM", "READ-ONLY", "NONEXISTENT", "EXPIRED",
	        "AUTHORIZATIONFAILED", "TOOBIG", "OVERQUOTA", "THROTTLED", "UNAVAILABLE", "INUSE"};
	static const char *const words[] = {
	        "throttl", "backoff", "try again", "rate limit", "temporar"};
	static const char *const parts[] = {"header", "line", "part", "attachment", "recipient",
	        "address", "nest", "level", "depth"};

	if (is_one_of(code, codes, COUNT(codes), strcasecmp) ||
	        is_one_of(text, words, COUNT(words), text_lacks))
		return ABOUT_MAILBOX;
	if (strcasecmp(code, "LIMIT") != 0 && !strcasestr(text, "too many"))
		return ABOUT_MESSAGE;
	return is_one_of(text, parts, COUNT(parts), text_lacks) ? ABOUT_MESSAGE : ABOUT_LIMIT;
}

/* ---- reading the message ---- */

static int on_look(void *ctx, const void *p, size_t n, struct err *err)
{
	mend_look(ctx, p, n);
	return stop_check(err);
}

static int on_mend(void *ctx, const void *p, size_t n, struct err *err)
{
	return mend_add(ctx, p, n, err);
}

/* Made ready by a first reading of the item. */
static int new_mender(
        struct box *b, uint32_t item, unsigned what, struct mend **out, struct err *err)
{
	int rc;

	*out = mend_new(what, b->coll->items[item].sha256);
	rc = item_read(b, item, on_look, *out, err);
	if (rc < 0) {
		mend_free(*out);
		*out = NULL;
	}
	return rc;
}

/* What could be mended of the item, looked for once. */
static int look_for_flaws(struct box *b, uint32_t item, struct form *f, struct err *err)
{
	struct mend *m;
	int rc;

	if (f->looked)
		return 0;
	rc = new_mender(b, item, MEND_ALL, &m, err);
	if (rc < 0)
		return rc;
	f->flaws = mend_flaws(m);
	f->looked = true;
	mend_free(m);
	return 0;
}

/* ---- the rungs ---- */

/* When all flaws are mended and it is still refused. */
static bool last_steps(struct form *f)
{
	switch (f->last_steps++) {
	case 0:
		if (!f->date_asked) {
			f->mend = 0;
			f->no_date = true;
			return true;
		}
		f->last_steps++;
		/* fall through */
	case 1:
		f->mend = MEND_WRAP;
		f->no_date = f->date_asked;
		return true;
	default:
		if (f->no_date)
			return false;
		f->no_date = true;
		return true;
	}
}

static unsigned lowest_bit(unsigned bits)
{
	return bits & (~bits + 1);
}

/* Nothing of the message is changed by these: what is left out is stored afterwards. */
static bool next_bare(struct form *f, const struct tree_item *it)
{
	if (it->keywords && !f->bare_keywords)
		return f->bare_keywords = true;
	if (it->flags && !f->bare_flags)
		return f->bare_flags = true;
	return false;
}

/* The least change that was not tried yet; false: there is none. */
static bool next_form(struct form *f, const struct tree_item *it, unsigned asked)
{
	unsigned mend = f->flaws & ~f->mend;

	if (f->last_steps)
		return last_steps(f);
	if (asked & mend)
		f->mend |= lowest_bit(asked & mend);
	else if (asked & ASKS_DATE && !f->no_date)
		f->no_date = f->date_asked = true;
	else if (next_bare(f, it))
		return true;
	else if (mend & MEND_END)
		f->mend |= MEND_END;
	else if (mend)
		f->mend |= mend;
	else
		return last_steps(f);
	return true;
}

/* Is any other form to be tried after this refusal? */
static bool may_climb(const struct box *b, const char *code, const char *text)
{
	return !b->w->run->opts->strict && b->refused < GIVE_UP &&
	       ladder_about(code, text) != ABOUT_MAILBOX;
}

static void note_why(struct form *f, const char *code, const char *text)
{
	if (f->why[0] == '\0')
		snprintf(f->why, sizeof f->why, "%s%s%s", code, *code && *text ? ", " : "",
		        *code || *text ? text : "no reason given");
}

bool ladder_next(struct box *b, uint32_t item, const char *code, const char *text)
{
	struct form *f;
	struct err ignored;

	if (!may_climb(b, code, text))
		return false;
	f = form_of(b, item);
	note_why(f, code, text);
	if (ladder_about(code, text) == ABOUT_LIMIT)
		return next_bare(f, &b->coll->items[item]);
	/* What the archive does not give is named when it is to be sent. */
	if (look_for_flaws(b, item, f, &ignored) < 0)
		return false;
	return next_form(f, &b->coll->items[item], what_asks(text));
}

bool ladder_knows(const struct box *b, uint32_t item, const char *text)
{
	const struct form *f = b->items[item].form;
	unsigned asked = what_asks(text);

	return f && f->looked ? (asked & f->flaws & ~f->mend) != 0 : asked != 0;
}

bool ladder_next_break(struct box *b, uint32_t item, const char *text)
{
	struct form *f;
	struct err ignored;
	unsigned mend;

	if (!may_climb(b, "", text) || ladder_about("", text) == ABOUT_LIMIT)
		return false;
	f = form_of(b, item);
	note_why(f, "", *text ? text : "it ends the connection");
	/* Nothing is odd about it: not the message, but the connection is to blame. */
	if (look_for_flaws(b, item, f, &ignored) < 0 || f->flaws == 0 || f->mend == MEND_WRAP)
		return false;
	mend = f->flaws & ~f->mend;
	if (what_asks(text) & mend)
		mend &= what_asks(text);
	f->mend = mend ? f->mend | mend : MEND_WRAP;
	f->last_steps = mend ? 0 : 2;
	return true;
}

/* ---- the form that was chosen ---- */

struct measure {
	struct sha256 hash;
	uint64_t size;
};

static int on_measure(void *ctx, const void *p, size_t n, struct err *err)
{
	struct measure *m = ctx;

	sha256_add(&m->hash, p, n);
	m->size += n;
	return stop_check(err);
}

/* The octets of the item in the form of ${m}. */
static int give_mended(struct box *b, uint32_t item, struct mend *m, mend_write_fn write, void *ctx,
        struct err *err)
{
	int rc;

	mend_start(m, write, ctx);
	rc = item_read(b, item, on_mend, m, err);
	return rc < 0 ? rc : mend_end(m, err);
}

/* Size and hash of that. */
static int measure_form(
        struct box *b, uint32_t item, struct mend *m, uint64_t *size, uint8_t *sha, struct err *err)
{
	struct measure me = {.size = 0};
	int rc;

	sha256_start(&me.hash);
	rc = give_mended(b, item, m, on_measure, &me, err);
	sha256_end(&me.hash, sha);
	*size = me.size;
	return rc;
}

int form_ready(struct box *b, uint32_t item, struct err *err)
{
	struct form *f = b->items[item].form;
	uint64_t limit = b->w->run->plan.append_limit;
	int rc;

	if (!f || f->mend == 0)
		return 0;
	mend_free(f->mender);
	f->mender = NULL;
	rc = new_mender(b, item, f->mend, &f->mender, err);
	if (rc == 0)
		rc = measure_form(b, item, f->mender, &f->size, f->sha256, err);
	if (rc == 0 && limit && f->size > limit)
		rc = err_set(err, ERR_LIMIT, ERR_ITEM,
		        "changed, it is larger than the target's limit of %llu octets",
		        (unsigned long long)limit);
	return rc;
}

int form_give(struct box *b, uint32_t item, tree_write_fn write, void *wctx, struct err *err)
{
	return give_mended(b, item, b->items[item].form->mender, write, wctx, err);
}

uint64_t sent_size(const struct box *b, uint32_t item)
{
	const struct form *f = b->items[item].form;

	return f && f->mend ? f->size : b->coll->items[item].size;
}

const uint8_t *sent_sha256(const struct box *b, uint32_t item)
{
	const struct form *f = b->items[item].form;

	return f && f->mend ? f->sha256 : b->coll->items[item].sha256;
}

unsigned form_code(const struct box *b, uint32_t item)
{
	const struct form *f = b->items[item].form;

	return f ? f->mend | (f->no_date ? CODE_DATE : 0u) : 0;
}

void form_set(struct box *b, uint32_t item, unsigned code)
{
	struct form *f;

	if (code == 0)
		return;
	f = form_of(b, item);
	f->mend = code & (MEND_ALL | MEND_WRAP);
	f->no_date = (code & CODE_DATE) != 0;
}

/* The next bit of a form; none: false. */
static bool next_rescue(unsigned code, unsigned *nth, unsigned *bit)
{
	for (++*nth; *nth <= RESCUE_DATE; ++*nth) {
		*bit = *nth == RESCUE_DATE ? CODE_DATE : 1u << *nth;
		if (code & *bit)
			return true;
	}
	return false;
}

void form_say(const struct box *b, uint32_t item, struct buf *out)
{
	unsigned code = form_code(b, item), bit;
	size_t before = out->len;

	for (unsigned i = UINT_MAX; next_rescue(code, &i, &bit);)
		buf_putf(out, "%s%s", out->len > before ? ", " : "",
		        bit == CODE_DATE ? "without its date" : mend_name(bit));
}

void form_count(struct box *b, uint32_t item, const char *how)
{
	struct form *f = b->items[item].form;
	unsigned code = form_code(b, item), bit;
	struct buf text;

	if (!f)
		return;
	mend_free(f->mender);
	f->mender = NULL;
	if (code == 0 || f->is_counted)
		return;
	f->is_counted = true;
	for (unsigned i = UINT_MAX; next_rescue(code, &i, &bit);)
		b->sum.rescues[i]++;
	b->sum.rescued++;
	text = buf_of(700);
	form_say(b, item, &text);
	say_altered(b, item, ODD_FORM, true, "%s (%s)%s%s", how, buf_str(&text),
	        f->why[0] ? "; the target refused it as it is: " : "", f->why);
	buf_clear(&text);
}

/* ---- recognised without a journal ---- */

/* The message that has the octets of this form, SIZE_MAX: none. */
static size_t find_form(struct box *b, uint32_t item, unsigned what, const struct seen *seen,
        size_t n, bool (*fits)(const struct box *b, uint32_t item, const struct seen *s),
        struct err *err)
{
	struct mend *m;
	uint8_t sha[SHA256_LEN];
	uint64_t size;
	size_t found = SIZE_MAX;

	if (new_mender(b, item, what, &m, err) < 0)
		return SIZE_MAX;
	if (measure_form(b, item, m, &size, sha, err) == 0)
		for (size_t i = 0; i < n && found == SIZE_MAX; i++)
			if (fits(b, item, &seen[i]) && memcmp(seen[i].sha256, sha, SHA256_LEN) == 0)
				found = i;
	mend_free(m);
	return found;
}

size_t form_find(struct box *b, uint32_t item, const struct seen *seen, size_t n,
        bool (*fits)(const struct box *b, uint32_t item, const struct seen *s), struct err *err)
{
	struct form f = {0};
	size_t found = SIZE_MAX, any = 0;

	for (size_t i = 0; i < n; i++)
		any += fits(b, item, &seen[i]);
	if (any == 0 || look_for_flaws(b, item, &f, err) < 0)
		return SIZE_MAX;
	/* Every part of what could be mended may be all that a server asked for. */
	for (unsigned what = f.flaws; what && found == SIZE_MAX; what = (what - 1) & f.flaws)
		if ((found = find_form(b, item, what, seen, n, fits, err)) != SIZE_MAX)
			form_set(b, item, what);
	if (found == SIZE_MAX &&
	        (found = find_form(b, item, MEND_WRAP, seen, n, fits, err)) != SIZE_MAX)
		form_set(b, item, MEND_WRAP);
	return found;
}
