/* Headers: the one that a message came with, and the one that properties make. */
#include "outlook/mail/mailed.h"

#define MIME                                                                                       \
	"MIME-Version: 1.0\nContent-Type: text/plain; charset=us-ascii\n"                          \
	"Content-Transfer-Encoding: 7bit\n\n"

static void make_entry(struct buf *out, const char *name, const char *address)
{
	static const uint8_t head[] = {0, 0, 0, 0, 0x81, 0x2b, 0x1f, 0xa4, 0xbe, 0xa3, 0x10, 0x19,
	        0x9d, 0x6e, 0x00, 0xdd, 0x01, 0x0f, 0x54, 0x02, 0, 0, 0, 0x80};
	const char *const texts[] = {name, "SMTP", address};
	uint32_t len = sizeof head;

	for (size_t i = 0; i < COUNT(texts); i++)
		len += 2 * (uint32_t)(strlen(texts[i]) + 1);
	buf_put(out, &len, sizeof len);
	buf_put(out, head, sizeof head);
	for (size_t i = 0; i < COUNT(texts); i++)
		for (size_t k = 0; k <= strlen(texts[i]); k++) {
			buf_putc(out, texts[i][k]);
			buf_putc(out, 0);
		}
	while (out->len % 4)
		buf_putc(out, 0);
}

/* All that has a field of its own. */
static void test_made(void **state)
{
	struct bag *b = make_note("IPM.Note");
	struct buf entries = buf_of(SIZE_MAX);

	(void)state;
	make_text(b, PidTagSentRepresentingName, "Boss");
	make_text(b, PidTagSentRepresentingAddressType, "SMTP");
	make_text(b, PidTagSentRepresentingEmailAddress, "boss@example.org");
	make_text(b, PidTagSenderName, "Ann");
	make_text(b, PidTagSenderAddressType, "EX");
	make_text(b, PidTagSenderEmailAddress, "/O=X/CN=ANN");
	make_text(b, PidTagSenderSmtpAddress, "ann@example.org");
	make_recipient(b, 1, "Bob", "bob@example.org");
	make_recipient(b, 2, "\u00c4nne", "anne@example.org");
	make_recipient(b, 3, "eve@example.org", "eve@example.org");
	make_recipient(b, 0x10000001, "again@example.org", "again@example.org");
	buf_put(&entries, "\2\0\0\0\0\0\0\0", 8);
	make_entry(&entries, "List", "list@example.org");
	make_entry(&entries, "odd", "odd@example.org");
	make_octets(b, PidTagReplyRecipientEntries, BAG_BINARY, entries.data, entries.len);
	make_text(b, PidTagSubjectPrefix, "Re: ");
	make_text(b, PidTagNormalizedSubject, "Gr\u00fc\u00dfe");
	make_time(b, PidTagClientSubmitTime, 1772439300);
	make_time(b, PidTagMessageDeliveryTime, 1772439360);
	make_text(b, PidTagInternetMessageId, "<m1@example.org>");
	make_text(b, PidTagInReplyToId, "<m0@example.org>");
	make_text(b, PidTagInternetReferences, "<r@example.org>\r\n <m0@example.org>");
	make_text(b, PidTagConversationTopic, "Gruesse");
	make_octets(b, PidTagConversationIndex, BAG_BINARY, "\1\2\3", 3);
	make_int(b, PidTagImportance, 2);
	make_int(b, PidTagPriority, -1);
	make_int(b, PidTagSensitivity, 2);
	make_bool(b, PidTagReadReceiptRequested, true);
	make_texts(b, PidNameKeywords, (const char *const[]){"Work", "Red, blue", NULL});
	make_text(b, PidTagListUnsubscribe, "<mailto:u@example.org>");
	make_text(b, PidLidFlagRequest, "Follow up");
	assert_mailed(b, "From: Boss <boss@example.org>\n"
	                 "Sender: Ann <ann@example.org>\n"
	                 "Reply-To: List <list@example.org>, odd <odd@example.org>\n"
	                 "To: Bob <bob@example.org>, again@example.org\n"
	                 "Cc: =?utf-8?Q?=C3=84nne?= <anne@example.org>\n"
	                 "Bcc: eve@example.org\n"
	                 "Subject: =?utf-8?Q?Re=3A_Gr=C3=BC=C3=9Fe?=\n"
	                 "Date: Mon, 02 Mar 2026 08:15:00 +0000\n"
	                 "Message-ID: <m1@example.org>\n"
	                 "In-Reply-To: <m0@example.org>\n"
	                 "References: <r@example.org> <m0@example.org>\n"
	                 "Thread-Topic: Gruesse\n"
	                 "Thread-Index: AQID\n"
	                 "Importance: high\n"
	                 "Priority: non-urgent\n"
	                 "Sensitivity: Private\n"
	                 "Disposition-Notification-To: Ann <ann@example.org>\n"
	                 "Keywords: Work, \"Red, blue\"\n"
	                 "List-Unsubscribe: <mailto:u@example.org>\n"
	                 "X-Message-Flag: Follow up\n" MIME);
	buf_clear(&entries);
}

