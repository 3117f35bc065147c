/*
 * Octets as the beginning of a file, as its name and its place, as a property list and as what
 * stands beside mail: names of mailboxes are text without controls and without empty levels.
 */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include "../../src/import/detect.h"
#include "../../src/import/mail/mail.h"
#include "../../src/import/plan.h"
#include "valise/base/escape.h"
#include "valise/base/mem.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check_name(struct import_seen *s, enum plan_how how, const char *place)
{
	struct buf name = buf_of(SIZE_MAX);
	const char *p;

	plan_place(s, how, place, NULL, &name);
	p = buf_str(&name);
	if (!name.len || !utf8_valid(p, name.len) || *p == '/' || p[name.len - 1] == '/' ||
	        strstr(p, "//"))
		abort();
	for (size_t n; *p; p += n) {
		uint32_t point;

		n = utf8_next(p, strlen(p), &point);
		if (char_is_hidden(point))
			abort();
	}
	buf_clear(&name);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	char *text = xstrndup((const char *)data, size), *keywords;
	size_t n = strlen(text);
	struct import_seen s = {.root = text, .is_dir = size % 2};
	struct from_line from;
	struct emlx_says says;
	struct mail_status status;
	const char *why;

	(void)import_detect(data, size, text, &why);
	(void)from_line_read((const char *)data, size, &from);
	emlx_read_list((const char *)data, size, &says);
	mail_status_read((const char *)data, size, &status);
	mail_status_clear(&status);
	(void)maildir_flags(text, false, text, &keywords);
	free(keywords);
	(void)mh_flags(text, text, &keywords);
	free(keywords);
	(void)subscribed_by(text, "Work");
	for (const char *p = text; *p; p += strcspn(p, "\n") + (p[strcspn(p, "\n")] == '\n')) {
		char *one = xstrndup(p, strcspn(p, "\n"));

		seen_add(&s, one, strlen(one) % 2);
		free(one);
	}
	if (n && text[0] != '/' && text[n - 1] != '/' && !strstr(text, "//"))
		for (unsigned how = PLAN_FILE; how <= PLAN_EMLX; how++)
			check_name(&s, (enum plan_how)how, text);
	seen_clear(&s);
	free(text);
	return 0;
}
