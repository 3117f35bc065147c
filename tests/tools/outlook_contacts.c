/*
 * outlook_contacts DIR: cards of contacts and lists by hand, DIR/NAME.vcf. With files of
 * Outlook behind it: those of their contacts, too, DIR/FILE-N.vcf, and lines of what was lost.
 */
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include "outlook/make.h"
#include "valise/outlook/convert.h"
#include "valise/outlook/read.h"

static int put(void *ctx, const void *p, size_t n, struct err *err)
{
	return fwrite(p, 1, n, ctx) == n ? 0 : err_sys(err, ERR_WHOLE, "writing");
}

static void say(void *ctx, const char *what)
{
	(void)ctx;
	printf("lost: %s\n", what);
}

static void homeless(void *ctx, const char *what)
{
	(void)ctx;
	printf("homeless: %s\n", what);
}

static void save(const char *dir, const char *name, struct bag *b)
{
	char *path = xasprintf("%s/%s.vcf", dir, name);
	FILE *f = fopen(path, "wb");
	struct outlook_to to = {put, say, f};
	struct outlook_made made;
	struct err err = {0};

	if (!f) {
		perror(path);
		exit(1);
	}
	if (outlook_contact(b, &to, &made, &err) < 0 || fclose(f) != 0) {
		fprintf(stderr, "%s: %s\n", path, err.text);
		exit(1);
	}
	outlook_homeless(b, homeless, NULL);
	outlook_made_clear(&made);
	free(path);
}

static void give(const char *dir, const char *name, struct bag *b)
{
	make_octets(b, PidTagSearchKey, BAG_BINARY, name, strlen(name));
	bag_sort(b);
	save(dir, name, b);
	bag_free(b);
}

static struct bag *item(const char *class, const char *called)
{
	struct bag *b = bag_new();

	make_text(b, PidTagMessageClass, class);
	make_text(b, PidTagDisplayName, called);
	make_time(b, PidTagLastModificationTime, 1400000000);
	return b;
}

static const struct {
	bag_key key;
	const char *text;
} texts[] = {
        {PidTagSurname, "M\xc3\xbcller"},
        {PidTagGivenName, "\xc3\x84nne"},
        {PidTagMiddleName, "Maria"},
        {PidTagDisplayNamePrefix, "Dr."},
        {PidTagGeneration, "II"},
        {PidTagNickname, "Anni"},
        {PidLidFileUnder, "M\xc3\xbcller, \xc3\x84nne"},
        {PidLidYomiFirstName, "\xe3\x81\x82\xe3\x82\x93"},
        {PidTagCompanyName, "Example; Sons, Ltd"},
        {PidTagDepartmentName, "R&D"},
        {PidTagTitle, "Engineer"},
        {PidTagProfession, "Baker"},
        {PidTagManagerName, "Max"},
        {PidTagAssistant, "Ida"},
        {PidTagSpouseName, "Otto"},
        {PidTagBusinessTelephoneNumber, "+49 221 1"},
        {PidTagBusiness2TelephoneNumber, "+49 221 2"},
        {PidTagHomeTelephoneNumber, "+49 221 3"},
        {PidTagMobileTelephoneNumber, "+49 170 4"},
        {PidTagBusinessFaxNumber, "+49 221 5"},
        {PidTagCallbackTelephoneNumber, "+49 221 6"},
        {PidTagPagerTelephoneNumber, "+49 221 7"},
        {PidLidEmail1DisplayName, "\xc3\x84nne at work"},
        {PidLidEmail1AddressType, "SMTP"},
        {PidLidEmail1EmailAddress, "anne@example.org"},
        {PidLidEmail2AddressType, "EX"},
        {PidLidEmail2EmailAddress, "/o=Example/cn=anne"},
        {PidLidEmail2OriginalDisplayName, "anne@corp.example"},
        {PidLidWorkAddressStreet, "Domplatz 1\r\n2nd floor"},
        {PidLidWorkAddressCity, "K\xc3\xb6ln"},
        {PidLidWorkAddressPostalCode, "50667"},
        {PidLidWorkAddressCountry, "Germany"},
        {PidLidWorkAddress, "Domplatz 1\r\n50667 K\xc3\xb6ln"},
        {PidTagOfficeLocation, "B 12"},
        {PidTagHomeAddressCity, "Bonn"},
        {PidLidHomeAddressCountryCode, "de"},
        {PidLidInstantMessagingAddress, "anne@chat.example"},
        {PidLidHtml, "https://example.org/~anne?a=1,2;b"},
        {PidTagHobbies, "chess, tea"},
        {PidTagCustomerId, "C-1"},
        {PidTagGovernmentIdNumber, "G-1"},
        {PidLidContactUserField1, "field"},
        {PidLidFreeBusyLocation, "https://example.org/anne.ifb"},
        {PidTagBody, "Likes: commas, semicolons; and \\ backslashes\r\nin two lines"},
};

