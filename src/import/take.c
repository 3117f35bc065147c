/* One file of an import: what it is, where it goes, what stands beside it. */
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include "import/detect.h"
#include "import/mail/mail.h"
#include "import/walk.h"
#include "valise/base/file.h"
#include "valise/base/mem.h"
#include "valise/base/text.h"

static const char *last_of(const char *place)
{
	const char *slash = strrchr(place, '/');

	return slash ? slash + 1 : place;
}

static bool is_stop(const struct err *err)
{
	return err->code == ERR_STOPPED || err->scope == ERR_WHOLE;
}

void take_unread(struct import_run *run, const char *shown, const char *why)
{
	run->result.unread++;
	progress_name(run->progress, SAY_WARNING, NULL, shown, "%s", why);
}

static int read_again(struct import_file *f, void *p, size_t n, size_t *got, struct err *err)
{
	struct again *a = (struct again *)f;
	int rc;

	if (a->at < a->n) {
		*got = MIN(n, a->n - a->at);
		memcpy(p, a->head + a->at, *got);
		a->at += *got;
		return 0;
	}
	*got = 0;
	rc = a->why.code ? err_copy(err, &a->why) : stop_check(err);
	if (rc == 0)
		rc = a->from->read(a->from, p, n, got, err);
	if (rc == 0 && !a->inner)
		atomic_fetch_add(&a->progress->bytes_done, *got);
	return rc;
}

static int peek_again(
        struct import_file *f, void *p, size_t n, uint64_t off, size_t *got, struct err *err)
{
	struct again *a = (struct again *)f;

	return a->from->peek(a->from, p, n, off, got, err);
}

int again_open(
        struct again *a, struct import_file *from, struct progress *progress, struct err *err)
{
	*a = (struct again){.base = *from, .from = from, .progress = progress};
	a->base.read = read_again;
	a->base.peek = from->peek ? peek_again : NULL;
	while (a->n < sizeof a->head) {
		size_t got;
		int rc = from->read(from, a->head + a->n, sizeof a->head - a->n, &got, err);

		if (rc < 0 && (a->n == 0 || is_stop(err)))
			return rc;
		if (rc < 0) { /* what could be read counts */
			a->why = *err;
			err_clear(err);
		}
		if (rc < 0 || got == 0)
			break;
		a->n += got;
	}
	return 0;
}

/* What Proton says of a message, in a file beside it. */
static void take_proton(struct import_box *b, const struct import_file *f, const char *labels)
{
	size_t stem = text_ends_with(f->path, ".eml") ? strlen(f->path) - 4 : 0;
	char *path = xasprintf("%.*s.metadata.json", (int)stem, f->path);
	struct buf text = buf_of(SIDE_MAX);
	struct import_labels says;
	struct err ignored;

	if (stem && file_read(AT_FDCWD, path, &text, &ignored) == 0 &&
	        proton_read(buf_str(&text), text.len, labels, &says, &b->date_utc)) {
		b->flags |= says.flags;
		free(b->keywords);
		b->keywords = says.keywords;
		b->folders = says.folders;
	}
	buf_clear(&text);
	free(path);
}

/* Is it a message of an MH folder: a number, where sequences of numbers are? */
static bool is_in_mh(struct import_seen *s, const char *place)
{
	const char *name = last_of(place), *slash = strrchr(place, '/');
	const struct seen_folder *here =
	        seen_find(s, place, slash ? (size_t)(slash - place) : 0, false);

	return here && here->sequences && *name && name[strspn(name, "0123456789")] == '\0';
}

/* Dates and flags that stand beside a message, or in its name. */
static void take_beside(struct walk *w, struct import_box *b, const struct import_file *f)
{
	struct import_seen *s = &w->at->seen;
	const char *name = last_of(f->place), *slash = strrchr(f->place, '/');
	size_t folder = slash ? (size_t)(slash - f->place) : 0, above = folder;
	const struct seen_folder *here = seen_find(s, f->place, folder, false), *root = here;

	b->date_last = f->mtime;
	if (!seen_in_maildir(s, f->place)) {
		b->says_flags = is_in_mh(s, f->place);
		if (b->says_flags)
			b->flags |= (uint16_t)mh_flags(here->sequences, name, &b->keywords);
		if (here && here->labels && f->path)
			take_proton(b, f, here->labels);
		return;
	}
	while (above > 0 && f->place[above - 1] != '/')
		above--;
	root = seen_find(s, f->place, above - (above > 0), false);
	b->says_flags = true;
	b->flags |= (uint16_t)maildir_flags(name, text_is(f->place + above, folder - above, "new"),
	        root ? root->keywords : NULL, &b->keywords);
	/* A copy is younger than the message, a message that was stored older than its name. */
	b->date_utc = maildir_seconds(name);
	if (f->mtime != INT64_MIN && (b->date_utc == INT64_MIN || f->mtime < b->date_utc))
		b->date_utc = f->mtime;
}

