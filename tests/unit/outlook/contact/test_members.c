/* Entry ids of address books, and distribution lists as groups. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include "outlook/contact/entry.h"
#include "outlook/contact/internal.h"
#include "outlook/make.h"

#define ONE_OFF "00000000 812b1fa4bea310199d6e00dd010f5402 0000"
#define WRAPPED "00000000 c091add3519dcf11a4a900aa0047faa4"
#define EXCHANGE "00000000 dca740c8c042101ab4b908002b2fe182 01000000 00000000"
/* "Ann", "SMTP", "a@b" in UTF-16 */
#define ANN                                                                                        \
	"0180"                                                                                     \
	"41006e006e000000"                                                                         \
	"53004d0054005000 0000"                                                                    \
	"6100400062000000"

static size_t octets_of(const char *hex, uint8_t *out)
{
	size_t n = 0;
	unsigned octet;

	for (; sscanf(hex, " %2x", &octet) == 1; hex += 2) {
		hex += strspn(hex, " ");
		out[n++] = (uint8_t)octet;
	}
	return n;
}

static const struct {
	const char *hex;
	enum entry_kind kind;
	const char *name, *type, *address;
} entries[] = {
        {ONE_OFF ANN, ENTRY_ONE_OFF, "Ann", "SMTP", "a@b"},
        {ONE_OFF "0100 c46e6e00 534d545000 61406200", ENTRY_ONE_OFF, "\xc3\x84nn", "SMTP", "a@b"},
        {WRAPPED "00" ONE_OFF ANN, ENTRY_ONE_OFF, "Ann", "SMTP", "a@b"},
        {WRAPPED "b5" EXCHANGE "2f6f3d6100", ENTRY_EXCHANGE, NULL, "EX", "/o=a"},
        {WRAPPED "c3 00000000 0102", ENTRY_CONTACT, NULL, NULL, NULL},
        {WRAPPED "b4 00000000 0102", ENTRY_LIST, NULL, NULL, NULL},
        {"00000000 fe42aa0a18c71a10e8850b651c240000 03000000 04000000 00000000 02000000 0102",
                ENTRY_CONTACT, NULL, NULL, NULL},
        {"00000000 fe42aa0a18c71a10e8850b651c240000 03000000 05000000 ff000000 ffffffff 0102",
                ENTRY_LIST, NULL, NULL, NULL},
        /* cut short, or none */
        {ONE_OFF "0180 41006e", ENTRY_ONE_OFF, "A", "", ""},
        {ONE_OFF, ENTRY_OTHER, NULL, NULL, NULL},
        {WRAPPED "00" WRAPPED "00" ONE_OFF ANN, ENTRY_OTHER, NULL, NULL, NULL},
        {WRAPPED, ENTRY_OTHER, NULL, NULL, NULL},
        {"", ENTRY_OTHER, NULL, NULL, NULL},
        {"00000000", ENTRY_OTHER, NULL, NULL, NULL},
        /* half a character */
        {ONE_OFF "0180 3dd8 4100 0000 3dd800de 0000 0000", ENTRY_ONE_OFF,
                "\xef\xbf\xbd"
                "A",
                "\xf0\x9f\x98\x80", ""},
};

static void test_entries(void **state)
{
	uint8_t octets[512];

	(void)state;
	for (size_t i = 0; i < COUNT(entries); i++) {
		size_t n = octets_of(entries[i].hex, octets);
		uint8_t *exact = malloc(n ? n : 1); /* what is read beyond it is seen */
		struct entry e;

		memcpy(exact, octets, n);
		entry_read(exact, n, NULL, &e);
		assert_int_equal(e.kind, entries[i].kind);
		if (entries[i].name || e.name)
			assert_string_equal(e.name, entries[i].name);
		if (entries[i].type || e.type)
			assert_string_equal(e.type, entries[i].type);
		if (entries[i].address || e.address)
			assert_string_equal(e.address, entries[i].address);
		if (e.kind == ENTRY_CONTACT || e.kind == ENTRY_LIST)
			assert_true(e.store_entry_len >= 2 &&
			            e.store_entry + e.store_entry_len <= exact + n);
		entry_clear(&e);
		free(exact);
	}
}

struct result {
	struct buf card, lost;
};

