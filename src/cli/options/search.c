/* The words of a search, of --text and of find: what holds them is what is meant. */
#include <stdlib.h>
#include "valise/pack/archive.h"
#include "selection.h"

/* What tells the index of this archive from all others: the seal of its first snapshot. */
static int identity(const char *archive, char out[SHA256_HEX_SIZE], struct err *err)
{
	struct tree_reader *first;

	if (archive_reader(archive, 1, &first, NULL) < 0) /* perhaps the second one names it */
		return archive_identity(archive, out, err);
	archive_reader_origin(first, out);
	if (!out[0])
		archive_reader_seal(first, out);
	tree_reader_free(first);
	return 0;
}

static bool holds_words(void *hits, enum coll_kind kind, const uint8_t sha256[SHA256_LEN])
{
	return find_has(hits, kind, sha256);
}

void selected_holds(struct selected *s)
{
	s->of.text = holds_words;
	s->of.text_ctx = s->hits;
}

int selected_search(struct selected *s, const char *archive, const char *const *words,
        struct tree_reader *from, struct progress *progress, struct err *err)
{
	char id[SHA256_HEX_SIZE] = "", *dir = NULL;
	struct find_options o = {.archive = id, .progress = progress};
	int rc;

	if (!words && !s->text[0])
		return 0;
	rc = identity(archive, id, err);
	if (rc == 0 && id[0] && !args_has(s->args, "no-index"))
		o.dir = dir = cache_path("find");
	if (rc == 0)
		rc = find_contents(&o, from, words ? words : s->text, &s->hits, err);
	selected_holds(s);
	free(dir);
	return rc;
}

uint64_t selected_unread(const struct selected *s)
{
	return s->hits ? find_unread(s->hits) : 0;
}