/* No address that is none; who is known elsewhere in the item is known here. */
static void test_addresses(void **state)
{
	static const struct {
		const char *name, *type, *email, *want;
	} cases[] = {
	        {"Ann", "SMTP", "ann@example.org", "Ann <ann@example.org>"},
	        {"Ann", NULL, "SMTP:ann@example.org", "Ann <ann@example.org>"},
	        {"Ann", "EX", "/O=X/CN=BOB", "Ann <bob@example.org>"},
	        {"Ann", "EX", "/O=X/CN=ANN", "Ann <IMCEAEX-_O=X_CN=ANN@address.invalid>"},
	        {"Ann", "FAX", "+49 1", "Ann <IMCEAFAX-+2B49+201@address.invalid>"},
	        {"Ann <ann@example.org>", NULL, NULL,
	                "\"Ann <ann@example.org>\" <ann@example.org>"},
	        {"'ann@example.org'", "EX", NULL, "\"'ann@example.org'\" <ann@example.org>"},
	        {"Ann", NULL, NULL, "Ann <unknown@address.invalid>"},
	        {"Ann", "SMTP", "ann..@example.org", "Ann <\"ann..\"@example.org>"},
	        {"Ann", "SMTP", "\"a b\"@example.org", "Ann <\"a b\"@example.org>"},
	        {"Ann", "SMTP", "\"ann@example.org\"", "Ann <ann@example.org>"},
	        {"Ann", "SMTP", "ann@[192.0.2.1]", "Ann <ann@[192.0.2.1]>"},
	        {"Ann", "SMTP", "ann at example",
	                "Ann <IMCEASMTP-ann+20at+20example@address.invalid>"},
	};

	(void)state;
	for (size_t i = 0; i < COUNT(cases); i++) {
		struct bag *b = make_note("IPM.Note"), *r;
		struct buf want = buf_of(SIZE_MAX);

		make_text(b, PidTagSenderName, cases[i].name);
		if (cases[i].type)
			make_text(b, PidTagSenderAddressType, cases[i].type);
		if (cases[i].email)
			make_text(b, PidTagSenderEmailAddress, cases[i].email);
		r = make_recipient(b, 1, "Bob", "/o=x/cn=bob");
		make_text(r, PidTagAddressType, "EX");
		make_text(r, PidTagSmtpAddress, "bob@example.org");
		buf_putf(&want, "From: %s\nTo: Bob <bob@example.org>\n" MIME, cases[i].want);
		assert_mailed(b, buf_str(&want));
		buf_clear(&want);
	}
}

/* Without recipients: the names that are shown. */
static void test_names(void **state)
{
	struct bag *b = make_note("IPM.Note");

	(void)state;
	make_text(b, PidTagDisplayTo, "Ann; bob@example.org");
	assert_mailed(b, "To: Ann <unknown@address.invalid>, bob@example.org\n" MIME);
}

