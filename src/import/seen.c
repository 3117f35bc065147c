/* What names say of the folders that they are in, and what stands beside messages. */
#include <stdlib.h>
#include <string.h>
#include "import/plan.h"
#include "valise/base/escape.h"
#include "valise/base/mem.h"
#include "valise/base/text.h"

void seen_clear(struct import_seen *s)
{
	for (size_t i = 0; i < s->n; i++) {
		free(s->list[i].place);
		free(s->list[i].keywords);
		free(s->list[i].sequences);
		free(s->list[i].subscriptions);
		free(s->list[i].labels);
		free(s->list[i].displayname);
		free(s->list[i].color);
	}
	free(s->list);
	text_index_clear(&s->by_place);
	memset(s, 0, sizeof *s);
}

struct seen_folder *seen_find(struct import_seen *s, const char *place, size_t n, bool make)
{
	char *key = xstrndup(place, n);
	struct seen_folder *f;
	size_t cursor = 0, at;

	while ((at = text_index_next(&s->by_place, key, &cursor)) != SIZE_MAX)
		if (strcmp(s->list[at].place, key) == 0) {
			free(key);
			return &s->list[at];
		}
	if (!make) {
		free(key);
		return NULL;
	}
	f = ARR_PUSH(s->list, s->n, s->cap);
	f->place = key;
	text_index_add(&s->by_place, key, s->n - 1);
	return f;
}

static const char *last_of(const char *place)
{
	const char *slash = strrchr(place, '/');

	return slash ? slash + 1 : place;
}

/* The octets of the folder that ${place} is in. */
static size_t folder_of(const char *place)
{
	const char *slash = strrchr(place, '/');

	return slash ? (size_t)(slash - place) : 0;
}

static unsigned is_maildir_part(const char *name, size_t n)
{
	return text_is(name, n, "cur")   ? SEEN_CUR
	       : text_is(name, n, "new") ? SEEN_NEW
	       : text_is(name, n, "tmp") ? SEEN_TMP
	                                 : 0;
}

/* The last component of a folder's place. */
static unsigned part_of(const char *place, size_t n)
{
	size_t from = n;

	while (from > 0 && place[from - 1] != '/')
		from--;
	return is_maildir_part(place + from, n - from);
}

static bool has_info(const char *name)
{
	return strstr(name, ":2,") || strstr(name, ";2,") || strstr(name, "!2,");
}

static void mark(struct import_seen *s, const char *place, size_t n, unsigned seen)
{
	seen_find(s, place, n, true)->seen |= seen;
}

enum seen_ours seen_ours_file(const char *place, size_t *root_out)
{
	/* '0' is a digit */
	static const char *const forms[] = {
	        [SEEN_ARCHIVE] = "data/000000/seal.json", [SEEN_TREE] = "catalog/tree.json"};
	size_t n = strlen(place);

	for (unsigned i = SEEN_ARCHIVE; i < COUNT(forms); i++) {
		size_t k = strlen(forms[i]), same = 0;

		if (n < k || (n > k && place[n - k - 1] != '/'))
			continue;
		while (same < k && (place[n - k + same] == forms[i][same] ||
		                           (forms[i][same] == '0' &&
		                                   text_number(place + n - k + same, 1) >= 0)))
			same++;
		if (same < k)
			continue;
		*root_out = n > k ? n - k - 1 : 0;
		return (enum seen_ours)i;
	}
	return SEEN_NONE;
}

static void count_object(struct import_seen *s, const char *place, size_t n, bool ics)
{
	seen_find(s, place, n, true)->seen |= SEEN_OBJECTS;
	seen_find(s, place, n, true)->n_ics += ics;
}

static void add_ours(struct import_seen *s, const char *place, size_t n)
{
	mark(s, place, n, SEEN_OURS);
	s->n_ours++;
}

void seen_add(struct import_seen *s, const char *place, bool is_dir)
{
	const char *name = last_of(place);
	size_t n = folder_of(place);
	unsigned part = part_of(place, n);
	size_t above = n;

	if (is_dir) {
		part = is_maildir_part(name, strlen(name));
		if (part)
			mark(s, place, n, part);
		return;
	}
	while (above > 0 && place[above - 1] != '/')
		above--;
	above -= above > 0;
	/* in zip and tar files there may be no folders but for the files in them */
	if (part)
		mark(s, place, above, part | (has_info(name) ? SEEN_CUR | SEEN_NEW : 0));
	else if (text_ends_with(name, ".msf"))
		mark(s, place, n, SEEN_MSF);
	else if (!strcmp(name, "prefs.js"))
		mark(s, place, n, SEEN_PROFILE);
	else if (seen_ours_file(place, &above))
		add_ours(s, place, above);
	else if (text_ends_with(name, ".ics") || text_ends_with(name, ".vcf"))
		count_object(s, place, n, text_ends_with(name, ".ics"));
}

