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
	row->kind = KIND_MX;
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
	        {{N, N, N, N, NULL, 0}, MIGRATION_NEW, STEP_DONE, MIGRATION_MX_NEW, 0},
	        {{O, N, N, N, NULL, 0}, MIGRATION_GOING, STEP_WAIT, MIGRATION_MX_OLD, TTL},
	        {{"", N, N, N, NULL, 0}, MIGRATION_GOING, STEP_WAIT, MIGRATION_MX_OLD, TTL},
	        {{N, N, "|" O, N, NULL, 0}, MIGRATION_GOING, STEP_WAIT, MIGRATION_MX_OLD,
	                LAG + TTL},
	        {{O, "|" O, N, N, NULL, 0}, MIGRATION_GOING, STEP_WAIT, MIGRATION_MX_OLD,
	                LAG + TTL},
	        /* with one serial it never ends */
	        {{N, N, O, N, NULL, 0}, MIGRATION_WRONG, STEP_MEND, MIGRATION_MX_OLD, LAG + TTL},
	        {{O, O, O, N, NULL, 0}, MIGRATION_OLD, STEP_PUBLISH, MIGRATION_MX_OLD, TTL},
	        {{N, O, O, N, NULL, 0}, MIGRATION_OLD, STEP_PUBLISH, MIGRATION_MX_OLD, TTL},
	        {{"", "", "", N, NULL, 0}, MIGRATION_MISSING, STEP_PUBLISH, MIGRATION_MX_OLD, TTL},
	        {{O, O, O, NULL, "old.example", 0}, MIGRATION_OLD, STEP_PUBLISH, MIGRATION_MX_OLD,
	                TTL},
	        {{O, N, N, NULL, "old.example", 0}, MIGRATION_GOING, STEP_WAIT, MIGRATION_MX_OLD,
	                TTL},
	        {{N, N, "|" O, NULL, "old.example", 0}, MIGRATION_GOING, STEP_WAIT,
	                MIGRATION_MX_OLD, LAG + TTL},
	        {{N, N, N, NULL, "old.example", 0}, MIGRATION_THERE, STEP_DONE, MIGRATION_MX_NEW,
	                0},
	        /* nobody said what is old */
	        {{O, O, O, NULL, NULL, 0}, MIGRATION_THERE, STEP_DONE, MIGRATION_MX_UNKNOWN, 0},
	        {{O, N, N, NULL, NULL, 0}, MIGRATION_GOING, STEP_WAIT, MIGRATION_MX_UNKNOWN, TTL},
	        {{N, N, "|" O, NULL, NULL, 0}, MIGRATION_GOING, STEP_WAIT, MIGRATION_MX_UNKNOWN,
	                LAG + TTL},
	        {{"", "", "", NULL, NULL, 0}, MIGRATION_NONE, STEP_DONE, MIGRATION_MX_UNKNOWN, 0},
	        /* not all could be asked, or nobody */
	        {{"?", N, N, N, NULL, 0}, MIGRATION_NEW, STEP_DONE, MIGRATION_MX_UNKNOWN, 0},
	        {{N, "?", "?", N, NULL, 0}, MIGRATION_NEW, STEP_DONE, MIGRATION_MX_NEW, 0},
	        {{O, "?", "?", N, NULL, 0}, MIGRATION_OLD, STEP_PUBLISH, MIGRATION_MX_OLD, LEFT},
	        {{"?", "?", "?", N, NULL, 0}, MIGRATION_UNKNOWN, STEP_ASK, MIGRATION_MX_UNKNOWN, 0},
	        {{"?", "?", "?", NULL, NULL, 0}, MIGRATION_UNKNOWN, STEP_ASK, MIGRATION_MX_UNKNOWN,
	                0},
	        /* what is wrong with it counts, what could not be looked up only without a wish */
	        {{N, N, N, N, NULL, NOTE_WRONG}, MIGRATION_WRONG, STEP_MEND, MIGRATION_MX_NEW, 0},
	        {{O, O, O, N, NULL, NOTE_WRONG}, MIGRATION_WRONG, STEP_PUBLISH, MIGRATION_MX_OLD,
	                TTL},
	        {{N, N, N, N, NULL, NOTE_DOUBT}, MIGRATION_NEW, STEP_DONE, MIGRATION_MX_NEW, 0},
	        {{N, N, N, NULL, NULL, NOTE_DOUBT}, MIGRATION_UNKNOWN, STEP_ASK,
	                MIGRATION_MX_UNKNOWN, 0},
	        /* an alias is wanted, or another one */
	        {{"CNAME a.example", "CNAME a.example", "CNAME a.example", "CNAME a.example", NULL,
	                 0},
	                MIGRATION_NEW, STEP_DONE, MIGRATION_MX_UNKNOWN, 0},
	        {{"CNAME b.example", "CNAME b.example", "CNAME b.example", "CNAME a.example", NULL,
	                 0},
	                MIGRATION_OLD, STEP_PUBLISH, MIGRATION_MX_OLD, TTL},
	        {{"CNAME x.old.example", "CNAME x.old.example", "CNAME x.old.example", NULL,
	                 "old.example", 0},
	                MIGRATION_OLD, STEP_PUBLISH, MIGRATION_MX_OLD, TTL},
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
	        {{N, N, N, N, NULL, 0}, "nothing, DNS is done"},
	        {{N, N, N, NULL, NULL, 0}, "nothing is wrong; what is wanted"},
	        {{O, N, N, N, NULL, 0}, "wait until 09:00, then ask again: MX"},
	        {{O, O, O, N, NULL, 0}, "publish these records: MX; done now, old answers are gone "
	                                "by 09:00"},
	        {{O, O, O, NULL, "old.example", 0}, "change what still names the old provider: MX"},
	        {{N, N, N, N, NULL, NOTE_WRONG}, "mend MX"},
	        {{"?", "?", "?", N, NULL, 0}, "ask again: MX could not be asked for"},
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
	const struct made same = {N, N, "|" N, N, NULL, 0};
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
	const struct made c = {N, N, "?", N, NULL, 0};
	struct migration *m = make(&c);

	(void)state;
	m->servers[1].state = SERVER_SILENT;
	migration_judge(m, NULL, 0);
	assert_int_equal(m->mx, MIGRATION_MX_UNKNOWN);
	migration_free(m);
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
	        cmocka_unit_test(clock_times),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
