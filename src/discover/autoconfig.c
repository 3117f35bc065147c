/*
 * The autoconfig XML that a domain hands out for its own accounts
 * (config-v1.1, draft-ietf-mailmaint-autoconfig), read with expat: servers of IMAP and
 * POP3, and the URLs of CalDAV and CardDAV. Nothing of it is trusted beyond that.
 */
#include "facts.h"
#include "valise/account/protocols.h"
#include "valise/base/escape.h"
#include "valise/base/mem.h"
#include "valise/net/url.h"
#include <ctype.h>
#include <expat.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

enum { TEXT_MAX = 1024, DEPTH_MAX = 32, USER_MAX = 512 };

/* What is being read: one server, with the texts of its elements. */
enum part { PART_HOST, PART_PORT, PART_SOCKET, PART_USER, PART_URL, PARTS };

struct reading {
	XML_Parser parser;
	const char *address, *domain;
	struct autoconfig *out;
	unsigned depth;
	bool any; /* a clientConfig */
	bool bad;
	int kind; /* SERVICE_x of the open server, -1: none is open */
	unsigned at; /* its depth */
	enum part part; /* PARTS: none */
	struct buf texts[PARTS];
	enum security found[SERVICE_KINDS]; /* of what is in out */
};

static const struct {
	const char *name;
	enum part part;
} parts[] = {
        {"hostname", PART_HOST},
        {"port", PART_PORT},
        {"socketType", PART_SOCKET},
        {"username", PART_USER},
        {"serverURL", PART_URL},
        {"url", PART_URL},
};

static const struct {
	const char *element, *type;
	enum service_kind kind;
} servers[] = {
        {"incomingServer", "imap", SERVICE_IMAP},
        {"incomingServer", "pop3", SERVICE_POP3},
        {"calendar", "caldav", SERVICE_CALDAV},
        {"addressBook", "carddav", SERVICE_CARDDAV},
};

static void give_up(struct reading *r)
{
	r->bad = true;
	(void)XML_StopParser(r->parser, XML_FALSE);
}

static const char *local_name(const char *name)
{
	const char *colon = strrchr(name, ':');

	return colon ? colon + 1 : name;
}

static const char *attribute(const char **list, const char *name)
{
	for (; list && list[0]; list += 2)
		if (strcasecmp(list[0], name) == 0)
			return list[1];
	return "";
}

static void begin_server(struct reading *r, const char *name, const char **list)
{
	const char *type = attribute(list, "type");

	for (size_t i = 0; i < COUNT(servers); i++) {
		if (strcasecmp(servers[i].element, name) != 0 ||
		        strcasecmp(servers[i].type, type) != 0)
			continue;
		r->kind = (int)servers[i].kind;
		r->at = r->depth;
		for (int p = 0; p < PARTS; p++)
			buf_reset(&r->texts[p]);
	}
}

static void on_start(void *ctx, const char *raw, const char **list)
{
	struct reading *r = ctx;
	const char *name = local_name(raw);

	if (++r->depth > DEPTH_MAX) {
		give_up(r);
		return;
	}
	if (r->depth == 1) {
		r->any = strcasecmp(name, "clientConfig") == 0;
		if (!r->any)
			give_up(r);
	} else if (r->kind < 0) {
		begin_server(r, name, list);
	} else if (r->depth == r->at + 1) {
		r->part = PARTS;
		for (size_t i = 0; i < COUNT(parts); i++)
			if (strcasecmp(parts[i].name, name) == 0 && !r->texts[parts[i].part].len)
				r->part = parts[i].part;
	}
}

static void on_text(void *ctx, const char *s, int n)
{
	struct reading *r = ctx;

	if (r->kind >= 0 && r->part < PARTS && r->depth == r->at + 1 &&
	        buf_add(&r->texts[r->part], s, (size_t)n) != 0)
		give_up(r);
}

/*
 * Append what the placeholder at ${s} stands for; how long it is there, 0 if there is
 * none.
 */
static size_t put_placeholder(
        const struct reading *r, const char *s, size_t n, bool in_url, struct buf *out)
{
	static const char *const words[] = {"%EMAILADDRESS%", "%EMAILLOCALPART%", "%EMAILDOMAIN%"};
	const char *const from[] = {r->address, r->address, r->domain};
	const size_t len[] = {strlen(r->address), (size_t)(strrchr(r->address, '@') - r->address),
	        strlen(r->domain)};

	for (size_t i = 0; i < COUNT(words); i++) {
		size_t word = strlen(words[i]);

		if (word > n || strncmp(words[i], s, word) != 0)
			continue;
		if (in_url && out->cap - out->len > 3 * len[i])
			url_escape_segment(from[i], len[i], out);
		else if (!in_url)
			(void)buf_fill(out, from[i], len[i]);
		return word;
	}
	return 0;
}