static int put(void *ctx, const void *p, size_t n, struct err *err)
{
	(void)err;
	buf_put(&((struct result *)ctx)->card, p, n);
	return 0;
}

static void lose(void *ctx, const char *what)
{
	buf_puts(&((struct result *)ctx)->lost, what);
}

static void expect(struct bag *b, const char *members, const char *lost)
{
	struct result r = {buf_of(1 << 20), buf_of(4096)};
	struct outlook_to to = {put, lose, &r};
	struct outlook_made made;
	struct err err = {0};
	struct buf text = buf_of(1 << 20);
	const char *at;

	bag_sort(b);
	assert_int_equal(outlook_contact(b, &to, &made, &err), 0);
	for (at = buf_str(&r.card); *at; at++)
		if (strncmp(at, "\r\n ", 3) == 0)
			at += 2;
		else if (*at != '\r')
			buf_putc(&text, *at);
	at = strstr(buf_str(&text), "\nX-ADDRESSBOOKSERVER-KIND:group\n");
	assert_non_null(at);
	assert_non_null(strstr(buf_str(&text), "\nFN:Team\nN:Team;;;;\n"));
	assert_string_equal(strchr(at + 1, '\n') + 1, members);
	assert_string_equal(buf_str(&r.lost), lost);
	buf_clear(&r.card);
	buf_clear(&r.lost);
	buf_clear(&text);
	free(made.uid);
	bag_free(b);
}

static struct bag *list(void)
{
	struct bag *b = bag_new();

	make_text(b, PidTagMessageClass, "IPM.DistList");
	make_text(b, PidLidDistributionListName, "Team");
	make_text(b, PidTagDisplayName, "Team");
	return b;
}

#define MULTIPLE (BAG_BINARY | BAG_MULTIPLE)

/* A contact, a one-off, a list in it, a user of the server. */
static void test_lists(void **state)
{
	struct bag *b = list();

	(void)state;
	make_hex(b, PidLidDistributionListMembers, MULTIPLE,
	        "04000000"
	        "1b000000" WRAPPED "c3 00000000 0102"
	        "32000000" ONE_OFF ANN "1b000000" WRAPPED "b4 00000000 0102"
	        "36000000" WRAPPED "b5" EXCHANGE "2f6f3d6100");
	make_hex(b, PidLidDistributionListOneOffMembers, MULTIPLE,
	        "03000000"
	        "32000000" ONE_OFF ANN "32000000" ONE_OFF ANN "28000000" ONE_OFF
	        "0180 53007500620000005000440000006900" /* no address */);
	make_int(b, PidLidDistributionListChecksum, 1);
	expect(b,
	        "X-ADDRESSBOOKSERVER-MEMBER;X-CN=\"Ann\":mailto:a@b\n"
	        "X-ADDRESSBOOKSERVER-MEMBER;X-CN=\"Ann\":mailto:a@b\n"
	        "X-OUTLOOK-MEMBER;X-CN=\"Sub\";X-KIND=\"group\";X-ADDRESS-TYPE=\"PD\":i\n"
	        "X-OUTLOOK-MEMBER;X-ADDRESS-TYPE=\"EX\":/o=a\n"
	        "END:VCARD\n",
	        "");
}

/* The stream counts where it is there; what is cut off is told. */
static void test_stream(void **state)
{
	struct bag *b = list();

	(void)state;
	make_hex(b, PidLidDistributionListMembers, MULTIPLE,
	        "01000000 36000000" WRAPPED "b5" EXCHANGE "2f6f3d6100");
	make_hex(b, PidLidDistributionListStream, BAG_BINARY,
	        "01000000 00000000 00000000 03000000 00000000 00000000 00000000"
	        "1b000000" WRAPPED "c3 00000000 0102"
	        "32000000" ONE_OFF ANN "00000000"
	        "32000000" ONE_OFF ANN "00000000 00000000"
	        "ffffff7f 0000");
	expect(b,
	        "X-ADDRESSBOOKSERVER-MEMBER;X-CN=\"Ann\":mailto:a@b\n"
	        "X-ADDRESSBOOKSERVER-MEMBER;X-CN=\"Ann\":mailto:a@b\n"
	        "END:VCARD\n",
	        "1 members of the list: neither name nor address");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	        cmocka_unit_test(test_entries),
	        cmocka_unit_test(test_lists),
	        cmocka_unit_test(test_stream),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
