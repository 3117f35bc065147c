/* The tar bytes of a part entry by entry: header, hash, padding and end are checked. */
#include "tarwalk.h"
#include <string.h>

static int fail_walk(const struct tar_walk *w, const char *what, struct err *err)
{
	return err_set(err, ERR_DAMAGED, ERR_ITEM,
	        "%s: %s (in or after the entry at member %ju, offset %ju)", w->name, what,
	        (uintmax_t)w->member, (uintmax_t)w->offset);
}

/* The header of an entry, or the end of the tar file. */
static int take_head(struct tar_walk *w, const uint8_t *p, size_t n, size_t *used, struct err *err)
{
	if (n < TAR_BLOCK)
		return fail_walk(w, "a tar header is cut by the end of a member", err);
	if (p[0] == 0) {
		/* The tar end is the rest of its member. */
		if (n != TAR_END || !tar_is_zero(p, n))
			return fail_walk(w, "bad end of the tar file", err);
		w->state = WALK_ENDED;
		*used = n;
		return 0;
	}
	if (!tarhead_parse(p, &w->kind, w->sha256, &w->size))
		return fail_walk(w, "not the tar header of an object", err);
	sha256_start(&w->hash);
	w->left = w->size;
	w->entries++;
	w->state = WALK_DATA;
	*used = TAR_BLOCK;
	return 0;
}

/* At its end the hash must be right; then w->fn is told. */
static int take_data(struct tar_walk *w, const uint8_t *p, size_t n, size_t *used, struct err *err)
{
	uint8_t sum[SHA256_LEN];

	*used = n < w->left ? n : (size_t)w->left;
	sha256_add(&w->hash, p, *used);
	w->left -= *used;
	if (w->left > 0)
		return 0;
	sha256_end(&w->hash, sum);
	if (memcmp(sum, w->sha256, SHA256_LEN) != 0)
		return fail_walk(w, "an object does not match its name", err);
	w->left = tar_padding(w->size);
	w->state = w->left ? WALK_PADDING : WALK_HEAD;
	return w->fn ? w->fn(w->ctx, w->kind, w->sha256, w->size, w->member, w->offset, err) : 0;
}

/* Zeros up to the next block. */
static int take_padding(
        struct tar_walk *w, const uint8_t *p, size_t n, size_t *used, struct err *err)
{
	*used = n < w->left ? n : (size_t)w->left;
	if (!tar_is_zero(p, *used))
		return fail_walk(w, "padding that is not zero", err);
	w->left -= *used;
	if (w->left == 0)
		w->state = WALK_HEAD;
	return 0;
}

int tar_walk_add(struct tar_walk *w, uint64_t member, const uint8_t *p, size_t n, struct err *err)
{
	size_t at = 0, used = 0;
	int rc = 0;

	/* An empty object ends without a byte of data. */
	while (rc == 0 && (at < n || (w->state == WALK_DATA && w->left == 0))) {
		switch (w->state) {
		case WALK_HEAD:
			w->member = member;
			w->offset = at;
			rc = take_head(w, p + at, n - at, &used, err);
			break;
		case WALK_DATA:
			rc = take_data(w, p + at, n - at, &used, err);
			break;
		case WALK_PADDING:
			rc = take_padding(w, p + at, n - at, &used, err);
			break;
		case WALK_ENDED:
			rc = fail_walk(w, "bytes after the end of the tar file", err);
			break;
		}
		at += used;
	}
	return rc;
}
