/*
 * Answers of POX Autodiscover (MS-OXDSCLI 2.2.4), read with expat: elements by their path,
 * whatever their namespace is called.
 */
#include "pox.h"
#include <ctype.h>
#include <expat.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include "valise/base/escape.h"
#include "valise/base/mem.h"

enum { TEXT_MAX = 4096, DEPTH_MAX = 32, PATH_MAX_LEN = 512, ELEMENTS_MAX = 20000 };

static const char begin[] =
        "<?xml version=\"1.0\" encoding=\"utf-8\"?>"
        "<Autodiscover xmlns=\"http://schemas.microsoft.com/exchange/autodiscover/outlook/"
        "requestschema/2006\"><Request><EMailAddress>";
static const char end[] =
        "</EMailAddress><AcceptableResponseSchema>http://schemas.microsoft.com/exchange/"
        "autodiscover/outlook/responseschema/2006a</AcceptableResponseSchema></Request>"
        "</Autodiscover>";

void pox_request(const char *address, struct buf *out)
{
	buf_puts(out, begin);
	for (const char *s = address; *s; s++) {
		if (*s == '&')
			buf_puts(out, "&amp;");
		else if (*s == '<')
			buf_puts(out, "&lt;");
		else if (*s == '>')
			buf_puts(out, "&gt;");
		else
			buf_putc(out, *s);
	}
	buf_puts(out, end);
}

/* What is said of another mailbox of the account, until it is known which one it is. */
struct other {
	char *type, *address, *mailbox, *server;
};

