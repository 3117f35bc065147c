/*
 * --report FILE.html: a page that can be handed on, made of the JSON report alone. It stands
 * alone, holds no script, and everything from outside goes through base/markup.h.
 */
#include <stdlib.h>
#include <string.h>
#include "valise/base/mem.h"
#include "valise/base/progress.h"
#include "cli/report/html.h"
#include "cli/report/page.h"
#include "cli/report/report.h"

static void put_head(struct buf *b, const char *title)
{
	buf_puts(b, "<!doctype html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n"
	            "<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n"
	            "<meta name=\"color-scheme\" content=\"light dark\">\n"
	            "<meta name=\"referrer\" content=\"no-referrer\">\n"
	            "<meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; "
	            "style-src 'unsafe-inline'; base-uri 'none'; form-action 'none'\">\n<style>\n");
	for (const char *const *piece = markup_style; *piece; piece++)
		buf_puts(b, *piece);
	for (const char *const *piece = report_style; *piece; piece++)
		buf_puts(b, *piece);
	buf_puts(b, "</style>\n");
	markup_element(b, "title", title);
	buf_puts(b, "\n</head>\n<body>\n<main>\n");
}

/* The words are enough; the sign beside them is for the eye. */
static void put_verdict(struct buf *b, const json_t *o)
{
	static const char *const classes[] = {
	        [VERDICT_GOOD] = "good", [VERDICT_PART] = "part", [VERDICT_BAD] = "bad"};
	static const char *const signs[] = {[VERDICT_GOOD] = "M5 13l5 5L20 7",
	        [VERDICT_PART] = "M12 5v9M12 18v1",
	        [VERDICT_BAD] = "M6 6l12 12M18 6L6 18"};
	enum verdict_mood mood;
	const char *text = verdict_text(o, &mood), *why = json_get_str(o, "text");
	char *more = verdict_more(o);

	buf_putf(b,
	        "<div class=\"verdict %s\"><svg viewBox=\"0 0 24 24\" width=\"44\" height=\"44\" "
	        "aria-hidden=\"true\"><path d=\"%s\"/></svg><div>\n",
	        classes[mood], signs[mood]);
	markup_element(b, "p class=\"says\"", text);
	if (why) {
		buf_puts(b, "\n<p class=\"why\">Why: ");
		markup_text(b, why);
		buf_puts(b, "</p>");
	}
	if (more)
		markup_element(b, "p class=\"why\"", more);
	buf_puts(b, "\n</div></div>\n");
	free(more);
}

static void put_header(struct buf *b, const json_t *o, const char *title)
{
	const char *command = json_get_str(o, "command");
	bool certificate = command && strcmp(command, "audit") == 0;

	buf_puts(b, "<header>\n");
	markup_element(b, "p class=\"kind\"", certificate ? "valise certificate" : "valise report");
	buf_putc(b, '\n');
	markup_element(b, "h1", title);
	buf_puts(b, "\n<p class=\"when\">");
	html_value(b, json_object_get(o, "ended_local"), CELL_TIME);
	buf_puts(b, "</p>\n</header>\n");
	put_verdict(b, o);
}

/* What a reader wants to know first, where the outcome has it. */
static const struct column figures[] = {{"mail.items", "messages", CELL_NUMBER},
        {"calendars.items", "events and tasks", CELL_NUMBER},
        {"contacts.items", "contacts", CELL_NUMBER}, {"total", "accounts", CELL_NUMBER},
        {"items", "items", CELL_NUMBER}, {"added", "added", CELL_NUMBER},
        {"already", "there already", CELL_NUMBER},
        {"altered", "not exactly as in the archive", CELL_NUMBER},
        {"errors", "missing", CELL_NUMBER}, {"failed", "failed", CELL_NUMBER},
        {"damages", "damages", CELL_NUMBER}, {"bytes", "in all", CELL_BYTES}};

