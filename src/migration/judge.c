/* What the answers mean: states, until when the old ones live, and the next step. */
#include "judge.h"
#include "valise/base/buf.h"
#include "valise/base/mem.h"
#include "valise/base/text.h"
#include <stdlib.h>
#include <string.h>
#include <time.h>

enum { NEXT_CAP = 1 << 16, NAMED_MAX = 8 };
#define ALIAS "CNAME "

const char *migration_state_word(enum migration_state s)
{
	static const char *const words[] = {[MIGRATION_NONE] = "none",
	        [MIGRATION_THERE] = "there",
	        [MIGRATION_NEW] = "new",
	        [MIGRATION_GOING] = "propagating",
	        [MIGRATION_MISSING] = "missing",
	        [MIGRATION_OLD] = "old",
	        [MIGRATION_WRONG] = "wrong",
	        [MIGRATION_UNKNOWN] = "unknown"};

	return words[s];
}

bool serial_before(uint32_t a, uint32_t b)
{
	return a != b && b - a < 0x80000000u;
}

char *migration_time(int64_t at, int64_t now, char out[MIGRATION_TIME_SIZE])
{
	/* up to the next minute, as it is waited for */
	time_t then = (time_t)((at + 59) / 60 * 60), here = (time_t)now;
	struct tm t, today;

	localtime_r(&then, &t);
	localtime_r(&here, &today);
	strftime(out, MIGRATION_TIME_SIZE,
	        t.tm_yday == today.tm_yday && t.tm_year == today.tm_year ? "%H:%M"
	                                                                 : "%Y-%m-%d %H:%M",
	        &t);
	return out;
}

static bool has_record(enum migration_kind kind, char *const *list, size_t n, const char *text)
{
	for (size_t i = 0; i < n; i++)
		if (rr_same(kind, list[i], text))
			return true;
	return false;
}

static bool wants_alias(const struct migration_row *row)
{
	return row->n_wanted == 1 && strncmp(row->wanted[0], ALIAS, strlen(ALIAS)) == 0;
}

/* Of words for verification others may stand beside; else all there is counts. */
static bool is_wanted(const struct migration_row *row, const struct migration_view *v)
{
	if (wants_alias(row))
		return v->alias && strcmp(v->alias, row->wanted[0] + strlen(ALIAS)) == 0;
	if (row->kind != KIND_TXT && v->n != row->n_wanted)
		return false;
	for (size_t i = 0; i < row->n_wanted; i++)
		if (!has_record(row->kind, v->records, v->n, row->wanted[i]))
			return false;
	return true;
}

static bool is_same(const struct migration_row *row, const struct migration_view *a,
        const struct migration_view *b)
{
	if (a->alias || b->alias)
		return text_same(a->alias, b->alias);
	/* addresses may be others each time; who has a wish is told by is_wanted */
	if (row->kind == KIND_HOST)
		return (a->n == 0) == (b->n == 0);
	if (a->n != b->n)
		return false;
	for (size_t i = 0; i < a->n; i++)
		if (!has_record(row->kind, b->records, b->n, a->records[i]))
			return false;
	return true;
}

/* Of a wildcard CNAME, too, that leads to a name without such records. */
static bool is_empty(const struct migration_row *row, const struct migration_view *v)
{
	bool counts = row->kind == KIND_HOST || row->kind == KIND_DKIM || v->unresolved;

	return !v->n && !(v->alias && (counts || row->n_wanted));
}

/* Does it name one of the old hosts? */
static bool is_old(const struct migration_view *v, const char *const *old, size_t n_old)
{
	for (size_t k = 0; k < n_old; k++) {
		if (v->alias && text_names_host(v->alias, old[k]))
			return true;
		for (size_t i = 0; i < v->n; i++)
			if (text_names_host(v->records[i], old[k]))
				return true;
	}
	return false;
}

static bool has_answer(const struct migration *m, const struct migration_row *row, size_t i)
{
	return row->views[i].outcome != DNS_FAILED &&
	       (i == 0 || m->servers[i - 1].state == SERVER_GOOD);
}

/* What the views of a row have in common; "stale" is whatever is not as it is to be. */
struct tally {
	size_t asked; /* authoritative servers that answered */
	size_t stale, empty;
	bool resolver, resolver_stale;
	uint32_t ttl; /* the longest of all answers, stale or not */
	uint32_t stale_lag; /* of servers that are stale, while others are not */
};

