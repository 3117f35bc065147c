/* States, when old answers are gone, whether the MX is old, and the next step. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <cmocka.h>
#include "migration/judge.h"
#include "valise/base/mem.h"

enum { NOW = 1800000000, LAG = 600, TTL = 3600, LEFT = 100 };

/*
 * What the resolver, and two servers of the zone say: a record, "" nothing, "?" it failed.
 * "|" before it: the server has the older serial.
 */
struct made {
	const char *resolver, *first, *second;
	const char *wanted, *old; /* NULL: nobody said */
	enum migration_weight note; /* beside NOTE_ONLY: one more */
	enum migration_kind kind;
};

static void make_view(struct migration_view *v, const char *says, uint32_t ttl)
{
	says += *says == '|';
	v->outcome = strcmp(says, "?") == 0 ? DNS_FAILED : *says ? DNS_FOUND : DNS_NO_NAME;
	v->ttl = ttl;
	if (strncmp(says, "CNAME ", 6) == 0)
		v->alias = xstrdup(says + 6);
	else if (v->outcome == DNS_FOUND)
		*ARR_PUSH(v->records, v->n, v->cap) = xstrdup(says);
}

static struct migration *make(const struct made *c)
{
	struct migration *m = xcalloc(1, sizeof *m);
	struct migration_row *row = ARR_PUSH(m->rows, m->n_rows, m->rows_cap);
	const char *says[] = {c->first, c->second};

	m->domain = xstrdup("us.example");
	m->zone = xstrdup("us.example");
	m->asked_at = NOW;
	row->kind = c->kind;
	row->type = DNS_MX;
	row->name = xstrdup("us.example");
	row->label = xstrdup("MX");
	row->views = xcalloc(3, sizeof *row->views);
	make_view(&row->views[0], c->resolver, LEFT);
	for (size_t i = 0; i < 2; i++) {
		struct migration_server *s = ARR_PUSH(m->servers, m->n_servers, m->servers_cap);

		s->name = xasprintf("ns%zu", i + 1);
		s->address = xstrdup("");
		s->serial = *says[i] == '|' ? 1 : 2;
		s->lag = LAG;
		make_view(&row->views[i + 1], says[i], TTL);
	}
	if (c->wanted)
		*ARR_PUSH(row->wanted, row->n_wanted, row->wanted_cap) = xstrdup(c->wanted);
	if (c->note)
		row_note(row, c->note, xstrdup("odd"));
	return m;
}

#define N "10 mx.new.example"
#define O "10 mx.old.example"

