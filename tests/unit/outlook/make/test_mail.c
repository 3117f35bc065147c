/* Messages as items: which properties come of them, and what is lost. */
#include <setjmp.h>
#include <stddef.h>
#include <stdint.h>
#include <stdarg.h>
#include <cmocka.h>
#include "outlook/make.h"
#include "valise/outlook/make.h"

struct item {
	struct bag *b;
	char *shown;
	struct buf lost;
};

static void take_lost(void *ctx, const char *what)
{
	buf_putf(ctx, "%s\n", what);
}

/* LF stands for CRLF. */
static struct item make_with(const char *text, const struct outlook_make *how)
{
	struct item t = {.lost = buf_of(SIZE_MAX)};
	struct outlook_make m = *how;
	struct spool octets;
	struct err err = {0};

	spool_init(&octets);
	for (; *text; text++)
		make_check(*text == '\n' ? spool_add(&octets, "\r\n", 2, &err)
		                         : spool_add(&octets, text, 1, &err),
		        &err);
	m.form = OUTLOOK_MAIL;
	m.octets = &octets;
	m.lost = take_lost;
	m.ctx = &t.lost;
	make_check(outlook_make(&m, &t.b, &err), &err);
	t.shown = make_shown(t.b);
	spool_clear(&octets);
	return t;
}

static struct item make(const char *text)
{
	return make_with(text, &(struct outlook_make){.date_utc = INT64_MIN});
}

static void item_clear(struct item *t)
{
	bag_free(t->b);
	free(t->shown);
	buf_clear(&t->lost);
}

/* Each line of ${want} is one of the item's; one that begins with "!" none of them. */
static void assert_item(struct item *t, const char *want)
{
	while (*want) {
		size_t n = strcspn(want, "\n");
		bool no = *want == '!';
		char *line = xasprintf("\n%.*s", (int)(n - no), want + no);
		char *all = xasprintf("\n%s", t->shown);

		if (!strstr(all, line) != no)
			fail_msg("%s%s in:\n%s", no ? "there is" : "no", line, t->shown);
		free(line);
		free(all);
		want += n + (want[n] == '\n');
	}
}

static void assert_made(const char *text, const char *want)
{
	struct item t = make(text);

	assert_item(&t, want);
	assert_string_equal(buf_str(&t.lost), "");
	item_clear(&t);
}

#define PEOPLE "From: Ann <ann@a.example>\nTo: bob@b.example\n"

static void header_properties(void **state)
{
	(void)state;
	assert_made("Subject: Re: =?utf-8?Q?Gr=C3=BC=C3=9Fe?=\nThread-Topic: Topic\n" PEOPLE
	            "Date: Thu, 1 Jan 2026 01:00:00 +0100\nMessage-ID: <1@a.example>\n"
	            "In-Reply-To: <0@a.example>\nReferences: <x@a>\n <0@a.example>\n"
	            "Importance: high\nPriority: urgent\nSensitivity: Private\n"
	            "List-Help: <mailto:h@l>\nReply-By: Fri, 2 Jan 2026 00:00:00 +0000\n"
	            "X-Message-Flag: Call\n\ntext\n",
	        "PidTagMessageClass unicode \"IPM.Note\"\n"
	        "PidTagSubject unicode \"Re: Gr\xc3\xbc\xc3\x9f"
	        "e\"\n"
	        "PidTagSubjectPrefix unicode \"Re: \"\n"
	        "PidTagNormalizedSubject unicode \"Gr\xc3\xbc\xc3\x9f"
	        "e\"\n"
	        "PidTagConversationTopic unicode \"Topic\"\n"
	        "PidTagClientSubmitTime time 2026-01-01T00:00:00Z\n"
	        "PidTagInternetMessageId unicode \"<1@a.example>\"\n"
	        "PidTagInReplyToId unicode \"<0@a.example>\"\n"
	        "PidTagInternetReferences unicode \"<x@a> <0@a.example>\"\n"
	        "PidTagImportance int32 2\nPidTagPriority int32 1\nPidTagSensitivity int32 2\n"
	        "PidTagListHelp unicode \"<mailto:h@l>\"\n"
	        "PidTagReplyTime time 2026-01-02T00:00:00Z\n"
	        "PidTagBody unicode \"text");
	assert_made("X-Priority: 5 (Lowest)\nSubject: ABCD: x\n\n",
	        "PidTagImportance int32 0\nPidTagSubjectPrefix unicode \"\"\nPidTagNormalizedSubject unicode "
	        "\"ABCD: x\"\nPidTagConversationTopic unicode \"ABCD: x\"");
	assert_made("Subject: 1: x\nX-MSMail-Priority: High\n\n",
	        "PidTagImportance int32 2\nPidTagSubjectPrefix unicode \"\"");
	assert_made("Subject: \xc3\x84\xc3\xb6: x\n\n",
	        "PidTagSubjectPrefix unicode \"\xc3\x84\xc3\xb6: \"");
}

