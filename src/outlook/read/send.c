/* Frames of the reading process: buffered, and written whole. */
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>
#include "outlook/read/frames.h"
#include "valise/base/mem.h"
#include "valise/base/sys.h"
#include "valise/base/le.h"

void send_flush(struct send *s)
{
	for (size_t done = 0; done < s->n;) {
		ssize_t n = sys_write(s->fd, s->buf + done, s->n - done);

		if (n <= 0)
			_exit(0);
		done += (size_t)n;
	}
	s->n = 0;
}

static void put(struct send *s, const void *p, size_t n)
{
	if (n)
		memcpy(s->buf + s->n, p, n);
	s->n += n;
}

void send_frame(struct send *s, enum frame_kind kind, const void *p, size_t n)
{
	uint8_t head[FRAME_HEAD] = {(uint8_t)kind};

	n = MIN(n, FRAME_MAX);
	if (sizeof s->buf - s->n < n + FRAME_HEAD)
		send_flush(s);
	le_put(head + 1, n, 4);
	put(s, head, sizeof head);
	put(s, p, n);
}

void send_text(struct send *s, enum frame_kind kind, const char *text)
{
	send_frame(s, kind, text, strlen(text));
}

void send_step(struct send *s, uint32_t step)
{
	uint8_t number[4];

	le_put(number, step, sizeof number);
	send_frame(s, FRAME_STEP, number, sizeof number);
}

void send_lost(struct send *s, int of, const char *fmt, ...)
{
	char text[FRAME_SHOWN_MAX] = {(char)of};
	va_list args;

	va_start(args, fmt);
	(void)vsnprintf(text + 1, sizeof text - 1, fmt, args);
	va_end(args);
	send_frame(s, FRAME_LOST, text, 1 + strlen(text + 1));
}

void send_folder(struct send *s, const struct outlook_folder *f, enum special use)
{
	uint8_t head[10] = {
	        (uint8_t)((f->search ? FRAME_SEARCH : 0) | (f->deleted ? FRAME_DELETED : 0)),
	        (uint8_t)use};
	const char *class = f->container_class ? f->container_class : "";
	struct buf b = buf_of(FRAME_MAX);

	le_put(head + 2, f->items, 8);
	if (buf_add(&b, head, sizeof head) == 0 && buf_add(&b, f->path, strlen(f->path) + 1) == 0 &&
	        buf_add(&b, class, strlen(class) + 1) == 0)
		send_frame(s, FRAME_FOLDER, b.data, b.len);
	buf_clear(&b);
}

void send_prop(struct send *s, uint16_t id, uint16_t type, const struct bag_name *name)
{
	uint8_t b[25 + BAG_NAME_MAX] = {0};
	size_t n = 5;

	le_put(b, id, 2);
	le_put(b + 2, type, 2);
	if (name) {
		size_t len = name->text ? MIN(strlen(name->text), BAG_NAME_MAX) : 4;

		b[4] = name->text ? FRAME_TEXT : FRAME_LID;
		memcpy(b + 5, name->set, 16);
		if (name->text)
			memcpy(b + 21, name->text, len);
		else
			le_put(b + 21, name->lid, 4);
		n = 21 + len;
	}
	send_frame(s, FRAME_PROP, b, n);
}

void send_data(struct send *s, const void *p, size_t n)
{
	const uint8_t *at = p;

	while (n) {
		size_t k = MIN(n, FRAME_MAX / 2);

		send_frame(s, FRAME_DATA, at, k);
		at += k;
		n -= k;
	}
}

void send_value(struct send *s, const struct bag_prop *p)
{
	send_prop(s, p->id, p->type, p->name);
	send_data(s, p->data, (size_t)p->len);
	send_frame(s, FRAME_PROP_END, NULL, 0);
}
