/* Records as text: how they are shown, compared, told apart, and whom they name. */
#include "judge.h"
#include "valise/base/buf.h"
#include "valise/base/mem.h"
#include "valise/base/text.h"
#include <ctype.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

/* A TXT record has 65535 octets at most; blanks are added behind semicolons. */
enum { TEXT_CAP = 1 << 18 };

/* Runs of blanks as one. */
static void put_words(const char *s, struct buf *out)
{
	for (bool first = true; *s; first = false) {
		size_t n;

		s += strspn(s, " \t");
		n = strcspn(s, " \t");
		if (n && !first)
			buf_putc(out, ' ');
		buf_put(out, s, n);
		s += n;
	}
}

/* Tags with one blank between; blanks within keys count for nothing (RFC 6376 2.8). */
static bool put_tags(enum migration_kind kind, const char *text, struct buf *out)
{
	struct tags t;
	bool good = tags_parse(text, &t) == NULL;

	for (size_t i = 0; good && i < t.n; i++) {
		buf_putf(out, "%s%s=", i ? "; " : "", t.list[i].name);
		for (const char *s = t.list[i].value; *s; s++)
			if (kind != KIND_DKIM || !isspace((unsigned char)*s))
				buf_putc(out, *s);
	}
	tags_clear(&t);
	return good;
}

static char *txt_text(enum migration_kind kind, const char *text)
{
	struct buf out = buf_of(TEXT_CAP);
	char *got;

	if (kind == KIND_SPF)
		put_words(text, &out);
	else if (kind == KIND_TXT || !put_tags(kind, text, &out)) {
		buf_reset(&out);
		buf_puts(&out, text);
	}
	got = buf_take(&out);
	buf_clear(&out);
	return got;
}

char *rr_text(enum migration_kind kind, const struct dns_record *r)
{
	const char *name = r->target && *r->target ? r->target : ".";

	switch (r->type) {
	case DNS_TXT:
		return txt_text(kind, r->text);
	case DNS_MX:
		return xasprintf("%u %s", r->preference, name);
	case DNS_SRV:
		return xasprintf("%u %u %u %s", r->preference, r->weight, r->port, name);
	case DNS_CNAME:
		return xasprintf("CNAME %s", name);
	case DNS_A:
	case DNS_AAAA:
	case DNS_NS:
	case DNS_SOA:
		break;
	}
	return xstrdup(name);
}

bool rr_same(enum migration_kind kind, const char *a, const char *b)
{
	return kind == KIND_SPF ? strcasecmp(a, b) == 0 : strcmp(a, b) == 0;
}

/* "v=NAME", and then the end, a blank or a semicolon; blanks may be around the sign. */
static bool has_version(const char *text, const char *version)
{
	size_t n = strlen(version);

	text += strspn(text, " \t");
	if (*text != 'v')
		return false;
	text += 1 + strspn(text + 1, " \t");
	if (*text != '=')
		return false;
	text += 1 + strspn(text + 1, " \t");
	return strncmp(text, version, n) == 0 && (!text[n] || strchr(" \t;", text[n]));
}

/* A key may be without its version (RFC 6376 3.6.1), so all with a "p" are. */
static bool is_key(const char *text)
{
	struct tags t;
	bool is = has_version(text, "DKIM1");

	if (!is) {
		(void)tags_parse(text, &t);
		is = tags_get(&t, "p") && (!tags_get(&t, "v") || tags_get(&t, "k"));
		tags_clear(&t);
	}
	return is;
}

bool rr_is_of(enum migration_kind kind, const struct dns_record *r)
{
	if (r->type != DNS_TXT)
		return true;
	switch (kind) {
	case KIND_SPF:
		return spf_is(r->text);
	case KIND_DKIM:
		return is_key(r->text);
	case KIND_DMARC:
		return has_version(r->text, "DMARC1");
	case KIND_MTA_STS:
		return has_version(r->text, "STSv1");
	case KIND_TLS_RPT:
		return has_version(r->text, "TLSRPTv1");
	case KIND_TXT:
		return !spf_is(r->text);
	case KIND_NS:
	case KIND_MX:
	case KIND_SRV:
	case KIND_HOST:
		break;
	}
	return true;
}

enum migration_kind kind_of(
        const char *name, const char *domain, enum dns_type type, const char *text)
{
	size_t n = strlen(name), d = strlen(domain);
	const char *dkim = strstr(name, "._domainkey.");

	if (type == DNS_NS)
		return KIND_NS;
	if (type == DNS_MX)
		return KIND_MX;
	if (type == DNS_SRV)
		return KIND_SRV;
	if (type == DNS_TXT && text && spf_is(text))
		return KIND_SPF;
	if (dkim && dkim != name)
		return KIND_DKIM;
	if (n > d + 1 && strcmp(name + n - d, domain) == 0 && name[n - d - 1] == '.') {
		size_t own = n - d - 1;

		if (text_is(name, own, "_dmarc"))
			return KIND_DMARC;
		if (text_is(name, own, "_mta-sts"))
			return KIND_MTA_STS;
		if (text_is(name, own, "_smtp._tls"))
			return KIND_TLS_RPT;
	}
	return type == DNS_TXT ? KIND_TXT : KIND_HOST;
}

bool text_names_host(const char *text, const char *old)
{
	size_t len = strlen(old);

	if (len && old[len - 1] == '.')
		len--;
	while (*text && len) {
		size_t n = 0, host;

		while (isalnum((unsigned char)text[n]) || (text[n] && strchr("-_.", text[n])))
			n++;
		host = n;
		while (host && text[host - 1] == '.')
			host--;
		if (host >= len && strncasecmp(text + host - len, old, len) == 0 &&
		        (host == len || text[host - len - 1] == '.'))
			return true;
		text += n ? n : 1;
	}
	return false;
}

void note_add(struct migration_note **list, size_t *n, size_t *cap, enum migration_weight weight,
        char *text)
{
	for (size_t i = 0; i < *n; i++)
		if (strcmp((*list)[i].text, text) == 0) {
			free(text);
			return;
		}
	*ARR_PUSH(*list, *n, *cap) = (struct migration_note){.weight = weight, .text = text};
}

void row_note(struct migration_row *row, enum migration_weight weight, char *text)
{
	note_add(&row->notes, &row->n_notes, &row->notes_cap, weight, text);
}
