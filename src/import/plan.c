/* Which mailbox a file goes to, by its place. Pure. */
#include "import/plan.h"
#include <stdlib.h>
#include <string.h>
#include "valise/base/escape.h"
#include "valise/base/mem.h"
#include "valise/base/text.h"
#include "valise/format/header.h"
#include "valise/format/mutf7.h"

enum { LEVELS_MAX = 64, LEVEL_OCTETS = 255 };

/* The components of a place, without what programs put around them. */
struct levels {
	struct {
		const char *s;
		size_t n;
		bool mutf7; /* it may be modified UTF-7 */
	} at[LEVELS_MAX];
	size_t n;
};

static void push_level(struct levels *l, const char *s, size_t n, bool mutf7)
{
	if (n == 0)
		return;
	if (l->n == LEVELS_MAX) /* the deepest one counts */
		l->n--;
	l->at[l->n].s = s;
	l->at[l->n].n = n;
	l->at[l->n++].mutf7 = mutf7;
}

static void split(struct levels *l, const char *place, size_t n)
{
	for (size_t i = 0; i < n;) {
		const char *end = memchr(place + i, '/', n - i);
		size_t len = end ? (size_t)(end - place) - i : n - i;

		push_level(l, place + i, len, false);
		i += len + 1;
	}
}

static void drop_first(struct levels *l, size_t n)
{
	n = MIN(n, l->n);
	memmove(l->at, l->at + n, (l->n - n) * sizeof *l->at);
	l->n -= n;
}

static bool level_is(const struct levels *l, size_t i, const char *word)
{
	return i < l->n && text_is(l->at[i].s, l->at[i].n, word);
}

static bool ends_with(const char *s, size_t n, const char *end)
{
	size_t k = strlen(end);

	return n > k && text_is(s + n - k, k, end);
}

static void strip_end(struct levels *l, size_t i, const char *end)
{
	if (ends_with(l->at[i].s, l->at[i].n, end))
		l->at[i].n -= strlen(end);
}

/* "A1B2C3D4-...": Apple Mail puts messages below one. */
static bool is_uuid(const char *s, size_t n)
{
	return n == 36 && s[8] == '-' && s[13] == '-' && s[18] == '-' && s[23] == '-';
}

static bool is_apple_inner(const char *s, size_t n)
{
	return text_is(s, n, "Messages") || text_is(s, n, "Data") || is_uuid(s, n) ||
	       strspn(s, "0123456789") >= n;
}

/* The folders that Apple Mail has within a mailbox: what is above them counts. */
static void strip_apple(struct levels *l)
{
	while (l->n > 0 && !ends_with(l->at[l->n - 1].s, l->at[l->n - 1].n, ".mbox") &&
	        is_apple_inner(l->at[l->n - 1].s, l->at[l->n - 1].n))
		l->n--;
}

/* The octets of the place that the first ${n} of its components take. */
static size_t octets_of(const char *place, size_t n)
{
	size_t i = 0;

	for (; place[i]; i++)
		if (place[i] == '/' && --n == 0)
			break;
	return i;
}

/* ".Work.2024" as two levels. */
static void push_dotted(struct levels *l, const char *s, size_t n)
{
	for (size_t i = 0; i <= n;) {
		const char *dot = i < n ? memchr(s + i, '.', n - i) : NULL;
		size_t len = dot ? (size_t)(dot - s) - i : n - i;

		push_level(l, s + i, len, true);
		i += len + 1;
	}
}

/*
 * Of all Maildirs the one that all others lie below: the INBOX. The number of its components;
 * SIZE_MAX: there is none such.
 */
