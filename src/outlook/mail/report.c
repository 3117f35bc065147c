/* Reports of delivery (RFC 3464) and of reading (RFC 8098): MS-OXOMSG 2.2.3, 2.2.4. */
#include <stdio.h>
#include <string.h>
#include "outlook/mail/mail.h"
#include "valise/base/mem.h"
#include "valise/base/text.h"

/* By the ending of REPORT.*. */
static const struct kind {
	const char *ending, *word;
	bool read; /* a disposition, no delivery */
} kinds[] = {
        {".NDR", "failed", false},
        {".Delayed.DR", "delayed", false},
        {".Relayed.DR", "relayed", false},
        {".Expanded.DR", "expanded", false},
        {".DR", "delivered", false},
        {".IPNRN", "displayed", true},
        {".IPNNRN", "deleted", true},
};

static const struct kind *kind_of(const struct mail *m)
{
	const char *class =
	        mail_class_is(m->b, "REPORT") ? bag_text(m->b, PidTagMessageClass) : NULL;

	for (size_t i = 0; class && i < COUNT(kinds); i++)
		if (text_ends_with(class, kinds[i].ending))
			return &kinds[i];
	return NULL;
}

const char *mail_report_type(const struct mail *m)
{
	const struct kind *k = kind_of(m);

	if (!k)
		return NULL;
	return k->read ? "disposition-notification" : "delivery-status";
}

/* "TYPE; TEXT", where there is one. */
static void put_typed(struct buf *h, const char *name, const char *type, const char *text)
{
	struct buf value = buf_of(SIZE_MAX);

	if (!text)
		return;
	buf_putf(&value, "%s;%s", type, text);
	field_text(h, name, buf_str(&value));
	buf_clear(&value);
}

/* 511 is 5.1.1, RFC 3463; of the kind, if nothing is said. */
static void put_status(struct buf *h, struct bag *r, const struct kind *k)
{
	int64_t code = bag_int(r, PidTagNonDeliveryReportStatusCode, 0);

	if (code >= 200 && code < 600)
		buf_putf(h, "Status: %d.%d.%d\r\n", (int)(code / 100), (int)(code / 10 % 10),
		        (int)(code % 10));
	else
		buf_putf(h, "Status: %s\r\n",
		        strcmp(k->word, "failed") == 0    ? "5.0.0"
		        : strcmp(k->word, "delayed") == 0 ? "4.0.0"
		                                          : "2.0.0");
}

static void put_recipient(struct mail *m, struct buf *h, struct bag *r, const struct kind *k)
{
	struct field_address a;
	char code[80];

	mail_recipient(m, r, &a);
	buf_puts(h, "\r\n");
	buf_putf(h, "Final-Recipient: rfc822;%s\r\nAction: %s\r\n", a.spec, k->word);
	put_status(h, r, k);
	put_typed(h, "Remote-MTA", "dns", bag_text(r, PidTagRemoteMessageTransferAgent));
	if (bag_has(r, PidTagNonDeliveryReportDiagCode)) {
		snprintf(code, sizeof code, "reason %lld, diagnostic %lld",
		        (long long)bag_int(r, PidTagNonDeliveryReportReasonCode, 0),
		        (long long)bag_int(r, PidTagNonDeliveryReportDiagCode, 0));
		put_typed(h, "Diagnostic-Code", "x-mapi", code);
	}
	if (bag_text(r, PidTagSupplementaryInfo))
		field_text(h, "X-Supplementary-Info", bag_text(r, PidTagSupplementaryInfo));
	if (a.name)
		field_text(h, "X-Display-Name", a.name);
	mail_address_clear(&a);
}

static void put_delivery(struct mail *m, struct buf *h, const struct kind *k)
{
	const char *mta = bag_text(m->b, PidTagReportingMessageTransferAgent);
	int64_t t;

	put_typed(h, "Reporting-MTA", "dns", mta ? mta : "unknown.invalid");
	if (bag_time(m->b, PidTagOriginalSubmitTime, &t))
		field_date(h, "X-Original-Submit-Date", t);
	if (bag_time(m->b, PidTagReportTime, &t))
		field_date(h, "Arrival-Date", t);
	for (size_t i = 0; i < m->b->n_recipients; i++)
		put_recipient(m, h, m->b->recipients[i], k);
	if (m->b->n_recipients == 0)
		buf_putf(h,
		        "\r\nFinal-Recipient: rfc822;unknown@address.invalid\r\n"
		        "Action: %s\r\nStatus: %s\r\n",
		        k->word, strcmp(k->word, "failed") == 0 ? "5.0.0" : "2.0.0");
}

/* "manual-action/MDN-sent-manually" */
static bool is_mode(const char *s)
{
	size_t n = s ? strcspn(s, "/") : 0;

	return n && s[n] && field_is_token(s, n) && field_is_token(s + n + 1, strlen(s + n + 1));
}

static void put_disposition(struct mail *m, struct buf *h, const struct kind *k)
{
	const char *mode = bag_text(m->b, PidTagReportDispositionMode);
	const char *what = bag_text(m->b, PidTagReportDisposition);
	const char *id = bag_text(m->b, PidTagOriginalMessageId);
	struct field_address a;

	if (mail_from(m, &a)) {
		buf_putf(h, "Final-Recipient: rfc822;%s\r\n", a.spec);
		mail_address_clear(&a);
	}
	if (id)
		field_tokens(h, "Original-Message-ID", id);
	buf_putf(h, "Disposition: %s; %s\r\n",
	        is_mode(mode) ? mode : "manual-action/MDN-sent-automatically",
	        what && field_is_token(what, strlen(what)) ? what : k->word);
}

/* The attachment that is the part as it came; SIZE_MAX: none. */
static size_t came_as(struct mail *m, const char *type)
{
	for (size_t i = 0; i < m->b->n_attachments; i++) {
		struct bag *a = m->b->attachments[i];
		const char *tag = bag_text(a, PidTagAttachMimeTag);

		if (!a->embedded && tag && strncasecmp(tag, "message/", 8) == 0 &&
		        strcasecmp(tag + 8, type) == 0 && mail_attach_data(a))
			return i;
	}
	return SIZE_MAX;
}

int mail_report_part(struct mail *m, size_t *used_out, struct err *err)
{
	const struct kind *k = kind_of(m);
	struct buf part = buf_of(SIZE_MAX);

	*used_out = came_as(m, mail_report_type(m));
	if (*used_out != SIZE_MAX)
		return mail_attach(m, *used_out, false, err);
	buf_putf(&part, "Content-Type: message/%s\r\n\r\n", mail_report_type(m));
	if (k->read)
		put_disposition(m, &part, k);
	else
		put_delivery(m, &part, k);
	mail_put(&m->out, part.data, part.len);
	buf_clear(&part);
	return m->out.rc;
}
