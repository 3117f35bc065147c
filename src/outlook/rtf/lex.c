/* Tokens of RTF: groups, control words and symbols, octets of text. */
#include "outlook/rtf/internal.h"
#include <string.h>
#include "valise/base/mem.h"
#include "valise/base/text.h"

static bool is_letter(uint8_t c)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}

static bool is_digit(uint8_t c)
{
	return c >= '0' && c <= '9';
}

/* The number behind a word; one that is too large is as large as it can be. */
static void read_number(struct rtf_lex *l)
{
	const uint8_t *p = l->p;
	bool minus = p < l->end && *p == '-';
	int64_t n = 0;

	p += minus;
	if (p == l->end || !is_digit(*p))
		return;
	for (; p < l->end && is_digit(*p); p++)
		n = MIN(n * 10 + (*p - '0'), INT32_MAX);
	l->has_number = true;
	l->number = (int32_t)(minus ? -n : n);
	l->p = p;
}

/* Behind a backslash, at a letter. */
static enum rtf_token read_word(struct rtf_lex *l)
{
	size_t n = 0;

	for (; l->p < l->end && is_letter(*l->p); l->p++)
		if (n < RTF_WORD_SIZE - 1)
			l->word[n++] = (char)*l->p;
	l->word[n] = '\0';
	read_number(l);
	if (l->p < l->end && *l->p == ' ')
		l->p++;
	if (strcmp(l->word, "bin") == 0 && l->number > 0)
		l->p += MIN(l->end - l->p, (ptrdiff_t)l->number);
	return RTF_WORD;
}

/* Behind a backslash. */
static enum rtf_token read_escape(struct rtf_lex *l)
{
	uint8_t c = *l->p;

	l->has_number = false;
	l->number = 0;
	if (is_letter(c))
		return read_word(l);
	l->p++;
	if (c == '\'') {
		char digits[3] = {0};
		int octet;

		memcpy(digits, l->p, (size_t)MIN(l->end - l->p, 2));
		octet = hex_octet(digits);
		l->p += octet < 0 ? 0 : 2;
		l->octet = octet < 0 ? '\'' : (uint8_t)octet;
		return octet < 0 ? RTF_SYMBOL : RTF_OCTET;
	}
	if (c == '\r' || c == '\n' || c == '\t') {
		strcpy(l->word, c == '\t' ? "tab" : "par");
		return RTF_WORD;
	}
	l->octet = c;
	return c == '\\' || c == '{' || c == '}' ? RTF_OCTET : RTF_SYMBOL;
}

enum rtf_token rtf_next(struct rtf_lex *l)
{
	while (l->p < l->end) {
		uint8_t c = *l->p++;

		switch (c) {
		case '{':
			return RTF_OPEN;
		case '}':
			return RTF_CLOSE;
		case '\r':
		case '\n':
		case '\0':
			continue;
		case '\\':
			return l->p < l->end ? read_escape(l) : RTF_END;
		default:
			l->octet = c;
			return RTF_OCTET;
		}
	}
	return RTF_END;
}