static void test_subjects(void **state)
{
	static const struct {
		const char *subject, *prefix, *normal, *want;
	} cases[] = {
	        {"Hello", NULL, NULL, "Subject: Hello\n"},
	        {"\1\5Re: Hello", "Re: ", "Hello", "Subject: Re: Hello\n"},
	        {"\1\1Hello", NULL, NULL, "Subject: Hello\n"},
	        {NULL, NULL, "Hello", "Subject: Hello\n"},
	        {"", NULL, NULL, ""},
	};

	(void)state;
	for (size_t i = 0; i < COUNT(cases); i++) {
		struct bag *b = make_note("IPM.Note");
		struct buf want = buf_of(SIZE_MAX);

		if (cases[i].subject)
			make_text(b, PidTagSubject, cases[i].subject);
		if (cases[i].prefix)
			make_text(b, PidTagSubjectPrefix, cases[i].prefix);
		if (cases[i].normal)
			make_text(b, PidTagNormalizedSubject, cases[i].normal);
		buf_putf(&want, "%s" MIME, cases[i].want);
		assert_mailed(b, buf_str(&want));
		buf_clear(&want);
	}
}

/* The header that it came with stays as it is, in its order, but for MIME's own fields. */
static void test_transport(void **state)
{
	static const struct {
		const char *came, *want;
	} cases[] = {
	        {"Received: from a\r\n\tby b; Mon\r\nX-Odd:  two  blanks \r\nFrom: a@example.org\r\n"
	         "Mime-Version: 1.0 (x)\r\nContent-Type: multipart/mixed;\r\n\tboundary=x\r\n"
	         "content-transfer-encoding: 8bit\r\nContent-Language: de\r\nSubject: s\r\n"
	         "Date: Mon, 2 Mar 2026 09:15:00 +0100\r\nMessage-ID: <x@y>\r\nTo: b@example.org\r\n"
	         "\r\n--x\r\nContent-Type: text/plain\r\n",
	                "Received: from a\n\tby b; Mon\nX-Odd:  two  blanks \nFrom: a@example.org\n"
	                "Content-Language: de\nSubject: s\n"
	                "Date: Mon, 2 Mar 2026 09:15:00 +0100\nMessage-ID: <x@y>\n"
	                "To: b@example.org\n"},
	        /* what stands before it; LF alone; what a message must have is added */
	        {"Microsoft Mail Internet Headers Version 2.0\nReceived: x\nTo: z@example.org\n",
	                "Received: x\nTo: z@example.org\nFrom: Ann <ann@example.org>\n"
	                "Subject: subject\nDate: Mon, 02 Mar 2026 08:15:00 +0000\n"
	                "Message-ID: <m1@example.org>\n"},
	        {"From ann Mon\nReceived: x\n",
	                "Received: x\nFrom: Ann <ann@example.org>\nTo: Bob <bob@example.org>\n"
	                "Subject: subject\nDate: Mon, 02 Mar 2026 08:15:00 +0000\n"
	                "Message-ID: <m1@example.org>\n"},
	        /* blanks before the colon, which RFC 822 let stand and no server takes */
	        {"From  : b@example.org\nTo\t: z@example.org\nDate: x\nMessage-ID: <a@b>\nSubject:\n",
	                "From: b@example.org\nTo: z@example.org\nDate: x\nMessage-ID: <a@b>\n"
	                "Subject:\n"},
	        /* 8-bit octets and lines that are no field, in a form that servers take */
	        {"From: a@example.org\nSubject: Gr\u00fc\u00dfe\nTo: b@example.org\nno field here\n"
	         "Date: x\nMessage-ID: <a@b>\n",
	                "From: a@example.org\nSubject: =?utf-8?Q?Gr=C3=BC=C3=9Fe?=\n"
	                "To: b@example.org\nX-Invalid-Header: no field here\nDate: x\n"
	                "Message-ID: <a@b>\n"},
	        /* lines that end with CR CR LF; a CR within a value begins no field */
	        {"From: a@example.org\r\r\nContent-Type: text/x;\r\r\n\ty=z\r\r\n"
	         "Subject: a\rContent-Type: text/evil\r\nTo: b@example.org\r\nDate: x\r\n"
	         "Message-ID: <a@b>\r",
	                "From: a@example.org\nSubject: a Content-Type: text/evil\n"
	                "To: b@example.org\nDate: x\nMessage-ID: <a@b>\n"},
	        /* CR alone */
	        {"From: a@example.org\rContent-Type: text/x;\r\ty=z\rSubject: a\r"
	         "To: b@example.org\rDate: x\rMessage-ID: <a@b>\r\rbody: x\r",
	                "From: a@example.org\nSubject: a\nTo: b@example.org\nDate: x\n"
	                "Message-ID: <a@b>\n"},
	        /* no header at all */
	        {"nothing\n",
	                "From: Ann <ann@example.org>\nTo: Bob <bob@example.org>\nSubject: subject\n"
	                "Date: Mon, 02 Mar 2026 08:15:00 +0000\nMessage-ID: <m1@example.org>\n"
	                "Importance: high\nKeywords: Work\n"},
	};

	(void)state;
	for (size_t i = 0; i < COUNT(cases); i++) {
		struct bag *b = make_note("IPM.Note");
		struct buf want = buf_of(SIZE_MAX);

		make_text(b, PidTagTransportMessageHeaders, cases[i].came);
		make_text(b, PidTagSenderName, "Ann");
		make_text(b, PidTagSenderEmailAddress, "ann@example.org");
		make_text(b, PidTagSubject, "subject");
		make_time(b, PidTagClientSubmitTime, 1772439300);
		make_text(b, PidTagInternetMessageId, "<m1@example.org>");
		make_int(b, PidTagImportance, 2);
		make_texts(b, PidNameKeywords, (const char *const[]){"Work", NULL});
		make_recipient(b, 1, "Bob", "bob@example.org");
		buf_putf(&want, "%s" MIME, cases[i].want);
		assert_mailed(b, buf_str(&want));
		buf_clear(&want);
	}
}

