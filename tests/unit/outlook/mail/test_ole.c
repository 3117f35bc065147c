/* What OLE objects hold: compound files made here, whole and broken. */
#include "outlook/mail/mailed.h"

enum { SECTOR = 512, MINI = 64 };
#define END 0xfffffffeu
#define FREE 0xffffffffu

static void put32(uint8_t *p, uint32_t v)
{
	for (size_t i = 0; i < 4; i++)
		p[i] = (uint8_t)(v >> 8 * i);
}

static void put_entry(uint8_t *e, const char *name, uint8_t type, uint32_t start, uint32_t size)
{
	size_t n = strlen(name);

	for (size_t i = 0; i < n; i++)
		e[2 * i] = (uint8_t)name[i];
	e[64] = (uint8_t)(2 * (n + 1));
	e[66] = type;
	put32(e + 116, start);
	put32(e + 120, size);
}

/*
 * A compound file with one stream: sector 0 is the FAT, 1 the directory, 2 the FAT of small
 * sectors, from 3 on the octets, in small sectors if they are few (MS-CFB 2).
 */
static struct buf make_object(const char *name, const void *octets, size_t n)
{
	static const uint8_t magic[] = {0xd0, 0xcf, 0x11, 0xe0, 0xa1, 0xb1, 0x1a, 0xe1};
	size_t sectors = (n + SECTOR - 1) / SECTOR;
	bool small = n < 4096;
	struct buf out = buf_of(SIZE_MAX);
	uint8_t *p = xcalloc(4 + sectors, SECTOR), *fat = p + SECTOR, *mini = p + 3 * SECTOR;

	memcpy(p, magic, sizeof magic);
	p[30] = 9;
	p[32] = 6;
	put32(p + 44, 1);
	put32(p + 48, 1);
	put32(p + 56, 4096);
	put32(p + 60, 2);
	put32(p + 68, END);
	for (size_t i = 0; i < 109; i++)
		put32(p + 76 + 4 * i, i ? FREE : 0);
	for (size_t i = 0; i < SECTOR / 4; i++) {
		bool data = i >= 3 && i < 3 + sectors;

		put32(fat + 4 * i, data && i + 1 < 3 + sectors ? (uint32_t)i + 1 : END);
		put32(mini + 4 * i, (i + 1) * MINI < n ? (uint32_t)i + 1 : END);
	}
	put_entry(p + 2 * SECTOR, "Root Entry", 5, small ? 3 : END, small ? (uint32_t)n : 0);
	put_entry(p + 2 * SECTOR + 128, name, 2, small ? 0 : 3, (uint32_t)n);
	memcpy(p + 4 * SECTOR, octets, n);
	buf_put(&out, p, (4 + sectors) * SECTOR);
	free(p);
	return out;
}

static void assert_object(const char *stream, const void *octets, size_t n, const char *type,
        const char *name, const void *want, size_t want_len)
{
	struct buf file = make_object(stream, octets, n);
	struct mail_ole ole;

	assert_true(mail_ole_read(file.data, file.len, &ole));
	assert_string_equal(ole.type, type);
	assert_string_equal(ole.name, name);
	assert_int_equal(ole.octets.len, want_len);
	assert_memory_equal(ole.octets.data, want, want_len);
	mail_ole_clear(&ole);
	/* cut short anywhere it is none, or as much as is there */
	for (size_t k = 0; k < file.len; k += 7)
		if (mail_ole_read(file.data, k, &ole))
			mail_ole_clear(&ole);
	/* whatever an octet is instead: chains that are circles, sizes that are too large */
	for (size_t k = 0; k < MIN(file.len, 3000); k++) {
		uint8_t was = file.data[k];

		file.data[k] = (uint8_t)(was ^ 0x55);
		if (mail_ole_read(file.data, file.len, &ole))
			mail_ole_clear(&ole);
		file.data[k] = was;
	}
	buf_clear(&file);
}

static void test_package(void **state)
{
	static const char package[] = "\x40\0\0\0\2\0note.txt\0C:\\x\\note.txt\0\0\0\3\0"
	                              "\x0e\0\0\0C:\\T\\note.txt\0"
	                              "\5\0\0\0hello\0\0\0\0\0\0\0\0";
	char large[5000];

	(void)state;
	assert_object("\001Ole10Native", package, sizeof package - 1, "text/plain", "note.txt",
	        "hello", 5);
	memset(large, 'x', sizeof large);
	memcpy(large, package, sizeof package - 1);
	memcpy((char *)memmem(large, sizeof package, "hello", 5) - 4, "\x80\x10\0\0", 4);
	assert_object("\001Ole10Native", large, sizeof large, "text/plain", "note.txt",
	        memmem(large, sizeof large, "hello", 5), 0x1080);
}

static void test_pictures(void **state)
{
	static const char bitmap[] = "\6\0\0\0BMxxxx";
	uint8_t dib[44] = {40, [4] = 1, [8] = 1, [12] = 1, [14] = 24, [40] = 7, 8, 9};
	uint8_t want[58] = {'B', 'M', 58, 0, 0, 0, 0, 0, 0, 0, 54};

	(void)state;
	memcpy(want + 14, dib, sizeof dib);
	assert_object("\001Ole10Native", bitmap, 10, "image/bmp", "picture.bmp", "BMxxxx", 6);
	assert_object("CONTENTS", dib, sizeof dib, "image/bmp", "picture.bmp", want, sizeof want);
	assert_object("CONTENTS", "%PDF-1", 6, "application/pdf", "object.pdf", "%PDF-1", 6);
	assert_object("Package", "odd", 3, "application/octet-stream", "object.bin", "odd", 3);
	/* the object itself is the document */
	assert_object("WordDocument", "x", 1, "application/msword", "object.doc", "", 0);
}

static void make_ole(struct bag *b, const void *octets, size_t n)
{
	struct err err = {0};
	struct bag *a = bag_add_attachment(b, &err);

	make_int(a, PidTagAttachMethod, 6);
	make_text(a, PidTagDisplayName, "Object");
	make_octets(a, PidTagAttachDataBinary, BAG_OBJECT, octets, n);
}

/* In a message: what it holds; the whole document; the object, where nobody knows it. */
static void test_attached(void **state)
{
	struct buf pdf = make_object("CONTENTS", "%PDF-1", 6),
	           doc = make_object("WordDocument", "x", 1);
	struct bag *b = make_note("IPM.Note");
	struct mailed m;
	char *base64 = base64_encode(doc.data, doc.len);

	(void)state;
	make_ole(b, pdf.data, pdf.len);
	make_ole(b, doc.data, doc.len);
	make_ole(b, "none", 4);
	mailed_make(b, &m);
	assert_non_null(strstr(buf_str(&m.octets), "\r\n\r\nJVBERi0x\r\n"));
	assert_non_null(strstr(buf_str(&m.octets), "filename=\"object.doc\""));
	base64[76] = '\0';
	assert_non_null(strstr(buf_str(&m.octets), base64));
	assert_non_null(
	        strstr(buf_str(&m.octets), "application/x-ole-storage;\r\n name=\"Object\""));
	assert_non_null(strstr(buf_str(&m.octets), "\r\n\r\nbm9uZQ==\r\n"));
	assert_string_equal(buf_str(&m.lost), "");
	mailed_clear(&m);
	free(base64);
	buf_clear(&pdf);
	buf_clear(&doc);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	        cmocka_unit_test(test_package),
	        cmocka_unit_test(test_pictures),
	        cmocka_unit_test(test_attached),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