static void put_figures(struct buf *b, const json_t *o)
{
	if (json_object_get(o, "findings")) /* page_sides has them */
		return;
	buf_puts(b, "<ul class=\"figures\">\n");
	for (size_t i = 0; i < COUNT(figures); i++) {
		const json_t *v = json_at(o, figures[i].path);

		if (!json_is_integer(v))
			continue;
		buf_puts(b, "<li><b>");
		html_value(b, v, figures[i].kind);
		buf_puts(b, "</b> ");
		markup_element(b, "span", figures[i].title);
		buf_puts(b, "</li>\n");
	}
	buf_puts(b, "</ul>\n");
}

/* What has a place of its own on the page, or is of no use there. */
static bool has_place(const char *key)
{
	static const char *const keys[] = {"account", "archive", "to", "began", "ended",
	        "began_local", "ended_local", "version", "command", "verdict", "exit", "content",
	        "state", "bytes", "dry_run", "sound", "code", "text", "total", "items", "added",
	        "already", "altered", "errors", "failed", "damages", "seal", "reasons",
	        "snapshot_created", "full"};

	for (size_t i = 0; i < COUNT(keys); i++)
		if (strcmp(key, keys[i]) == 0)
			return true;
	return false;
}

/* What a member is called for people, where its own name says too little; the caller frees. */
static char *title_of(const char *key)
{
	static const struct {
		const char *key, *title;
	} titles[] = {{"collections", "Folders"}, {"collections_made", "Folders made"},
	        {"doubled", "More often than in the archive"},
	        {"unseen", "Not looked at afterwards"}, {"unattached", "Linked files not attached"},
	        {"rescued", "Refused at first, taken otherwise"},
	        {"unreadable", "Could not be read from the archive"}, {"gone", "Gone, kept"},
	        {"left_out", "Left out by options"}, {"objects_new", "New items"},
	        {"bytes_new", "New bytes"}, {"stored_bytes", "Bytes on disk"},
	        {"shrunk", "Folders that lost much at once"},
	        {"complete", "Newest snapshot complete"},
	        {"seconds_low", "Seconds that a backup takes at least"},
	        {"seconds_high", "and at most"}, {"archive_bytes", "Size of its archive, about"},
	        {"archive_bytes_low", "at least"}, {"archive_bytes_high", "and at most"},
	        {"sampled_items", "Items that this was measured on"},
	        {"sampled_bytes", "Bytes of these"},
	        {"predicted", "Lines on what a restore would meet"},
	        {"will", "Items that will not go as they are"}, {"may", "Items that may not"},
	        {"restore_seconds_low", "Seconds that a restore takes at least"},
	        {"restore_seconds_high", "Seconds that a restore takes at most"}};

	for (size_t i = 0; i < COUNT(titles); i++)
		if (strcmp(key, titles[i].key) == 0)
			return xstrdup(titles[i].title);
	return html_words(key);
}

/* The rest of the outcome that a person can read: "Flags added", 12. */
static void put_rest(struct buf *b, const json_t *o)
{
	const char *key;
	json_t *v;

	json_object_foreach((json_t *)(uintptr_t)o, key, v)
	{
		char *title;

		if (has_place(key) || json_is_object(v) || json_is_array(v))
			continue;
		title = title_of(key);
		html_fact(b, title, v, strstr(key, "bytes") ? CELL_BYTES : CELL_NUMBER);
		free(title);
	}
}

/* In UTC, and by the clock on the wall. */
static void put_moment(
        struct buf *b, const json_t *o, const char *name, const char *utc, const char *local)
{
	const json_t *here = json_object_get(o, local);

	if (!json_object_get(o, utc))
		return;
	markup_element(b, "dt", name);
	buf_puts(b, "<dd>");
	html_value(b, json_object_get(o, utc), CELL_TIME);
	if (here) {
		buf_puts(b, " (local: ");
		html_value(b, here, CELL_TIME);
		buf_putc(b, ')');
	}
	buf_puts(b, "</dd>\n");
}