/* Kept whole: what is no UTF-8 as Windows-1252, by the field. */
static void header_whole(void **state)
{
	struct item t = make("A: \xc3\xbc\nB: \xfc\x80\n\tfolded \xc3\xbc\nContent-Type: "
	                     "text/plain\n\ntext\n");

	(void)state;
	assert_string_equal(bag_text(t.b, PidTagTransportMessageHeaders),
	        "A: \xc3\xbc\r\nB: \xc3\xbc\xe2\x82\xac\r\n\tfolded \xc3\x83\xc2\xbc\r\n"
	        "Content-Type: text/plain\r\n");
	item_clear(&t);
	t = make("\ntext\n");
	assert_item(&t, "!PidTagTransportMessageHeaders\nPidTagBody unicode \"text");
	item_clear(&t);
}

static void people(void **state)
{
	struct item t =
	        make("From: \"Lee, Ann\" <ann@a.example>\nSender: dan@d.example (Dan D)\n"
	             "To: =?utf-8?B?w6Q=?= <b@b>, <@x,@y:c@(d) c>, Group: \"q\\\"q\"@d (a (b) "
	             "c), e@e;, none:;, root\nCc: <>, John Doe, f@[IPv6:::1]\nBcc: g@g\n"
	             "Reply-To: r@r, S <s@s>\nTo: h@h\n\n");

	(void)state;
	assert_item(&t,
	        "PidTagSentRepresentingName unicode \"Lee, Ann\"\n"
	        "PidTagSentRepresentingSmtpAddress unicode \"ann@a.example\"\n"
	        "PidTagSenderName unicode \"Dan D\"\nPidTagSenderEmailAddress unicode \"dan@d.example\"\n"
	        "PidTagSenderAddressType unicode \"SMTP\"\n"
	        "recipient 1: PidTagDisplayName unicode \"\xc3\xa4\"\n"
	        "recipient 1: PidTagEmailAddress unicode \"b@b\"\n"
	        "recipient 1: PidTagRecipientType int32 1\n"
	        "recipient 2: PidTagSmtpAddress unicode \"c@c\"\n"
	        "recipient 3: PidTagDisplayName unicode \"a (b) c\"\n"
	        "recipient 3: PidTagSmtpAddress unicode \"\"q\\\"q\"@d\"\n"
	        "recipient 4: PidTagSmtpAddress unicode \"e@e\"\n"
	        "recipient 5: PidTagSmtpAddress unicode \"root\"\n"
	        "recipient 6: PidTagSmtpAddress unicode \"f@[IPv6:::1]\"\n"
	        "recipient 6: PidTagRecipientType int32 2\n"
	        "recipient 7: PidTagSmtpAddress unicode \"g@g\"\n"
	        "recipient 7: PidTagRecipientType int32 3\n"
	        "recipient 8: PidTagSmtpAddress unicode \"h@h\"\n"
	        "recipient 8: PidTagRecipientType int32 1\n"
	        "PidTagReplyRecipientNames unicode \"r@r; S\"");
	assert_int_equal(t.b->n_recipients, 8);
	item_clear(&t);
}

