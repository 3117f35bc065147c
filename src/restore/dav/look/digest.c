/* What a resource is but for what servers write with each answer. */
#include <string.h>
#include "valise/base/text.h"
#include "restore/dav/run.h"

struct digest {
	struct sha256 sha;
	const uint8_t *data;
	size_t from; /* where the line before begins */
	bool passed; /* that one does not count */
};

static void end_line(struct digest *d, size_t at)
{
	if (!d->passed)
		sha256_add(&d->sha, d->data + d->from, at - d->from);
	d->from = at;
}

static int on_line(void *ctx, const struct content_line *l, struct err *err)
{
	struct digest *d = ctx;

	(void)err;
	end_line(d, l->offset);
	d->passed = text_in(l->name, "DTSTAMP|PRODID|REV|CREATED|LAST-MODIFIED");
	return 0;
}

void digest_text(const void *data, size_t len, uint8_t out[SHA256_LEN])
{
	struct digest d = {.data = data};
	int rc;

	sha256_start(&d.sha);
	rc = content_read(data, len, on_line, &d, NULL, NULL);
	/* what follows a line that is none counts as it is */
	d.passed = rc == 0 && d.passed;
	end_line(&d, len);
	sha256_end(&d.sha, out);
}