/* Without a list all are; with one, those that it names. */
bool take_is_subscribed(const struct import_seen *s, const char *name, const char *into)
{
	for (size_t i = 0; i < s->n; i++)
		if (s->list[i].subscriptions)
			return subscribed_by(
			        s->list[i].subscriptions, into ? name + strlen(into) + 1 : name);
	return true;
}

/*
 * Is a folder a calendar or address book if its files are one object each? Cards always are
 * in one; of calendars many files are, those of a vdir, and what is named as by a UID.
 */
static bool is_collection(const struct seen_folder *here, enum coll_kind kind, const char *name)
{
	return kind == COLL_CONTACTS || here->n_ics > 8 || here->displayname || here->color ||
	       (strlen(name) > 20 && !strchr(name, ' '));
}

static void name_folder(struct walk *w, struct import_box *b, const struct import_file *f)
{
	const char *slash = strrchr(f->place, '/');
	struct import_seen *s = &w->at->seen;
	struct buf name = buf_of(SIZE_MAX);

	b->beside = seen_find(s, f->place, slash ? (size_t)(slash - f->place) : 0, false);
	if (!b->beside || !is_collection(b->beside, b->kind, last_of(f->place)) ||
	        (!slash && (!s->is_dir || !s->root || *s->root == '.')))
		return;
	if (!slash && !*s->root) /* all that a zip file is */
		plan_place(s, PLAN_FILE, last_of(w->at->name), w->run->opts->into, &name);
	else
		plan_place(s, PLAN_FOLDER, f->place, w->run->opts->into, &name);
	b->folder = buf_take(&name);
}

static int read_into(struct walk *w, enum import_what what, struct import_file *f,
        enum plan_how how, struct err *err)
{
	static int (*const readers[])(struct import_file *, struct import_box *, struct err *) = {
	        [WHAT_MBOX] = read_mbox,
	        [WHAT_EML] = read_eml,
	        [WHAT_EMLX] = read_emlx,
	        [WHAT_ICS] = read_ics,
	        [WHAT_VCF] = read_vcf,
	};
	enum coll_kind kind = what == WHAT_ICS   ? COLL_CALENDAR
	                      : what == WHAT_VCF ? COLL_CONTACTS
	                                         : COLL_MAIL;
	struct buf name = buf_of(SIZE_MAX);
	struct import_box b;
	int rc;

	plan_place(&w->at->seen, how, f->place, w->run->opts->into, &name);
	progress_what(w->run->progress, buf_str(&name));
	rc = box_open(&b, w->run, f, kind, buf_str(&name), err);
	if (kind != COLL_MAIL) {
		name_folder(w, &b, f);
	} else {
		b.subscribed = take_is_subscribed(&w->at->seen, b.name, w->run->opts->into);
		take_beside(w, &b, f);
	}
	w->run->result.files++;
	if (rc == 0 && what != WHAT_EMPTY)
		rc = readers[what](f, &b, err);
	if (rc == 0 && kind == COLL_MAIL && b.given == 0 && b.failed == 0)
		rc = box_empty(&b, err);
	box_close(&b);
	buf_clear(&name);
	return rc;
}

/* A mailbox without messages: what an empty file is beside the indexes of Thunderbird. */
static bool is_empty_mailbox(struct walk *w, const struct import_file *f)
{
	const char *slash = strrchr(f->place, '/'), *name = last_of(f->place);
	const struct seen_folder *here =
	        seen_find(&w->at->seen, f->place, slash ? (size_t)(slash - f->place) : 0, false);

	return text_ends_with(name, ".mbox") ||
	       (here && here->seen & SEEN_MSF && !strchr(name, '.'));
}

/* What its name says is kept beside mail is not worth a word; mail of such a name is taken. */
void take_ignore(struct walk *w, const struct import_file *f, const char *why)
{
	if (place_is(&w->at->seen, f->place) != PLACE_ANY)
		return;
	w->run->result.ignored++;
	progress_name(w->run->progress, SAY_LISTED, NULL, f->shown, "%s", why);
}

bool take_may_be_packed(const char *name)
{
	static const char *const ends[] = {".zip", ".tar", ".tgz", ".tar.gz"};

	for (size_t i = 0; i < COUNT(ends); i++)
		if (text_ends_with(name, ends[i]))
			return true;
	return false;
}

/* Is it by its name a mailbox? */
static bool may_be_mbox(struct walk *w, const struct import_file *f)
{
	return is_empty_mailbox(w, f) || text_ends_with(f->place, ".mbx");
}