static size_t root_depth(const struct import_seen *s)
{
	size_t depth = SIZE_MAX, len = 0, number = 0;
	const char *root = NULL;

	for (size_t i = 0; i < s->n; i++) {
		const char *p = s->list[i].place;
		size_t n = strlen(p);

		if (!seen_is_maildir(s, p, n))
			continue;
		number++;
		if (!root || n < len) {
			root = p;
			len = n;
		}
	}
	for (size_t i = 0; i < s->n && root; i++) {
		const char *p = s->list[i].place;

		if (seen_is_maildir(s, p, strlen(p)) &&
		        (strncmp(p, root, len) != 0 || (len && p[len] && p[len] != '/')))
			return SIZE_MAX;
	}
	if (!root)
		return SIZE_MAX;
	/* One Maildir alone is what its name says, unless it is the whole. */
	if (number == 1 && len && !text_is(root, len, "Maildir") &&
	        !ends_with(root, len, "/Maildir"))
		return SIZE_MAX;
	depth = len > 0;
	for (size_t i = 0; i < len; i++)
		depth += root[i] == '/';
	return depth;
}

/* The folder above cur and new; Maildir++ has ".Work.2024" for Work/2024 in a Maildir. */
static void plan_maildir(const struct import_seen *s, const char *place, struct levels *l)
{
	size_t depth = root_depth(s);
	struct levels all = {0};

	split(&all, place, strlen(place));
	all.n -= MIN(all.n, 2); /* cur/NAME */
	for (size_t i = depth == SIZE_MAX ? 0 : depth; i < all.n; i++) {
		bool in_maildir = seen_is_maildir(s, place, i ? octets_of(place, i) : 0);

		if (all.at[i].n > 1 && *all.at[i].s == '.' && (in_maildir || i == 0))
			push_dotted(l, all.at[i].s + 1, all.at[i].n - 1);
		else
			push_level(l, all.at[i].s, all.at[i].n, true);
	}
	if (depth == SIZE_MAX || l->n > 0)
		return;
	if (s->root && *s->root == '.' && s->root[1] && s->root[1] != '.' && depth == 0)
		push_dotted(l, s->root + 1, strlen(s->root + 1));
	else
		push_level(l, "INBOX", 5, false);
}

/* How many folders of servers a profile has below Mail and ImapMail. */
static size_t count_servers(const struct import_seen *s, const char *profile, size_t len)
{
	size_t n = 0;

	for (size_t i = 0; i < s->n; i++) {
		const char *p = s->list[i].place + len + (len > 0);
		struct levels l = {0};

		if (!(s->list[i].seen & SEEN_MSF) || strncmp(s->list[i].place, profile, len) != 0)
			continue;
		split(&l, p, strlen(p));
		n += l.n == 2 && (level_is(&l, 0, "Mail") || level_is(&l, 0, "ImapMail"));
	}
	return n;
}

/* What of a profile of Thunderbird is above its mailboxes. */
static void strip_profile(const struct import_seen *s, const char *place, struct levels *l)
{
	for (size_t i = 0; i + 2 < l->n; i++) {
		size_t len = i ? octets_of(place, i) : 0;
		const struct seen_folder *f = seen_find((struct import_seen *)s, place, len, false);

		if (!f || !(f->seen & SEEN_PROFILE) ||
		        !(level_is(l, i, "Mail") || level_is(l, i, "ImapMail")))
			continue;
		drop_first(l, i + 1 + (count_servers(s, f->place, len) <= 1));
		return;
	}
}

/*
 * Google's Takeout: the folder of that name, and that of a product in it, are no levels. The
 * same card comes in a file for each of its groups, so all of them are one address book.
 */
static bool strip_takeout(const struct import_seen *s, struct levels *l)
{
	bool root = s->root && strcmp(s->root, "Takeout") == 0;
	size_t i = 0;

	while (!root && i < l->n && !level_is(l, i, "Takeout"))
		i++;
	i += !root;
	if (i + 1 >= l->n)
		return false;
	if (ends_with(l->at[l->n - 1].s, l->at[l->n - 1].n, ".vcf")) {
		l->n = i + 1;
		drop_first(l, i);
		return true;
	}
	drop_first(l, i + 1);
	return false;
}

