/* A message for people: who wrote to whom, its texts, what is attached. */
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include "valise/base/escape.h"
#include "valise/base/mem.h"
#include "valise/base/text.h"
#include "cli/show/show.h"

enum { FIELD_MAX = 1 << 20, CALENDAR_MAX = 1 << 20, JSON_TEXT_MAX = 4 << 20 };

/* Of a winmail.dat in it: what was not as it should be. */
static void keep_note(void *ctx, bool lost, const char *what)
{
	struct shown_message *g = ctx;

	(void)lost;
	*ARR_PUSH(g->notes, g->n_notes, g->notes_cap) = xstrdup(what);
}

static int to_opened(void *ctx, const void *p, size_t n, struct err *err)
{
	return mime_spool_write(((struct shown_message *)ctx)->opened, p, n, err);
}

int open_item(const struct shown_item *s, struct shown_message *out, struct err *err)
{
	struct winmail_to to = {.write = to_opened, .ctx = out, .tell = keep_note};
	unsigned opened;
	int rc;

	*out = (struct shown_message){.spool = mime_spool_new()};
	rc = s->reader->ops->body(s->reader, s->coll, s->item, mime_spool_write, out->spool, err);
	if (rc == 0)
		rc = mime_spool_open(out->spool, &out->as_is, err);
	out->m = out->as_is;
	if (rc < 0 || !winmail_in(out->as_is))
		return rc;
	out->opened = mime_spool_new();
	rc = winmail_open(out->as_is, &to, &opened, err);
	return rc < 0 ? rc : mime_spool_open(out->opened, &out->m, err);
}

void close_item(struct shown_message *g)
{
	if (g->m != g->as_is)
		mime_free(g->m);
	mime_free(g->as_is);
	mime_spool_free(g->spool);
	mime_spool_free(g->opened);
	texts_free(g->notes, g->n_notes);
}

size_t part_winmail(const struct shown_message *g, const struct mime_part *p)
{
	const struct mime_part *parts;
	size_t n = mime_parts(g->as_is, &parts);

	if (!p->multipart || g->m == g->as_is)
		return SIZE_MAX;
	for (size_t i = 0; i < n; i++)
		if (winmail_is(&parts[i]) && strcmp(parts[i].number, p->number) == 0)
			return i;
	return SIZE_MAX;
}

static int count(void *ctx, const void *p, size_t n, struct err *err)
{
	(void)p;
	(void)err;
	*(uint64_t *)ctx += n;
	return 0;
}

int part_size(struct mime_message *m, size_t i, uint64_t *out, struct err *err)
{
	*out = 0;
	return mime_part_octets(m, i, count, out, err);
}

size_t part_by_number(const struct args *a, struct shown_message *g, const char *number,
        struct mime_message **in_out)
{
	const struct mime_part *parts;
	size_t n = mime_parts(g->m, &parts);
	struct buf all = buf_of(1024);

	*in_out = g->m;
	for (size_t i = 0; i < n; i++) {
		size_t winmail = part_winmail(g, &parts[i]);

		if (parts[i].multipart && winmail == SIZE_MAX)
			continue;
		if (strcmp(parts[i].number, number) == 0) {
			buf_clear(&all);
			*in_out = winmail == SIZE_MAX ? g->m : g->as_is;
			return winmail == SIZE_MAX ? i : winmail;
		}
		if (all.len + strlen(parts[i].number) + 8 < all.cap)
			buf_putf(&all, "%s%s", all.len ? ", " : "", parts[i].number);
	}
	usage_error(a, "there is no part \"%s\"; its parts are %s", number, buf_str(&all));
	buf_clear(&all);
	return SIZE_MAX;
}

