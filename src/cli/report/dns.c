/* The DNS of a domain that moves (docs/DNS.md), for a report's page. */
#include <stdlib.h>
#include <string.h>
#include "valise/base/mem.h"
#include "cli/report/html.h"
#include "cli/report/page.h"

static const struct column record_columns[] = {{"record", "Record", CELL_TEXT},
        {"name", "Name", CELL_TEXT}, {"type", "Type", CELL_TEXT}, {"state", "State", CELL_TEXT},
        {"wanted", "Wanted", CELL_TEXT}, {"notes", "To be known", CELL_TEXT},
        {"gone_at", "Old answers gone by", CELL_TIME}};
static const struct column answer_columns[] = {{"record", "Record", CELL_TEXT},
        {"server", "Asked", CELL_TEXT}, {"address", "Address", CELL_TEXT},
        {"cname", "CNAME", CELL_TEXT}, {"records", "Answer", CELL_TEXT},
        {"ttl", "TTL in seconds", CELL_NUMBER}};
static const struct column server_columns[] = {{"name", "Server of the zone", CELL_TEXT},
        {"address", "Address", CELL_TEXT}, {"state", "State", CELL_TEXT},
        {"serial", "Serial", CELL_TEXT}, {"why", "Why", CELL_TEXT}};

/* A list of texts, or of objects with a "text", as one text: "a; b". */
static void set_joined(json_t *o, const char *key, const json_t *list)
{
	struct buf b = buf_of(SIZE_MAX / 2);
	size_t i;
	json_t *v;

	json_array_foreach(list, i, v)
	{
		const json_t *text = json_is_object(v) ? json_object_get(v, "text") : v;

		if (!json_is_string(text))
			continue;
		buf_puts(&b, b.len ? "; " : "");
		buf_put(&b, json_string_value(text), json_string_length(text));
	}
	json_object_set_new(o, key, json_stringn_nocheck(buf_str(&b), b.len));
	buf_clear(&b);
}

/* What one server, or the resolver, said of ${record}. */
static void add_answer(json_t *rows, const json_t *record, const json_t *answer)
{
	const char *outcome = json_get_str(answer, "outcome"), *from = json_get_str(answer, "from");
	json_t *row;

	if (!json_is_object(answer))
		return;
	row = json_copy((json_t *)(uintptr_t)answer);
	json_object_set(row, "record", json_object_get(record, "record"));
	if (from && strcmp(from, "resolver") == 0)
		json_set_text(row, "server", "the resolver");
	set_joined(row, "records", json_object_get(answer, "records"));
	if (json_object_get(answer, "why"))
		json_object_set(row, "records", json_object_get(answer, "why"));
	else if (outcome && strcmp(outcome, "found") != 0)
		json_set_text(row, "records",
		        strcmp(outcome, "no-name") == 0 ? "no such name" : "nothing");
	json_array_append_new(rows, row);
}

static void put_records(struct buf *b, const json_t *records)
{
	json_t *rows = json_array(), *answers = json_array(), *r, *v;
	size_t i, k;

	json_array_foreach(records, i, r)
	{
		json_t *row = json_is_object(r) ? json_copy(r) : json_object();

		set_joined(row, "wanted", json_object_get(r, "wanted"));
		set_joined(row, "notes", json_object_get(r, "notes"));
		json_array_append_new(rows, row);
		json_array_foreach(json_object_get(r, "answers"), k, v)
		{
			add_answer(answers, r, v);
		}
	}
	html_table(b, NULL, rows, record_columns, COUNT(record_columns));
	page_folded(b, "Answers, server by server", answers, answer_columns, COUNT(answer_columns));
	json_decref(rows);
	json_decref(answers);
}

void page_dns(struct buf *b, const json_t *o)
{
	const json_t *dns = json_object_get(o, "dns"), *servers = json_object_get(dns, "servers");
	json_t *notes;

	if (!json_is_object(dns))
		return;
	notes = json_object();
	set_joined(notes, "notes", json_object_get(dns, "notes"));
	buf_puts(b, "<section>\n<h2>DNS</h2>\n<dl class=\"facts\">\n");
	html_fact(b, "Domain", json_object_get(dns, "domain"), CELL_TEXT);
	html_fact(b, "Zone", json_object_get(dns, "zone"), CELL_TEXT);
	html_fact(b, "DNSSEC", json_object_get(dns, "dnssec"), CELL_TEXT);
	html_fact(b, "Asked", json_object_get(dns, "asked_at"), CELL_TIME);
	html_fact(b, "MX", json_object_get(dns, "mx"), CELL_TEXT);
	html_fact(b, "Old answers gone by", json_object_get(dns, "gone_at"), CELL_TIME);
	html_fact(b, "Next", json_object_get(dns, "next"), CELL_TEXT);
	html_fact(b, "To be known", json_object_get(notes, "notes"), CELL_TEXT);
	buf_puts(b, "</dl>\n");
	if (json_array_size(servers))
		html_table(b, NULL, servers, server_columns, COUNT(server_columns));
	put_records(b, json_object_get(dns, "records"));
	buf_puts(b, "</section>\n");
	json_decref(notes);
}
