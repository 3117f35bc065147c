/* Text in the form in which it is indexed and looked for. */
#include "valise/base/escape.h"
#include "valise/base/mem.h"
#include <string.h>
#include "internal.h"

struct range {
	uint32_t first, last;
};

static bool is_among(uint32_t point, const struct range *list, size_t n)
{
	for (size_t i = 0; i < n; i++)
		if (point >= list[i].first && point <= list[i].last)
			return true;
	return false;
}

/*
 * Characters of scripts that put no blanks between words, and Korean syllables: words there
 * end in particles that nobody looks for.
 */
static bool is_word(uint32_t point)
{
	static const struct range scripts[] = {
	        {0x0e01, 0x0eff}, /* Thai, Lao */
	        {0x1000, 0x109f}, /* Myanmar */
	        {0x1100, 0x115f}, /* Hangul: the letter that a syllable begins with */
	        {0x1780, 0x17ff}, /* Khmer */
	        {0x2e80, 0x2fdf}, /* radicals */
	        {0x3005, 0x3007}, {0x3021, 0x3029}, {0x3031, 0x303c},
	        {0x3041, 0x31ff}, /* kana, bopomofo, strokes */
	        {0x3400, 0xa4cf}, /* ideographs, Yi */
	        {0xa960, 0xa97c}, /* Hangul */
	        {0xac00, 0xd7a3}, {0xf900, 0xfaff}, /* ideographs */
	        {0xff66, 0xff9f}, /* narrow kana */
	        {0x1b000, 0x1b16f}, /* kana */
	        {0x20000, 0x3ffff}, /* ideographs */
	};

	return point >= scripts[0].first && is_among(point, scripts, COUNT(scripts));
}

/* What stands within words and is not seen: soft hyphen, joiners. */
static bool is_joining(uint32_t point)
{
	static const struct range list[] = {
	        {0xad, 0xad}, {0x34f, 0x34f}, {0x200b, 0x200f}, {0x2060, 0x2064}, {0xfeff, 0xfeff}};

	return is_among(point, list, COUNT(list));
}

static void fold_point(uint32_t point, struct buf *out)
{
	char text[5];
	bool word = is_word(point);

	if (is_joining(point))
		return;
	if (point >= 0xff01 && point <= 0xff5e)
		point -= 0xfee0;
	if (word)
		buf_putc(out, ' ');
	text[utf8_put(point, text)] = '\0';
	path_fold(text, out);
	if (word && (point < 0x1100 || point > 0x115f) && (point < 0xa960 || point > 0xa97c))
		buf_putc(out, ' ');
}

void find_fold(const char *s, size_t n, struct buf *out)
{
	while (n > 0) {
		size_t len = 0;
		uint32_t point;

		while (len < n && (unsigned char)s[len] - 1u < 0x7fu)
			len++;
		buf_put(out, s, len);
		s += len;
		n -= len;
		if (n == 0)
			break;
		len = utf8_next(s, n, &point);
		if (len > 0 && point > 0)
			fold_point(point, out);
		else
			buf_putc(out, ' ');
		s += len ? len : 1;
		n -= len ? len : 1;
	}
}
