/*
 * Outlook's folders and items in an import: which collections they go to, what stands beside
 * them. Folders and items are played here; what is made of an item is its subject.
 */
#include "outlook/make.h"
#include "import/kept.h"
#include "valise/outlook/place.h"
#include "valise/base/file.h"

struct played {
	struct outlook_folder folder;
	const char *class; /* of its item; NULL: none */
	const char *subject, *uid;
	const char *lost; /* said of the item; "!": it cannot be converted */
};
static const struct played *played;
static size_t n_played;
static bool asked_deleted;

enum outlook_file outlook_detect(const void *head, size_t n, const char *name)
{
	(void)head, (void)n, (void)name;
	return OUTLOOK_NONE;
}

int outlook_read(int fd, enum outlook_file what, const struct outlook_read_opts *opts,
        const struct outlook_visit *visit, struct err *err)
{
	int rc = fd < 0 || what != OUTLOOK_PST ? -1 : 0;

	asked_deleted = opts->deleted;
	for (size_t i = 0; i < n_played && rc == 0; i++) {
		const struct played *p = &played[i];
		struct bag *b = bag_new();

		if (i == 0 || strcmp(p->folder.path, p[-1].folder.path) != 0)
			rc = visit->folder(visit->ctx, &p->folder, err);
		if (p->class) {
			make_text(b, PidTagMessageClass, p->class);
			make_text(b, PidTagSubject, p->subject);
			if (p->uid)
				make_text(b, PidTagInternetMessageId, p->uid);
			if (p->lost)
				make_text(b, PidTagBody, p->lost);
			make_int(b, PidTagImportance, 2);
			bag_sort(b);
			if (rc == 0)
				rc = visit->item(visit->ctx, &p->folder, b, err);
		} else if (p->lost) {
			visit->lost(visit->ctx, &p->folder, NULL, p->lost);
		}
		bag_free(b);
	}
	return rc;
}

int outlook_convert(
        struct bag *b, const struct outlook_to *to, struct outlook_made *made, struct err *err)
{
	const char *subject = bag_text(b, PidTagSubject), *lost = bag_text(b, PidTagBody);

	bag_use(b, PidTagMessageClass);
	*made = (struct outlook_made){.form = outlook_form_of(b), .flags = 1, .date_utc = 5};
	made->uid = xstrdup(bag_text(b, PidTagInternetMessageId));
	if (lost && !strcmp(lost, "!"))
		return err_set(err, ERR_LIMIT, ERR_ITEM, "too large");
	if (lost)
		to->lost(to->ctx, lost);
	return to->write(to->ctx, subject, strlen(subject), err);
}

void outlook_homeless(const struct bag *b, void (*tell)(void *ctx, const char *line), void *ctx)
{
	const struct bag_prop *p = bag_peek(b, PidTagImportance);

	if (p && !p->used) {
		tell(ctx, "PidTagImportance");
		tell(ctx, "PidTagImportance (attachment 1)");
	}
}

static struct filled *find(struct import_run *run, enum coll_kind kind, const char *name)
{
	for (size_t i = 0; i < run->n; i++)
		if (run->list[i].kind == kind && strcmp(run->list[i].coll->name, name) == 0)
			return &run->list[i];
	return NULL;
}

static const char *ext_text(const struct filled *f, size_t i, char which)
{
	const struct tree_ext *e = tree_item_ext(f->coll, &f->coll->items[i]);

	return which == 'h' ? e->href : which == 'p' ? e->path : e->note;
}

static void play(struct reading *r, const struct played *list, size_t n)
{
	struct err err = {0};

	played = list;
	n_played = n;
	r->run.path++;
	make_check(outlook_take(&r->run, &r->file.base, OUTLOOK_PST, "INBOX", &err), &err);
}

static int read_nothing(struct import_file *f, struct import_box *b, struct err *err)
{
	(void)f, (void)b, (void)err;
	return 0;
}

