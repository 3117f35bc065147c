/* A message for people: who wrote to whom, its texts, what is attached. */
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include "valise/base/escape.h"
#include "valise/base/mem.h"
#include "valise/base/text.h"
#include "cli/show/show.h"

enum { FIELD_MAX = 1 << 20, CALENDAR_MAX = 1 << 20, JSON_TEXT_MAX = 4 << 20 };

int open_item(const struct shown_item *s, struct mime_spool **spool_out, struct mime_message **out,
        struct err *err)
{
	int rc;

	*spool_out = mime_spool_new();
	*out = NULL;
	rc = s->reader->ops->body(s->reader, s->coll, s->item, mime_spool_write, *spool_out, err);
	return rc < 0 ? rc : mime_spool_open(*spool_out, out, err);
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

size_t part_by_number(const struct args *a, struct mime_message *m, const char *number)
{
	const struct mime_part *parts;
	size_t n = mime_parts(m, &parts);
	struct buf all = buf_of(1024);

	for (size_t i = 0; i < n; i++) {
		if (parts[i].multipart)
			continue;
		if (strcmp(parts[i].number, number) == 0) {
			buf_clear(&all);
			return i;
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

static int print_attachments(struct mime_message *m, struct err *err)
{
	const struct mime_part *parts;
	size_t n = mime_parts(m, &parts);
	bool any = false;

	for (size_t i = 0; i < n; i++) {
		const struct mime_part *p = &parts[i];
		char *type, *name, bytes[32];
		uint64_t size;
		int rc;

		if (!p->attachment && (!p->name || p->multipart))
			continue;
		rc = part_size(m, i, &size, err);
		if (rc < 0)
			return rc;
		if (!any)
			puts("\nAttachments (--part NUMBER, --save DIR):");
		any = true;
		type = term_escape_dup(p->type);
		name = term_escape_dup(p->name ? p->name : "");
		printf("  %-7s %9s  %s%s%s\n", p->number, human_bytes(size, bytes), type,
		        *name ? "  " : "", name);
		free(type);
		free(name);
	}
	if (mime_cut(m))
		printf("\n(%s)\n", mime_cut(m));
	return 0;
}

int show_mail(const struct shown_item *s, struct err *err)
{
	struct mime_spool *spool;
	struct mime_message *m;
	int rc = open_item(s, &spool, &m, err);

	if (rc == 0) {
		print_header(m);
		print_listing(s);
		rc = print_texts(m, err);
	}
	if (rc == 0)
		rc = print_attachments(m, err);
	mime_free(m);
	mime_spool_free(spool);
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

int mail_to_json(const struct shown_item *s, json_t *o, struct err *err)
{
	struct mime_spool *spool;
	struct mime_message *m;
	const struct mime_part *parts;
	size_t body[MIME_PARTS_MAX], shown, n;
	json_t *list = json_array();
	struct buf text = buf_of(JSON_TEXT_MAX);
	int rc = open_item(s, &spool, &m, err);

	n = rc == 0 ? mime_parts(m, &parts) : 0;
	for (size_t i = 0; i < n && rc == 0; i++) {
		uint64_t size;

		rc = part_size(m, i, &size, err);
		if (rc == 0 && !parts[i].multipart)
			json_array_append_new(list, part_json(&parts[i], size));
	}
	shown = rc == 0 ? mime_body_parts(m, body, COUNT(body)) : 0;
	for (size_t k = 0; k < shown && rc == 0; k++)
		rc = mime_part_text(m, body[k], text.cap - text.len, to_buf, &text, err);
	json_object_set_new(o, "parts", list);
	json_set_text(o, "text", buf_str(&text));
	if (m && mime_cut(m))
		json_set_text(o, "cut", mime_cut(m));
	buf_clear(&text);
	mime_free(m);
	mime_spool_free(spool);
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
	struct mime_spool *spool;
	struct mime_message *m;
	struct err err = {0};
	int rc = open_item(s, &spool, &m, &err);
	size_t i = rc == 0 ? part_by_number(s->args, m, number) : SIZE_MAX;

	if (i != SIZE_MAX)
		rc = print_part(s->args, m, i, &err);
	else if (rc == 0)
		rc = EXIT_USAGE;
	mime_free(m);
	mime_spool_free(spool);
	return rc < 0 ? fail(s->args, &err) : rc;
}
