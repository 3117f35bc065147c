/* Texts of a hostile zone, as each record that is read; the record includes itself, and is each
 * answer. */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include "valise/base/mem.h"
/* what decides is private to its room */
#include "../../src/migration/judge.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static int ask(
        void *ctx, const char *name, enum dns_type type, struct dns_answer *out, struct err *err)
{
	(void)err;
	(void)name;
	memset(out, 0, sizeof *out);
	out->outcome = DNS_NO_DATA;
	if (type == DNS_TXT) {
		struct dns_record *r = ARR_PUSH(out->list, out->n, out->cap);

		r->type = DNS_TXT;
		r->text = xstrdup(ctx);
		out->outcome = DNS_FOUND;
	}
	return 0;
}

static void read_spf(char *text)
{
	struct spf s;

	if (!spf_is(text))
		return;
	if (spf_walk("old.example", text, ask, text, &s, NULL) != 0 ||
	        (s.lookups > SPF_LOOKUPS_MAX && !s.wrong))
		abort();
	spf_clear(&s);
}

static void clear_notes(struct migration_row *row)
{
	for (size_t i = 0; i < row->n_notes; i++)
		free(row->notes[i].text);
	free(row->notes);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static void (*const judges[])(const char *text, struct migration_row *row) = {
	        judge_dkim, judge_dmarc, judge_mta_sts, judge_tls_rpt};
	char *text = xmalloc(size + 1);

	memcpy(text, data, size);
	text[size] = '\0';
	read_spf(text);
	for (size_t i = 0; i < COUNT(judges); i++) {
		struct migration_row row = {.kind = KIND_DKIM};

		judges[i](text, &row);
		clear_notes(&row);
	}
	for (int k = KIND_MX; k <= KIND_NS; k++) {
		struct dns_record r = {.type = DNS_TXT, .text = text};
		char *shown = rr_text((enum migration_kind)k, &r);

		(void)rr_is_of((enum migration_kind)k, &r);
		(void)text_names_host(shown, "old.example");
		free(shown);
	}
	free(text);
	return 0;
}