/* The text of ${b}, trimmed, with what stands for the address put in. */
static char *fill_in(const struct reading *r, const struct buf *b, bool in_url)
{
	const char *s = buf_str(b), *end = s + b->len;
	struct buf out = buf_of(4 * TEXT_MAX);
	char *text;

	while (s < end && isspace((unsigned char)*s))
		s++;
	while (s < end && isspace((unsigned char)end[-1]))
		end--;
	while (s < end) {
		size_t n = put_placeholder(r, s, (size_t)(end - s), in_url, &out);

		if (!n)
			(void)buf_fill(&out, s, 1);
		s += n ? n : 1;
	}
	text = buf_take(&out);
	buf_clear(&out);
	return text;
}

static enum security security_of(const char *socket)
{
	if (strcasecmp(socket, "SSL") == 0 || strcasecmp(socket, "TLS") == 0)
		return SECURITY_TLS;
	return strcasecmp(socket, "STARTTLS") == 0 ? SECURITY_STARTTLS : SECURITY_NONE;
}

/* NULL: nothing that a service can be made of; *security_out what it would be. */
static char *mail_url(struct reading *r, enum security *security_out)
{
	char *host = fill_in(r, &r->texts[PART_HOST], false), *ace = url_host_ace(host), *end;
	char *socket = fill_in(r, &r->texts[PART_SOCKET], false), *url = NULL;
	char *text = fill_in(r, &r->texts[PART_PORT], false);
	long port = strtol(text, &end, 10);

	*security_out = security_of(socket);
	if (isdigit((unsigned char)*text) && !*end && port > 0 && port <= UINT16_MAX)
		url = place_url(
		        (enum service_kind)r->kind, *security_out, ace, (uint16_t)port, NULL);
	free(text);
	free(socket);
	free(ace);
	free(host);
	return url;
}

static char *dav_url(struct reading *r, enum security *security_out)
{
	char *text = fill_in(r, &r->texts[PART_URL], true), *url = NULL;
	struct buf out = buf_of(URL_CAP);
	struct url u;

	if (url_join(NULL, text, &out, NULL) == 0 && url_cut(buf_str(&out), &u)) {
		*security_out = u.tls ? SECURITY_TLS : SECURITY_NONE;
		url = buf_take(&out);
	}
	buf_clear(&out);
	free(text);
	return url;
}

static char *user_of(const struct reading *r)
{
	char *user = fill_in(r, &r->texts[PART_USER], false);
	size_t n = strlen(user);
	bool good = n && n <= USER_MAX && utf8_valid(user, n);

	for (size_t i = 0; i < n; i++)
		good = good && !iscntrl((unsigned char)user[i]);
	/* a placeholder that is not known */
	if (!good || strstr(user, "%EMAIL") || strstr(user, "%REAL")) {
		free(user);
		return NULL;
	}
	return user;
}

/* TLS from the first octet before STARTTLS (RFC 8314 3); else the first one counts. */
static void end_server(struct reading *r)
{
	struct place *p = &r->out->places[r->kind];
	enum security security = SECURITY_NONE;
	char *url = protocols[r->kind].has_path ? dav_url(r, &security) : mail_url(r, &security);

	if (url && security == SECURITY_NONE)
		r->out->plain |= 1u << r->kind;
	if (url && security != SECURITY_NONE && (!p->url || security < r->found[r->kind])) {
		place_clear(p);
		p->url = url;
		p->user = user_of(r);
		r->found[r->kind] = security;
		url = NULL;
	}
	free(url);
	r->kind = -1;
}

static void on_end(void *ctx, const char *name)
{
	struct reading *r = ctx;

	(void)name;
	if (r->kind >= 0 && r->depth == r->at)
		end_server(r);
	r->part = PARTS;
	r->depth--;
}

/* Entities are of no use here, and of much to who wants to fill memory. */
static void on_doctype(void *ctx, const char *name, const char *sysid, const char *pubid, int own)
{
	(void)name;
	(void)sysid;
	(void)pubid;
	(void)own;
	give_up(ctx);
}

bool autoconfig_read(
        const char *text, size_t n, const char *address, const char *domain, struct autoconfig *out)
{
	struct reading r = {
	        .address = address, .domain = domain, .out = out, .kind = -1, .part = PARTS};
	bool good = false;

	memset(out, 0, sizeof *out);
	if (n > INT32_MAX || !strrchr(address, '@'))
		return false;
	r.parser = XML_ParserCreate(NULL);
	if (!r.parser)
		return false;
	for (int p = 0; p < PARTS; p++)
		buf_init(&r.texts[p], TEXT_MAX);
	XML_SetUserData(r.parser, &r);
	XML_SetElementHandler(r.parser, on_start, on_end);
	XML_SetCharacterDataHandler(r.parser, on_text);
	XML_SetStartDoctypeDeclHandler(r.parser, on_doctype);
	if (XML_Parse(r.parser, text, (int)n, 1) == XML_STATUS_OK)
		good = r.any && !r.bad;
	XML_ParserFree(r.parser);
	for (int p = 0; p < PARTS; p++)
		buf_clear(&r.texts[p]);
	if (!good)
		autoconfig_clear(out);
	for (int k = 0; k < SERVICE_KINDS; k++)
		if (out->places[k].url)
			out->plain &= ~(1u << k);
	return good;
}

void autoconfig_clear(struct autoconfig *a)
{
	for (int k = 0; k < SERVICE_KINDS; k++)
		place_clear(&a->places[k]);
	a->plain = 0;
}