/* Without a wish, what is stale is what names the old provider. */
static bool is_stale(const struct migration_row *row, const struct migration_view *v,
        const char *const *old, size_t n_old)
{
	if (row->n_wanted)
		return !is_wanted(row, v);
	/* who keeps the zone is another matter than who keeps the mail */
	return row->kind != KIND_NS && !is_empty(row, v) &&
	       (is_old(v, old, n_old) || row->leads_to_old);
}

static struct tally count_views(const struct migration *m, const struct migration_row *row,
        const char *const *old, size_t n_old)
{
	struct tally t = {0};

	for (size_t i = 0; i <= m->n_servers; i++) {
		const struct migration_view *v = &row->views[i];
		bool stale;

		if (!has_answer(m, row, i))
			continue;
		stale = is_stale(row, v, old, n_old);
		if (v->ttl > t.ttl)
			t.ttl = v->ttl;
		if (i == 0) {
			t.resolver = true;
			t.resolver_stale = stale;
			continue;
		}
		t.asked++;
		t.stale += stale;
		t.empty += is_empty(row, v);
		if (stale && m->servers[i - 1].lag > t.stale_lag)
			t.stale_lag = m->servers[i - 1].lag;
	}
	return t;
}

/* Do two servers that answer not say the same? The larger lag of them; -1: all do. */
static int64_t find_difference(const struct migration *m, const struct migration_row *row)
{
	int64_t lag = -1;

	for (size_t i = 0; i <= m->n_servers; i++)
		for (size_t k = i + 1; k <= m->n_servers; k++) {
			int64_t of = m->servers[k - 1].lag;

			if (!has_answer(m, row, i) || !has_answer(m, row, k) ||
			        is_same(row, &row->views[i], &row->views[k]))
				continue;
			if (i && m->servers[i - 1].lag > of)
				of = m->servers[i - 1].lag;
			/* the resolver only waits for its TTL */
			of = i ? of : 0;
			lag = of > lag ? of : lag;
		}
	return lag;
}

/* Servers that count their changes go on with it; some keep one serial for ever, and end. */
static void check_serials(const struct migration *m, struct migration_row *row)
{
	for (size_t i = 1; i <= m->n_servers; i++)
		for (size_t k = i + 1; k <= m->n_servers; k++) {
			const struct migration_server *a = &m->servers[i - 1];
			const struct migration_server *b = &m->servers[k - 1];

			if (has_answer(m, row, i) && has_answer(m, row, k) &&
			        a->serial == b->serial &&
			        !is_same(row, &row->views[i], &row->views[k]))
				row_note(row, NOTE_ONLY,
				        xasprintf(
				                "%s and %s differ with the same serial %u: if they "
				                "still do then, the zone does not get to one of "
				                "them",
				                *a->name ? a->name : a->address,
				                *b->name ? b->name : b->address, a->serial));
		}
}

static void judge_views(struct migration *m, struct migration_row *row, const struct tally *t)
{
	int64_t apart = find_difference(m, row), now = m->asked_at;
	bool stale = t->asked ? t->stale == t->asked : t->resolver_stale;

	if (!t->asked && !t->resolver) {
		row->state = MIGRATION_UNKNOWN;
	} else if (stale) {
		row->unpublished = true;
		row->state = row->n_wanted && t->asked && t->empty == t->asked ? MIGRATION_MISSING
		                                                               : MIGRATION_OLD;
		row->gone_at = now + t->ttl;
	} else if (t->stale || t->resolver_stale) {
		row->state = MIGRATION_GOING;
		row->gone_at = now + t->stale_lag + t->ttl;
	} else if (row->n_wanted) {
		row->state = MIGRATION_NEW;
	} else if (apart >= 0) {
		row->state = MIGRATION_GOING;
		row->gone_at = now + apart + t->ttl;
	} else {
		row->state = t->asked == t->empty && t->asked ? MIGRATION_NONE : MIGRATION_THERE;
		if (!t->asked && is_empty(row, &row->views[0]))
			row->state = MIGRATION_NONE;
	}
}

static void judge_row(
        struct migration *m, struct migration_row *row, const char *const *old, size_t n_old)
{
	struct tally t = count_views(m, row, old, n_old);
	bool wrong = false, doubt = false;