/* A word that no fold makes shorter is parted; nothing of it goes. */
static void test_long_word(void **state)
{
	struct bag *b = make_note("IPM.Note");
	struct buf came = buf_of(SIZE_MAX);
	struct mailed m;
	size_t seen = 0;

	(void)state;
	buf_puts(&came, "From: a@b\r\nX-Long: ");
	for (int i = 0; i < 2500; i++)
		buf_putc(&came, 'q');
	buf_puts(&came, "\r\nTo: c@d\r\n");
	make_text(b, PidTagTransportMessageHeaders, buf_str(&came));
	mailed_make(b, &m);
	for (const char *s = buf_str(&m.octets); *s; s += strcspn(s, "\n") + 1) {
		assert_in_range(strcspn(s, "\r"), 0, 998);
		assert_true(*s != 'q');
	}
	for (const char *s = buf_str(&m.octets); *s; s++)
		seen += *s == 'q';
	assert_int_equal(seen, 2500);
	assert_non_null(strstr(buf_str(&m.octets), "q\r\nTo: c@d\r\nMIME-Version: 1.0\r\n"));
	buf_clear(&came);
	mailed_clear(&m);
}

/* A header that was on its way never says Bcc: the recipients do. */
static void test_bcc(void **state)
{
	(void)state;
	for (int came = 0; came < 2; came++) {
		struct bag *b = make_note("IPM.Note");

		make_text(b, PidTagTransportMessageHeaders,
		        came ? "To: b@example.org\nBcc: e@example.org\n" : "To: b@example.org\n");
		make_recipient(b, 1, "Bob", "b@example.org");
		make_recipient(b, 2, "Cid", "c@example.org");
		make_recipient(b, 3, "Eve", "e@example.org");
		assert_mailed(b, came ? "To: b@example.org\nBcc: e@example.org\n" MIME
		                      : "To: b@example.org\nBcc: Eve <e@example.org>\n" MIME);
	}
}