static void many_people(void **state)
{
	struct buf text = buf_of(SIZE_MAX);
	struct item t;

	(void)state;
	buf_puts(&text, "To: ");
	for (int i = 0; i < 10003; i++)
		buf_puts(&text, "a@b,\n ");
	buf_puts(&text, "\n\n");
	t = make(buf_str(&text));
	assert_int_equal(t.b->n_recipients, 10000);
	assert_string_equal(
	        buf_str(&t.lost), "recipients beyond 10000: the header alone has them\n");
	item_clear(&t);
	buf_clear(&text);
}

/* MS-OXCDATA 2.2.5.1: an answer goes to the address in it. */
static void one_off(void **state)
{
	static const uint8_t want[] = {0, 0, 0, 0, 0x81, 0x2b, 0x1f, 0xa4, 0xbe, 0xa3, 0x10, 0x19,
	        0x9d, 0x6e, 0x00, 0xdd, 0x01, 0x0f, 0x54, 0x02, 0, 0, 0x01, 0x90, 'A', 0, 0, 0, 'S',
	        0, 'M', 0, 'T', 0, 'P', 0, 0, 0, 'a', 0, '@', 0, 'b', 0, 0, 0};
	struct item t = make("From: A <a@b>\n\n");
	size_t n;
	const uint8_t *p = bag_octets(t.b, PidTagSenderEntryId, 1000, &n);

	(void)state;
	assert_int_equal(n, sizeof want);
	assert_memory_equal(p, want, n);
	p = bag_octets(t.b, PidTagSenderSearchKey, 1000, &n);
	assert_int_equal(n, 9);
	assert_memory_equal(p, "SMTP:A@B", 9);
	item_clear(&t);
}

static void receipts(void **state)
{
	static const char text[] = "Disposition-Notification-To: R <r@r>\n\n";
	struct item t = make_with(text, &(struct outlook_make){.keywords = "$MDNSent"});

	(void)state;
	/* a second one would be sent */
	assert_item(
	        &t, "!PidTagReadReceiptRequested\nPidTagReadReceiptSmtpAddress unicode \"r@r\"");
	assert_string_equal(buf_str(&t.lost), "the keyword $MDNSent\n");
	item_clear(&t);
	t = make(text);
	assert_item(&t, "PidTagReadReceiptRequested boolean true");
	item_clear(&t);
}

static void flags(void **state)
{
	struct item t = make_with("Received: x; Thu, 1 Jan 2026 00:00:00 +0000\n\n",
	        &(struct outlook_make){.flags = 1 | 2 | 4 | 16,
	                .keywords = "$Forwarded Work &AOk-t&AOk-",
	                .date_utc = 1000000000});

	(void)state;
	assert_item(&t, "PidTagMessageFlags int32 9\nPidTagLastVerbExecuted int32 102\n"
	                "PidTagIconIndex int32 262\nPidTagFlagStatus int32 2\n"
	                "PidTagMessageDeliveryTime time 2001-09-09T01:46:40Z");
	assert_int_equal(bag_count(t.b, PidNameKeywords), 2);
	assert_string_equal(bag_text_at(t.b, PidNameKeywords, 1), "\xc3\xa9t\xc3\xa9");
	item_clear(&t);
	t = make_with("\n", &(struct outlook_make){.keywords = "a $forwarded"});
	assert_item(&t, "PidTagMessageFlags int32 0\nPidTagLastVerbExecuted int32 104\n"
	                "PidTagIconIndex int32 262\n!PidTagFlagStatus");
	item_clear(&t);
	t = make("Received: x; Thu, 1 Jan 2026 00:00:00 +0000\n\n");
	assert_item(&t, "PidTagMessageDeliveryTime time 2026-01-01T00:00:00Z\nPidTagMessageFlags "
	                "int32 0\n!PidTagFlagStatus\n!PidTagLastVerbExecuted");
	item_clear(&t);
}

