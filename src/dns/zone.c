/* Records from zone files (RFC 1035 5.1) and single lines, read with ldns. */
#include "records.h"
#include "valise/base/buf.h"
#include "valise/base/mem.h"
#include "valise/base/text.h"
#include <ldns/ldns.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { LINE_CAP = 16384, STRING_MAX = 255, TTL = 3600, RECORDS_MAX = 5000 };

static const struct {
	enum dns_type type;
	const char *word;
} types[] = {{DNS_A, "A"}, {DNS_NS, "NS"}, {DNS_CNAME, "CNAME"}, {DNS_SOA, "SOA"}, {DNS_MX, "MX"},
        {DNS_TXT, "TXT"}, {DNS_AAAA, "AAAA"}, {DNS_SRV, "SRV"}};

const char *dns_type_word(enum dns_type type)
{
	for (size_t i = 0; i < COUNT(types); i++)
		if (types[i].type == type)
			return types[i].word;
	return NULL;
}

enum dns_type dns_type_of(const char *word)
{
	for (size_t i = 0; i < COUNT(types); i++)
		if (text_is(word, strlen(word), types[i].word))
			return types[i].type;
	return (enum dns_type)0;
}

void dns_zone_clear(struct dns_zone *z)
{
	for (size_t i = 0; i < z->n; i++) {
		free(z->list[i].name);
		dns_rr_clear(&z->list[i].record);
	}
	free(z->list);
	memset(z, 0, sizeof *z);
}

/* One of the types that are ours; others are passed over. */
static void keep_record(struct dns_zone *z, const ldns_rr *rr)
{
	struct dns_record r;
	char *name;

	if (!dns_type_word((enum dns_type)ldns_rr_get_type(rr)) ||
	        ldns_rr_get_class(rr) != LDNS_RR_CLASS_IN || !dns_rr_take(rr, &r))
		return;
	name = dns_rr_name(ldns_rr_owner(rr));
	if (!name) {
		dns_rr_clear(&r);
		return;
	}
	*ARR_PUSH(z->list, z->n, z->cap) = (struct dns_named){.name = name, .record = r};
}

/* What is read next of a file: records until its end. */
struct place {
	FILE *f;
	uint32_t ttl;
	ldns_rdf *origin, *before;
	int line;
};

static int read_records(struct place *at, const char *label, struct dns_zone *out, struct err *err)
{
	while (!feof(at->f)) {
		ldns_rr *rr = NULL;
		ldns_status s = ldns_rr_new_frm_fp_l(
		        &rr, at->f, &at->ttl, &at->origin, &at->before, &at->line);

		if (s == LDNS_STATUS_OK && rr)
			keep_record(out, rr);
		ldns_rr_free(rr);
		if (s == LDNS_STATUS_SYNTAX_INCLUDE)
			return err_at(err, label, (unsigned)at->line,
			        "$INCLUDE is not followed: put the records into this file");
		if (s != LDNS_STATUS_OK && s != LDNS_STATUS_SYNTAX_EMPTY &&
		        s != LDNS_STATUS_SYNTAX_TTL && s != LDNS_STATUS_SYNTAX_ORIGIN)
			return err_at(err, label, (unsigned)at->line,
			        "no record of a zone file: %s", ldns_get_errorstr_by_id(s));
		if (out->n > RECORDS_MAX)
			return err_at(err, label, (unsigned)at->line,
			        "more than %d records: keep those that are about mail",
			        RECORDS_MAX);
	}
	return 0;
}

int dns_zone_read(const char *text, size_t n, const char *origin, const char *label,
        struct dns_zone *out, struct err *err)
{
	struct place at = {.ttl = TTL};
	int rc;

	memset(out, 0, sizeof *out);
	if (!n)
		return 0;
	if (n > DNS_ZONE_MAX || memchr(text, '\0', n))
		return err_set(err, ERR_USAGE, ERR_WHOLE, "%s: no zone file, or one over %d MiB",
		        label, DNS_ZONE_MAX >> 20);
	at.origin = ldns_dname_new_frm_str(origin);
	at.f = fmemopen((void *)(uintptr_t)text, n, "r");
	if (!at.origin || !at.f)
		rc = err_set(err, ERR_USAGE, ERR_WHOLE, "%s: \"%s\" is no domain", label, origin);
	else
		rc = read_records(&at, label, out, err);
	if (at.f)
		(void)fclose(at.f);
	ldns_rdf_deep_free(at.origin);
	ldns_rdf_deep_free(at.before);
	return rc;
}

/* As strings of 255 octets, whatever stands in it. */
static void put_quoted(const char *data, struct buf *out)
{
	for (size_t i = 0; !i || data[i]; i++) {
		if (i % STRING_MAX == 0)
			buf_puts(out, i ? "\" \"" : "\"");
		if (!data[i])
			break;
		if (data[i] == '"' || data[i] == '\\')
			buf_putc(out, '\\');
		buf_putc(out, data[i]);
	}
	buf_putc(out, '"');
}

int dns_zone_add(
        struct dns_zone *z, const char *name, const char *type, const char *data, struct err *err)
{
	struct buf line = buf_of((size_t)4 * LINE_CAP);
	ldns_rdf *root = ldns_dname_new_frm_str(".");
	ldns_rr *rr = NULL;
	size_t before = z->n;
	ldns_status s;

	if (!dns_type_of(type) || strlen(name) + strlen(data) > LINE_CAP ||
	        strpbrk(data, "\r\n\t") || strpbrk(name, " \r\n\t\"")) {
		buf_clear(&line);
		ldns_rdf_deep_free(root);
		return err_set(err, ERR_USAGE, ERR_WHOLE, "no record: %s %s %s", name, type, data);
	}
	buf_putf(&line, "%s %d IN %s ", name, TTL, type);
	if (dns_type_of(type) == DNS_TXT && *data != '"')
		put_quoted(data, &line);
	else
		buf_puts(&line, data);
	s = ldns_rr_new_frm_str(&rr, buf_str(&line), TTL, root, NULL);
	if (s == LDNS_STATUS_OK)
		keep_record(z, rr);
	ldns_rr_free(rr);
	ldns_rdf_deep_free(root);
	buf_clear(&line);
	if (z->n == before)
		return err_set(err, ERR_USAGE, ERR_WHOLE, "no record: %s %s %s: %s", name, type,
		        data, ldns_get_errorstr_by_id(s));
	return 0;
}