/* Fields that were kept by their names. */
static void test_named(void **state)
{
	static const char *const names[] = {"x-custom", "mime-version", "subject", "a b", NULL};

	(void)state;
	for (int came = 0; came < 2; came++) {
		struct bag *b = make_note("IPM.Note");

		for (size_t i = 0; names[i]; i++) {
			struct bag_name name = {.text = (char *)names[i]};

			memcpy(name.set, bag_set_guid(PS_INTERNET_HEADERS), 16);
			assert_int_equal(bag_begin(b, 0x8001, BAG_STRING8, &name, NULL), 0);
			assert_int_equal(bag_put(b, "keep me", 7, NULL), 0);
			assert_int_equal(bag_end(b, NULL), 0);
		}
		if (came)
			make_text(b, PidTagTransportMessageHeaders, "From: a@b\r\n");
		assert_mailed(b, came ? "From: a@b\n" MIME : "x-custom: keep me\n" MIME);
	}
}

/* What the header that came has is a copy; what it does not have is told. */
static void test_named_used(void **state)
{
	static const char *const names[] = {"x-there", "x-not-there", "mime-version"};
	struct bag *b = make_note("IPM.Note");
	struct mailed m = {.octets = buf_of(SIZE_MAX), .lost = buf_of(SIZE_MAX)};
	struct outlook_to to = {mailed_put, mailed_lost, &m};

	(void)state;
	make_text(b, PidTagTransportMessageHeaders, "From: a@b\r\nX-There: 1\r\n");
	for (size_t i = 0; i < COUNT(names); i++) {
		struct bag_name name = {.text = (char *)names[i]};

		memcpy(name.set, bag_set_guid(PS_INTERNET_HEADERS), 16);
		assert_int_equal(bag_begin(b, 0x8001, BAG_STRING8, &name, NULL), 0);
		assert_int_equal(bag_put(b, "1", 1, NULL), 0);
		assert_int_equal(bag_end(b, NULL), 0);
	}
	bag_sort(b);
	assert_int_equal(outlook_mail(b, &to, &m.made, NULL), 0);
	for (size_t i = 0; i < b->n_props; i++)
		if (b->props[i].name)
			assert_int_equal(b->props[i].used,
			        strcmp(b->props[i].name->text, "x-not-there") != 0);
	bag_free(b);
	mailed_clear(&m);
}

/* A property is used if it has a home; what the header says otherwise has none. */
static void test_used(void **state)
{
	struct bag *b = make_note("IPM.Note");
	struct mailed m = {.octets = buf_of(SIZE_MAX), .lost = buf_of(SIZE_MAX)};
	struct outlook_to to = {mailed_put, mailed_lost, &m};

	(void)state;
	make_text(b, PidTagTransportMessageHeaders, "From: a@b\r\nSensitivity: private\r\n");
	make_text(b, PidTagSenderName, "a");
	make_int(b, PidTagImportance, 2);
	make_int(b, PidTagSensitivity, 2);
	make_int(b, PidTagPriority, 0);
	make_int(b, PidTagGivenName, 7);
	bag_sort(b);
	assert_int_equal(outlook_mail(b, &to, &m.made, NULL), 0);
	assert_true(bag_peek(b, PidTagTransportMessageHeaders)->used);
	assert_true(bag_peek(b, PidTagSenderName)->used);
	assert_false(bag_peek(b, PidTagImportance)->used);
	assert_true(bag_peek(b, PidTagSensitivity)->used);
	assert_true(bag_peek(b, PidTagPriority)->used);
	assert_false(bag_peek(b, PidTagGivenName)->used);
	bag_free(b);
	mailed_clear(&m);
}

