/*
 * outlook make BYTES, outlook read: what it costs to convert Outlook's items.
 *
 * make writes items as FastTransfer (fx.h): mail as text, HTML and RTF, some with attachments,
 * contacts, appointments, tasks; sizes as in real mailboxes, always the same. read makes
 * messages, calendar objects and cards of them, as an import does, hashes these and the raw
 * form that archives keep beside them, and says how fast, on one core, and with how much memory.
 * cmake --build --preset test --target bench_outlook; outlook make 1000000000 | outlook read
 */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <time.h>
#include <unistd.h>
#include "valise/base/hash.h"
#include "valise/base/mem.h"
#include "valise/outlook/convert.h"
#include "valise/outlook/fx.h"

enum { MAIL, HTML, RTF, ATTACHED, CONTACT, APPOINTMENT, TASK, KINDS, PIECE = 65536 };

static void check(int rc, const struct err *err)
{
	if (rc >= 0)
		return;
	fprintf(stderr, "outlook: %s\n", err->text);
	exit(1);
}

/* ---- make ---- */

static uint64_t seed = 1;

static unsigned draw(unsigned below)
{
	seed = seed * 6364136223846793005u + 1442695040888963407u;
	return (unsigned)(seed >> 33) % below;
}

/* Octets of a body: most are short, few are long. */
static size_t draw_size(double middle, double spread, size_t max)
{
	double sum = 0;

	for (int i = 0; i < 12; i++)
		sum += draw(1u << 30) / (double)(1 << 30);
	sum = exp(log(middle) + spread * (sum - 6));
	return sum > (double)max ? max : (size_t)sum;
}

static void add_words(struct buf *out, size_t n, const char *end)
{
	static const char *const words[] = {"project", "meeting", "Gr\u00fc\u00dfe", "budget",
	        "the", "and", "of", "attached", "tomorrow", "please", "call", "caf\xc3\xa9",
	        "report"};
	size_t from = out->len;

	for (unsigned i = 1; out->len - from < n; i++)
		buf_putf(out, "%s%s", words[draw(COUNT(words))], i % 12 ? " " : end);
}

static void text(struct bag *b, bag_key key, const char *utf8)
{
	struct err err = {0};

	check(bag_set_text(b, key, utf8, &err), &err);
}

static void octets(struct bag *b, bag_key key, uint16_t type, const void *p, size_t n)
{
	struct err err = {0};

	check(bag_set(b, key, type, p, n, &err), &err);
}

static void number(struct bag *b, bag_key key, uint16_t type, int64_t value)
{
	struct err err = {0};

	check(bag_set_int(b, key, type, value, &err), &err);
}

static void moment(struct bag *b, bag_key key, int64_t utc)
{
	number(b, key, BAG_TIME, (utc + 11644473600) * 10000000);
}

static void put_le(struct buf *out, uint32_t v)
{
	for (int i = 0; i < 4; i++)
		buf_putc(out, (char)(v >> 8 * i));
}

/* RTF as it is (MELA): what inflates it is measured by its own tests. */
static void put_rtf(struct bag *b, const struct buf *plain)
{
	struct buf rtf = buf_of(SIZE_MAX), out = buf_of(SIZE_MAX);

	buf_puts(&rtf, "{\\rtf1\\ansi\\ansicpg1252\\fromhtml1 \\deff0{\\fonttbl{\\f0 Arial;}}"
	               "{\\*\\htmltag64 <html><body>}");
	for (size_t i = 0; i < plain->len; i++)
		if (plain->data[i] == '\n')
			buf_puts(&rtf, "{\\*\\htmltag64 <br>}\\par\n");
		else if (plain->data[i] < 0x80)
			buf_putc(&rtf, (char)plain->data[i]);
		else
			buf_putf(&rtf, "\\'%02x", plain->data[i]);
	buf_puts(&rtf, "{\\*\\htmltag72 </body></html>}}");
	put_le(&out, (uint32_t)rtf.len + 12);
	put_le(&out, (uint32_t)rtf.len);
	buf_puts(&out, "MELA");
	put_le(&out, 0);
	buf_put(&out, rtf.data, rtf.len);
	octets(b, PidTagRtfCompressed, BAG_BINARY, out.data, out.len);
	buf_clear(&rtf);
	buf_clear(&out);
}

static void put_file(struct bag *b)
{
	struct err err = {0};
	struct bag *a = bag_add_attachment(b, &err);
	size_t n = draw_size(60000, 1.4, 20 << 20);
	struct buf file = buf_of(SIZE_MAX);

	check(a ? 0 : err.code, &err);
	while (file.len < n)
		put_le(&file, draw(0x40000000));
	number(a, PidTagAttachMethod, BAG_INT32, 1);
	text(a, PidTagAttachLongFilename, "report.pdf");
	text(a, PidTagAttachMimeTag, "application/pdf");
	octets(a, PidTagAttachDataBinary, BAG_BINARY, file.data, file.len);
	buf_clear(&file);
}