/* Is it in an archive or a tree of ours? */
static bool below_ours(const struct import_seen *s, const char *place, size_t n)
{
	for (size_t i = 0; i <= n && s->n_ours; i++) {
		const struct seen_folder *f;

		if (i && i < n && place[i] != '/')
			continue;
		f = seen_find((struct import_seen *)s, place, i, false);
		if (f && f->seen & SEEN_OURS)
			return true;
	}
	return false;
}

bool seen_is_maildir(const struct import_seen *s, const char *place, size_t n)
{
	const struct seen_folder *f = seen_find((struct import_seen *)s, place, n, false);

	return f && f->seen & SEEN_CUR && f->seen & (SEEN_NEW | SEEN_TMP) &&
	       !below_ours(s, place, n);
}

/* Is the folder above cur, new or tmp, which the place is in one of ${parts} of, a Maildir? */
static bool in_part(const struct import_seen *s, const char *place, unsigned parts)
{
	size_t n = folder_of(place), above = n;

	if (!(part_of(place, n) & parts))
		return false;
	while (above > 0 && place[above - 1] != '/')
		above--;
	return seen_is_maildir(s, place, above - (above > 0));
}

bool seen_in_tmp(const struct import_seen *s, const char *place)
{
	return in_part(s, place, SEEN_TMP);
}

const char *seen_is_ours(struct import_seen *s, const char *place)
{
	size_t root;
	enum seen_ours ours = seen_ours_file(place, &root);
	struct seen_folder *f = ours ? seen_find(s, place, root, true) : NULL;

	if (!f)
		return below_ours(s, place, folder_of(place)) ? "" : NULL;
	if (f->seen & SEEN_TOLD)
		return "";
	f->seen |= SEEN_TOLD;
	return ours == SEEN_TREE ? "a directory tree of valise is not looked into: \"valise pack\" "
	                           "takes all of it"
	                         : "an archive of valise is not looked into: it needs no import";
}

bool seen_in_maildir(const struct import_seen *s, const char *place)
{
	return in_part(s, place, SEEN_CUR | SEEN_NEW);
}

bool seen_is_vdir_file(const char *name)
{
	return !strcmp(name, "displayname") || !strcmp(name, "color");
}

enum place_is place_is(const struct import_seen *s, const char *place)
{
	static const char *const sides[] = {"dovecot-keywords", ".mh_sequences", "subscriptions",
	        "courierimapsubscribed", "labels.json"};
	static const char *const known[] = {"table_of_contents", "maildirfolder", "maildirsize",
	        ".DS_Store", "Thumbs.db", "desktop.ini", "prefs.js", "Info.plist", ".uidvalidity",
	        ".nstmp", "__MACOSX"};
	static const char *const ends[] = {".msf", ".ibex.index", ".ibex.index.data", ".cmeta",
	        ".index", ".index.ids", ".index.sorted", ".lock", ".metadata.json"};
	const char *name = last_of(place);

	for (size_t i = 0; i < COUNT(sides); i++)
		if (!strcmp(name, sides[i]))
			return PLACE_SIDE;
	if (seen_is_vdir_file(name)) {
		const struct seen_folder *f =
		        seen_find((struct import_seen *)s, place, folder_of(place), false);

		return f && f->seen & SEEN_OBJECTS ? PLACE_SIDE : PLACE_ANY;
	}
	if (text_among(name, known, COUNT(known)) || !strncmp(name, "dovecot", 7) ||
	        !strncmp(name, ".dovecot", 8) || !strncmp(name, "courier", 7) ||
	        !strncmp(name, "._", 2))
		return PLACE_KNOWN;
	for (size_t i = 0; i < COUNT(ends); i++)
		if (text_ends_with(name, ends[i]) && !seen_in_maildir(s, place))
			return PLACE_KNOWN;
	return PLACE_ANY;
}

void seen_take_side(struct import_seen *s, const char *place, char *text)
{
	const char *name = last_of(place);
	struct seen_folder *f = seen_find(s, place, folder_of(place), true);
	char **at = !strcmp(name, "displayname")        ? &f->displayname
	            : !strcmp(name, "color")            ? &f->color
	            : !strcmp(name, "labels.json")      ? &f->labels
	            : !strcmp(name, "dovecot-keywords") ? &f->keywords
	            : !strcmp(name, ".mh_sequences")    ? &f->sequences
	                                                : &f->subscriptions;

	if (seen_is_vdir_file(name)) {
		struct buf line = buf_of(SIZE_MAX);

		text_one_line(text, strlen(text), 255, &line);
		free(text);
		text = buf_take(&line);
	}
	free(*at);
	*at = text;
}
