/* Octets that nobody may change, reports, and objects. */
#include "outlook/mail/mailed.h"

#define SIGNED                                                                                     \
	"Content-Type: multipart/signed; protocol=\"application/pkcs7-signature\";\r\n"            \
	"\tmicalg=sha1; boundary=\"b\"\r\n\r\n--b\r\nContent-Type: text/plain\r\n\r\n"             \
	"signed \r\n\r\n--b\r\nContent-Type: application/pkcs7-signature\r\n\r\nMII=\r\n--b--\r\n"

/* The attachment is the rest of the message, octet for octet. */
static void test_signed(void **state)
{
	static const struct {
		const char *class, *octets, *want;
	} cases[] = {
	        {"IPM.Note.SMIME.MultipartSigned", SIGNED,
	                "From: a@b\r\nMIME-Version: 1.0\r\n" SIGNED},
	        {"ipm.note.smime.multipartsigned", "MIME-Version: 1.0\r\n" SIGNED,
	                "From: a@b\r\nMIME-Version: 1.0\r\n" SIGNED},
	        {"IPM.Note.SMIME.MultipartSigned", "--x\r\n\r\ntext\r\n--x--\r\n",
	                "From: a@b\r\nMIME-Version: 1.0\r\n"
	                "Content-Type: multipart/signed; boundary=x\r\n\r\n"
	                "--x\r\n\r\ntext\r\n--x--\r\n"},
	        /* the first part's type is not that of the whole */
	        {"IPM.Note.SMIME.MultipartSigned",
	                "--x\r\nContent-Type: multipart/mixed; boundary=y\r\n\r\n--y--\r\n--x--\r\n",
	                "From: a@b\r\nMIME-Version: 1.0\r\n"
	                "Content-Type: multipart/signed; boundary=x\r\n\r\n"
	                "--x\r\nContent-Type: multipart/mixed; boundary=y\r\n\r\n--y--\r\n--x--\r\n"},
	        {"IPM.Note.SMIME", "Received: x\r\nFrom: y@z\r\n" SIGNED,
	                "Received: x\r\nFrom: y@z\r\n" SIGNED},
	};

	(void)state;
	for (size_t i = 0; i < COUNT(cases); i++) {
		struct bag *b = make_note(cases[i].class);
		struct mailed m;

		make_text(b, PidTagTransportMessageHeaders,
		        "From: a@b\r\nContent-Type: multipart/signed; boundary=x\r\n");
		make_attachment(b, "smime.p7m", cases[i].octets, strlen(cases[i].octets));
		mailed_make(b, &m);
		assert_string_equal(buf_str(&m.octets), cases[i].want);
		mailed_clear(&m);
	}
}

/* Within another item: as it is, if it may stand there; else whole, in base64. */
static void test_signed_within(void **state)
{
	static const struct {
		const char *octets, *type;
	} cases[] = {
	        {SIGNED, "message/rfc822"},
	        {SIGNED "\303\274\r\n", "application/octet-stream"},
	        {"Content-Type: multipart/signed; boundary=b\n\n--b--\n",
	                "application/octet-stream"},
	};

	(void)state;
	for (size_t i = 0; i < COUNT(cases); i++) {
		struct bag *b = make_note("IPM.Note"), *in = make_embedded(b);
		struct mailed m;

		make_text(in, PidTagMessageClass, "IPM.Note.SMIME.MultipartSigned");
		make_attachment(in, "smime.p7m", cases[i].octets, strlen(cases[i].octets));
		mailed_make(b, &m);
		assert_non_null(strstr(buf_str(&m.octets), cases[i].type));
		assert_true((strstr(buf_str(&m.octets), cases[i].octets) != NULL) == (i == 0));
		mailed_clear(&m);
	}
}

static void test_opaque(void **state)
{
	static const uint8_t enveloped[] = {
	        0x30, 0x0b, 0x06, 0x09, 0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 0x01, 0x07, 0x03};

	(void)state;
	for (int came = 0; came < 2; came++) {
		struct bag *b = make_note("IPM.Note.SMIME"), *a;

		a = make_attachment(b, "smime.p7m", enveloped, sizeof enveloped);
		make_text(a, PidTagAttachMimeTag, "application/x-pkcs7-mime");
		if (came)
			make_text(b, PidTagTransportMessageHeaders,
			        "From: a@b\r\nContent-Type: application/x-pkcs7-mime; name=q.p7m\r\n");
		assert_mailed(
		        b, came ? "From: a@b\nMIME-Version: 1.0\n"
		                  "Content-Type: application/x-pkcs7-mime; name=q.p7m\n"
		                  "Content-Transfer-Encoding: base64\nContent-Disposition: "
		                  "attachment; filename=\"smime.p7m\"\n\nMAsGCSqGSIb3DQEHAw==\n"
		                : "MIME-Version: 1.0\nContent-Type: application/pkcs7-mime; "
		                  "smime-type=enveloped-data;\n name=\"smime.p7m\"\n"
		                  "Content-Transfer-Encoding: base64\nContent-Disposition: "
		                  "attachment; filename=\"smime.p7m\"\n\nMAsGCSqGSIb3DQEHAw==\n");
	}
}