static void test_state(void **state)
{
	static const struct {
		bag_key key;
		int value;
		unsigned flags;
		const char *keywords;
	} cases[] = {
	        {PidTagMessageFlags, 1, 1, NULL},
	        {PidTagMessageFlags, 0, 0, NULL},
	        {PidTagMessageFlags, 8, 16, NULL},
	        {PidTagLastVerbExecuted, 102, 3, NULL},
	        {PidTagLastVerbExecuted, 103, 3, NULL},
	        {PidTagLastVerbExecuted, 104, 1, "$Forwarded"},
	        {PidTagIconIndex, 0x105, 3, NULL},
	        {PidTagIconIndex, 0x106, 1, "$Forwarded"},
	        {PidTagFlagStatus, 2, 5, NULL},
	        {PidTagFlagStatus, 1, 1, NULL},
	        {PidTagFollowupIcon, 6, 5, NULL},
	};
	static const char *const categories[] = {"Work", "Red (new)", "work", "", "  ", NULL};

	(void)state;
	for (size_t i = 0; i < COUNT(cases); i++) {
		struct bag *b = make_note("IPM.Note");
		struct mailed m;

		make_int(b, cases[i].key, cases[i].value);
		make_time(b, PidTagMessageDeliveryTime, 1772439360);
		make_time(b, PidTagClientSubmitTime, 1772439300);
		mailed_make(b, &m);
		assert_int_equal(m.made.form, OUTLOOK_MAIL);
		assert_int_equal(m.made.flags, cases[i].flags);
		assert_int_equal(m.made.date_utc, 1772439360);
		if (cases[i].keywords)
			assert_string_equal(m.made.keywords, cases[i].keywords);
		else
			assert_null(m.made.keywords);
		mailed_clear(&m);
	}
	for (int umlaut = 0; umlaut < 2; umlaut++) {
		struct bag *b = make_note("IPM.Note");
		struct mailed m;

		if (umlaut)
			make_octets(b, PidNameKeywords, BAG_UNICODE | BAG_MULTIPLE,
			        "\1\0\0\0\4\0\0\0\xfc\0x\0", 12);
		else
			make_texts(b, PidNameKeywords, categories);
		mailed_make(b, &m);
		assert_string_equal(m.made.keywords, umlaut ? "&APw-x" : "Work Red__new_");
		assert_true(m.made.date_utc == INT64_MIN);
		mailed_clear(&m);
	}
}

/* More of everything than a header of mail ever has: none of it ends the program. */
static void test_much(void **state)
{
	enum { MIB = 1 << 20, CHARS = 24 << 20 };
	struct bag *b = make_note("IPM.Note");
	char *name = xmalloc(MIB);
	uint8_t *wide = xmalloc(2 * CHARS);
	struct mailed m;

	(void)state;
	memset(name, 'x', MIB - 1);
	name[MIB - 1] = '\0';
	for (int i = 0; i < 20; i++)
		make_recipient(b, 1, name, "a@example.org");
	make_text(b, PidTagTransportMessageHeaders, "Subject: much\r\n\r\n");
	mailed_make(b, &m);
	assert_true(m.octets.len > 20 * MIB);
	mailed_clear(&m);
	/* a code page of two octets a character, of which UTF-8 makes three */
	b = make_note("IPM.Note");
	for (size_t i = 0; i < CHARS; i++) {
		wide[2 * i] = 0x60;
		wide[2 * i + 1] = 0x4f;
	}
	make_octets(b, PidTagHtml, BAG_BINARY, wide, 2 * CHARS);
	make_int(b, PidTagInternetCodepage, 1200);
	mailed_make(b, &m);
	assert_true(m.octets.len > 3 * CHARS);
	mailed_clear(&m);
	free(name);
	free(wide);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	        cmocka_unit_test(test_made),
	        cmocka_unit_test(test_addresses),
	        cmocka_unit_test(test_names),
	        cmocka_unit_test(test_subjects),
	        cmocka_unit_test(test_transport),
	        cmocka_unit_test(test_long_word),
	        cmocka_unit_test(test_bcc),
	        cmocka_unit_test(test_named),
	        cmocka_unit_test(test_named_used),
	        cmocka_unit_test(test_used),
	        cmocka_unit_test(test_state),
	        cmocka_unit_test(test_much),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
