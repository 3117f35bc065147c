/* What a server says of itself, until a report is made of it. */
#include "valise/base/facts.h"
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include "valise/base/escape.h"
#include "valise/base/mem.h"
#include "valise/base/secret.h"

struct service_facts {
	pthread_mutex_t lock;
	char *value[FACTS];
};

struct service_facts *facts_new(void)
{
	struct service_facts *f = xcalloc(1, sizeof *f);

	pthread_mutex_init(&f->lock, NULL);
	return f;
}

void facts_free(struct service_facts *f)
{
	if (!f)
		return;
	for (unsigned i = 0; i < FACTS; i++)
		free(f->value[i]);
	pthread_mutex_destroy(&f->lock);
	free(f);
}

/* ${value} as it is kept: at most FACT_MAX octets, whole characters. */
static char *kept_form(const char *value)
{
	size_t n = strlen(value), end = 0;
	char *text;

	while (end < n) {
		size_t step = utf8_next(value + end, n - end, NULL);

		step = step ? step : 1;
		if (end + step > FACT_MAX)
			break;
		end += step;
	}
	text = xstrndup(value, end);
	return secret_mask(text, NULL);
}

void facts_set(struct service_facts *f, enum service_fact which, const char *value)
{
	if (!f || !value || !*value)
		return;
	pthread_mutex_lock(&f->lock);
	if (!f->value[which])
		f->value[which] = kept_form(value);
	pthread_mutex_unlock(&f->lock);
}

bool facts_has(struct service_facts *f, enum service_fact which)
{
	bool has;

	if (!f)
		return false;
	pthread_mutex_lock(&f->lock);
	has = f->value[which] != NULL;
	pthread_mutex_unlock(&f->lock);
	return has;
}

char *facts_get(struct service_facts *f, enum service_fact which)
{
	char *copy;

	if (!f)
		return NULL;
	pthread_mutex_lock(&f->lock);
	copy = xstrdup(f->value[which]);
	pthread_mutex_unlock(&f->lock);
	return copy;
}