#define INBOX                                                                                      \
	{                                                                                          \
		.path = "Posteingang", .container_class = "IPF.Note", .special_use = "\\Inbox"     \
	}
static const struct played account[] = {
        {.folder = INBOX, .class = "IPM.Note", .subject = "one"},
        {.folder = INBOX, .class = "IPM.Note", .subject = "one"},
        {.folder = INBOX, .class = "IPM.Contact", .subject = "card", .uid = "u-1"},
        {.folder = INBOX, .class = "IPM.Microsoft.View", .subject = "view"},
        {.folder = INBOX, .class = "IPM.Note", .subject = "bad", .lost = "!"},
        {.folder = INBOX, .class = "IPM.Note", .subject = "part", .lost = "attachment 1: gone"},
        {.folder = {.path = "Posteingang/Arbeit", .container_class = "IPF.Note"},
                .class = "IPM.Note",
                .subject = "work"},
        {.folder = {.path = "Gesendet", .special_use = "\\Sent"}},
        {.folder = {.path = "Kalender", .container_class = "IPF.Appointment"},
                .class = "IPM.Appointment",
                .subject = "event",
                .uid = "040000008200E00074C5B7101A82E008 odd"},
        {.folder = {.path = "Einstellungen", .container_class = "IPF.Configuration"}},
        {.folder = {.path = "Buddies", .container_class = "IPF.Contact.MOC.QuickContacts"}},
        {.folder = {.path = "Alt/a\nb"}, .lost = "damaged"},
        {.folder = {.path = "", .deleted = true}, .class = "IPM.Note", .subject = "again"},
};

static void check_account(struct import_run *run)
{
	const struct filled *f = find(run, COLL_MAIL, "INBOX");
	const struct filled *raw = find(run, COLL_MAPI, "mail: INBOX");

	assert_int_equal(f->coll->n_items, 3);
	assert_int_equal(f->coll->items[0].date_utc, 5);
	assert_int_equal(f->coll->items[0].flags, FLAG_SEEN);
	assert_null(f->coll->special_use);
	assert_int_equal(f->coll->n_errors, 2);
	assert_string_equal(f->coll->errors[0].reason, "too large");
	assert_string_equal(f->coll->errors[0].href, "a.pst: item 5, \"bad\"");
	assert_string_equal(f->coll->errors[1].reason, "attachment 1: gone");
	/* Two equal messages, the view, the bad one and the one with a loss. */
	assert_int_equal(raw->coll->n_items, 5);
	assert_string_equal(ext_text(raw, 0, 'h'), "1");
	assert_string_equal(ext_text(raw, 1, 'h'), "2");
	assert_string_equal(ext_text(raw, 1, 'p'), "2");
	assert_string_equal(ext_text(raw, 2, 'n'), "item 4, \"view\" (IPM.Microsoft.View)");
	assert_string_equal(ext_text(raw, 3, 'n'), "item 5, \"bad\"");
	assert_string_equal(ext_text(raw, 4, 'h'), "3");
	assert_string_equal(ext_text(find(run, COLL_CONTACTS, "INBOX"), 0, 'h'), "u-1.vcf");
	assert_string_equal(ext_text(find(run, COLL_MAPI, "contacts: INBOX"), 0, 'h'), "u-1.vcf");
	assert_string_equal(ext_text(find(run, COLL_MAPI, "contacts: INBOX"), 0, 'p'), "u-1");
	assert_non_null(find(run, COLL_MAIL, "INBOX/Arbeit"));
	assert_string_equal(find(run, COLL_MAIL, "Gesendet")->coll->special_use, "\\Sent");
	f = find(run, COLL_CALENDAR, "Kalender");
	assert_memory_equal(ext_text(f, 0, 'h'), "valise-", 7);
	assert_string_equal(
	        ext_text(find(run, COLL_MAPI, "calendars: Kalender"), 0, 'h'), ext_text(f, 0, 'h'));
	assert_null(find(run, COLL_MAIL, "Einstellungen"));
	assert_null(find(run, COLL_CONTACTS, "Buddies"));
	assert_string_equal(find(run, COLL_MAIL, "Alt/a b")->coll->errors[0].reason, "damaged");
	assert_int_equal(find(run, COLL_MAIL, "Recovered")->coll->n_items, 1);
	assert_int_equal(run->result.raw_only, 1);
}