static void test_pgp(void **state)
{
	struct bag *b = make_note("IPM.Note"), *a;

	(void)state;
	a = make_attachment(b, "x", "Version: 1\r\n", 12);
	make_text(a, PidTagAttachMimeTag, "application/pgp-encrypted");
	make_attachment(b, "encrypted.asc", "-----BEGIN PGP MESSAGE-----\r\n", 29);
	assert_mailed(b,
	        "MIME-Version: 1.0\nContent-Type: multipart/encrypted; "
	        "protocol=\"application/pgp-encrypted\";\n boundary=\"=_e0_N\"\n\n"
	        "--=_e0_N\nContent-Type: application/pgp-encrypted\n"
	        "Content-Transfer-Encoding: 7bit\n\nVersion: 1\n\n"
	        "--=_e0_N\nContent-Type: application/octet-stream; name=\"encrypted.asc\"\n"
	        "Content-Transfer-Encoding: 7bit\n\n-----BEGIN PGP MESSAGE-----\n\n--=_e0_N--\n");
}

#define TEXT "Content-Type: text/plain; charset=us-ascii\nContent-Transfer-Encoding: 7bit\n\n"

static void test_reports(void **state)
{
	struct bag *b = make_note("REPORT.IPM.Note.NDR"), *r, *in;

	(void)state;
	make_text(b, PidTagReportText, "did not go");
	make_text(b, PidTagReportingMessageTransferAgent, "mx.example.org");
	make_time(b, PidTagOriginalSubmitTime, 1772439300);
	r = make_recipient(b, 1, "Bob", "bob@example.org");
	make_int(r, PidTagNonDeliveryReportStatusCode, 511);
	make_int(r, PidTagNonDeliveryReportDiagCode, 1);
	make_text(r, PidTagSupplementaryInfo, "<mx #5.1.1>");
	in = make_embedded(b);
	make_text(in, PidTagMessageClass, "IPM.Note");
	make_text(in, PidTagSubject, "original");
	assert_mailed(b,
	        "To: Bob <bob@example.org>\nMIME-Version: 1.0\n"
	        "Content-Type: multipart/report; report-type=delivery-status;\n"
	        " boundary=\"=_m0_N\"\n\n--=_m0_N\n" TEXT "did not go\n--=_m0_N\n"
	        "Content-Type: message/delivery-status\n\nReporting-MTA: dns;mx.example.org\n"
	        "X-Original-Submit-Date: Mon, 02 Mar 2026 08:15:00 +0000\n\n"
	        "Final-Recipient: rfc822;bob@example.org\nAction: failed\nStatus: 5.1.1\n"
	        "Diagnostic-Code: x-mapi;reason 0, diagnostic 1\n"
	        "X-Supplementary-Info: <mx #5.1.1>\nX-Display-Name: Bob\n\n--=_m0_N\n"
	        "Content-Type: message/rfc822;\n name=\"message.eml\"\n"
	        "Content-Transfer-Encoding: 7bit\n"
	        "Content-Disposition: attachment;\n filename=\"message.eml\"\n\n"
	        "Subject: original\nMIME-Version: 1.0\n" TEXT "\n--=_m0_N--\n");
	b = make_note("REPORT.IPM.Note.IPNRN");
	make_text(b, PidTagSenderName, "Bob");
	make_text(b, PidTagSenderEmailAddress, "bob@example.org");
	make_text(b, PidTagOriginalMessageId, "<m1@example.org>");
	make_text(b, PidTagBody, "was read");
	assert_mailed(b,
	        "From: Bob <bob@example.org>\nMIME-Version: 1.0\n"
	        "Content-Type: multipart/report; report-type=disposition-notification;\n"
	        " boundary=\"=_m0_N\"\n\n--=_m0_N\n" TEXT "was read\n--=_m0_N\n"
	        "Content-Type: message/disposition-notification\n\n"
	        "Final-Recipient: rfc822;bob@example.org\n"
	        "Original-Message-ID: <m1@example.org>\n"
	        "Disposition: manual-action/MDN-sent-automatically; displayed\n\n--=_m0_N--\n");
}

/* The part that the report came with stays as it was. */
static void test_came(void **state)
{
	static const char status[] = "Reporting-MTA: dns; mx\r\n\r\nAction: relayed\r\n";
	struct bag *b = make_note("REPORT.IPM.Note.DR"), *a;

	(void)state;
	make_text(b, PidTagBody, "gone on");
	make_attachment(b, "x", "x", 1);
	a = make_attachment(b, "details.txt", status, sizeof status - 1);
	make_text(a, PidTagAttachMimeTag, "message/delivery-status");
	assert_mailed(b, "MIME-Version: 1.0\n"
	                 "Content-Type: multipart/report; report-type=delivery-status;\n"
	                 " boundary=\"=_m0_N\"\n\n--=_m0_N\n" TEXT "gone on\n--=_m0_N\n"
	                 "Content-Type: message/delivery-status;\n name=\"details.txt\"\n"
	                 "Content-Transfer-Encoding: 7bit\nContent-Disposition: attachment;\n"
	                 " filename=\"details.txt\"\n\n"
	                 "Reporting-MTA: dns; mx\n\nAction: relayed\n\n--=_m0_N\n"
	                 "Content-Type: application/octet-stream;\n name=\"x\"\n"
	                 "Content-Transfer-Encoding: base64\nContent-Disposition: attachment;\n"
	                 " filename=\"x\"\n\neA==\n\n--=_m0_N--\n");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	        cmocka_unit_test(test_signed),
	        cmocka_unit_test(test_signed_within),
	        cmocka_unit_test(test_opaque),
	        cmocka_unit_test(test_pgp),
	        cmocka_unit_test(test_reports),
	        cmocka_unit_test(test_came),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
