/* What files of attachments are called, so that opening one runs nothing. */
#include <string.h>
#include "valise/base/mem.h"
#include "valise/base/text.h"
#include "plan.h"

enum { STEM_MAX = 48, EXT_MAX = 8 };

/*
 * What browsers show in a viewer of its own, or hand to another program, and what that opens
 * without running it. Everything else is made .txt or .bin: a list of what is dangerous is
 * never whole.
 */
static const char kept[] =
        "pdf|png|jpg|jpeg|gif|webp|bmp|tif|tiff|heic|txt|csv|tsv|log|md|doc|docx|xls|"
        "xlsx|ppt|pptx|odt|ods|odp|rtf|ics|vcf|eml|zip|gz|tgz|bz2|xz|7z|rar|tar|"
        "mp3|m4a|ogg|opus|wav|flac|mp4|mov|avi|mkv|webm|asc|sig|p7s|p7m|json";
/* Text that people may want to read: shown as it is. */
static const char texts[] =
        "htm|html|xht|xhtml|shtml|mht|mhtml|xml|xsl|xslt|svg|js|mjs|css|sh|py|pl|c|h|diff|patch|"
        "ini|conf|yaml|yml|tex|rdf";

static const struct {
	const char *type, *ext;
} types[] = {{"text/plain", "txt"}, {"text/html", "html.txt"}, {"text/calendar", "ics"},
        {"text/vcard", "vcf"}, {"text/csv", "csv"}, {"message/rfc822", "eml"}, {"image/png", "png"},
        {"image/jpeg", "jpg"}, {"image/gif", "gif"}, {"image/webp", "webp"},
        {"application/pdf", "pdf"}, {"application/zip", "zip"},
        {"application/pgp-signature", "asc"}, {"application/pkcs7-signature", "p7s"}};

static bool is_plain(char c)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9');
}

/* The letters and digits at ${s}, lower case, if it is nothing else and short. */
static bool read_ext(const char *s, char out[EXT_MAX + 1])
{
	size_t n = strlen(s);

	if (n == 0 || n > EXT_MAX)
		return false;
	for (size_t i = 0; i < n; i++)
		if (!is_plain(s[i]))
			return false;
	memcpy(out, s, n + 1);
	text_lower(out);
	return true;
}

static void put_stem(const char *s, size_t n, struct buf *out)
{
	size_t from = out->len;

	for (size_t i = 0; i < n && out->len - from < STEM_MAX; i++) {
		bool last = out->len == from || strchr("_-.", out->data[out->len - 1]);

		if (is_plain(s[i]) || ((s[i] == '-' || s[i] == '.') && !last))
			buf_putc(out, s[i]);
		else if (!last)
			buf_putc(out, '_');
	}
	while (out->len > from && strchr("_-.", out->data[out->len - 1]))
		out->data[--out->len] = '\0';
}

bool html_safe_file(unsigned number, const char *name, const char *type, struct buf *out)
{
	const char *dot = name ? strrchr(name, '.') : NULL, *given = NULL;
	bool known = type && text_in(type, "image/png|image/jpeg|image/gif|image/webp");
	char ext[EXT_MAX + 1] = "";

	buf_putf(out, "%u-", number);
	if (dot && !read_ext(dot + 1, ext))
		dot = NULL;
	for (size_t i = 0; !dot && type && i < COUNT(types); i++)
		if (strcmp(types[i].type, type) == 0)
			given = types[i].ext;
	put_stem(name ? name : "part", name ? (dot ? (size_t)(dot - name) : strlen(name)) : 4, out);
	if (dot && text_in(ext, kept))
		buf_putf(out, ".%s", ext);
	else if (dot)
		buf_putf(out, ".%s.%s", ext, text_in(ext, texts) ? "txt" : "bin");
	else
		buf_putf(out, ".%s", given ? given : "bin");
	return known && (given || text_in(ext, "png|jpg|jpeg|gif|webp"));
}