	check_serials(m, row);
	judge_views(m, row, &t);
	if (t.ttl > m->longest_ttl)
		m->longest_ttl = t.ttl;
	for (size_t i = 0; i < row->n_notes; i++) {
		wrong |= row->notes[i].weight == NOTE_WRONG;
		doubt |= row->notes[i].weight == NOTE_DOUBT;
	}
	if (wrong && row->state != MIGRATION_MISSING && row->state != MIGRATION_UNKNOWN)
		row->state = MIGRATION_WRONG;
	else if (doubt && row->state == MIGRATION_THERE)
		row->state = MIGRATION_UNKNOWN;
}

/* Of an MX: who is sent to the old servers, by anybody who was asked? */
static enum migration_mx judge_mx(const struct migration *m, const struct migration_row *row,
        const char *const *old, size_t n_old)
{
	bool known = row->n_wanted || n_old, there = false;

	for (size_t i = 0; i <= m->n_servers; i++) {
		/* one that is silent here may answer others */
		bool silent = i ? m->servers[i - 1].state == SERVER_SILENT
		                : row->views[0].outcome == DNS_FAILED;

		if (has_answer(m, row, i) && is_stale(row, &row->views[i], old, n_old))
			return MIGRATION_MX_OLD;
		known = known && !silent;
		there |= has_answer(m, row, i) && row->views[i].n;
	}
	return known && there ? MIGRATION_MX_NEW : MIGRATION_MX_UNKNOWN;
}

static void judge_servers(struct migration *m)
{
	const struct migration_server *newest = NULL;

	for (size_t i = 0; i < m->n_servers; i++)
		if (m->servers[i].state == SERVER_GOOD &&
		        (!newest || serial_before(newest->serial, m->servers[i].serial)))
			newest = &m->servers[i];
	for (size_t i = 0; i < m->n_servers; i++) {
		const struct migration_server *s = &m->servers[i];

		if (s->state != SERVER_GOOD || s->serial == newest->serial)
			continue;
		note_add(&m->notes, &m->n_notes, &m->notes_cap, NOTE_GOING,
		        xasprintf("%s has serial %u of the zone, %s has %u",
		                *s->name ? s->name : s->address, s->serial,
		                *newest->name ? newest->name : newest->address, newest->serial));
		if (m->asked_at + s->lag > m->gone_at)
			m->gone_at = m->asked_at + s->lag;
	}
}

/* What the servers say does not arrive where the resolver fails: then nothing is done. */
static void judge_resolver(struct migration *m)
{
	for (size_t i = 0; i < m->n_rows; i++) {
		const struct migration_row *row = &m->rows[i];

		if (row->views[0].outcome != DNS_FAILED || row->state == MIGRATION_UNKNOWN)
			continue;
		note_add(&m->notes, &m->n_notes, &m->notes_cap, NOTE_DOUBT,
		        xasprintf("the resolver gives no answer for %s: %s", row->label,
		                row->views[0].why ? row->views[0].why : "it was not asked"));
		return;
	}
}

/* ---- the next step ---- */

static bool is_for(const struct migration_row *row, enum migration_step step)
{
	switch (step) {
	case STEP_ASK:
		return row->state == MIGRATION_UNKNOWN;
	case STEP_PUBLISH:
		return row->unpublished;
	case STEP_MEND:
		return row->state == MIGRATION_WRONG && !row->unpublished;
	case STEP_WAIT:
		return row->state == MIGRATION_GOING;
	case STEP_DONE:
		break;
	}
	return false;
}

static bool has_note(const struct migration *m, enum migration_weight weight)
{
	for (size_t i = 0; i < m->n_notes; i++)
		if (m->notes[i].weight == weight)
			return true;
	return false;
}

/* What about the zone could not be asked. */
static const char *first_doubt(const struct migration *m)
{
	for (size_t i = 0; i < m->n_notes; i++)
		if (m->notes[i].weight == NOTE_DOUBT)
			return m->notes[i].text;
	return "";
}

/* The labels of the rows whose step it is, "MX, SPF"; what it has of them. */
static size_t put_labels(const struct migration *m, enum migration_step step, struct buf *out)
{
	size_t n = 0;

	for (size_t i = 0; i < m->n_rows; i++) {
		if (!is_for(&m->rows[i], step))
			continue;
		if (n++ < NAMED_MAX)
			buf_putf(out, "%s%s", n > 1 ? ", " : "", m->rows[i].label);
	}
	if (n > NAMED_MAX)
		buf_putf(out, " and %zu more", n - NAMED_MAX);
	return n;
}

/* Somebody gave an answer, which only leads to what could not be looked up. */
static bool is_doubtful(const struct migration *m, const struct migration_row *row)
{
	for (size_t i = 0; i <= m->n_servers; i++)
		if (has_answer(m, row, i))
			return true;
	return false;
}