/* What mail programs add to names of mailboxes. */
static void strip_ends(struct levels *l)
{
	for (size_t i = 0; i < l->n; i++) {
		strip_end(l, i, ".sbd");
		strip_end(l, i, ".mbox");
		if (i + 1 < l->n && *l->at[i].s == '.' &&
		        ends_with(l->at[i].s, l->at[i].n, ".directory")) { /* KMail */
			l->at[i].s++;
			l->at[i].n -= strlen(".directory") + 1;
		}
	}
}

/* PATH itself is a mailbox of Apple Mail, a folder with a file mbox in it. */
static bool is_package(const struct import_seen *s, const struct levels *l)
{
	return s->is_dir && l->n == 1 && level_is(l, 0, "mbox") && s->root &&
	       text_ends_with(s->root, ".mbox");
}

static void strip_file(const struct import_seen *s, struct levels *l)
{
	static const char *const ends[] = {".gz", ".mbox", ".mbx", ".mboxrd", ".ics", ".ical",
	        ".vcf", ".vcard", ".eml", ".zip", ".tgz", ".tar"};
	bool apple = l->n > 1 && level_is(l, l->n - 1, "mbox") &&
	             ends_with(l->at[l->n - 2].s, l->at[l->n - 2].n, ".mbox");

	if (apple || is_package(s, l))
		l->n--;
	for (size_t i = 0; i < COUNT(ends) && l->n; i++)
		strip_end(l, l->n - 1, ends[i]);
}

/* One level as text: UTF-8, and no delimiter in it. */
static void put_level(const char *s, size_t n, bool mutf7, struct buf *out)
{
	struct buf plain = buf_of(8192), text = buf_of(8192), line = buf_of(LEVEL_OCTETS + 1);

	n = MIN(n, 1024);
	if (!mutf7 || !memchr(s, '&', n) || !mutf7_decode(s, n, &text)) {
		buf_put(&plain, s, n);
		if (utf8_valid(s, n))
			buf_put(&text, s, n);
		else
			charset_to_utf8("windows-1252", &plain, &text);
	}
	text_one_line(buf_str(&text), text.len, LEVEL_OCTETS, &line);
	for (size_t i = 0; i < line.len; i++)
		if (line.data[i] == '/')
			line.data[i] = '_';
	buf_puts(out, line.len ? buf_str(&line) : "_");
	buf_clear(&line);
	buf_clear(&text);
	buf_clear(&plain);
}

/* PATH itself is the mailbox: it is called as its last component. */
static void name_by_root(const struct import_seen *s, enum plan_how how, struct levels *l)
{
	const char *root = s->root;

	if (!root || !*root || !strcmp(root, ".") || !strcmp(root, "..") ||
	        (how == PLAN_FOLDER && !s->is_dir))
		push_level(l, "INBOX", 5, false);
	else
		push_level(l, root, strlen(root), false);
	strip_ends(l);
}

void plan_place(const struct import_seen *s, enum plan_how how, const char *place, const char *into,
        struct buf *out)
{
	struct levels l = {0};

	if (how == PLAN_MAILDIR) {
		plan_maildir(s, place, &l);
	} else {
		split(&l, place, strlen(place));
		strip_profile(s, place, &l);
		if (strip_takeout(s, &l))
			;
		else if (how == PLAN_FILE)
			strip_file(s, &l);
		else if (l.n)
			l.n--;
		if (how == PLAN_EMLX)
			strip_apple(&l);
	}
	strip_ends(&l);
	if (l.n == 0)
		name_by_root(s, how, &l);
	if (into)
		buf_putf(out, "%s/", into);
	for (size_t i = 0; i < l.n; i++) {
		buf_puts(out, i ? "/" : "");
		if (i == 0 && level_is(&l, 0, "INBOX"))
			buf_puts(out, "INBOX");
		else
			put_level(l.at[i].s, l.at[i].n, l.at[i].mutf7, out);
	}
}
