/*
 * Server lines as our own reading takes them: tokens, status lines, LIST, STATUS and
 * FETCH.
 */
#include <stdlib.h>
#include <string.h>
#include "proto/imap/line.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void read_line(const char *p, size_t n)
{
	struct imap_mailbox box;
	struct imap_status status;
	struct fetch_build b;
	struct status_line s;
	struct untagged u;
	struct line l = {p, p + n};
	struct token t;
	char **flags;
	size_t n_flags;

	for (t = line_next(&l); t.kind != TOKEN_END && t.kind != TOKEN_BAD; t = line_next(&l))
		if (t.kind == TOKEN_ATOM || t.kind == TOKEN_STRING)
			free(token_dup(&t, NULL));
	(void)status_parse(p, n, &s);
	if (list_parse(p, n, &box)) {
		if (!box.name || (box.name_len && box.name_len > n))
			abort();
		mailbox_clear(&box);
	}
	if (untagged_parse(p, n, &u)) {
		struct line rest = u.rest;

		(void)status_items_parse(u.rest, &status);
		flags_parse(&rest, &flags, &n_flags);
		for (size_t i = 0; i < n_flags; i++)
			free(flags[i]);
		free(flags);
	}
	fetch_init(&b);
	if (fetch_parse(&b, p, n))
		(void)fetch_msg(&b);
	fetch_clear(&b);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	const char *p = (const char *)data;
	size_t span;

	read_line(p, size);
	for (; (span = line_span(p, size)) != 0; p += span, size -= span)
		read_line(p, span);
	return 0;
}