static enum migration_step pick_step(const struct migration *m)
{
	bool step[STEP_ASK + 1] = {0}, doubt = false;

	for (size_t i = 0; i < m->n_rows; i++) {
		const struct migration_row *row = &m->rows[i];
		bool soft = row->state == MIGRATION_UNKNOWN && is_doubtful(m, row);

		for (int s = STEP_WAIT; s <= STEP_ASK && !soft; s++)
			step[s] |= is_for(row, (enum migration_step)s);
		doubt |= soft;
	}
	step[STEP_MEND] |= has_note(m, NOTE_WRONG);
	step[STEP_WAIT] |= has_note(m, NOTE_GOING);
	step[STEP_ASK] |= has_note(m, NOTE_DOUBT);
	for (int s = STEP_ASK; s > STEP_DONE; s--)
		if (step[s])
			return (enum migration_step)s;
	/* what is known to be wrong goes before it */
	return doubt ? STEP_ASK : STEP_DONE;
}

/* "mend SPF, DMARC and the name servers". */
static void put_mend(const struct migration *m, const char *word, struct buf *out)
{
	size_t n;

	buf_putf(out, "%s ", word);
	n = put_labels(m, STEP_MEND, out);
	if (has_note(m, NOTE_WRONG))
		buf_putf(out, "%sthe zone's name servers", n ? " and " : "");
}

static void put_publish(const struct migration *m, const char *until, struct buf *out)
{
	bool wanted = false;

	for (size_t i = 0; i < m->n_rows; i++)
		wanted |= is_for(&m->rows[i], STEP_PUBLISH) && m->rows[i].n_wanted;
	buf_puts(out,
	        wanted ? "publish these records: " : "change what still names the old provider: ");
	(void)put_labels(m, STEP_PUBLISH, out);
	for (size_t i = 0; i < m->n_rows; i++)
		if (is_for(&m->rows[i], STEP_MEND)) {
			put_mend(m, ", and mend", out);
			break;
		}
	if (*until)
		buf_putf(out, "; done now, old answers are gone by %s", until);
}

static void put_wait(const struct migration *m, const char *until, struct buf *out)
{
	buf_putf(out, "wait until %s, then ask again: ", until);
	if (!put_labels(m, STEP_WAIT, out))
		buf_puts(out, "the name servers have not all the same zone yet");
}

static void put_done(const struct migration *m, size_t n_old, struct buf *out)
{
	bool wanted = n_old != 0;

	for (size_t i = 0; i < m->n_rows; i++)
		wanted |= m->rows[i].n_wanted != 0;
	buf_puts(out,
	        wanted ? "nothing, DNS is done"
	               : "nothing is wrong; what is wanted, or old, nobody said (--for, --old)");
}

static void write_next(struct migration *m, size_t n_old)
{
	struct buf out = buf_of(NEXT_CAP);
	char until[MIGRATION_TIME_SIZE] = "";

	if (m->gone_at)
		(void)migration_time(m->gone_at, m->asked_at, until);
	switch (m->step) {
	case STEP_ASK:
		buf_puts(&out, "ask again: ");
		if (put_labels(m, STEP_ASK, &out))
			buf_puts(&out, " could not be asked for");
		else
			buf_puts(&out, first_doubt(m));
		break;
	case STEP_PUBLISH:
		put_publish(m, until, &out);
		break;
	case STEP_MEND:
		put_mend(m, "mend", &out);
		break;
	case STEP_WAIT:
		put_wait(m, *until ? until : "later", &out);
		break;
	case STEP_DONE:
		put_done(m, n_old, &out);
		break;
	}
	free(m->next);
	m->next = buf_take(&out);
	buf_clear(&out);
}

void migration_judge(struct migration *m, const char *const *old, size_t n_old)
{
	m->mx = MIGRATION_MX_UNKNOWN;
	m->gone_at = 0;
	judge_servers(m);
	for (size_t i = 0; i < m->n_rows; i++) {
		struct migration_row *row = &m->rows[i];

		judge_row(m, row, old, n_old);
		if (row->kind == KIND_MX && strcmp(row->name, m->domain) == 0)
			m->mx = judge_mx(m, row, old, n_old);
		if ((row->state == MIGRATION_GOING || row->unpublished) &&
		        row->gone_at > m->gone_at)
			m->gone_at = row->gone_at;
	}
	judge_resolver(m);
	m->step = pick_step(m);
	write_next(m, n_old);
}