static void put_people(struct bag *b)
{
	unsigned n = 1 + draw(6);
	struct err err = {0};
	char line[80];

	for (unsigned i = 0; i < n; i++) {
		struct bag *r = bag_add_recipient(b, &err);

		check(r ? 0 : err.code, &err);
		number(r, PidTagRecipientType, BAG_INT32, i ? 2 : 1);
		snprintf(line, sizeof line, "Person Number %u", draw(1000));
		text(r, PidTagDisplayName, line);
		text(r, PidTagAddressType, "SMTP");
		snprintf(line, sizeof line, "person%u@example.org", draw(1000));
		text(r, PidTagEmailAddress, line);
	}
}

static void put_mail(struct bag *b, unsigned kind, unsigned i)
{
	struct buf body = buf_of(SIZE_MAX);
	char line[400];

	snprintf(line, sizeof line,
	        "Received: from a by b; Tue, 13 May 2014 16:53:20 +0000\r\nFrom: A <a@example.org>\r\n"
	        "To: b@example.org\r\nSubject: number %u\r\nMessage-ID: <%u@example.org>\r\n"
	        "Date: Tue, 13 May 2014 16:53:20 +0000\r\nMIME-Version: 1.0\r\n\r\n",
	        i, i);
	if (i % 3)
		text(b, PidTagTransportMessageHeaders, line);
	text(b, PidTagMessageClass, "IPM.Note");
	add_words(&body, draw_size(3000, 1.2, 1 << 20), kind == HTML ? "<br>\r\n" : "\r\n");
	if (kind == HTML)
		octets(b, PidTagHtml, BAG_BINARY, body.data, body.len);
	else if (kind == RTF)
		put_rtf(b, &body);
	else
		text(b, PidTagBody, buf_str(&body));
	number(b, PidTagInternetCodepage, BAG_INT32, 65001);
	text(b, PidTagSenderName, "A B");
	text(b, PidTagSenderAddressType, "SMTP");
	text(b, PidTagSenderEmailAddress, "a@example.org");
	moment(b, PidTagClientSubmitTime, 1400000000 + i);
	moment(b, PidTagMessageDeliveryTime, 1400000010 + i);
	number(b, PidTagMessageFlags, BAG_INT32, 1);
	put_people(b);
	if (kind == ATTACHED)
		put_file(b);
	buf_clear(&body);
}

static void put_contact(struct bag *b, unsigned i)
{
	char line[80];

	text(b, PidTagMessageClass, "IPM.Contact");
	text(b, PidTagSurname, "Number");
	text(b, PidTagGivenName, "Person");
	text(b, PidTagCompanyName, "Example Ltd");
	text(b, PidTagBusinessTelephoneNumber, "+49 221 1");
	text(b, PidLidWorkAddressCity, "K\xc3\xb6ln");
	snprintf(line, sizeof line, "person%u@example.org", i);
	text(b, PidLidEmail1EmailAddress, line);
	text(b, PidLidEmail1AddressType, "SMTP");
	moment(b, PidTagBirthday, 323740800);
	if (draw(3) == 0)
		put_file(b);
	if (b->n_attachments)
		number(b->attachments[0], PidTagAttachmentContactPhoto, BAG_BOOLEAN, 1);
}

static void put_dated(struct bag *b, unsigned kind, unsigned i)
{
	struct buf body = buf_of(SIZE_MAX);

	add_words(&body, draw_size(500, 1, 1 << 20), "\r\n");
	text(b, PidTagMessageClass, kind == TASK ? "IPM.Task" : "IPM.Appointment");
	text(b, PidTagBody, buf_str(&body));
	moment(b, PidLidCommonStart, 1400000000 + i * 3600);
	moment(b, PidLidCommonEnd, 1400003600 + i * 3600);
	moment(b, PidLidAppointmentStartWhole, 1400000000 + i * 3600);
	moment(b, PidLidAppointmentEndWhole, 1400003600 + i * 3600);
	number(b, PidLidBusyStatus, BAG_INT32, 2);
	if (kind == APPOINTMENT)
		put_people(b);
	buf_clear(&body);
}

struct made {
	uint64_t octets;
};

static int write_out(void *ctx, const void *p, size_t n, struct err *err)
{
	((struct made *)ctx)->octets += n;
	return fwrite(p, 1, n, stdout) == n ? 0 : err_sys(err, ERR_WHOLE, "writing");
}