static void states(void **state)
{
	static const struct {
		struct made made;
		enum migration_state state;
		enum migration_step step;
		enum migration_mx mx;
		int gone; /* seconds from now; 0: nothing is waited for */
	} cases[] = {
	        {{N, N, N, N, NULL, 0, KIND_MX}, MIGRATION_NEW, STEP_DONE, MIGRATION_MX_NEW, 0},
	        {{O, N, N, N, NULL, 0, KIND_MX}, MIGRATION_GOING, STEP_WAIT, MIGRATION_MX_OLD, TTL},
	        {{"", N, N, N, NULL, 0, KIND_MX}, MIGRATION_GOING, STEP_WAIT, MIGRATION_MX_OLD,
	                TTL},
	        {{N, N, "|" O, N, NULL, 0, KIND_MX}, MIGRATION_GOING, STEP_WAIT, MIGRATION_MX_OLD,
	                LAG + TTL},
	        {{O, "|" O, N, N, NULL, 0, KIND_MX}, MIGRATION_GOING, STEP_WAIT, MIGRATION_MX_OLD,
	                LAG + TTL},
	        /* with one serial it may never end: that is told */
	        {{N, N, O, N, NULL, 0, KIND_MX}, MIGRATION_GOING, STEP_WAIT, MIGRATION_MX_OLD,
	                LAG + TTL},
	        {{O, O, O, N, NULL, 0, KIND_MX}, MIGRATION_OLD, STEP_PUBLISH, MIGRATION_MX_OLD,
	                TTL},
	        {{N, O, O, N, NULL, 0, KIND_MX}, MIGRATION_OLD, STEP_PUBLISH, MIGRATION_MX_OLD,
	                TTL},
	        {{"", "", "", N, NULL, 0, KIND_MX}, MIGRATION_MISSING, STEP_PUBLISH,
	                MIGRATION_MX_OLD, TTL},
	        {{O, O, O, NULL, "old.example", 0, KIND_MX}, MIGRATION_OLD, STEP_PUBLISH,
	                MIGRATION_MX_OLD, TTL},
	        {{O, N, N, NULL, "old.example", 0, KIND_MX}, MIGRATION_GOING, STEP_WAIT,
	                MIGRATION_MX_OLD, TTL},
	        {{N, N, "|" O, NULL, "old.example", 0, KIND_MX}, MIGRATION_GOING, STEP_WAIT,
	                MIGRATION_MX_OLD, LAG + TTL},
	        {{N, N, N, NULL, "old.example", 0, KIND_MX}, MIGRATION_THERE, STEP_DONE,
	                MIGRATION_MX_NEW, 0},
	        /* nobody said what is old */
	        {{O, O, O, NULL, NULL, 0, KIND_MX}, MIGRATION_THERE, STEP_DONE,
	                MIGRATION_MX_UNKNOWN, 0},
	        {{O, N, N, NULL, NULL, 0, KIND_MX}, MIGRATION_GOING, STEP_WAIT,
	                MIGRATION_MX_UNKNOWN, TTL},
	        {{N, N, "|" O, NULL, NULL, 0, KIND_MX}, MIGRATION_GOING, STEP_WAIT,
	                MIGRATION_MX_UNKNOWN, LAG + TTL},
	        {{"", "", "", NULL, NULL, 0, KIND_MX}, MIGRATION_NONE, STEP_DONE,
	                MIGRATION_MX_UNKNOWN, 0},
	        /* not all could be asked, or nobody */
	        {{"?", N, N, N, NULL, 0, KIND_MX}, MIGRATION_NEW, STEP_ASK, MIGRATION_MX_UNKNOWN,
	                0},
	        {{N, "?", "?", N, NULL, 0, KIND_MX}, MIGRATION_NEW, STEP_DONE, MIGRATION_MX_NEW, 0},
	        {{O, "?", "?", N, NULL, 0, KIND_MX}, MIGRATION_OLD, STEP_PUBLISH, MIGRATION_MX_OLD,
	                LEFT},
	        {{"?", "?", "?", N, NULL, 0, KIND_MX}, MIGRATION_UNKNOWN, STEP_ASK,
	                MIGRATION_MX_UNKNOWN, 0},
	        {{"?", "?", "?", NULL, NULL, 0, KIND_MX}, MIGRATION_UNKNOWN, STEP_ASK,
	                MIGRATION_MX_UNKNOWN, 0},
	        /* what is wrong with it counts, what could not be looked up only without a wish */
	        {{N, N, N, N, NULL, NOTE_WRONG, KIND_MX}, MIGRATION_WRONG, STEP_MEND,
	                MIGRATION_MX_NEW, 0},
	        {{O, O, O, N, NULL, NOTE_WRONG, KIND_MX}, MIGRATION_WRONG, STEP_PUBLISH,
	                MIGRATION_MX_OLD, TTL},
	        {{N, N, N, N, NULL, NOTE_DOUBT, KIND_MX}, MIGRATION_NEW, STEP_DONE,
	                MIGRATION_MX_NEW, 0},
	        {{N, N, N, NULL, NULL, NOTE_DOUBT, KIND_MX}, MIGRATION_UNKNOWN, STEP_ASK,
	                MIGRATION_MX_UNKNOWN, 0},
	        /* an alias is wanted, or another one */
	        {{"CNAME a.example", "CNAME a.example", "CNAME a.example", "CNAME a.example", NULL,
	                 0, KIND_MX},
	                MIGRATION_NEW, STEP_DONE, MIGRATION_MX_UNKNOWN, 0},
	        {{"CNAME b.example", "CNAME b.example", "CNAME b.example", "CNAME a.example", NULL,
	                 0, KIND_MX},
	                MIGRATION_OLD, STEP_PUBLISH, MIGRATION_MX_OLD, TTL},
	        {{"CNAME x.old.example", "CNAME x.old.example", "CNAME x.old.example", NULL,
	                 "old.example", 0, KIND_HOST},
	                MIGRATION_OLD, STEP_PUBLISH, MIGRATION_MX_UNKNOWN, TTL},
	        /* a wildcard is no record of each kind */
	        {{"CNAME x.old.example", "CNAME x.old.example", "CNAME x.old.example", NULL,
	                 "old.example", 0, KIND_SRV},
	                MIGRATION_NONE, STEP_DONE, MIGRATION_MX_UNKNOWN, 0},
	};

	(void)state;
	for (size_t i = 0; i < COUNT(cases); i++) {
		const struct made *c = &cases[i].made;
		struct migration *m = make(c);
		int64_t gone = 0;

		migration_judge(m, &c->old, c->old ? 1 : 0);
		gone = m->rows[0].gone_at ? m->rows[0].gone_at - NOW : 0;
		if (m->rows[0].state != cases[i].state || m->step != cases[i].step ||
		        m->mx != cases[i].mx || gone != cases[i].gone)
			fail_msg("%s %s %s, wanted %s, old %s: %s, step %d, mx %d, gone %d: %s",
			        c->resolver, c->first, c->second, c->wanted ? c->wanted : "-",
			        c->old ? c->old : "-", migration_state_word(m->rows[0].state),
			        m->step, m->mx, (int)gone, m->next);
		migration_free(m);
	}
}