/* Of each item that was made both lines of it, under the name that its notes have. */
static void count_item(void *ctx, const struct import_homeless_item *h)
{
	assert_int_equal(h->n, 2);
	assert_int_equal(h->more, 0);
	assert_string_equal(h->properties[1], "PidTagImportance (attachment 1)");
	assert_non_null(strstr(h->item, "a.pst: item "));
	assert_int_not_equal(h->kind, COLL_MAPI);
	assert_true(*h->collection);
	++*(unsigned *)ctx;
}

/* What one item has is cut, and how much is counted; the next one begins anew. */
static void take_cut(void *ctx, const struct import_homeless_item *h)
{
	struct import_homeless_item *out = ctx;

	out->n = h->n;
	out->more = h->more;
}

static void long_items(void **state)
{
	struct import_homeless_item told = {0}, of = {.kind = COLL_MAIL};
	const struct import_opts opts = {.homeless_item = take_cut, .homeless_ctx = &told};
	struct homeless h = {0};
	char line[3001];

	(void)state;
	for (int i = 0; i < 130; i++)
		homeless_add(&h, "PidTagImportance", "x");
	homeless_item_end(&h, &opts, &of);
	assert_int_equal(told.n, 100);
	assert_int_equal(told.more, 30);
	memset(line, 'a', sizeof line - 1);
	line[sizeof line - 1] = '\0';
	for (int i = 0; i < 5; i++)
		homeless_add(&h, i < 4 ? line : "b", "x");
	homeless_item_end(&h, &opts, &of);
	assert_int_equal(told.n, 2);
	assert_int_equal(told.more, 3);
	told.n = 7;
	homeless_item_end(&h, &opts, &of);
	assert_int_equal(told.n, 7);
	homeless_end(&h, &opts);
}

static void folders(void **state)
{
	unsigned told = 0;
	struct reading r = {
	        .opts = {.recover = true, .homeless_item = count_item, .homeless_ctx = &told}};
	struct buf octets = buf_of(1 << 20);
	const struct filled *raw;
	struct bag *b = bag_new();

	(void)state;
	read_text(&r, "a.pst", "x", 1, 1, read_nothing);
	play(&r, account, COUNT(account));
	assert_true(asked_deleted);
	check_account(&r.run);
	assert_int_equal(r.run.homeless.n, 1);
	assert_int_equal(r.run.homeless.list[0].items, 7);
	assert_int_equal(told, 7);
	assert_string_equal(r.run.homeless.list[0].property, "PidTagImportance");
	/* The octets are those of the properties. */
	make_text(b, PidTagMessageClass, "IPM.Note");
	make_text(b, PidTagSubject, "one");
	make_int(b, PidTagImportance, 2);
	make_fx(b, &octets);
	raw = find(&r.run, COLL_MAPI, "mail: INBOX");
	assert_int_equal(raw->coll->items[0].size, octets.len);
	/* Another PATH with the same: nothing new, nothing changed, no error more. */
	play(&r, account, COUNT(account));
	for (size_t i = 0; i < r.run.n; i++)
		assert_int_equal(r.run.list[i].changed, 0);
	assert_int_equal(find(&r.run, COLL_MAIL, "INBOX")->coll->n_items, 3);
	assert_int_equal(raw->coll->n_items, 5);
	homeless_end(&r.run.homeless, &r.opts);
	bag_free(b);
	buf_clear(&octets);
	reading_clear(&r);
}

