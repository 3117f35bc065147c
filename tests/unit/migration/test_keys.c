/* Keys and policies as TXT records have them; whom a record names. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>
#include "migration/judge.h"
#include "valise/base/mem.h"

/* Is ${part} in a note of this weight? NULL: no note is worse than a remark. */
static void judged(void (*judge)(const char *text, struct migration_row *row), const char *text,
        enum migration_weight weight, const char *part)
{
	struct migration_row row = {.kind = KIND_DKIM};
	bool found = false, wrong = false;

	judge(text, &row);
	for (size_t i = 0; i < row.n_notes; i++) {
		wrong |= row.notes[i].weight == NOTE_WRONG;
		found |= part && row.notes[i].weight == weight && strstr(row.notes[i].text, part);
	}
	if ((part && !found) || (wrong && (!part || weight != NOTE_WRONG)))
		fail_msg("%s: %s", text, row.n_notes ? row.notes[0].text : "nothing");
	for (size_t i = 0; i < row.n_notes; i++)
		free(row.notes[i].text);
	free(row.notes);
}

/* A record of fixtures/migration; the caller frees. */
static char *fixture(const char *name)
{
	char *path = xasprintf("%s/migration/%s", FIXTURES, name), text[1024];
	FILE *f = fopen(path, "r");
	size_t n;

	assert_non_null(f);
	n = fread(text, 1, sizeof text - 1, f);
	text[n] = '\0';
	fclose(f);
	free(path);
	return xstrdup(text);
}

static void rsa_keys(void **state)
{
	char *large = fixture("dkim-2048.txt"), *old = fixture("dkim-1024.txt");
	char *small = fixture("dkim-768.txt"), *spaced, *cut;

	(void)state;
	judged(judge_dkim, large, NOTE_WRONG, NULL);
	judged(judge_dkim, old, NOTE_ONLY, "1024 bits");
	judged(judge_dkim, small, NOTE_WRONG, "768 bits");
	/* blanks within the key, and no other tag */
	spaced = xasprintf("p=%.30s  %s", strstr(large, "p=") + 2, strstr(large, "p=") + 32);
	judged(judge_dkim, spaced, NOTE_WRONG, NULL);
	cut = xstrndup(large, strlen(large) - 8);
	judged(judge_dkim, cut, NOTE_WRONG, "does not parse");
	free(large);
	free(old);
	free(small);
	free(spaced);
	free(cut);
}

static void other_keys(void **state)
{
	static const char ed[] = "v=DKIM1;k=ed25519;p=11qYAYKxCrfVS/7TyWQHOg7hcvPapiMlrwIaaPcHURo=";

	(void)state;
	judged(judge_dkim, ed, NOTE_WRONG, NULL);
	judged(judge_dkim, "v=DKIM1; k=ed25519; p=11qYAYKxCrfVS/7TyWQHOg==", NOTE_WRONG,
	        "32 octets");
	judged(judge_dkim, "v=DKIM1; p=", NOTE_WRONG, "revoked");
	judged(judge_dkim, "v=DKIM1; k=rsa", NOTE_WRONG, "p= is missing");
	judged(judge_dkim, "v=DKIM1; p=bm8ga2V5", NOTE_WRONG, "does not parse");
	judged(judge_dkim, "v=DKIM1; p=!!!!", NOTE_WRONG, "does not parse");
	judged(judge_dkim, "k=rsa; v=DKIM1; p=", NOTE_WRONG, "first tag");
	judged(judge_dkim, "v=DKIM1; k=x; p=bm8ga2V5", NOTE_WRONG, "not known");
	judged(judge_dkim, "v=DKIM1 p", NOTE_WRONG, "first tag");
	judged(judge_dkim, "v=DKIM1; p", NOTE_WRONG, "no list of tags");
	judged(judge_dkim, "v=DKIM1; p=; p=", NOTE_WRONG, "twice");
	judged(judge_dkim, "v=DKIM1; h=sha1; p=", NOTE_WRONG, "sha256");
	judged(judge_dkim, "v=DKIM1; s=tlsrpt; p=", NOTE_WRONG, "not for mail");
}

