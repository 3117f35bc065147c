/*
 * What Google Takeout writes at the top of a message in an mbox: X-GM-THRID and X-Gmail-Labels,
 * before the header as Gmail has it.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "import/mail/mail.h"
#include "valise/base/mem.h"
#include "valise/base/text.h"
#include "valise/format/header.h"

/* The octets of a field with the lines that it goes on in; 0: it does not end here. */
static size_t field_len(const char *p, size_t n)
{
	size_t at = 0;

	do {
		const char *end = memchr(p + at, '\n', n - at);

		if (!end)
			return 0;
		at = (size_t)(end - p) + 1;
	} while (at < n && (p[at] == ' ' || p[at] == '\t'));
	return at < n ? at : 0;
}

static bool is_field(const char *p, size_t n, const char *name)
{
	size_t k = strlen(name);

	return n > k && p[k] == ':' && text_is(p, k, name);
}

size_t takeout_top(const char *p, size_t n)
{
	bool thread = false, labels = false;
	size_t at = 0;

	while (!(thread && labels)) {
		size_t len = at < n ? field_len(p + at, n - at) : 0;

		if (len && !thread && is_field(p + at, n - at, "X-GM-THRID"))
			thread = true;
		else if (len && !labels && is_field(p + at, n - at, "X-Gmail-Labels"))
			labels = true;
		else
			break;
		at += len;
	}
	return at;
}

uint64_t takeout_msgid(const char *line, size_t n)
{
	char text[40];
	char *end;
	uint64_t number;

	snprintf(text, sizeof text, "%.*s", (int)MIN(n, sizeof text - 1), line);
	number = text[0] && strlen(text) > 5 ? strtoull(text + 5, &end, 10) : 0;
	return number && strncmp(end, "@xxx ", 5) == 0 ? number : 0;
}

void takeout_item(const char *head, size_t n, uint64_t msgid, struct import_labels *labels,
        struct import_item *it)
{
	struct buf field = buf_of(65536);

	if (!header_find(head, n, "X-Gmail-Labels", &field) && !msgid) {
		buf_clear(&field);
		return;
	}
	labels_read(buf_str(&field), field.len, labels);
	it->flags = labels->flags;
	it->keywords = labels->keywords;
	it->labels = labels->labels;
	it->folders = (const char *const *)labels->folders;
	it->msgid = msgid;
	buf_reset(&field);
	if (header_find(head, n, "X-GM-THRID", &field))
		it->thrid = strtoull(buf_str(&field), NULL, 10);
	buf_clear(&field);
}