static void key(void **state)
{
	struct item a = make("Subject: a\n\n"), b = make("Subject: a\n\n"),
	            c = make("Subject: b\n\n");
	size_t n;
	uint8_t first[16];

	(void)state;
	memcpy(first, bag_octets(a.b, PidTagSearchKey, 100, &n), 16);
	assert_int_equal(n, 16);
	assert_memory_equal(first, bag_octets(b.b, PidTagSearchKey, 100, &n), 16);
	assert_memory_not_equal(first, bag_octets(c.b, PidTagSearchKey, 100, &n), 16);
	assert_string_equal(a.shown, b.shown);
	item_clear(&a);
	item_clear(&b);
	item_clear(&c);
}

/* ---- texts ---- */

static void texts(void **state)
{
	struct item t;

	(void)state;
	assert_made("Content-Type: text/plain; charset=koi8-r\n\n\xf0\xd2\xc9\n",
	        "PidTagBody unicode \"\xd0\x9f\xd1\x80\xd0\xb8\\x0d\\x0a\"\n"
	        "PidTagInternetCodepage int32 20866\n!PidTagHtml");
	assert_made("Content-Type: text/plain; format=flowed\n\none \ntwo\n",
	        "PidTagBody unicode \"one two\\x0d\\x0a\"");
	/* no text of its charset: the octets are there, too */
	t = make("Content-Type: text/plain; charset=utf-8\n\na\xff\n");
	assert_item(&t, "PidTagBody unicode \"a\xef\xbf\xbd\\x0d\\x0a\"\n"
	                "attachment 1: PidTagAttachLongFilename unicode \"ATT00001.txt\"\n"
	                "attachment 1: PidTagAttachDataBinary binary 61ff0d0a");
	item_clear(&t);
	assert_made("Content-Type: text/html; charset=iso-8859-15\n\n<p>\xa4\n",
	        "PidTagHtml binary 3c703ea40d0a\nPidTagInternetCodepage int32 28605\n!PidTagBody");
	/* undeclared: what it says, or what it can be */
	assert_made("Content-Type: text/html\n\n<meta charset=\"windows-1251\">\xcf\n",
	        "PidTagInternetCodepage int32 1251");
	assert_made("Content-Type: text/html; charset=us-ascii\n\n<p>\xc3\xbc\n",
	        "PidTagInternetCodepage int32 65001");
	assert_made("Content-Type: text/html\n\n<meta charset=utf-8>\xfc\n",
	        "PidTagInternetCodepage int32 1252");
	/* no code page has it */
	assert_made("Content-Type: text/html; charset=iso-8859-10\n\n<\xbd>\n",
	        "PidTagHtml binary 3ce280953e0d0a\nPidTagInternetCodepage int32 65001");
}

#define TWO(type, a, b)                                                                            \
	PEOPLE "Content-Type: multipart/" type "; boundary=b\n\n--b\n" a "\n--b\n" b "\n--b--\n"

