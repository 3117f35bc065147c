/*
 * What may be asked of Autodiscover (MS-OXDSCLI 2.2.3): the one question for the settings of an
 * address, which is all that is variable in it.
 */
#include <string.h>
#include "guard.h"
#include "valise/base/mem.h"

static const struct post_operation allowed[] = {{"settings", false}, {NULL, false}};

static const char begin[] =
        "<?xml version=\"1.0\" encoding=\"utf-8\"?>"
        "<Autodiscover xmlns=\"http://schemas.microsoft.com/exchange/autodiscover/outlook/"
        "requestschema/2006\"><Request><EMailAddress>";
static const char end[] =
        "</EMailAddress><AcceptableResponseSchema>http://schemas.microsoft.com/exchange/"
        "autodiscover/outlook/responseschema/2006a</AcceptableResponseSchema></Request>"
        "</Autodiscover>";

/* Text of one element: no markup, no references but to the characters of markup. */
static bool is_text(const char *s, size_t n)
{
	static const char *const references[] = {"&amp;", "&lt;", "&gt;"};

	for (size_t i = 0; i < n; i++) {
		bool known = s[i] != '&';

		for (size_t k = 0; k < COUNT(references) && !known; k++)
			known = strlen(references[k]) <= n - i &&
			        memcmp(s + i, references[k], strlen(references[k])) == 0;
		if (!known || strchr("<>", s[i]) || (unsigned char)s[i] < 0x20 || s[i] == 0x7f)
			return false;
	}
	return n > 0;
}

static bool read_question(const struct http_request *rq, post_operation_fn *each, void *ctx)
{
	const char *s = rq->body;
	size_t head = sizeof begin - 1, tail = sizeof end - 1, n = (size_t)rq->body_size;

	if (rq->body_size > 8192 || n < head + tail || memcmp(s, begin, head) != 0 ||
	        memcmp(s + n - tail, end, tail) != 0 || !is_text(s + head, n - head - tail))
		return false;
	return each(ctx, allowed[0].name, strlen(allowed[0].name));
}

const struct post_rules http_autodiscover_posts = {"text/xml", read_question, allowed};