static void without_raw(void **state)
{
	struct reading r = {.opts = {.no_raw = true, .into = "Old"}};

	(void)state;
	read_text(&r, "a.pst", "x", 1, 1, read_nothing);
	play(&r, account, COUNT(account));
	assert_int_equal(find(&r.run, COLL_MAIL, "Old/INBOX")->coll->n_items, 3);
	assert_int_equal(find(&r.run, COLL_MAIL, "Old/INBOX")->coll->n_errors, 3);
	assert_non_null(find(&r.run, COLL_MAIL, "Old/INBOX/Arbeit"));
	assert_non_null(find(&r.run, COLL_MAIL, "Old/Recovered"));
	for (size_t i = 0; i < r.run.n; i++)
		assert_int_not_equal(r.run.list[i].kind, COLL_MAPI);
	homeless_end(&r.run.homeless, &r.opts);
	reading_clear(&r);
}

/* A store that says of no folder that it is the inbox. */
static void inbox_by_name(void **state)
{
	static const struct played items[] = {
	        {.folder = {.path = "Inbox"}, .class = "IPM.Note", .subject = "mail"},
	        {.folder = {.path = "inbox/Old"}, .class = "IPM.Note", .subject = "old"},
	        {.folder = {.path = "Inboxes"}, .class = "IPM.Note", .subject = "other"},
	};
	struct reading r = {0};

	(void)state;
	read_text(&r, "a.pst", "x", 1, 1, read_nothing);
	play(&r, items, COUNT(items));
	assert_non_null(find(&r.run, COLL_MAIL, "INBOX"));
	assert_non_null(find(&r.run, COLL_MAIL, "INBOX/Old"));
	assert_non_null(find(&r.run, COLL_MAIL, "Inboxes"));
	homeless_end(&r.run.homeless, &r.opts);
	reading_clear(&r);
}

/* All of a file on disk counts, once, whatever its items are. */
static void progress_of_file(void **state)
{
	struct reading r = {0};

	(void)state;
	read_text(&r, "a.pst", "x", 1, 1, read_nothing);
	r.file.base.path = FIXTURES "/fuzz/tree_select/blanks-around";
	r.file.base.size = IMPORT_HEAD + 5; /* the beginning was counted when it was looked at */
	play(&r, account, COUNT(account));
	assert_int_equal(atomic_load(&r.progress.bytes_done), 5);
	r.file.base.size = 1 << 20;
	play(&r, account, COUNT(account));
	assert_int_equal(atomic_load(&r.progress.bytes_done), 5 + (1 << 20) - IMPORT_HEAD);
	homeless_end(&r.run.homeless, &r.opts);
	reading_clear(&r);
}

/* One item, and no folder: a .msg */
static void alone(void **state)
{
	static const struct played items[] = {
	        {.folder = {.path = ""}, .class = "IPM.Contact", .subject = "card"},
	        {.folder = {.path = ""}, .class = "IPM.Task", .subject = "task"},
	        {.folder = {.path = ""}, .class = "IPM.Note", .subject = "mail"},
	};
	struct reading r = {0};

	(void)state;
	read_text(&r, "a.msg", "x", 1, 1, read_nothing);
	play(&r, items, COUNT(items));
	assert_non_null(find(&r.run, COLL_CONTACTS, "Contacts"));
	assert_non_null(find(&r.run, COLL_MAPI, "contacts: Contacts"));
	assert_non_null(find(&r.run, COLL_CALENDAR, "Calendar"));
	assert_non_null(find(&r.run, COLL_MAPI, "calendars: Calendar"));
	assert_non_null(find(&r.run, COLL_MAIL, "INBOX"));
	homeless_end(&r.run.homeless, &r.opts);
	reading_clear(&r);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	        cmocka_unit_test(folders),
	        cmocka_unit_test(long_items),
	        cmocka_unit_test(without_raw),
	        cmocka_unit_test(inbox_by_name),
	        cmocka_unit_test(progress_of_file),
	        cmocka_unit_test(alone),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