static void structure(void **state)
{
	(void)state;
	assert_made(TWO("alternative", "\nplain", "Content-Type: text/html\n\n<p>html"),
	        "PidTagBody unicode \"plain\"\nPidTagHtml binary 3c703e68746d6c\n!attachment 1");
	/* they do not say the same: one is the text, the other a file */
	assert_made(TWO("mixed", "\nplain", "Content-Type: text/html\n\n<p>html"),
	        "PidTagBody unicode \"plain\"\n!PidTagHtml\n"
	        "attachment 1: PidTagAttachLongFilename unicode \"ATT00001.htm\"\n"
	        "attachment 1: PidTagAttachExtension unicode \".htm\"\n"
	        "attachment 1: PidTagAttachDataBinary binary 3c703e68746d6c");
	assert_made(TWO("related; start=\"<r>\"",
	                    "Content-Type: image/png\nContent-ID: <i@x>\nContent-Location: "
	                    "http://x/i.png\n\nI",
	                    "Content-Type: text/html\nContent-ID: <r>\n\n<p>html"),
	        "PidTagHtml binary 3c703e68746d6c\n"
	        "attachment 1: PidTagAttachContentId unicode \"i@x\"\n"
	        "attachment 1: PidTagAttachContentLocation unicode \"http://x/i.png\"\n"
	        "attachment 1: PidTagAttachFlags int32 4\n"
	        "attachment 1: PidTagAttachMimeTag unicode \"image/png\"\n"
	        "attachment 1: PidTagAttachMethod int32 1");
	assert_made(
	        TWO("mixed", "Content-Disposition: attachment; filename=a.txt\n\nfile", "\nplain"),
	        "attachment 1: PidTagAttachLongFilename unicode \"a.txt\"\nPidTagBody unicode \"plain\"");
	assert_made("Content-Type: application/pdf\nContent-Transfer-Encoding: base64\n\nAAEC\n",
	        "!PidTagBody\nattachment 1: PidTagAttachDataBinary binary 000102\n"
	        "attachment 1: PidTagAttachLongFilename unicode \"ATT00001.pdf\"");
	assert_made(TWO("mixed",
	                    "Content-Type: text/csv; charset=utf-16le\nContent-Disposition: "
	                    "attachment;\n filename*=utf-8''%C3%BC.csv; creation-date=\"Thu, 1 Jan "
	                    "2026 00:00:00 +0000\"\n\nfile",
	                    "\nplain"),
	        "attachment 1: PidTagAttachLongFilename unicode \"\xc3\xbc.csv\"\n"
	        "attachment 1: PidTagTextAttachmentCharset unicode \"utf-16le\"\n"
	        "attachment 1: PidTagCreationTime time 2026-01-01T00:00:00Z");
}

/* Pictures of a text that is none of the item's are files like others. */
static void shown_elsewhere(void **state)
{
	struct item t = make(TWO("mixed", "Content-Type: text/html\n\n<p>one",
	        "Content-Type: multipart/related; boundary=r\n\n--r\nContent-Type: text/html\n\n"
	        "<p>two\n--r\nContent-Type: image/png\nContent-ID: <i@x>\n\nI\n--r--"));

	(void)state;
	assert_item(&t, "PidTagHtml binary 3c703e6f6e65\n"
	                "attachment 1: PidTagAttachDataBinary binary 3c703e74776f\n"
	                "attachment 2: PidTagAttachFlags int32 0");
	item_clear(&t);
}

static void messages(void **state)
{
	(void)state;
	/* where it is stands in its fields alone */
	assert_made(TWO("mixed", "\nouter", "Content-Type: message/external-body; x=y\n\nA: b"),
	        "attachment 1: PidTagAttachLongFilename unicode \"ATT00001.eml\"\n"
	        "attachment 1: PidTagAttachMimeTag unicode \"message/rfc822\"");
	assert_made(TWO("mixed", "\nouter",
	                    "Content-Type: message/rfc822\n\nSubject: inner\nDate: Thu, 1 Jan 2026 "
	                    "00:00:00 +0000\n\nwithin"),
	        "attachment 1: PidTagAttachMethod int32 5\n"
	        "attachment 1: PidTagDisplayName unicode \"inner\"\n"
	        "attachment 1: item: PidTagSubject unicode \"inner\"\n"
	        "attachment 1: item: PidTagMessageFlags int32 1\n"
	        "attachment 1: item: PidTagBody unicode \"within\"");
}