static struct bag *whole(void)
{
	/* the start of a JPEG, long enough to be folded */
	static const uint8_t jpeg[300] = {0xff, 0xd8, 0xff, 0xe0, 0, 16, 'J', 'F', 'I', 'F'};
	struct bag *b = item("IPM.Contact", "Dr. \xc3\x84nne M\xc3\xbcller");

	for (size_t i = 0; i < COUNT(texts); i++)
		make_text(b, texts[i].key, texts[i].text);
	make_texts(b, PidTagChildrensNames, (const char *const[]){"Flo", "Gus", NULL});
	make_texts(b, PidNameKeywords, (const char *const[]){"Work", "a, b", NULL});
	make_int(b, PidTagGender, 1);
	make_int(b, PidTagSensitivity, 2);
	make_int(b, PidLidPostalAddressId, 2);
	make_int(b, PidTagFlagStatus, 2);
	make_time(b, PidTagBirthday, 323740800 - 7200);
	make_time(b, PidTagWeddingAnniversary, 1000000800 + 14400);
	make_hex(b, PidTagUserX509Certificate, BAG_BINARY | BAG_MULTIPLE,
	        "01000000 07000000 3082 0003 010203");
	make_bool(make_attachment(b, "ContactPicture.jpg", jpeg, sizeof jpeg),
	        PidTagAttachmentContactPhoto, true);
	return b;
}

#define MULTIPLE (BAG_BINARY | BAG_MULTIPLE)
/* "Ann", "SMTP", "ann@b.c" */
#define ONE_OFF                                                                                    \
	"00000000 812b1fa4bea310199d6e00dd010f5402 0000 0180 41006e006e000000"                     \
	"53004d00540050000000 61006e006e00400062002e0063000000"

static struct bag *list(void)
{
	struct bag *b = item("IPM.DistList", "Team, inner");

	make_text(b, PidLidDistributionListName, "Team, inner");
	make_hex(b, PidLidDistributionListMembers, MULTIPLE,
	        "02000000 3a000000" ONE_OFF
	        "1b000000 00000000 c091add3519dcf11a4a900aa0047faa4 c3 00000000 0102");
	make_hex(b, PidLidDistributionListOneOffMembers, MULTIPLE,
	        "02000000 3a000000" ONE_OFF "3a000000" ONE_OFF);
	return b;
}

/* Texts that would end a line, a card, a parameter. */
static struct bag *hostile(void)
{
	static const char text[] = "x\r\nEND:VCARD\r\nBEGIN:VCARD\r\n \"\x01;:,\\\r\n\r\nNOTE:a";
	struct bag *b = item("IPM.Contact", text);

	for (size_t i = 0; i < COUNT(texts); i++)
		if (texts[i].key != (bag_key)PidLidEmail1AddressType &&
		        texts[i].key != (bag_key)PidLidEmail2AddressType)
			make_text(b, texts[i].key, text);
	return b;
}

struct reading {
	const char *dir, *file;
	unsigned n;
};

static int on_folder(void *ctx, const struct outlook_folder *f, struct err *err)
{
	(void)ctx;
	(void)f;
	(void)err;
	return 0;
}

static int on_item(void *ctx, const struct outlook_folder *f, struct bag *b, struct err *err)
{
	struct reading *r = ctx;
	char *name;

	(void)f;
	(void)err;
	if (outlook_form_of(b) != OUTLOOK_CONTACT)
		return 0;
	name = xasprintf("%s-%u", r->file, ++r->n);
	printf("%s\n", name);
	save(r->dir, name, b);
	free(name);
	return 0;
}

static void on_lost(void *ctx, const struct outlook_folder *f, const char *shown, const char *why)
{
	(void)ctx;
	(void)f;
	printf("unread: %s: %s\n", shown ? shown : "", why);
}

static void read_file(const char *dir, const char *path)
{
	static const struct outlook_read_opts opts;
	const char *slash = strrchr(path, '/');
	struct reading r = {dir, slash ? slash + 1 : path, 0};
	struct outlook_visit visit = {&r, on_folder, on_item, on_lost};
	struct err err = {0};
	char head[512];
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	ssize_t n = fd < 0 ? -1 : pread(fd, head, sizeof head, 0);

	if (n < 0) {
		perror(path);
		exit(1);
	}
	if (outlook_read(fd, outlook_detect(head, (size_t)n, path), &opts, &visit, &err) < 0)
		printf("%s: %s\n", path, err.text);
	close(fd);
}

int main(int argc, char **argv)
{
	if (argc < 2)
		return 2;
	give(argv[1], "whole", whole());
	give(argv[1], "list", list());
	give(argv[1], "hostile", hostile());
	give(argv[1], "empty", item("IPM.Contact", "Nobody"));
	for (int i = 2; i < argc; i++)
		read_file(argv[1], argv[i]);
	return 0;
}
