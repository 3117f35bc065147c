/* An answer of a name server, read with ldns: what of it is about the question. */
#include "records.h"
#include "valise/base/buf.h"
#include "valise/base/mem.h"
#include "valise/base/text.h"
#include <ctype.h>
#include <ldns/ldns.h>
#include <stdlib.h>
#include <string.h>

enum { HOPS_MAX = 8, HOST_MAX = 253, LABEL_MAX = 63, TEXT_MAX = 65535 };

void dns_rr_clear(struct dns_record *r)
{
	free(r->target);
	free(r->text);
	free(r->glue);
	texts_free(r->strings, r->n_strings);
}

void dns_answer_clear(struct dns_answer *a)
{
	for (size_t i = 0; i < a->n; i++)
		dns_rr_clear(&a->list[i]);
	free(a->list);
	free(a->name);
	free(a->alias);
	free(a->why);
	memset(a, 0, sizeof *a);
}

bool dns_is_host(const char *name)
{
	size_t label = 0, n = strlen(name);

	for (size_t i = 0; i < n; i++) {
		unsigned char c = (unsigned char)name[i];

		if (c == '.' ? label == 0 : !isalnum(c) && c != '-' && c != '_')
			return false;
		label = c == '.' ? 0 : label + 1;
		if (label > LABEL_MAX)
			return false;
	}
	return n && n <= HOST_MAX && label && name[0] != '-';
}

/* As ldns writes it: what is no letter of a host name is escaped there. */
char *dns_rr_name(const ldns_rdf *rdf)
{
	char *text = ldns_rdf2str(rdf), *out;
	size_t n;

	if (!text)
		return NULL;
	n = strlen(text);
	if (n && text[n - 1] == '.' && (n < 2 || text[n - 2] != '\\'))
		n--;
	out = xstrndup(text, n);
	for (char *s = out; *s; s++)
		*s = (char)tolower((unsigned char)*s);
	LDNS_FREE(text);
	return out;
}

/* Are both the same, whatever their case and last dots? */
static bool same_name(const ldns_rdf *rdf, const char *name)
{
	char *other = dns_rr_name(rdf);
	size_t n = strlen(name);
	bool same;

	if (n && name[n - 1] == '.')
		n--;
	same = other && strlen(other) == n && strncasecmp(other, name, n) == 0;
	free(other);
	return same;
}

static uint16_t number_of(const ldns_rdf *rdf)
{
	return rdf && ldns_rdf_size(rdf) == 2 ? ldns_rdf2native_int16(rdf) : 0;
}

static void take_text(const ldns_rr *rr, struct dns_record *r)
{
	struct buf text = buf_of(TEXT_MAX);

	r->strings = xcalloc(ldns_rr_rd_count(rr) + 1, sizeof *r->strings);
	for (size_t i = 0; i < ldns_rr_rd_count(rr); i++) {
		const ldns_rdf *rdf = ldns_rr_rdf(rr, i);
		size_t n = ldns_rdf_size(rdf);
		char *s = xmalloc(n + 1);

		/* its first octet is its length */
		n = n ? n - 1 : 0;
		memcpy(s, ldns_rdf_data(rdf) + 1, n);
		for (size_t k = 0; k < n; k++)
			s[k] = s[k] ? s[k] : '?';
		s[n] = '\0';
		(void)buf_fill(&text, s, n);
		r->strings[r->n_strings++] = s;
	}
	r->text = buf_take(&text);
	buf_clear(&text);
}

/* How many fields it has, and which of them is the name or address. */
static size_t target_at(enum dns_type type)
{
	return type == DNS_SRV ? 3 : type == DNS_MX ? 1 : 0;
}

static uint32_t seconds_of(const ldns_rr *rr, size_t field)
{
	const ldns_rdf *rdf = ldns_rr_rdf(rr, field);

	return rdf && ldns_rdf_size(rdf) == 4 ? ldns_rdf2native_int32(rdf) : 0;
}

bool dns_rr_take(const ldns_rr *rr, struct dns_record *r)
{
	enum dns_type type = (enum dns_type)ldns_rr_get_type(rr);
	size_t at = target_at(type);

	memset(r, 0, sizeof *r);
	if (type != DNS_TXT && ldns_rr_rd_count(rr) <= at)
		return false;
	r->type = type;
	r->ttl = ldns_rr_ttl(rr);
	if (type == DNS_TXT) {
		take_text(rr, r);
		return true;
	}
	r->target = dns_rr_name(ldns_rr_rdf(rr, at));
	if (!r->target)
		r->target = xstrdup("?");
	r->odd = type != DNS_A && type != DNS_AAAA && *r->target && !dns_is_host(r->target);
	if (type == DNS_MX || type == DNS_SRV)
		r->preference = number_of(ldns_rr_rdf(rr, 0));
	if (type == DNS_SRV) {
		r->weight = number_of(ldns_rr_rdf(rr, 1));
		r->port = number_of(ldns_rr_rdf(rr, 2));
	}
	if (type == DNS_SOA) {
		r->serial = seconds_of(rr, 2);
		r->refresh = seconds_of(rr, 3);
		r->minimum = seconds_of(rr, 6);
	}
	return true;
}