static void secure(void **state)
{
	struct item t;

	(void)state;
	t = make(TWO("signed; protocol=\"application/pgp-signature\"", "\nplain  ",
	        "Content-Type: application/pgp-signature\n\nsig"));
	assert_item(&t,
	        "PidTagMessageClass unicode \"IPM.Note.SMIME.MultipartSigned\"\n!PidTagBody\n"
	        "attachment 1: PidTagAttachMimeTag unicode \"multipart/signed\"\n"
	        "attachment 1: PidTagAttachLongFilename unicode \"smime.p7m\"");
	assert_int_equal(t.b->n_attachments, 1);
	item_clear(&t);
	assert_made("Content-Type: application/pkcs7-mime; name=smime.p7m\n"
	            "Content-Transfer-Encoding: base64\n\nMIAG\n",
	        "PidTagMessageClass unicode \"IPM.Note.SMIME\"\n"
	        "attachment 1: PidTagAttachDataBinary binary 308006");
	assert_made(TWO("encrypted", "Content-Type: application/pgp-encrypted\n\nVersion: 1",
	                    "Content-Type: application/octet-stream\n\nPGP"),
	        "PidTagMessageClass unicode \"IPM.Note\"\n"
	        "attachment 1: PidTagAttachMimeTag unicode \"application/pgp-encrypted\"\n"
	        "attachment 2: PidTagAttachDataBinary binary 504750");
	/* in a message that is none itself */
	t = make(TWO("mixed",
	        "Content-Type: multipart/signed; boundary=s\n\n--s\n\nplain\n--s\nContent-Type: "
	        "application/pgp-signature; name=sig.asc\n\nsig\n--s--",
	        "\nfooter"));
	assert_item(&t, "PidTagMessageClass unicode \"IPM.Note\"\nPidTagBody unicode \"plain\"\n"
	                "attachment 1: PidTagAttachLongFilename unicode \"sig.asc\"\n"
	                "attachment 2: PidTagAttachDataBinary binary 666f6f746572");
	assert_string_equal(buf_str(&t.lost), "part 1: a signature, which holds no more\n");
	item_clear(&t);
}

static const struct {
	const char *type, *part, *class;
} reports[] = {
        {"delivery-status", "A: b\n\nAction: failed\n\nAction: FAILED \n", "REPORT.IPM.Note.NDR"},
        {"delivery-status", "Action: delayed", "REPORT.IPM.Note.Delayed.DR"},
        {"delivery-status", "Action: delivered", "REPORT.IPM.Note.DR"},
        {"delivery-status", "Action: relayed", "REPORT.IPM.Note.Relayed.DR"},
        {"delivery-status", "Action: failed\n\nAction: delivered\n", "IPM.Note"},
        {"delivery-status", "Action: odd\n", "IPM.Note"},
        {"delivery-status", "no field\n", "IPM.Note"},
        {"disposition-notification", "Disposition: a/b; displayed\n", "REPORT.IPM.Note.IPNRN"},
        {"disposition-notification", "Disposition: a/b;deleted/error", "REPORT.IPM.Note.IPNNRN"},
        {"disposition-notification", "Disposition: a/b; processed\n", "IPM.Note"},
        {"feedback-report", "Feedback-Type: abuse\n", "IPM.Note"},
};

static void classes(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT(reports); i++) {
		char *text = xasprintf("Content-Type: multipart/report; boundary=b\n\n--b\n\nsaid\n"
		                       "--b\nContent-Type: message/%s\n\n%s\n--b--\n",
		        reports[i].type, reports[i].part);
		char *want =
		        xasprintf("PidTagMessageClass unicode \"%s\"\nPidTagBody unicode \"said\"\n"
		                  "attachment 1: PidTagAttachMimeTag unicode \"message/%s\"",
		                reports[i].class, reports[i].type);

		assert_made(text, want);
		free(text);
		free(want);
	}
	/* its lines end in CRLF, as what is encoded does not say them */
	assert_made("Content-Type: multipart/report; boundary=b\n\n--b\n\nsaid\n--b\nContent-Type: "
	            "message/delivery-status\nContent-Transfer-Encoding: base64\n\n"
	            "QTogYgoKQWN0aW9uOiByZWxheWVkDQo=\n--b--\n",
	        "PidTagMessageClass unicode \"REPORT.IPM.Note.Relayed.DR\"\n"
	        "attachment 1: PidTagAttachDataBinary binary "
	        "413a20620d0a0d0a416374696f6e3a2072656c617965640d0a");
}

