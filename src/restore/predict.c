/* What all targets have in common when they foresee what becomes of a restore. */
#include "valise/restore/predict.h"
#include <stddef.h>
#include <stdio.h>

static const struct {
	const char *word;
	bool counts;
} kinds[PREDICTS] = {
        [PREDICT_NAME] = {"name", false},
        [PREDICT_PROPERTY] = {"property", false},
        [PREDICT_QUOTA] = {"quota", true},
        [PREDICT_KEYWORD] = {"keyword", true},
        [PREDICT_DATE] = {"date", true},
        [PREDICT_NUL] = {"nul", true},
        [PREDICT_LINE_ENDS] = {"line-ends", true},
        [PREDICT_FINAL_CRLF] = {"final-crlf", true},
        [PREDICT_HEADER] = {"header-lines", true},
        [PREDICT_8BIT] = {"8bit-header", true},
        [PREDICT_LONG_LINES] = {"long-lines", true},
        [PREDICT_FORM] = {"form", true},
        [PREDICT_REWRITTEN] = {"rewritten", true},
        [PREDICT_UID] = {"uid", true},
        [PREDICT_COMPONENT] = {"component", true},
        [PREDICT_PLACE] = {"place", true},
};

const char *predict_word(enum predict what)
{
	return kinds[what].word;
}

bool predict_counts(enum predict what)
{
	return kinds[what].counts;
}

void predict_seconds(const struct predict_cost *c, uint64_t *low, uint64_t *high)
{
	double trips = (double)c->trips * (double)c->idle_us / 1e6;

	*low = (uint64_t)(trips + (double)c->bytes / (double)PREDICT_FAST);
	*high = (uint64_t)(2 * trips + (double)c->bytes / (double)PREDICT_SLOW +
	                   (double)c->items * (double)c->item_us / 1e6) +
	        1;
}

void predict_vsay(const struct predictor *to, struct prediction p, const char *fmt, va_list ap)
{
	char text[1600];

	(void)vsnprintf(text, sizeof text, fmt, ap);
	p.text = text;
	to->said(to->ctx, &p);
}