static void keep_record(const ldns_rr *rr, struct dns_answer *out)
{
	struct dns_record r;

	if (dns_rr_take(rr, &r))
		*ARR_PUSH(out->list, out->n, out->cap) = r;
}

static void fail_answer(struct dns_answer *out, const char *why)
{
	out->outcome = DNS_FAILED;
	free(out->why);
	out->why = xstrdup(why);
}

static bool is_about(const ldns_rr *rr, const char *name, ldns_rr_type type)
{
	return ldns_rr_get_class(rr) == LDNS_RR_CLASS_IN && ldns_rr_get_type(rr) == type &&
	       same_name(ldns_rr_owner(rr), name);
}

/* The CNAME of ${name} in this answer; NULL: it stands for itself. */
static const ldns_rr *find_alias(const ldns_rr_list *list, const char *name)
{
	for (size_t i = 0; i < ldns_rr_list_rr_count(list); i++) {
		const ldns_rr *rr = ldns_rr_list_rr(list, i);

		if (is_about(rr, name, LDNS_RR_TYPE_CNAME) && ldns_rr_rd_count(rr) == 1)
			return rr;
	}
	return NULL;
}

/* The name that ${name} stands for; the caller frees. */
static char *alias_of(const ldns_rr_list *list, const char *name)
{
	const ldns_rr *rr = find_alias(list, name);

	return rr ? dns_rr_name(ldns_rr_rdf(rr, 0)) : NULL;
}

/* What is said of the very name that was asked for, signatures and CNAME. */
static void take_marks(
        const ldns_rr_list *list, const struct dns_question *q, struct dns_answer *out)
{
	const ldns_rr *alias = q->type == DNS_CNAME ? NULL : find_alias(list, q->name);

	free(out->alias);
	out->alias = alias ? dns_rr_name(ldns_rr_rdf(alias, 0)) : NULL;
	out->alias_ttl = alias ? ldns_rr_ttl(alias) : 0;
	for (size_t i = 0; i < ldns_rr_list_rr_count(list); i++) {
		const ldns_rr *rr = ldns_rr_list_rr(list, i);

		out->has_signatures |= ldns_rr_get_type(rr) == LDNS_RR_TYPE_RRSIG;
		out->alias_beside |= alias && is_about(rr, q->name, (ldns_rr_type)q->type);
	}
}

/* The address of a name server that came along with its name, of IPv4 if there is one. */
static char *glue_of(const ldns_pkt *p, const char *name)
{
	static const ldns_rr_type types[] = {LDNS_RR_TYPE_A, LDNS_RR_TYPE_AAAA};
	const ldns_rr_list *list = ldns_pkt_additional(p);

	for (size_t k = 0; k < COUNT(types); k++)
		for (size_t i = 0; i < ldns_rr_list_rr_count(list); i++) {
			const ldns_rr *rr = ldns_rr_list_rr(list, i);

			if (is_about(rr, name, types[k]) && ldns_rr_rd_count(rr) == 1)
				return dns_rr_name(ldns_rr_rdf(rr, 0));
		}
	return NULL;
}

/* The name servers that a server of the parent zone names. */
static bool take_referral(const ldns_pkt *p, const struct dns_question *q, struct dns_answer *out)
{
	const ldns_rr_list *list = ldns_pkt_authority(p);

	if (!(q->how & DNS_REFERRED) || ldns_pkt_ancount(p))
		return false;
	for (size_t i = 0; i < ldns_rr_list_rr_count(list); i++)
		if (is_about(ldns_rr_list_rr(list, i), q->name, LDNS_RR_TYPE_NS))
			keep_record(ldns_rr_list_rr(list, i), out);
	for (size_t i = 0; i < out->n; i++)
		out->list[i].glue = glue_of(p, out->list[i].target);
	return out->n != 0;
}

/* The end of the chain of CNAMEs within the answer; NULL: it has none. */
static char *follow_aliases(const ldns_rr_list *list, const struct dns_question *q)
{
	char *name = xstrdup(q->name);

	for (int hops = 0; q->type != DNS_CNAME; hops++) {
		char *next = alias_of(list, name);

		if (!next)
			break;
		free(name);
		name = next;
		if (hops == HOPS_MAX) {
			free(name);
			return NULL;
		}
	}
	return name;
}

