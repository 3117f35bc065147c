/* The tag files and manifest that make an archive a BagIt 1.0 bag (RFC 8493). */
#include "bag.h"
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "valise/base/file.h"
#include "valise/base/lookup.h"
#include "valise/base/mem.h"
#include "valise/pack/archive.h"
#include "texts.h"

const uint8_t *bag_tag_text(unsigned tag, size_t *n_out)
{
	static const char bagit[] = "BagIt-Version: 1.0\nTag-File-Character-Encoding: UTF-8\n";

	switch (tag) {
	case 0:
		*n_out = sizeof bagit - 1;
		return (const uint8_t *)bagit;
	case 1:
		*n_out = text_readme_size;
		return text_readme;
	default:
		*n_out = text_format_size;
		return text_format;
	}
}

uint64_t archive_documents(void)
{
	uint64_t sum = 0;

	for (unsigned tag = 0; tag < BAG_TAGS; tag++) {
		size_t n;

		(void)bag_tag_text(tag, &n);
		sum += n;
	}
	return sum;
}

/* A file of the payload: in the directory of the seal that names it first. */
static bool is_own(const struct seal *s, const struct seal_file *f)
{
	unsigned snapshot;

	layout_kind(f->path, &snapshot);
	return snapshot == s->snapshot;
}

/* A value of bag-info.txt is one line. */
static void put_value(struct buf *out, const char *key, const char *value)
{
	buf_putf(out, "%s: ", key);
	for (; value && *value; value++)
		buf_putc(out, (unsigned char)*value < 0x20 || *value == 0x7f ? ' ' : *value);
	buf_putc(out, '\n');
}

void bag_info(const struct seal *seals, size_t n, struct buf *out)
{
	const struct tree_manifest *m = &seals[n - 1].manifest;
	char date[DATE_TEXT_SIZE], oxum[64];
	uint64_t bytes = 0, files = 0;

	for (size_t i = 0; i < n; i++) {
		bytes += seals[i].json_size + seals[i].sums_size;
		files += 2;
		for (size_t k = 0; k < seals[i].n_files; k++) {
			if (!is_own(&seals[i], &seals[i].files[k]))
				continue;
			bytes += seals[i].files[k].size;
			files++;
		}
	}
	date_format_iso(m->created, date);
	date[strcspn(date, "T")] = '\0';
	snprintf(oxum, sizeof oxum, "%" PRIu64 ".%" PRIu64, bytes, files);
	put_value(out, "Bag-Software-Agent", m->tool);
	put_value(out, "Bagging-Date", date);
	put_value(out, "External-Identifier", m->account.name);
	put_value(out, "Payload-Oxum", oxum);
}

struct line {
	const char *path;
	char own[LAYOUT_PATH];
	const uint8_t *sum;
};

static const char *line_path(const struct line *l)
{
	return l->path ? l->path : l->own;
}

static int cmp_lines(const void *a, const void *b)
{
	return strcmp(line_path(a), line_path(b));
}

/*
 * A line of the manifest for each file of the seal's own snapshot, and for its two
 * texts.
 */
static void add_lines(const struct seal *s, struct line **lines, size_t *n, size_t *cap)
{
	struct line *l;

	for (size_t k = 0; k < s->n_files; k++) {
		if (!is_own(s, &s->files[k]))
			continue;
		l = ARR_PUSH(*lines, *n, *cap);
		l->path = s->files[k].path;
		l->sum = s->files[k].sum;
	}
	l = ARR_PUSH(*lines, *n, *cap);
	snprintf(l->own, sizeof l->own, "data/%06u/seal.json", s->snapshot);
	l->sum = s->json_sum;
	l = ARR_PUSH(*lines, *n, *cap);
	snprintf(l->own, sizeof l->own, "data/%06u/seal.sha256", s->snapshot);
	l->sum = s->hash;
}

void bag_manifest(const struct seal *seals, size_t n, struct buf *out)
{
	struct line *lines = NULL;
	size_t n_lines = 0, cap = 0;

	for (size_t i = 0; i < n; i++)
		add_lines(&seals[i], &lines, &n_lines, &cap);
	SORT(lines, n_lines, cmp_lines);
	for (size_t i = 0; i < n_lines; i++) {
		char hex[SHA256_HEX_SIZE];

		hex_format(lines[i].sum, SHA256_LEN, hex);
		buf_putf(out, "%s  ", hex);
		/* RFC 8493 2.1.3: a percent sign is encoded; line ends do not occur. */
		for (const char *p = line_path(&lines[i]); *p; p++) {
			buf_putc(out, *p);
			if (*p == '%')
				buf_puts(out, "25");
		}
		buf_putc(out, '\n');
	}
	free(lines);
}

/* Write the file unless it has this text already. */
static int update_file(
        int rootfd, const char *path, const struct buf *want, bool *changed, struct err *err)
{
	struct buf have = buf_of(want->len + 1);
	int rc;

	rc = layout_read(rootfd, path, &have, err);
	if (rc == 0 && have.len == want->len && memcmp(have.data, want->data, have.len) == 0) {
		buf_clear(&have);
		return 0;
	}
	buf_clear(&have);
	*changed = true;
	return file_write(rootfd, path, want->data, want->len, err);
}

int bag_update(int rootfd, const struct seal *seals, size_t n, bool *changed_out, struct err *err)
{
	bool changed = false;
	struct buf text;
	int rc;

	/*
	 * In this order: an old manifest beside a new bag-info.txt is no trace of a
	 * crash.
	 */
	buf_init(&text, SIZE_MAX);
	bag_manifest(seals, n, &text);
	rc = update_file(rootfd, "manifest-sha256.txt", &text, &changed, err);
	if (rc == 0) {
		buf_reset(&text);
		bag_info(seals, n, &text);
		rc = update_file(rootfd, "bag-info.txt", &text, &changed, err);
	}
	buf_clear(&text);
	if (changed_out)
		*changed_out = changed;
	return rc;
}
