#include "valise/base/mem.h"
#include "valise/tree/select.h"
#include <stdlib.h>
#include <string.h>

static const char *const letter[] = {"a", NULL};

/* What the names of an item say for certain, its octets say, too. */
static void check(const struct selection *s, enum coll_kind kind, const uint8_t *data, size_t size)
{
	enum select_answer named;
	struct item_about a;
	bool octets = selection_octets(s, kind, data, size);

	about_of_octets(kind, data, size, &a);
	named = selection_named(s, kind, &a, true);
	if (named != SELECT_ASK && (named == SELECT_YES) != octets)
		abort();
	about_clear(&a);
}

static void check_date(const uint8_t *data, size_t size)
{
	const struct day today = {2024, 2, 29};
	char *text = xstrndup((const char *)data, MIN(size, 40));
	int64_t begin, after;

	if (select_date(text, &today, false, &begin) &&
	        (!select_date(text, &today, true, &after) || after <= begin))
		abort();
	free(text);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct selection s;

	check_date(data, size);
	for (unsigned kind = 0; kind <= COLL_CONTACTS; kind++) {
		selection_all(&s);
		s.from = letter;
		check(&s, (enum coll_kind)kind, data, size);
		selection_all(&s);
		s.subject = letter;
		check(&s, (enum coll_kind)kind, data, size);
		selection_all(&s);
		s.to = letter;
		check(&s, (enum coll_kind)kind, data, size);
	}
	selection_all(&s);
	s.since = day_start(&(struct day){2023, 1, 1});
	s.until = day_start(&(struct day){2024, 1, 1});
	(void)selection_octets(&s, COLL_CALENDAR, data, size);
	return 0;
}