static void print_header(struct mime_message *m)
{
	static const char *const names[] = {
	        "From", "Sender", "Reply-To", "To", "Cc", "Bcc", "Date", "Subject"};
	struct buf from = buf_of(FIELD_MAX);

	mime_field(m, "From", &from);
	for (size_t i = 0; i < COUNT(names); i++) {
		struct buf text = buf_of(FIELD_MAX);
		bool there = mime_field(m, names[i], &text);
		bool again = i > 0 && strcmp(buf_str(&text), buf_str(&from)) == 0;

		if (there && !(again && text_in(names[i], "Sender|Reply-To")))
			print_field(names[i], buf_str(&text));
		buf_clear(&text);
	}
	buf_clear(&from);
}

static int to_buf(void *ctx, const void *p, size_t n, struct err *err)
{
	(void)err;
	buf_fill(ctx, p, n);
	return 0;
}

/* An invitation in words; false: nothing in it is one. */
static bool print_calendar(struct mime_message *m, size_t i)
{
	struct buf text = buf_of(CALENDAR_MAX);
	bool told = mime_part_text(m, i, CALENDAR_MAX, to_buf, &text, NULL) == 0 &&
	            print_resource(text.data, text.len);

	buf_clear(&text);
	return told;
}

static int print_texts(struct mime_message *m, struct err *err)
{
	const struct mime_part *parts;
	size_t body[MIME_PARTS_MAX], n = mime_body_parts(m, body, COUNT(body));
	int rc = 0;

	mime_parts(m, &parts);
	for (size_t k = 0; k < n && rc == 0; k++) {
		const struct mime_part *p = &parts[body[k]];
		struct printer *printer;

		putchar('\n');
		if (p->message) {
			char *safe = term_escape_dup(p->number);

			printf("-------- Message in part %s --------\n", safe);
			free(safe);
		}
		if (strcmp(p->type, "text/calendar") == 0 && print_calendar(m, body[k]))
			continue;
		printer = printer_new();
		rc = mime_part_text(m, body[k], UINT64_MAX, printer_write, printer, err);
		printer_end(printer);
	}
	return rc;
}

static int print_attachment(struct mime_message *m, size_t i, bool opened, struct err *err)
{
	const struct mime_part *parts;
	char *type, *name, bytes[32];
	uint64_t size;
	int rc;

	mime_parts(m, &parts);
	rc = part_size(m, i, &size, err);
	if (rc < 0)
		return rc;
	type = term_escape_dup(parts[i].type);
	name = term_escape_dup(parts[i].name ? parts[i].name : "");
	printf("  %-7s %9s  %s%s%s%s\n", parts[i].number, human_bytes(size, bytes), type,
	        *name ? "  " : "", name, opened ? "  (opened: its parts follow)" : "");
	free(type);
	free(name);
	return 0;
}

static int print_attachments(struct shown_message *g, struct err *err)
{
	const struct mime_part *parts;
	size_t n = mime_parts(g->m, &parts);
	bool any = false;

	for (size_t i = 0; i < n; i++) {
		const struct mime_part *p = &parts[i];
		size_t winmail = part_winmail(g, p);
		int rc;

		if (winmail == SIZE_MAX && !p->attachment && (!p->name || p->multipart))
			continue;
		if (!any)
			puts("\nAttachments (--part NUMBER, --save DIR):");
		any = true;
		if (winmail == SIZE_MAX)
			rc = print_attachment(g->m, i, false, err);
		else
			rc = print_attachment(g->as_is, winmail, true, err);
		if (rc < 0)
			return rc;
	}
	if (mime_cut(g->m))
		printf("\n(%s)\n", mime_cut(g->m));
	for (size_t i = 0; i < g->n_notes; i++) {
		char *safe = term_escape_dup(g->notes[i]);

		printf("%s(%s)\n", i == 0 ? "\n" : "", safe);
		free(safe);
	}
	return 0;
}

int show_mail(const struct shown_item *s, struct err *err)
{
	struct shown_message g;
	int rc = open_item(s, &g, err);

	if (rc == 0) {
		print_header(g.m);
		print_listing(s);
		rc = print_texts(g.m, err);
	}
	if (rc == 0)
		rc = print_attachments(&g, err);
	close_item(&g);
	return rc;
}