/* Nothing of an account is in it: is that what its name says? */
static void take_none(struct walk *w, const struct again *a)
{
	const struct import_file *f = &a->base;
	bool packed = take_may_be_packed(last_of(f->place));

	if (packed && import_is_packed(a->head, a->n))
		take_unread(w->run, f->shown,
		        "a packed file inside of another one is not looked into: unpack it "
		        "first");
	else if (packed && place_is(&w->at->seen, f->place) == PLACE_ANY &&
	         !import_is_packed_empty(a->head, a->n))
		take_unread(w->run, f->shown,
		        "its name says that it is a zip or tar file, but it is none");
	else if (a->why.code)
		take_unread(w->run, f->shown, a->why.text);
	else if (a->n)
		take_ignore(w, f, "nothing of an account is in it");
}

/* Items that are in no folder of their file go where a message of that place would. */
static int take_outlook(struct walk *w, const struct again *a, struct err *err)
{
	struct import_file *f = (struct import_file *)&a->base;
	struct import_result *r = &w->run->result;
	const struct import_result before = *r;
	struct buf name = buf_of(SIZE_MAX);
	int rc;

	plan_place(&w->at->seen, PLAN_FOLDER, f->place, w->run->opts->into, &name);
	rc = outlook_take(
	        w->run, f, outlook_detect(a->head, a->n, last_of(f->place)), buf_str(&name), err);
	/* one of which nothing could be read gave nothing */
	r->files += r->unread == before.unread || r->items > before.items ||
	            r->raw_only > before.raw_only || r->errors > before.errors;
	buf_clear(&name);
	return rc;
}

/* ${a}: the head of ${f} is in it. */
static int take_detected(struct walk *w, struct again *a, struct err *err)
{
	struct import_file *f = &a->base;
	bool maildir = seen_in_maildir(&w->at->seen, f->place);
	const char *why;
	enum import_what what =
	        import_detect(a->head, a->n, maildir ? NULL : last_of(f->place), &why);

	/* names with a dot are no messages of a Maildir: .keep, .nfs0001 */
	if ((maildir && *last_of(f->place) != '.') || is_in_mh(&w->at->seen, f->place)) {
		if (what != WHAT_FOREIGN && what != WHAT_GZIP && what != WHAT_OUTLOOK)
			what = WHAT_EML;
	} else if ((what == WHAT_NONE || what == WHAT_EMPTY) && text_ends_with(f->place, ".eml")) {
		what = WHAT_EML; /* however odd, its name says that it is one */
	} else if (what == WHAT_NONE && may_be_mbox(w, f)) {
		what = WHAT_MBOX; /* behind what stands before its first message */
	}
	switch (what) {
	case WHAT_EMPTY:
		if (is_empty_mailbox(w, f))
			return read_into(w, what, f, PLAN_FILE, err);
		take_none(w, a);
		return 0;
	case WHAT_MBOX: /* a message may be saved with its From line */
		return read_into(w, what, f,
		        text_ends_with(f->place, ".eml") ? PLAN_FOLDER : PLAN_FILE, err);
	case WHAT_ICS:
	case WHAT_VCF:
		return read_into(w, what, f, PLAN_FILE, err);
	case WHAT_EML:
		return read_into(w, what, f, maildir ? PLAN_MAILDIR : PLAN_FOLDER, err);
	case WHAT_EMLX:
		return read_into(w, what, f, PLAN_EMLX, err);
	case WHAT_OUTLOOK:
		return take_outlook(w, a, err);
	case WHAT_FOREIGN:
		take_unread(w->run, f->shown, why);
		return 0;
	default:
		take_none(w, a);
		return 0;
	}
}

/* What a gzip file holds. */
static int take_inflated(struct walk *w, struct import_file *f, struct err *err)
{
	struct import_file *plain = inflate_open(f);
	struct err why = {0};
	struct again a;
	int rc = 0;

	if (!plain)
		return err_set(err, ERR_IO, ERR_WHOLE, "zlib does not start");
	if (again_open(&a, plain, w->run->progress, &why) < 0) {
		if (is_stop(&why))
			rc = err_copy(err, &why);
		else
			take_unread(w->run, f->shown, why.text);
	} else {
		a.inner = true;
		if (a.n >= 2 && !memcmp(a.head, "\x1f\x8b", 2))
			take_ignore(w, f, "compressed twice");
		else
			rc = take_detected(w, &a, err);
	}
	inflate_close(plain);
	return rc;
}

/* The file, with its place below the zip or tar file's folder. */
int take_file(struct walk *w, struct import_file *f, struct err *err)
{
	struct err why = {0};
	struct again a;
	int rc;

	rc = again_open(&a, f, w->run->progress, &why);
	if (rc < 0 && is_stop(&why))
		return err_copy(err, &why);
	if (rc < 0) {
		take_unread(w->run, f->shown, why.text);
		return 0;
	}
	if (f->path && !w->packed && take_may_be_packed(last_of(f->place)) &&
	        import_is_packed(a.head, a.n))
		return walk_packed(w, f, err);
	atomic_fetch_add(&w->run->progress->bytes_done, a.n);
	if (a.n >= 2 && !memcmp(a.head, "\x1f\x8b", 2))
		return take_inflated(w, &a.base, err);
	return take_detected(w, &a, err);
}