static int make(uint64_t total)
{
	struct made m = {0};

	for (unsigned i = 0; m.octets < total; i++) {
		unsigned kind = draw(100);
		struct bag *b = bag_new();
		struct err err = {0};
		char line[80];

		kind = kind < 25   ? MAIL
		       : kind < 50 ? HTML
		       : kind < 62 ? RTF
		       : kind < 75 ? ATTACHED
		       : kind < 85 ? CONTACT
		       : kind < 95 ? APPOINTMENT
		                   : TASK;
		snprintf(line, sizeof line, "Item number %u, caf\xc3\xa9", i);
		text(b, PidTagSubject, line);
		text(b, PidTagDisplayName, line);
		octets(b, PidTagSearchKey, BAG_BINARY, &seed, sizeof seed);
		moment(b, PidTagCreationTime, 1400000000 + i);
		moment(b, PidTagLastModificationTime, 1400000000 + i);
		if (kind <= ATTACHED)
			put_mail(b, kind, i);
		else if (kind == CONTACT)
			put_contact(b, i);
		else
			put_dated(b, kind, i);
		bag_sort(b);
		check(fx_write(b, write_out, &m, &err), &err);
		bag_free(b);
	}
	return fflush(stdout) == 0 ? 0 : 1;
}

/* ---- read ---- */

struct sums {
	struct sha256 converted, raw;
	uint64_t made, kept, items[4];
	unsigned lost;
};

static int on_converted(void *ctx, const void *p, size_t n, struct err *err)
{
	struct sums *s = ctx;

	(void)err;
	sha256_add(&s->converted, p, n);
	s->made += n;
	return 0;
}

static int on_raw(void *ctx, const void *p, size_t n, struct err *err)
{
	struct sums *s = ctx;

	(void)err;
	sha256_add(&s->raw, p, n);
	s->kept += n;
	return 0;
}

static void on_lost(void *ctx, const char *what)
{
	(void)what;
	((struct sums *)ctx)->lost++;
}

static int on_item(void *ctx, struct bag *b, struct err *err)
{
	struct sums *s = ctx;
	struct outlook_to to = {on_converted, on_lost, s};
	struct outlook_made made;
	int rc = fx_write(b, on_raw, s, err);

	if (rc == 0)
		rc = outlook_convert(b, &to, &made, err);
	if (rc == 0) {
		outlook_homeless(b, on_lost, s);
		s->items[made.form]++;
		outlook_made_clear(&made);
	}
	bag_free(b);
	return rc;
}

static double seconds(struct timeval t)
{
	return (double)t.tv_sec + (double)t.tv_usec / 1e6;
}

static int read_all(void)
{
	static uint8_t piece[PIECE];
	struct sums s = {0};
	struct fx_reader *r = fx_reader_new(on_item, &s);
	uint8_t digest[SHA256_LEN];
	char hex[2 * SHA256_LEN + 1];
	uint64_t octets_in = 0;
	struct rusage used;
	struct err err = {0};
	ssize_t n;

	sha256_start(&s.converted);
	sha256_start(&s.raw);
	while ((n = read(0, piece, sizeof piece)) > 0) {
		octets_in += (uint64_t)n;
		check(fx_read(r, piece, (size_t)n, &err), &err);
	}
	check(fx_read_end(r, &err), &err);
	fx_reader_free(r);
	sha256_end(&s.converted, digest);
	hex_format(digest, sizeof digest, hex);
	getrusage(RUSAGE_SELF, &used);
	printf("%.0f MB in, %.0f MB made, %llu messages, %llu calendar objects, %llu cards, %u told\n",
	        (double)octets_in / 1e6, (double)s.made / 1e6,
	        (unsigned long long)s.items[OUTLOOK_MAIL],
	        (unsigned long long)s.items[OUTLOOK_CALENDAR],
	        (unsigned long long)s.items[OUTLOOK_CONTACT], s.lost);
	printf("%.2f s of user CPU, %.2f of the system: %.1f MB/s; peak %.1f MiB; sha256 %.16s\n",
	        seconds(used.ru_utime), seconds(used.ru_stime),
	        (double)octets_in / 1e6 / (seconds(used.ru_utime) + seconds(used.ru_stime)),
	        (double)used.ru_maxrss / 1024, hex);
	return 0;
}

int main(int argc, char **argv)
{
	if (argc == 3 && strcmp(argv[1], "make") == 0)
		return make(strtoull(argv[2], NULL, 10));
	if (argc == 2 && strcmp(argv[1], "read") == 0)
		return read_all();
	fprintf(stderr, "outlook make BYTES | outlook read\n");
	return 2;
}
