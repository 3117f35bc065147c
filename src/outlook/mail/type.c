/* Media types by the ending of a name; charsets by code page. */
#include <string.h>
#include "outlook/mail/mail.h"
#include "valise/base/mem.h"
#include "valise/base/text.h"

static const struct {
	const char *ending, *type;
} types[] = {
        {"7z", "application/x-7z-compressed"},
        {"avi", "video/x-msvideo"},
        {"bmp", "image/bmp"},
        {"css", "text/css"},
        {"csv", "text/csv"},
        {"doc", "application/msword"},
        {"docx", "application/vnd.openxmlformats-officedocument.wordprocessingml.document"},
        {"emf", "image/emf"},
        {"eps", "application/postscript"},
        {"gif", "image/gif"},
        {"gz", "application/gzip"},
        {"heic", "image/heic"},
        {"htm", "text/html"},
        {"html", "text/html"},
        {"ics", "text/calendar"},
        {"jpeg", "image/jpeg"},
        {"jpg", "image/jpeg"},
        {"json", "application/json"},
        {"m4a", "audio/mp4"},
        {"mov", "video/quicktime"},
        {"mp3", "audio/mpeg"},
        {"mp4", "video/mp4"},
        {"mpg", "video/mpeg"},
        {"msg", "application/vnd.ms-outlook"},
        {"odp", "application/vnd.oasis.opendocument.presentation"},
        {"ods", "application/vnd.oasis.opendocument.spreadsheet"},
        {"odt", "application/vnd.oasis.opendocument.text"},
        {"ogg", "audio/ogg"},
        {"p7m", "application/pkcs7-mime"},
        {"p7s", "application/pkcs7-signature"},
        {"pdf", "application/pdf"},
        {"png", "image/png"},
        {"ppt", "application/vnd.ms-powerpoint"},
        {"pptx", "application/"
                 "vnd.openxmlformats-officedocument.presentationml.presentation"},
        {"ps", "application/postscript"},
        {"rtf", "application/rtf"},
        {"svg", "image/svg+xml"},
        {"tar", "application/x-tar"},
        {"tif", "image/tiff"},
        {"tiff", "image/tiff"},
        {"txt", "text/plain"},
        {"vcf", "text/vcard"},
        {"vsd", "application/vnd.visio"},
        {"wav", "audio/x-wav"},
        {"webp", "image/webp"},
        {"wma", "audio/x-ms-wma"},
        {"wmf", "image/wmf"},
        {"wmv", "video/x-ms-wmv"},
        {"xls", "application/vnd.ms-excel"},
        {"xlsx", "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"},
        {"xml", "application/xml"},
        {"zip", "application/zip"},
};

const char *mail_type_of(const char *name)
{
	const char *dot = name ? strrchr(name, '.') : NULL;

	for (size_t i = 0; dot && i < COUNT(types); i++)
		if (strcasecmp(dot + 1, types[i].ending) == 0)
			return types[i].type;
	return NULL;
}

static const struct {
	unsigned page;
	const char *charset;
} charsets[] = {
        {874, "windows-874"},
        {932, "shift_jis"},
        {936, "gbk"}, /* which it is; readers that take gb2312 by its word lose characters */
        {949, "ks_c_5601-1987"},
        {950, "big5"},
        {1250, "windows-1250"},
        {1251, "windows-1251"},
        {1252, "windows-1252"},
        {1253, "windows-1253"},
        {1254, "windows-1254"},
        {1255, "windows-1255"},
        {1256, "windows-1256"},
        {1257, "windows-1257"},
        {1258, "windows-1258"},
        {20127, "us-ascii"},
        {20866, "koi8-r"},
        {20932, "euc-jp"},
        {21866, "koi8-u"},
        {28591, "iso-8859-1"},
        {28592, "iso-8859-2"},
        {28593, "iso-8859-3"},
        {28594, "iso-8859-4"},
        {28595, "iso-8859-5"},
        {28596, "iso-8859-6"},
        {28597, "iso-8859-7"},
        {28598, "iso-8859-8"},
        {28599, "iso-8859-9"},
        {28603, "iso-8859-13"},
        {28605, "iso-8859-15"},
        {38598, "iso-8859-8-i"},
        {50220, "iso-2022-jp"},
        {50221, "iso-2022-jp"},
        {50222, "iso-2022-jp"},
        {50225, "iso-2022-kr"},
        {51932, "euc-jp"},
        {51949, "euc-kr"},
        {54936, "gb18030"},
        {65001, "utf-8"},
};

const char *mail_charset_of(unsigned page)
{
	for (size_t i = 0; i < COUNT(charsets); i++)
		if (charsets[i].page == page)
			return charsets[i].charset;
	return NULL;
}
