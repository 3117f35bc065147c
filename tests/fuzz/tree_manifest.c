#include "valise/tree/manifest.h"
#include <stdlib.h>
#include <string.h>

static void put(const struct tree_manifest *m, struct buf *out)
{
	json_t *o = json_object();

	buf_init(out, SIZE_MAX);
	tree_manifest_to_json(m, o);
	json_put(out, o);
	json_decref(o);
}

/* What is accepted is written and read again without a change. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct tree_manifest m, n;
	struct buf a, b;
	struct err err;
	json_t *o;
	int rc;

	if (json_read((const char *)data, size, 1 << 20, &o, &err) != 0)
		return 0;
	rc = tree_manifest_from_json(o, &m, &err);
	json_decref(o);
	if (rc != 0)
		return 0;
	put(&m, &a);
	if (json_read(buf_str(&a), a.len, SIZE_MAX, &o, &err) != 0 ||
	        tree_manifest_from_json(o, &n, &err) != 0)
		abort();
	put(&n, &b);
	if (a.len != b.len || memcmp(a.data, b.data, a.len) != 0)
		abort();
	json_decref(o);
	buf_clear(&a);
	buf_clear(&b);
	tree_manifest_clear(&m);
	tree_manifest_clear(&n);
	return 0;
}