static void sentences(void **state)
{
	static const struct {
		struct made made;
		const char *next;
	} cases[] = {
	        {{N, N, N, N, NULL, 0, KIND_MX}, "nothing, DNS is done"},
	        {{N, N, N, NULL, NULL, 0, KIND_MX}, "nothing is wrong; what is wanted"},
	        {{O, N, N, N, NULL, 0, KIND_MX}, "wait until 09:00, then ask again: MX"},
	        {{O, O, O, N, NULL, 0, KIND_MX},
	                "publish these records: MX; done now, old answers are gone "
	                "by 09:00"},
	        {{O, O, O, NULL, "old.example", 0, KIND_MX},
	                "change what still names the old provider: MX"},
	        {{N, N, N, N, NULL, NOTE_WRONG, KIND_MX}, "mend MX"},
	        {{"?", "?", "?", N, NULL, 0, KIND_MX}, "ask again: MX could not be asked for"},
	        {{"?", N, N, N, NULL, 0, KIND_MX},
	                "ask again: the resolver gives no answer for MX"},
	};

	(void)state;
	setenv("TZ", "UTC0", 1);
	tzset();
	for (size_t i = 0; i < COUNT(cases); i++) {
		struct migration *m = make(&cases[i].made);

		migration_judge(m, &cases[i].made.old, cases[i].made.old ? 1 : 0);
		if (!strstr(m->next, cases[i].next))
			fail_msg("%s, not %s", m->next, cases[i].next);
		migration_free(m);
	}
}

/* A secondary that lags behind is waited for, though it says the same so far. */
static void serials(void **state)
{
	const struct made same = {N, N, "|" N, N, NULL, 0, KIND_MX};
	struct migration *m = make(&same);

	(void)state;
	migration_judge(m, NULL, 0);
	assert_int_equal(m->step, STEP_WAIT);
	assert_int_equal(m->gone_at, NOW + LAG);
	assert_non_null(strstr(m->next, "not all the same zone"));
	migration_free(m);
	assert_true(serial_before(1, 2) && serial_before(4294967295u, 1));
	assert_false(serial_before(2, 1) || serial_before(1, 1) || serial_before(1, 4294967295u));
}

/* A server that is silent here may send others to the old place. */
static void silent(void **state)
{
	const struct made c = {N, N, "?", N, NULL, 0, KIND_MX};
	struct migration *m = make(&c);

	(void)state;
	m->servers[1].state = SERVER_SILENT;
	migration_judge(m, NULL, 0);
	assert_int_equal(m->mx, MIGRATION_MX_UNKNOWN);
	migration_free(m);
}

/* Others may stand beside a word that proves who owns the domain, and addresses may be any. */
static void kinds(void **state)
{
	const struct made word = {"a=1", "a=1", "a=1", "a=1", NULL, 0, KIND_TXT};
	const struct made hosts = {"192.0.2.1", "192.0.2.2", "192.0.2.3", NULL, NULL, 0, KIND_HOST};
	const struct made ns = {"ns.old.example", "ns.old.example", "ns.old.example", NULL,
	        "old.example", 0, KIND_NS};
	const struct made spf = {"v=spf1 MX -all", "v=spf1 mx -all", "v=spf1 mx -ALL",
	        "V=SPF1 mx -all", NULL, 0, KIND_SPF};
	const struct made *all[] = {&word, &hosts, &ns, &spf};
	static const enum migration_state want[] = {
	        MIGRATION_NEW, MIGRATION_THERE, MIGRATION_THERE, MIGRATION_NEW};

	(void)state;
	for (size_t i = 0; i < COUNT(all); i++) {
		struct migration *m = make(all[i]);
		for (size_t k = 0; k < 3 && all[i] == &word; k++) {
			struct migration_view *v = &m->rows[0].views[k];

			*ARR_PUSH(v->records, v->n, v->cap) = xstrdup("b=2");
		}
		migration_judge(m, &all[i]->old, all[i]->old ? 1 : 0);
		if (m->rows[0].state != want[i])
			fail_msg("%zu: %s", i, migration_state_word(m->rows[0].state));
		migration_free(m);
	}
}

static void clock_times(void **state)
{
	static const struct {
		int after;
		const char *text;
	} cases[] = {{0, "08:00"}, {1, "08:01"}, {59, "08:01"}, {60, "08:01"}, {3600, "09:00"},
	        {57600, "2027-01-16 00:00"}, {86400 * 30, "2027-02-14 08:00"}};
	char out[MIGRATION_TIME_SIZE];

	(void)state;
	setenv("TZ", "UTC0", 1);
	tzset();
	for (size_t i = 0; i < COUNT(cases); i++)
		assert_string_equal(migration_time(NOW + cases[i].after, NOW, out), cases[i].text);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	        cmocka_unit_test(states),
	        cmocka_unit_test(sentences),
	        cmocka_unit_test(serials),
	        cmocka_unit_test(silent),
	        cmocka_unit_test(kinds),
	        cmocka_unit_test(clock_times),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