struct reading {
	XML_Parser parser;
	struct pox_answer *out;
	struct other other;
	char *code, *message; /* of an error */
	unsigned depth, elements;
	size_t ends[DEPTH_MAX]; /* lengths of the path before each element */
	struct buf path; /* "Response/Account/mapiHttp/MailStore/ExternalUrl" */
	struct buf text;
	bool any, bad;
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

static const char *type_of(const char **list)
{
	for (; list && list[0]; list += 2)
		if (strcasecmp(local_name(list[0]), "Type") == 0)
			return list[1];
	return "";
}

static void other_clear(struct other *o)
{
	free(o->type);
	free(o->address);
	free(o->mailbox);
	free(o->server);
	memset(o, 0, sizeof *o);
}

static bool is_at(const struct reading *r, const char *path)
{
	return strcasecmp(buf_str(&r->path), path) == 0;
}

static void on_start(void *ctx, const char *raw, const char **list)
{
	struct reading *r = ctx;
	const char *name = local_name(raw);

	if (++r->elements > ELEMENTS_MAX || r->depth == DEPTH_MAX) {
		give_up(r);
		return;
	}
	r->ends[r->depth++] = r->path.len;
	buf_reset(&r->text);
	if (r->depth == 1) {
		r->any = strcasecmp(name, "Autodiscover") == 0;
		if (!r->any)
			give_up(r);
		return;
	}
	if (strcasecmp(name, "Protocol") == 0 && strcasecmp(type_of(list), "mapiHttp") == 0)
		name = "mapiHttp";
	if (buf_addf(&r->path, "%s%s", r->path.len ? "/" : "", name) != 0)
		give_up(r);
	else if (is_at(r, "Response/Account/AlternativeMailbox"))
		other_clear(&r->other);
}

static void on_text(void *ctx, const char *s, int n)
{
	struct reading *r = ctx;

	/* what is longer is none of what is wanted */
	(void)buf_fill(&r->text, s, (size_t)n);
}

/* Without blanks around it; NULL: it is empty, too long, or no line of text. */
static char *take_text(const struct reading *r)
{
	const char *s = buf_str(&r->text);
	size_t n = r->text.len;

	if (n == TEXT_MAX)
		return NULL;
	while (n && isspace((unsigned char)*s))
		s++, n--;
	while (n && isspace((unsigned char)s[n - 1]))
		n--;
	for (size_t i = 0; i < n; i++)
		if (iscntrl((unsigned char)s[i]))
			return NULL;
	return n && utf8_valid(s, n) ? xstrndup(s, n) : NULL;
}

static char **find_place(struct reading *r)
{
	const struct {
		const char *path;
		char **where;
	} places[] = {
	        {"Response/Error/ErrorCode", &r->code},
	        {"Response/Error/Message", &r->message},
	        {"Response/User/AutoDiscoverSMTPAddress", &r->out->address},
	        {"Response/User/LegacyDN", &r->out->mailbox},
	        {"Response/Account/RedirectAddr", &r->out->redirect_address},
	        {"Response/Account/RedirectUrl", &r->out->redirect_url},
	        {"Response/Account/mapiHttp/MailStore/ExternalUrl", &r->out->external},
	        {"Response/Account/mapiHttp/MailStore/InternalUrl", &r->out->internal},
	        {"Response/Account/AlternativeMailbox/Type", &r->other.type},
	        {"Response/Account/AlternativeMailbox/SmtpAddress", &r->other.address},
	        {"Response/Account/AlternativeMailbox/LegacyDN", &r->other.mailbox},
	        {"Response/Account/AlternativeMailbox/Server", &r->other.server},
	        {"Response/Account/PublicFolderInformation/SmtpAddress", &r->out->public_folders},
	};

	for (size_t i = 0; i < COUNT(places); i++)
		if (is_at(r, places[i].path))
			return places[i].where;
	return NULL;
}

/* The first archive that can be asked for counts. */
static void take_other(struct reading *r)
{
	struct pox_answer *a = r->out;
	struct other *o = &r->other;

	if (o->type && strcasecmp(o->type, "Archive") == 0 && (o->address || o->mailbox) &&
	        !a->archive_address && !a->archive_mailbox) {
		a->archive_address = o->address;
		a->archive_mailbox = o->mailbox;
		a->archive_server = o->server;
		o->address = o->mailbox = o->server = NULL;
	}
	other_clear(o);
}

static void on_end(void *ctx, const char *name)
{
	struct reading *r = ctx;
	char **where = find_place(r);

	(void)name;
	if (where && !*where)
		*where = take_text(r);
	if (is_at(r, "Response/Account/AlternativeMailbox"))
		take_other(r);
	if (is_at(r, "Response/Account"))
		r->out->settings = true;
	r->path.len = r->ends[--r->depth];
	r->path.data[r->path.len] = '\0';
	buf_reset(&r->text);
}

/* Entities are of no use here, and of much to who wants to fill memory. */
static void on_doctype(void *ctx, const char *name, const char *sysid, const char *pubid, int own)
{
	(void)name, (void)sysid, (void)pubid, (void)own;
	give_up(ctx);
}

static void take_error(struct reading *r)
{
	if (r->code || r->message)
		r->out->error = xasprintf("%s%s%s", r->code ? r->code : "",
		        r->code && r->message ? ": " : "", r->message ? r->message : "");
	free(r->code);
	free(r->message);
}

bool pox_read(const char *text, size_t n, struct pox_answer *out)
{
	struct reading r = {.out = out, .path = buf_of(PATH_MAX_LEN), .text = buf_of(TEXT_MAX)};
	bool good = false;

	memset(out, 0, sizeof *out);
	if (n > INT32_MAX)
		return false;
	r.parser = XML_ParserCreate(NULL);
	if (!r.parser)
		return false;
	XML_SetUserData(r.parser, &r);
	XML_SetElementHandler(r.parser, on_start, on_end);
	XML_SetCharacterDataHandler(r.parser, on_text);
	XML_SetStartDoctypeDeclHandler(r.parser, on_doctype);
	if (XML_Parse(r.parser, text, (int)n, 1) == XML_STATUS_OK)
		good = r.any && !r.bad;
	XML_ParserFree(r.parser);
	take_error(&r);
	other_clear(&r.other);
	buf_clear(&r.path);
	buf_clear(&r.text);
	if (!good)
		pox_clear(out);
	return good;
}

void pox_clear(struct pox_answer *a)
{
	char *const texts[] = {a->error, a->redirect_address, a->redirect_url, a->address,
	        a->mailbox, a->external, a->internal, a->archive_address, a->archive_mailbox,
	        a->archive_server, a->public_folders};

	for (size_t i = 0; i < COUNT(texts); i++)
		free(texts[i]);
	memset(a, 0, sizeof *a);
}

enum pox_step pox_decide(const struct pox_answer *a)
{
	if (!a)
		return POX_NEXT;
	if (a->redirect_address)
		return POX_ADDRESS;
	if (a->redirect_url)
		return POX_URL;
	if (a->external || a->internal)
		return a->mailbox ? POX_FOUND : POX_NEXT;
	return a->settings && !a->error ? POX_NONE : POX_NEXT;
}

char *pox_url_beside(const char *url, const char *id)
{
	static const char key[] = "MailboxId=";
	const char *query = strchr(url, '?'), *at = query ? strcasestr(query, key) : NULL;
	const char *rest;

	if (!at || !strchr("?&", at[-1]) || id[strcspn(id, "?&#/\\ %<>\"")])
		return NULL;
	at += sizeof key - 1;
	rest = at + strcspn(at, "&");
	return xasprintf("%.*s%s%s", (int)(at - url), url, id, rest);
}