static void policies(void **state)
{
	static const struct {
		void (*judge)(const char *text, struct migration_row *row);
		const char *text, *part;
	} cases[] = {
	        {judge_dmarc, "v=DMARC1; p=none", NULL},
	        {judge_dmarc, "v=DMARC1;p=Reject;sp=quarantine;pct=50;rua=mailto:a@b.example;",
	                NULL},
	        {judge_dmarc, "v=DMARC1", "p= is missing"},
	        {judge_dmarc, "v=DMARC1; rua=mailto:a@b.example", "p= is missing"},
	        {judge_dmarc, "v=DMARC1; p=nothing", "none of none"},
	        {judge_dmarc, "v=DMARC1; p=", "none of none"},
	        {judge_dmarc, "v=DMARC1; p=none; sp=x", "subdomains"},
	        {judge_dmarc, "v=DMARC1; p=none; pct=101", "pct"},
	        {judge_dmarc, "v=DMARC1; p=none; p=reject", "twice"},
	        {judge_dmarc, "v=DMARC1; p none", "no list of tags"},
	        {judge_mta_sts, "v=STSv1; id=20260101T00", NULL},
	        {judge_mta_sts, "v=STSv1;", "id="},
	        {judge_mta_sts, "v=STSv1; id=a-b", "id="},
	        {judge_mta_sts, "v=STSv1; id=123456789012345678901234567890123", "id="},
	        {judge_tls_rpt, "v=TLSRPTv1; rua=mailto:a@b.example", NULL},
	        {judge_tls_rpt, "v=TLSRPTv1; rua=https://b.example/", NULL},
	        {judge_tls_rpt, "v=TLSRPTv1;", "rua="},
	        {judge_tls_rpt, "v=TLSRPTv1; rua=http://b.example/", "rua="},
	};

	(void)state;
	for (size_t i = 0; i < COUNT(cases); i++)
		judged(cases[i].judge, cases[i].text, NOTE_WRONG, cases[i].part);
}

static void hosts(void **state)
{
	static const struct {
		const char *text;
		bool names;
	} cases[] = {
	        {"10 mx.old.example", true},
	        {"10 old.example", true},
	        {"10 MX.OLD.Example.", true},
	        {"v=spf1 include:_spf.old.example -all", true},
	        {"v=spf1 a:old.example/24 -all", true},
	        {"v=DMARC1; p=none; rua=mailto:a@old.example,mailto:b@new.example", true},
	        {"10 mx.notold.example", false},
	        {"10 old.example.org", false},
	        {"10 mx.old-example", false},
	        {"10 example", false},
	        {"", false},
	};

	(void)state;
	for (size_t i = 0; i < COUNT(cases); i++)
		assert_int_equal(text_names_host(cases[i].text, "old.example"), cases[i].names);
	assert_true(text_names_host("10 mx.old.example", "old.example."));
	assert_false(text_names_host("10 mx.old.example", ""));
}

static void texts(void **state)
{
	static const struct {
		enum migration_kind kind;
		const char *text, *shown;
		bool is;
	} cases[] = {
	        {KIND_SPF, "v=spf1  mx   -all ", "v=spf1 mx -all", true},
	        {KIND_SPF, "v=spf10 -all", "v=spf10 -all", false},
	        {KIND_DKIM, "v=DKIM1;p=ab cd;", "v=DKIM1; p=abcd", true},
	        {KIND_DKIM, "p=abcd", "p=abcd", true},
	        {KIND_DKIM, "v=DMARC1; p=none", "v=DMARC1; p=none", false},
	        {KIND_DKIM, "some words", "some words", false},
	        {KIND_DMARC, " v = DMARC1 ;p=none", "v=DMARC1; p=none", true},
	        {KIND_DMARC, "v=DMARC11; p=none", "v=DMARC11; p=none", false},
	        {KIND_DMARC, "v=spf1 -all", "v=spf1 -all", false},
	        {KIND_TXT, "word=a;  b", "word=a;  b", true},
	        {KIND_TXT, "v=spf1 -all", "v=spf1 -all", false},
	};

	(void)state;
	for (size_t i = 0; i < COUNT(cases); i++) {
		struct dns_record r = {.type = DNS_TXT, .text = (char *)(uintptr_t)cases[i].text};
		char *shown = rr_text(cases[i].kind, &r);

		assert_int_equal(rr_is_of(cases[i].kind, &r), cases[i].is);
		if (cases[i].is)
			assert_string_equal(shown, cases[i].shown);
		free(shown);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	        cmocka_unit_test(rsa_keys),
	        cmocka_unit_test(other_keys),
	        cmocka_unit_test(policies),
	        cmocka_unit_test(hosts),
	        cmocka_unit_test(texts),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