static void put_facts(struct buf *b, const json_t *o)
{
	buf_puts(b, "<section>\n<h2>The run</h2>\n<dl class=\"facts\">\n");
	html_fact(b, "Account", json_object_get(o, "account"), CELL_TEXT);
	html_fact(b, "Archive", json_object_get(o, "archive"), CELL_TEXT);
	html_fact(b, "Newest snapshot", json_object_get(o, "snapshot_created"), CELL_TIME);
	html_fact(b, "Every byte read again", json_object_get(o, "full"), CELL_TEXT);
	html_fact(b, "Archive found sound", json_at(o, "verified.when"), CELL_TIME);
	html_fact(b, "By valise verify", json_at(o, "verified.depth"), CELL_TEXT);
	html_fact(b, "Directory", json_object_get(o, "to"), CELL_TEXT);
	put_moment(b, o, "Began", "began", "began_local");
	put_moment(b, o, "Ended", "ended", "ended_local");
	put_rest(b, o);
	html_fact(b, "Seal", json_object_get(o, "seal"), CELL_HASH);
	html_fact(b, "Root of the content", json_object_get(o, "content"), CELL_HASH);
	html_fact(b, "Root of the state", json_object_get(o, "state"), CELL_HASH);
	html_fact(b, "Made by", json_object_get(o, "version"), CELL_TEXT);
	buf_puts(b, "</dl>\n</section>\n");
}

static void put_tls(struct buf *b, const json_t *s)
{
	const json_t *tls = json_object_get(s, "tls");
	const char *security = json_get_str(s, "security"), *version, *cipher, *from, *until;
	char *text;

	if (!tls) {
		html_fact_text(b, "Connection",
		        security && strcmp(security, "none") == 0
		                ? "without TLS: whoever is between can read and change it"
		                : "none came about");
		return;
	}
	version = json_get_str(tls, "version");
	cipher = json_get_str(tls, "cipher");
	text = xasprintf(
	        "%s%s%s", version ? version : "TLS", cipher ? ", " : "", cipher ? cipher : "");
	html_fact_text(b, "Connection", text);
	free(text);
	html_fact(b, "Certificate", json_object_get(tls, "subject"), CELL_TEXT);
	html_fact(b, "For", json_object_get(tls, "names"), CELL_TEXT);
	html_fact(b, "Issued by", json_object_get(tls, "issuer"), CELL_TEXT);
	from = json_get_str(tls, "valid_from");
	until = json_get_str(tls, "valid_until");
	text = from && until ? xasprintf("%.10s to %.10s", from, until) : NULL;
	html_fact_text(b, "Valid", text);
	free(text);
	html_fact(b, "SHA-256 fingerprint", json_object_get(tls, "sha256"), CELL_HASH);
}

static void put_sign_in(struct buf *b, const json_t *s)
{
	const char *user = json_get_str(s, "user"), *whose = json_get_str(s, "account"),
	           *way = json_get_str(s, "sign_in");
	bool other = user && whose && strcmp(user, whose) != 0;
	char *text = xasprintf("%s%s%s%s%s%s", user ? user : "", other ? " for " : "",
	        other ? whose : "", way ? " (" : ", not signed in", way ? way : "", way ? ")" : "");

	html_fact_text(b, "Signed in as", text);
	free(text);
}

/* As its standard writes it. */
static const char *protocol_title(const char *service)
{
	static const struct {
		const char *name, *title;
	} titles[] = {
	        {"imap", "IMAP"}, {"pop3", "POP3"}, {"caldav", "CalDAV"}, {"carddav", "CardDAV"}};

	for (size_t i = 0; service && i < COUNT(titles); i++)
		if (strcmp(titles[i].name, service) == 0)
			return titles[i].title;
	return service ? service : "";
}

static void put_server(struct buf *b, const json_t *s)
{
	const char *side = json_get_str(s, "side"), *service = json_get_str(s, "service"),
	           *host = json_get_str(s, "host");
	bool bare = host && strchr(host, ':');
	char *text = xasprintf("%s: %s", side && !strcmp(side, "target") ? "Target" : "Source",
	        protocol_title(service));

	buf_puts(b, "<section class=\"card\">\n");
	markup_element(b, "h3", text);
	free(text);
	buf_puts(b, "\n<dl class=\"facts\">\n");
	text = xasprintf("%s%s%s:%lld", bare ? "[" : "", host ? host : "", bare ? "]" : "",
	        (long long)json_get_int(s, "port", 0));
	html_fact_text(b, "Server", text);
	free(text);
	html_fact(b, "Software", json_object_get(s, "software"), CELL_TEXT);
	html_fact(b, "Greeting", json_object_get(s, "greeting"), CELL_TEXT);
	html_fact(b, "DAV", json_object_get(s, "dav"), CELL_TEXT);
	put_sign_in(b, s);
	put_tls(b, s);
	buf_puts(b, "</dl>\n</section>\n");
}

