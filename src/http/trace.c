/*
 * The wire trace of HTTP: header fields both ways, credentials redacted; of bodies only
 * their size.
 */
#include "internal.h"
#include "valise/base/escape.h"
#include "valise/base/mem.h"
#include "valise/base/secret.h"
#include <string.h>
#include <strings.h>

static bool is_secret(const char *line, size_t n)
{
	static const char *const names[] = {"Authorization:", "Proxy-Authorization:", "Cookie:",
	        "Set-Cookie:", "Authentication-Info:"};

	for (size_t i = 0; i < COUNT(names); i++)
		if (n >= strlen(names[i]) && strncasecmp(line, names[i], strlen(names[i])) == 0)
			return true;
	return false;
}

/* One header line, with its value only where that is no secret. */
static void put_line(FILE *out, unsigned id, char mark, const char *line, size_t n)
{
	char safe[2048], raw[2048];

	if (is_secret(line, n)) {
		size_t name = (size_t)((const char *)memchr(line, ':', n) - line);

		fprintf(out, "#%u %c: %.*s: <redacted>\n", id, mark, (int)name, line);
		return;
	}
	n = n < sizeof raw ? n : sizeof raw - 1;
	memcpy(raw, line, n);
	raw[n] = '\0';
	n = secret_mask_octets(raw, n);
	fprintf(out, "#%u %c: %s\n", id, mark, term_escape(raw, n, safe, sizeof safe));
}

/* Each line of ${n} octets. */
static void put_lines(FILE *out, unsigned id, char mark, const char *s, size_t n)
{
	while (n) {
		const char *end = memchr(s, '\n', n);
		size_t line = end ? (size_t)(end - s) : n, shown = line;

		if (shown && s[shown - 1] == '\r')
			shown--;
		if (shown)
			put_line(out, id, mark, s, shown);
		line += end != NULL;
		s += line;
		n -= line;
	}
}

int http_trace(CURL *easy, curl_infotype type, char *data, size_t n, void *ctx)
{
	struct xfer *x = ctx;
	FILE *out = x->h->service->at.trace;
	unsigned id = x->id;

	(void)easy;
	flockfile(out);
	switch (type) {
	case CURLINFO_HEADER_OUT:
		put_lines(out, id, 'C', data, n);
		break;
	case CURLINFO_HEADER_IN:
		put_lines(out, id, 'S', data, n);
		break;
	case CURLINFO_DATA_OUT:
		fprintf(out, "#%u C: (%zu octets)\n", id, n);
		break;
	case CURLINFO_DATA_IN:
		fprintf(out, "#%u S: (%zu octets)\n", id, n);
		break;
	default:
		break;
	}
	fflush(out);
	funlockfile(out);
	return 0;
}