static json_t *part_json(const struct mime_part *p, uint64_t size)
{
	json_t *o = json_object();

	json_set_text(o, "number", p->number);
	json_set_text(o, "type", p->type);
	json_set_text(o, "name", p->name);
	json_set_number(o, "bytes", size);
	json_object_set_new(o, "attachment", json_boolean(p->attachment));
	return o;
}

/* The parts that have octets, what was opened among them as it is, too. */
static int parts_json(struct shown_message *g, json_t *list, struct err *err)
{
	const struct mime_part *parts, *as_is;
	size_t n = mime_parts(g->m, &parts);
	int rc = 0;

	mime_parts(g->as_is, &as_is);
	for (size_t i = 0; i < n && rc == 0; i++) {
		size_t winmail = part_winmail(g, &parts[i]);
		uint64_t size;

		if (winmail != SIZE_MAX) {
			rc = part_size(g->as_is, winmail, &size, err);
			if (rc == 0)
				json_array_append_new(list, part_json(&as_is[winmail], size));
			continue;
		}
		rc = part_size(g->m, i, &size, err);
		if (rc == 0 && !parts[i].multipart)
			json_array_append_new(list, part_json(&parts[i], size));
	}
	return rc;
}

static void add_note(json_t *list, const char *note)
{
	char *safe = term_escape_dup(note);

	json_array_append_new(list, json_string(safe));
	free(safe);
}

int mail_to_json(const struct shown_item *s, json_t *o, struct err *err)
{
	struct shown_message g;
	size_t body[MIME_PARTS_MAX], shown;
	json_t *list = json_array(), *notes = json_array();
	struct buf text = buf_of(JSON_TEXT_MAX);
	int rc = open_item(s, &g, err);

	if (rc == 0)
		rc = parts_json(&g, list, err);
	shown = rc == 0 ? mime_body_parts(g.m, body, COUNT(body)) : 0;
	for (size_t k = 0; k < shown && rc == 0; k++)
		rc = mime_part_text(g.m, body[k], text.cap - text.len, to_buf, &text, err);
	json_object_set_new(o, "parts", list);
	json_set_text(o, "text", buf_str(&text));
	if (rc == 0 && mime_cut(g.m))
		json_set_text(o, "cut", mime_cut(g.m));
	for (size_t i = 0; i < g.n_notes; i++)
		add_note(notes, g.notes[i]);
	if (g.n_notes)
		json_object_set(o, "winmail", notes);
	json_decref(notes);
	buf_clear(&text);
	close_item(&g);
	return rc;
}

int print_octets(void *ctx, const void *p, size_t n, struct err *err)
{
	(void)ctx;
	if (fwrite(p, 1, n, stdout) != n)
		return err_sys(err, ERR_WHOLE, "standard output");
	return 0;
}

static int print_part(const struct args *a, struct mime_message *m, size_t i, struct err *err)
{
	const struct mime_part *parts;
	struct printer *printer;
	int rc;

	mime_parts(m, &parts);
	if (!isatty(STDOUT_FILENO))
		return mime_part_octets(m, i, print_octets, NULL, err);
	if (strncmp(parts[i].type, "text/", 5) != 0)
		return usage_error(a,
		        "part %s is %s, which is nothing for a terminal: send it to "
		        "a file (> FILE), or take --save DIR",
		        parts[i].number, parts[i].type);
	printer = printer_new();
	rc = mime_part_text(m, i, UINT64_MAX, printer_write, printer, err);
	printer_end(printer);
	return rc;
}

int show_part(const struct shown_item *s, const char *number)
{
	struct shown_message g;
	struct mime_message *in = NULL;
	struct err err = {0};
	int rc = open_item(s, &g, &err);
	size_t i = rc == 0 ? part_by_number(s->args, &g, number, &in) : SIZE_MAX;

	if (i != SIZE_MAX)
		rc = print_part(s->args, in, i, &err);
	else if (rc == 0)
		rc = EXIT_USAGE;
	close_item(&g);
	return rc < 0 ? fail(s->args, &err) : rc;
}
