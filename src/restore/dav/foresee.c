/* What servers refuse of a resource, or write otherwise. No server is asked. */
#include "foresee.h"
#include <string.h>
#include "valise/base/mem.h"
#include "valise/format/amend.h"
#include "valise/format/content.h"

const char *foresee_word(enum foresee what)
{
	static const char *const words[FORESEES] = {
	        [FORESEE_TEXT] = "it holds lines that are none, controls or other line ends",
	        [FORESEE_UTF8] = "it is not all UTF-8",
	        [FORESEE_MANAGED] = "an attachment has the MANAGED-ID of its old server",
	        [FORESEE_METHOD] = "it has a METHOD",
	        [FORESEE_NEEDED] = "a property is missing that it must have",
	        [FORESEE_ONCE] = "a property stands there twice, or two that exclude each other",
	        [FORESEE_END] = "an event has no end, or no length",
	        [FORESEE_VERSION] = "the address book may not take its version of vCard",
	        [FORESEE_APART] = "it holds several objects",
	        [FORESEE_EMPTY] = "a property has no value",
	        [FORESEE_BLANK] = "a value ends with a blank",
	        [FORESEE_COMMA] = "a list holds an escaped comma",
	        [FORESEE_ESCAPE] = "a backslash stands before what needs none",
	};

	return words[what];
}

bool foresee_is_form(enum foresee what)
{
	return what <= FORESEE_APART;
}

/* Of one line. */
static int look_at(void *ctx, const struct content_line *l, struct err *err)
{
	static const char *const lists[] = {"CATEGORIES", "RESOURCES", "NICKNAME"},
	                         *const uris[] = {"URL", "ATTACH", "TZURL", "SOURCE", "IMPP"};
	unsigned *bits = ctx;
	bool uri = false;

	(void)err;
	if (strcmp(l->name, "BEGIN") == 0 || strcmp(l->name, "END") == 0)
		return 0;
	if (strcmp(l->name, "METHOD") == 0)
		*bits |= 1u << FORESEE_METHOD;
	if (l->value_len == 0)
		*bits |= 1u << FORESEE_EMPTY;
	else if (strchr(" \t", l->value[l->value_len - 1]))
		*bits |= 1u << FORESEE_BLANK;
	for (size_t i = 0; i < COUNT(lists); i++)
		if (strcmp(l->name, lists[i]) == 0 && strstr(l->value, "\\,"))
			*bits |= 1u << FORESEE_COMMA;
	for (size_t i = 0; i < COUNT(uris); i++)
		uri |= strcmp(l->name, uris[i]) == 0;
	for (const char *p = strchr(l->value, '\\'); p && p[1]; p = strchr(p + 2, '\\'))
		if (uri || !strchr(",;nN\\", p[1]))
			*bits |= 1u << FORESEE_ESCAPE;
	return 0;
}

static int count_part(void *ctx, const char *uid, const struct buf *text, struct err *err)
{
	(void)uid;
	(void)text;
	(void)err;
	++*(unsigned *)ctx;
	return 0;
}

unsigned foresee_resource(const void *p, size_t n, bool v4)
{
	static const struct {
		enum amend step;
		enum foresee what;
	} of[] = {{AMEND_TEXT, FORESEE_TEXT}, {AMEND_UTF8, FORESEE_UTF8},
	        {AMEND_MANAGED, FORESEE_MANAGED}, {AMEND_NEEDED, FORESEE_NEEDED},
	        {AMEND_ONCE, FORESEE_ONCE}, {AMEND_END, FORESEE_END},
	        {AMEND_CARD3, FORESEE_VERSION}};
	unsigned bits = 0, parts = 0;
	struct err ignored = {0};

	if (content_read(p, n, look_at, &bits, NULL, &ignored) < 0)
		bits |= 1u << FORESEE_TEXT;
	for (size_t i = 0; i < COUNT(of); i++) {
		struct buf other = buf_of(2 * n + 4096);

		if (!(of[i].step == AMEND_CARD3 && v4) &&
		        content_amend(p, n, of[i].step, &other, &ignored) == 1)
			bits |= 1u << of[i].what;
		buf_clear(&other);
	}
	if (content_apart(p, n, count_part, &parts, &ignored) == 1)
		bits |= 1u << FORESEE_APART;
	return bits;
}