/* ---- what is broken ---- */

static void as_file(void **state)
{
	struct buf text = buf_of(SIZE_MAX);
	struct item t;

	(void)state;
	buf_puts(&text, "Subject: wide\nContent-Type: multipart/mixed; boundary=b\n\n");
	for (int i = 0; i < 1001; i++)
		buf_puts(&text, "--b\n\nx\n");
	buf_puts(&text, "--b--\n");
	t = make(buf_str(&text));
	assert_item(&t,
	        "PidTagSubject unicode \"wide\"\n"
	        "PidTagBody unicode \"This message is in the attached file as it came: it has "
	        "more than 1000 parts: the others are left out.\\x0d\\x0a\"\n"
	        "attachment 1: PidTagAttachLongFilename unicode \"message.eml\"\n"
	        "attachment 1: PidTagAttachMimeTag unicode \"message/rfc822\"");
	assert_int_equal(t.b->n_attachments, 1);
	assert_int_equal(bag_peek(t.b->attachments[0], PidTagAttachDataBinary)->len,
	        text.len + 3 + 3 * 1001 + 1);
	item_clear(&t);
	buf_clear(&text);
}

static void lines(void **state)
{
	(void)state;
	/* CR CR LF, and CR alone, are line ends */
	assert_made("Subject: a\r\nX: y\r\n\r\ntext\r\n",
	        "PidTagSubject unicode \"a\"\nPidTagBody unicode \"text\\x0d\\x0a\"\n!attachment 1");
	assert_made("Subject: a\rX: y\r\rtext\r",
	        "PidTagSubject unicode \"a\"\nPidTagBody unicode \"text\\x0d\\x0a\"\n!attachment 1");
	/* a CR within a field is none */
	assert_made("Subject: a\rBcc: x@y\nX: y\n\ntext\n",
	        "PidTagTransportMessageHeaders unicode \"Subject: a Bcc: x@y\\x0d\\x0aX: y\\x0d\\x0a\"\n"
	        "!recipient 1");
}

/* What takes time where it is not linear: a MiB each. */
static void linear(void **state)
{
	static const struct {
		const char *begin, *repeat;
	} rows[] = {{"To: ", ":"}, {"To: x@y", ":"}, {"To: ", "x"}, {"To: ", "(\\"}, {"To: ", "<"},
	        {"To: ", "\"\\"}, {"To: ", "["}, {"X: ", "\r"}, {"X: ", "\n "}, {"\r", "\r\n"},
	        {"Subject: ", "=?"}, {"Content-Type: ", ";="}};

	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++) {
		struct buf text = buf_of(SIZE_MAX);
		struct item t;

		buf_puts(&text, rows[i].begin);
		while (text.len < 1000000)
			buf_puts(&text, rows[i].repeat);
		buf_puts(&text, "@b:c");
		t = make(buf_str(&text));
		item_clear(&t);
		buf_clear(&text);
	}
}

static void epilogue(void **state)
{
	struct item t = make(TWO("mixed", "\none", "\ntwo") "behind\n");

	(void)state;
	assert_string_equal(
	        buf_str(&t.lost), "what stands behind the last part of the message: 8 octets\n");
	item_clear(&t);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	        cmocka_unit_test(header_properties),
	        cmocka_unit_test(header_whole),
	        cmocka_unit_test(people),
	        cmocka_unit_test(many_people),
	        cmocka_unit_test(one_off),
	        cmocka_unit_test(receipts),
	        cmocka_unit_test(flags),
	        cmocka_unit_test(key),
	        cmocka_unit_test(texts),
	        cmocka_unit_test(structure),
	        cmocka_unit_test(shown_elsewhere),
	        cmocka_unit_test(messages),
	        cmocka_unit_test(secure),
	        cmocka_unit_test(classes),
	        cmocka_unit_test(as_file),
	        cmocka_unit_test(lines),
	        cmocka_unit_test(linear),
	        cmocka_unit_test(epilogue),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