static void put_servers(struct buf *b, const json_t *list)
{
	size_t i;
	json_t *s;

	if (!json_array_size(list))
		return;
	buf_puts(b, "<section>\n<h2>Servers</h2>\n<div class=\"cards\">\n");
	json_array_foreach(list, i, s) put_server(b, s);
	buf_puts(b, "</div>\n</section>\n");
}

/* A section that is one table. */
static void put_section(struct buf *b, const char *title, const char *intro, const json_t *rows,
        const struct column *columns, size_t n)
{
	if (!json_array_size(rows))
		return;
	buf_puts(b, "<section>\n");
	markup_element(b, "h2", title);
	if (intro)
		markup_element(b, "p", intro);
	html_table(b, NULL, rows, columns, n);
	buf_puts(b, "</section>\n");
}

static void put_accounts(struct buf *b, const json_t *o)
{
	static const struct column columns[] = {{"account", "Account", CELL_TEXT},
	        {"outcome", "Outcome", CELL_TEXT}, {"archive", "Archive", CELL_TEXT},
	        {"error", "What went wrong", CELL_TEXT}};

	put_section(b, "Accounts", NULL, json_object_get(o, "accounts"), columns, COUNT(columns));
}

static void put_offers(struct buf *b, const json_t *o)
{
	static const struct column columns[] = {{"service", "Service", CELL_TEXT},
	        {"capabilities", "Of use to a backup or a restore", CELL_TEXT},
	        {"quota_used", "Quota: used", CELL_BYTES}, {"quota_limit", "of", CELL_BYTES}};

	put_section(b, "What the servers offer", NULL, json_object_get(o, "offers"), columns,
	        COUNT(columns));
}

static void put_unexamined(struct buf *b, const json_t *o)
{
	static const struct column columns[] = {
	        {"what", "What", CELL_TEXT}, {"why", "Why not", CELL_TEXT}};

	put_section(b, "Not examined", "Nothing on this page speaks of these.",
	        json_object_get(o, "not_examined"), columns, COUNT(columns));
}

static void put_seals(struct buf *b, const json_t *o)
{
	static const struct column columns[] = {{"snapshot", "Snapshot", CELL_NUMBER},
	        {"created", "Sealed", CELL_TIME}, {"items", "Items", CELL_NUMBER},
	        {"bytes", "Bytes", CELL_BYTES}, {"stored_bytes", "On disk", CELL_BYTES},
	        {"damage", "Damage", CELL_TEXT}, {"seal", "Seal", CELL_HASH}};

	static const struct column roots[] = {{"snapshot", "Snapshot", CELL_NUMBER},
	        {"content", "Root of the content", CELL_HASH},
	        {"state", "Root of the state", CELL_HASH}};
	const json_t *list = json_object_get(o, "seals");

	if (!json_array_size(list))
		return;
	buf_puts(b, "<section>\n<h2>Snapshots and their seals</h2>\n");
	markup_element(b, "p",
	        "Whoever keeps a seal elsewhere can tell later that nothing was changed: valise "
	        "verify ARCHIVE --expect SEAL.");
	html_table(b, NULL, list, columns, COUNT(columns));
	page_folded(b, "Roots of what each holds", list, roots, COUNT(roots));
	buf_puts(b, "</section>\n");
}

void report_page(const json_t *o, struct buf *b)
{
	char *title = verdict_title(o);

	put_head(b, title);
	put_header(b, o, title);
	put_figures(b, o);
	page_sides(b, o);
	page_findings(b, o);
	put_accounts(b, o);
	page_folders(b, o);
	picture_years(o, b);
	page_dns(b, o);
	page_notes(b, o);
	page_more(b, o);
	put_offers(b, o);
	put_unexamined(b, o);
	put_facts(b, o);
	put_servers(b, json_object_get(o, "servers"));
	put_seals(b, o);
	buf_puts(b, "</main>\n</body>\n</html>\n");
	free(title);
}