/* A server that knows neither the name nor somebody to ask, but names others who may. */
static bool is_referral(const ldns_pkt *p)
{
	const ldns_rr_list *list = ldns_pkt_authority(p);
	bool ns = false;

	if (ldns_pkt_aa(p) || ldns_pkt_ra(p) || ldns_pkt_ancount(p))
		return false;
	for (size_t i = 0; i < ldns_rr_list_rr_count(list); i++) {
		ldns_rr_type type = ldns_rr_get_type(ldns_rr_list_rr(list, i));

		if (type == LDNS_RR_TYPE_SOA)
			return false;
		ns |= type == LDNS_RR_TYPE_NS;
	}
	return ns;
}

static void take_answer(
        const ldns_pkt *p, const struct dns_question *q, struct dns_answer *out, char **next_out)
{
	const ldns_rr_list *list = ldns_pkt_answer(p);
	char *name = follow_aliases(list, q);

	out->authoritative = ldns_pkt_aa(p);
	out->authentic = ldns_pkt_ad(p);
	if (!name) {
		fail_answer(out, "its CNAME records go in a circle, or through more than eight");
		return;
	}
	take_marks(list, q, out);
	for (size_t i = 0; i < ldns_rr_list_rr_count(list); i++)
		if (is_about(ldns_rr_list_rr(list, i), name, (ldns_rr_type)q->type))
			keep_record(ldns_rr_list_rr(list, i), out);
	free(out->name);
	out->name = name;
	out->outcome = out->n ? DNS_FOUND : DNS_NO_DATA;
	if (ldns_pkt_get_rcode(p) == LDNS_RCODE_NXDOMAIN)
		out->outcome = DNS_NO_NAME;
	else if (!out->n && strcasecmp(name, q->name) != 0)
		*next_out = xstrdup(name);
	else if (take_referral(p, q, out))
		out->outcome = DNS_FOUND;
	else if (is_referral(p))
		fail_answer(out, "the name server refers to others, and does not ask them itself");
}

static bool is_answer_to(const ldns_pkt *p, const struct dns_question *q)
{
	const ldns_rr_list *asked = ldns_pkt_question(p);
	const ldns_rr *rr;

	if (ldns_pkt_id(p) != q->id || !ldns_pkt_qr(p) ||
	        ldns_pkt_get_opcode(p) != LDNS_PACKET_QUERY)
		return false;
	/* A refusal may leave the question out. */
	if (ldns_rr_list_rr_count(asked) == 0)
		return ldns_pkt_get_rcode(p) != LDNS_RCODE_NOERROR &&
		       ldns_pkt_get_rcode(p) != LDNS_RCODE_NXDOMAIN;
	rr = ldns_rr_list_rr(asked, 0);
	return ldns_rr_list_rr_count(asked) == 1 && is_about(rr, q->name, (ldns_rr_type)q->type);
}

static void fail_by_code(const ldns_pkt *p, struct dns_answer *out)
{
	ldns_lookup_table *code = ldns_lookup_by_id(ldns_rcodes, (int)ldns_pkt_get_rcode(p));

	out->servfail = ldns_pkt_get_rcode(p) == LDNS_RCODE_SERVFAIL;
	fail_answer(out, code ? code->name : "an unknown error code");
}

bool dns_read(const struct dns_question *q, const uint8_t *wire, size_t n, struct dns_answer *out,
        char **next_out, bool *cut_out)
{
	ldns_pkt *p = NULL;
	bool ours;

	*next_out = NULL;
	*cut_out = false;
	/* The id is looked at first: what is not ours need not be well-formed. */
	if (n < 12 || ((unsigned)wire[0] << 8 | wire[1]) != q->id)
		return false;
	if (ldns_wire2pkt(&p, wire, n) != LDNS_STATUS_OK || !p) {
		/* cut in the middle of a record, as some do */
		*cut_out = (wire[2] & 0x02) != 0;
		fail_answer(out, "its answer is malformed");
		return true;
	}
	ours = is_answer_to(p, q);
	if (ours && ldns_pkt_tc(p))
		*cut_out = true;
	else if (ours && ldns_pkt_get_rcode(p) != LDNS_RCODE_NOERROR &&
	         ldns_pkt_get_rcode(p) != LDNS_RCODE_NXDOMAIN)
		fail_by_code(p, out);
	else if (ours)
		take_answer(p, q, out, next_out);
	ldns_pkt_free(p);
	return ours;
}
