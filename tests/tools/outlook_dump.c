/*
 * outlook_dump [-d] [-a] FILE...: what the readers of Outlook's files see, a JSON object a line,
 * for comparing with others. -d: deleted items, too; -a: associated ones. -n: nothing but numbers.
 */
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include "valise/base/hash.h"
#include "valise/base/json.h"
#include "valise/base/mem.h"
#include "valise/outlook/fx.h"
#include "valise/outlook/read.h"

struct sums {
	struct sha256 sha;
	uint64_t n;
};

static int add_octets(void *ctx, const void *p, size_t n, struct err *err)
{
	struct sums *s = ctx;

	(void)err;
	sha256_add(&s->sha, p, n);
	s->n += n;
	return 0;
}

static void set_sum(json_t *o, const char *name, const char *size, struct sums *s)
{
	uint8_t sum[SHA256_LEN];

	sha256_end(&s->sha, sum);
	json_set_hex(o, name, sum, sizeof sum);
	json_set_number(o, size, s->n);
}

static void print(json_t *o)
{
	char *text = json_text(o);

	puts(text);
	free(text);
}

static void set_time(json_t *o, const char *name, struct bag *b, bag_key key)
{
	int64_t t;

	if (bag_time(b, key, &t))
		json_object_set_new(o, name, json_integer(t));
}

static json_t *item_of(struct bag *b);

static json_t *recipient_of(struct bag *b)
{
	json_t *o = json_object();

	json_set_text(o, "name", bag_text(b, 0x3001));
	json_set_text(o, "address", bag_text(b, 0x3003));
	json_set_text(o, "smtp", bag_text(b, 0x39fe));
	json_object_set_new(o, "type", json_integer(bag_int(b, 0x0c15, -1)));
	json_object_set_new(o, "props", json_integer((json_int_t)b->n_props));
	return o;
}

static json_t *attachment_of(struct bag *b)
{
	json_t *o = json_object();
	const struct bag_prop *data = bag_peek(b, 0x3701);
	struct sums s = {.n = 0};
	struct err err;

	json_set_text(o, "name", bag_text(b, 0x3707));
	json_set_text(o, "short", bag_text(b, 0x3704));
	json_set_text(o, "cid", bag_text(b, 0x3712));
	json_object_set_new(o, "method", json_integer(bag_int(b, 0x3705, -1)));
	json_object_set_new(o, "said", json_integer(bag_int(b, 0x0e20, -1)));
	json_object_set_new(o, "props", json_integer((json_int_t)b->n_props));
	if (data) {
		sha256_start(&s.sha);
		if (bag_stream(b, data, add_octets, &s, &err) == 0)
			set_sum(o, "sha256", "size", &s);
	}
	if (b->embedded)
		json_object_set_new(o, "item", item_of(b->embedded));
	return o;
}

static json_t *item_of(struct bag *b)
{
	static const struct {
		const char *name;
		bag_key key;
	} texts[] = {{"class", 0x001a}, {"subject", 0x0037}, {"sender", 0x0c1a},
	        {"sender_address", 0x0c1f}, {"message_id", 0x1035}, {"headers", 0x007d},
	        {"body", 0x1000}, {"to", 0x0e04}, {"display_name", 0x3001}};
	static const struct {
		const char *name;
		bag_key key;
	} times[] = {{"submitted", 0x0039}, {"delivered", 0x0e06}, {"modified", 0x3008},
	        {"created", 0x3007}};
	json_t *o = json_object(), *list = json_array();

	for (size_t i = 0; i < COUNT(texts); i++)
		json_set_text(o, texts[i].name, bag_text(b, texts[i].key));
	for (size_t i = 0; i < COUNT(times); i++)
		set_time(o, times[i].name, b, times[i].key);
	for (size_t i = 0; i < b->n_recipients; i++)
		json_array_append_new(list, recipient_of(b->recipients[i]));
	json_object_set_new(o, "recipients", list);
	list = json_array();
	for (size_t i = 0; i < b->n_attachments; i++)
		json_array_append_new(list, attachment_of(b->attachments[i]));
	json_object_set_new(o, "attachments", list);
	json_object_set_new(o, "props", json_integer((json_int_t)b->n_props));
	return o;
}

static int folder(void *ctx, const struct outlook_folder *f, struct err *err)
{
	json_t *o = json_object();

	(void)err;
	if (*(bool *)ctx) {
		json_decref(o);
		return 0;
	}
	json_set_text(o, "folder", f->path);
	json_set_text(o, "container", f->container_class);
	json_set_text(o, "use", f->special_use);
	json_object_set_new(o, "search", json_boolean(f->search));
	json_object_set_new(o, "deleted", json_boolean(f->deleted));
	json_set_number(o, "items", f->items);
	print(o);
	return 0;
}

static int item(void *ctx, const struct outlook_folder *f, struct bag *b, struct err *err)
{
	struct sums s = {.n = 0};
	json_t *o;

	sha256_start(&s.sha);
	if (fx_write(b, add_octets, &s, err) < 0)
		return (int)err->code;
	if (*(bool *)ctx)
		return 0;
	o = item_of(b);
	json_set_text(o, "in", f->path);
	set_sum(o, "fx_sha256", "fx_size", &s);
	print(o);
	return 0;
}

static void lost(void *ctx, const struct outlook_folder *f, const char *shown, const char *why)
{
	json_t *o = json_object();

	(void)ctx;
	json_set_text(o, "lost", why);
	json_set_text(o, "item", shown);
	json_set_text(o, "in", f ? f->path : NULL);
	print(o);
}

static int dump(const char *path, const struct outlook_read_opts *opts, bool quiet)
{
	struct outlook_visit visit = {.ctx = &quiet, .folder = folder, .item = item, .lost = lost};
	char head[512];
	struct err err;
	int fd = open(path, O_RDONLY | O_CLOEXEC), rc;
	ssize_t n = fd < 0 ? -1 : pread(fd, head, sizeof head, 0);

	if (n < 0) {
		perror(path);
		return 1;
	}
	rc = outlook_read(fd, outlook_detect(head, (size_t)n, path), opts, &visit, &err);
	if (rc < 0)
		fprintf(stderr, "%s: %s\n", path, err.text);
	(void)close(fd);
	return rc < 0;
}

int main(int argc, char **argv)
{
	struct outlook_read_opts opts = {.deleted = false};
	bool quiet = false;
	int c, rc = 0;

	while ((c = getopt(argc, argv, "dan")) >= 0)
		switch (c) {
		case 'd':
			opts.deleted = true;
			break;
		case 'a':
			opts.associated = true;
			break;
		case 'n':
			quiet = true;
			break;
		default:
			return 2;
		}
	for (int i = optind; i < argc; i++)
		rc |= dump(argv[i], &opts, quiet);
	return rc;
}
