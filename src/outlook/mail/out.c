/* Octets of a message: transfer encodings (RFC 2045 6), and which of them a text needs. */
#include "outlook/mail/out.h"
#include <string.h>
#include "valise/base/mem.h"

enum { QUOTED_COLUMNS = 76, LINE_MAX_OCTETS = 998 };

void mail_put(struct mail_out *o, const void *p, size_t n)
{
	const uint8_t *u = p;

	if (o->rc < 0 || n == 0)
		return;
	o->rc = o->write(o->ctx, p, n, o->err);
	if (n > 1)
		o->last[0] = u[n - 2];
	else
		o->last[0] = o->last[1];
	o->last[1] = u[n - 1];
}

void mail_puts(struct mail_out *o, const char *s)
{
	mail_put(o, s, strlen(s));
}

void mail_end_line(struct mail_out *o)
{
	if (o->last[0] != '\r' || o->last[1] != '\n')
		mail_puts(o, "\r\n");
}

const char *mail_coding_name(enum mail_coding c)
{
	static const char *const names[] = {"7bit", "quoted-printable", "base64"};

	return names[c];
}

/* ---- encodings ---- */

void mail_code_start(struct mail_code *c, struct mail_out *out, enum mail_coding coding)
{
	memset(c, 0, sizeof *c);
	c->out = out;
	c->coding = coding;
}

static void put_base64_line(struct mail_code *c)
{
	static const char digits[] =
	        "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
	char line[80];
	size_t n = 0;

	for (size_t i = 0; i < c->n_held; i += 3) {
		size_t k = MIN(3, c->n_held - i);
		unsigned v = (unsigned)c->held[i] << 16;

		if (k > 1)
			v |= (unsigned)c->held[i + 1] << 8;
		if (k > 2)
			v |= c->held[i + 2];
		line[n++] = digits[v >> 18];
		line[n++] = digits[v >> 12 & 63];
		line[n++] = k > 1 ? digits[v >> 6 & 63] : '=';
		line[n++] = k > 2 ? digits[v & 63] : '=';
	}
	memcpy(line + n, "\r\n", 2);
	if (c->n_held)
		mail_put(c->out, line, n + 2);
	c->n_held = 0;
}

static void base64_add(struct mail_code *c, const uint8_t *p, size_t n)
{
	while (n) {
		size_t k = MIN(n, sizeof c->held - c->n_held);

		memcpy(c->held + c->n_held, p, k);
		c->n_held += k;
		p += k;
		n -= k;
		if (c->n_held == sizeof c->held)
			put_base64_line(c);
	}
}

static void quoted_unit(struct mail_code *c, uint8_t octet, bool plain)
{
	static const char hex[] = "0123456789ABCDEF";
	char q[3] = {'=', hex[octet >> 4], hex[octet & 15]};
	size_t n = plain ? 1 : 3;

	if (c->column + n > QUOTED_COLUMNS - 1) {
		mail_puts(c->out, "=\r\n");
		c->column = 0;
	}
	mail_put(c->out, plain ? (const void *)&octet : q, n);
	c->column += n;
}

/* The octet that was kept back, as a line end decides how it is written. */
static void quoted_held(struct mail_code *c, bool ends)
{
	if (c->n_held) {
		uint8_t o = c->held[0];

		quoted_unit(c, o, !ends && o != '\r');
		c->n_held = 0;
	}
}

static void quoted_add(struct mail_code *c, const uint8_t *p, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		uint8_t o = p[i];

		if (o == '\n' && c->n_held && c->held[0] == '\r') {
			c->n_held = 0;
			mail_puts(c->out, "\r\n");
			c->column = 0;
			continue;
		}
		quoted_held(c, o == '\r');
		if (o == ' ' || o == '\t' || o == '\r')
			c->held[c->n_held++] = o;
		else /* "From " and "." at the beginning of a line are what others change */
			quoted_unit(c, o,
			        o > ' ' && o < 127 && o != '=' &&
			                !(c->column == 0 && (o == '.' || o == 'F' || o == '-')));
	}
}

int mail_code_write(void *code, const void *p, size_t n, struct err *err)
{
	struct mail_code *c = code;

	(void)err;
	if (c->coding == CODING_BASE64)
		base64_add(c, p, n);
	else if (c->coding == CODING_QUOTED)
		quoted_add(c, p, n);
	else
		mail_put(c->out, p, n);
	return c->out->rc;
}

void mail_code_end(struct mail_code *c)
{
	if (c->coding == CODING_BASE64)
		put_base64_line(c);
	else if (c->coding == CODING_QUOTED)
		quoted_held(c, true);
}

/* ---- lines ---- */

int mail_lines_write(void *lines, const void *p, size_t n, struct err *err)
{
	struct mail_lines *l = lines;
	const char *s = p;

	for (size_t from = 0; from < n;) {
		size_t k = from;
		int rc = 0;

		if (l->cr && s[from] == '\n') { /* of a CRLF that was given at its CR */
			l->cr = false;
			from++;
			continue;
		}
		l->cr = false;
		while (k < n && s[k] != '\r' && s[k] != '\n')
			k++;
		if (k > from)
			rc = l->write(l->ctx, s + from, k - from, err);
		if (rc == 0 && k < n) {
			l->cr = s[k] == '\r';
			rc = l->write(l->ctx, "\r\n", 2, err);
		}
		if (rc < 0)
			return rc;
		from = k + 1;
	}
	return 0;
}

static void look_line_start(struct mail_look *k, uint8_t o)
{
	if (k->line < sizeof k->start)
		k->start[k->line] = o;
	if (k->line + 1 == sizeof k->start && memcmp(k->start, "--" MAIL_BOUNDARY, 4) == 0)
		k->boundary = true;
}

int mail_look_write(void *look, const void *p, size_t n, struct err *err)
{
	struct mail_look *k = look;
	const uint8_t *u = p;

	(void)err;
	for (size_t i = 0; i < n; i++) {
		uint8_t o = u[i];

		if ((o == '\n') != (k->last == '\r'))
			k->bare = true;
		k->high += o >= 128;
		k->odd += o >= 127 || (o < ' ' && o != '\t' && o != '\r' && o != '\n');
		k->written |= o > ' ';
		look_line_start(k, o);
		k->line = o == '\n' ? 0 : k->line + 1;
		if (o != '\r' && k->line > k->longest)
			k->longest = k->line;
		k->last = o;
	}
	k->len += n;
	return 0;
}

bool mail_look_clean(const struct mail_look *k)
{
	return k->odd == 0 && k->longest <= LINE_MAX_OCTETS && !k->bare && k->last != '\r' &&
	       !k->boundary;
}

enum mail_coding mail_look_coding(const struct mail_look *k)
{
	if (mail_look_clean(k))
		return CODING_7BIT;
	return k->odd > k->len / 4 ? CODING_BASE64 : CODING_QUOTED;
}

int mail_to_buf(void *buf, const void *p, size_t n, struct err *err)
{
	if (buf_add(buf, p, n) < 0)
		return err_set(err, ERR_LIMIT, ERR_ITEM, "a text is too large");
	return 0;
}
