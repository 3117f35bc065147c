/* A message: opened, its parts numbered as IMAP does (RFC 3501 6.4.5), its fields. */
#include "mime/internal.h"
#include "valise/base/mem.h"
#include "valise/format/header.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/stat.h>

/* Octets of a header that are looked at for a field; what people read of one. */
enum { HEADER_MAX = 1 << 20, FIELD_MAX = 256 << 10 };

void mime_free(struct mime_message *m)
{
	if (!m)
		return;
	for (size_t i = 0; i < m->n; i++) {
		struct mime_entry *e = &m->entries[i];

		free(e->part.number);
		free(e->part.type);
		free(e->part.name);
		free(e->part.content_id);
		free(e->charset);
		free(e->boundary);
		free(e->start);
	}
	free(m->entries);
	free(m->parts);
	free(m->cut);
	free(m);
}

/* Part ${n} of what has this ${number}; "": of the message itself. */
static char *number_within(const char *number, unsigned n)
{
	return xasprintf("%s%s%u", number, *number ? "." : "", n);
}

static void number_parts(struct mime_message *m)
{
	unsigned *children = xcalloc(m->n, sizeof *children);

	for (size_t i = 0; i < m->n; i++) {
		struct mime_entry *e = &m->entries[i], *up = &m->entries[e->parent];
		const char *above = i == 0 ? "" : up->part.number;
		bool whole = i == 0 || up->part.message;
		unsigned n = i == 0 ? 1 : ++children[e->parent];

		e->part.number =
		        whole && e->part.multipart ? xstrdup(above) : number_within(above, n);
	}
	free(children);
}

/* What is called a multipart and has no parts is text that somebody wrote. */
static void settle_multiparts(struct mime_message *m)
{
	for (size_t i = 0; i < m->n; i++) {
		struct mime_entry *e = &m->entries[i];
		bool parts = i + 1 < m->n && m->entries[i + 1].parent == i;

		if (strncmp(e->part.type, "multipart/", 10) == 0 &&
		        (e->part.multipart ? !parts : !e->boundary)) {
			e->part.multipart = false;
			free(e->part.type);
			e->part.type = xstrdup("text/plain");
		}
		e->part.encoded = e->end - e->body;
	}
}

static int open_message(
        const struct mime_octets *octets, struct mime_message **out, struct err *err)
{
	struct mime_message *m = xcalloc(1, sizeof *m);
	int rc;

	*out = NULL;
	m->octets = *octets;
	rc = mime_scan(m, err);
	if (rc < 0) {
		mime_free(m);
		return rc;
	}
	settle_multiparts(m);
	number_parts(m);
	mime_choose_body(m);
	m->parts = xcalloc(m->n, sizeof *m->parts);
	for (size_t i = 0; i < m->n; i++) {
		m->parts[i] = m->entries[i].part;
		m->parts[i].head = m->entries[i].head;
		m->parts[i].body = m->entries[i].body;
		m->parts[i].end = m->entries[i].end;
	}
	*out = m;
	return 0;
}

int mime_open(int fd, struct mime_message **out, struct err *err)
{
	struct mime_octets octets = {.fd = fd};
	struct stat st;

	if (fstat(fd, &st) != 0)
		return err_sys(err, ERR_ITEM, "cannot read the message");
	octets.size = (uint64_t)st.st_size;
	return open_message(&octets, out, err);
}

int mime_open_octets(const void *p, size_t n, struct mime_message **out, struct err *err)
{
	struct mime_octets octets = {.fd = -1, .p = p, .size = n};

	return open_message(&octets, out, err);
}

const char *mime_cut(const struct mime_message *m)
{
	return m->cut;
}

size_t mime_parts(const struct mime_message *m, const struct mime_part **out)
{
	*out = m->parts;
	return m->n;
}

/* Of the header of ${e}. */
static bool entry_field(
        struct mime_message *m, const struct mime_entry *e, const char *name, struct buf *out)
{
	size_t n = (size_t)MIN(e->body - e->head, (uint64_t)HEADER_MAX), got;
	struct buf raw = buf_of(FIELD_MAX);
	char *head = xmalloc(n + 1);
	size_t from = out->len;

	if (mime_read(&m->octets, e->head, head, n, &got, NULL) == 0 &&
	        header_find(head, got, name, &raw) && raw.len > 0)
		header_whole_text(
		        buf_str(&raw), raw.len, MIN((size_t)FIELD_MAX, out->cap - out->len), out);
	free(head);
	buf_clear(&raw);
	return out->len > from;
}

bool mime_field(struct mime_message *m, const char *name, struct buf *out)
{
	return entry_field(m, &m->entries[0], name, out);
}

bool mime_message_field(struct mime_message *m, size_t i, const char *name, struct buf *out)
{
	return m->entries[i].part.message && i + 1 < m->n &&
	       entry_field(m, &m->entries[i + 1], name, out);
}
