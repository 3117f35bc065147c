/* Time zones as items define them: MS-OXOCAL 2.2.1.39, 2.2.1.41. */
#include "outlook/calendar/zone.h"
#include "valise/base/le.h"
#include "valise/base/mem.h"

enum { RULE_SIZE = 62 };

static void put(struct buf *out, uint32_t v, size_t n)
{
	uint8_t octets[4];

	le_put(octets, v, n);
	buf_put(out, octets, n);
}

/* SYSTEMTIME; of no month: zeros. */
static void put_onset(struct buf *out, const struct zone_onset *o)
{
	const unsigned words[8] = {(unsigned)o->year, o->month, o->weekday, o->nth,
	        o->second / 3600, o->second / 60 % 60, o->second % 60, 0};

	for (size_t i = 0; i < COUNT(words); i++)
		put(out, o->month ? words[i] : 0, 2);
}

static void put_biases(struct buf *out, const struct zone_rule *r)
{
	put(out, (uint32_t)(-r->standard / 60), 4);
	put(out, 0, 4);
	put(out, (uint32_t)((r->standard - r->daylight) / 60), 4);
}

static size_t rule_place(const struct zone *z, int year)
{
	size_t i = z->n_rules - 1;

	while (i && z->rules[i].from_year > year)
		i--;
	return i;
}

void zone_put_definition(const struct zone *z, int year, unsigned flags, struct buf *out)
{
	size_t len = strlen(z->name), marked = rule_place(z, year);

	put(out, 0x0102, 2);
	put(out, (uint32_t)(6 + 2 * len), 2);
	put(out, 2, 2); /* it has a name */
	put(out, (uint32_t)len, 2);
	for (size_t i = 0; i < len; i++)
		put(out, (uint8_t)z->name[i], 2);
	put(out, (uint32_t)z->n_rules, 2);
	for (size_t i = 0; i < z->n_rules; i++) {
		const struct zone_rule *r = &z->rules[i];

		put(out, 0x0102, 2);
		put(out, RULE_SIZE, 2);
		put(out, i == marked ? flags : 0, 2);
		put(out, (uint32_t)r->from_year, 2);
		for (int k = 0; k < 7; k++)
			put(out, 0, 2);
		put_biases(out, r);
		put_onset(out, &r->to_standard);
		put_onset(out, &r->to_daylight);
	}
}

void zone_put_struct(const struct zone *z, int year, struct buf *out)
{
	const struct zone_rule *r = &z->rules[rule_place(z, year)];

	put_biases(out, r);
	put(out, 0, 2);
	put_onset(out, &r->to_standard);
	put(out, 0, 2);
	put_onset(out, &r->to_daylight);
}
