#include "boxes.h"

static const struct msg m1 = {1, "Subject: one\r\n\r\n1\r\n", 1000000001, FLAG_SEEN};
static const struct msg m2 = {2, "Subject: two\r\n\r\n2\r\n", 1000000002, 0};
static const struct msg m3 = {
        3, "Subject: three\r\n\r\n3\r\n", 1000000003, FLAG_FLAGGED | FLAG_ANSWERED};

static void a_first_and_an_unchanged_run(void **state)
{
	const struct box boxes[] = {{"INBOX", {m1, m2, m3}}, {"INBOX/Empty", {{0}}}};
	struct tree_commit done = run(boxes, 2);
	char *first, *second;
	struct stat st;

	(void)state;
	assert_true(done.changed);
	assert_int_equal(fetched, 3);
	assert_int_equal(done.objects_new, 3);
	assert_int_equal(done.totals.items[COLL_MAIL], 3);
	assert_true(done.totals.complete);
	assert_true(there(path_of("mail/INBOX/cur", &m1, ".valise:2,S")));
	assert_true(there(path_of("mail/INBOX/cur", &m2, ".valise:2,")));
	assert_true(there(path_of("mail/INBOX/cur", &m3, ".valise:2,FR")));
	assert_int_equal(stat(at(path_of("mail/INBOX/cur", &m1, ".valise:2,S")), &st), 0);
	assert_int_equal(st.st_mtime, 1000000001);
	assert_int_equal(st.st_nlink, 1);
	expect_files("mail/INBOX/Empty", "cur\nnew\ntmp\n");
	expect_files("catalog", ".lock\nmail\ntree.json\n");
	expect_files("catalog/mail/INBOX", "Empty.jsonl\n");
	assert_int_equal(read_all(NULL), 3);
	first = text_of("catalog/tree.json");
	done = run(boxes, 2);
	assert_false(done.changed);
	assert_int_equal(fetched, 0);
	second = text_of("catalog/tree.json");
	assert_string_equal(first, second);
	expect_files("catalog", ".lock\nmail\ntree.json\n");
	free(first);
	free(second);
}

static void what_the_server_changes_is_followed(void **state)
{
	struct msg seen2 = m2;
	const struct box before[] = {{"INBOX", {m1, m2, m3}}, {"Old", {m1}}};
	const struct box after[] = {{"INBOX", {m1, seen2, {4, "four", 5, 0}}}};

	(void)state;
	run(before, 2);
	seen2.flags = FLAG_SEEN;
	struct box changed = after[0];
	changed.msgs[1] = seen2;
	run(&changed, 1);
	assert_int_equal(fetched, 1);
	assert_true(there(path_of("mail/INBOX/cur", &m2, ".valise:2,S")));
	assert_false(there(path_of("mail/INBOX/cur", &m2, ".valise:2,")));
	assert_false(there(path_of("mail/INBOX/cur", &m3, ".valise:2,FR")));
	assert_true(there(path_of("mail/INBOX/cur", &changed.msgs[2], ".valise:2,")));
	/* Old is gone, but m1 is still in INBOX: believed, and its files go */
	assert_false(there("mail/Old"));
	assert_false(there("catalog/mail/Old.jsonl"));
	assert_int_equal(read_all(NULL), 3);
}

static void what_a_client_changes_is_respected(void **state)
{
	const struct box boxes[] = {{"INBOX", {m1, m2, m3}}};
	struct tree_totals before, after;

	(void)state;
	run(boxes, 1);
	/* renamed: read and moved to new, as a client may */
	assert_int_equal(rename(at(path_of("mail/INBOX/cur", &m1, ".valise:2,S")),
	                         at(path_of("mail/INBOX/cur", &m1, ".valise:2,FST"))),
	        0);
	assert_int_equal(rename(at(path_of("mail/INBOX/cur", &m2, ".valise:2,")),
	                         at(path_of("mail/INBOX/new", &m2, ".valise"))),
	        0);
	/* a message of the client's own */
	OK(file_write(AT_FDCWD, at("mail/INBOX/cur/77.foreign:2,"), "x", 1, &err));
	assert_int_equal(read_all(&before), 3);
	assert_false(run(boxes, 1).changed);
	assert_int_equal(fetched, 0);
	assert_true(there(path_of("mail/INBOX/cur", &m1, ".valise:2,FST")));
	assert_true(there(path_of("mail/INBOX/new", &m2, ".valise")));
	/* removed, and damaged: made again */
	assert_int_equal(unlink(at(path_of("mail/INBOX/cur", &m1, ".valise:2,FST"))), 0);
	OK(file_write(AT_FDCWD, at(path_of("mail/INBOX/cur", &m3, ".valise:2,FR")),
	        "Subject: thrEE\r\n\r\n3\r\n", 21, &err));
	assert_false(run(boxes, 1).changed);
	assert_int_equal(fetched, 2);
	assert_int_equal(read_all(&after), 3);
	assert_memory_equal(before.state, after.state, SHA256_LEN);
	assert_true(there("mail/INBOX/cur/77.foreign:2,"));
	/* the server's flags change: they win */
	struct box changed = boxes[0];
	changed.msgs[1].flags = FLAG_DRAFT;
	run(&changed, 1);
	assert_true(there(path_of("mail/INBOX/cur", &m2, ".valise:2,D")));
	assert_false(there(path_of("mail/INBOX/new", &m2, ".valise")));
}

static void prev_lacks_what_is_missing(void **state)
{
	const struct box boxes[] = {{"INBOX", {m1, m2, m3}}};
	struct tree_sink *s;
	struct tree_coll *c;

	(void)state;
	run(boxes, 1);
	s = open_sink(NULL);
	OK(s->ops->prev(s, PREV_SNAPSHOT, COLL_MAIL, "INBOX", &c, &err));
	assert_int_equal(c->n_items, 3);
	assert_int_equal(c->uidnext, 100);
	tree_coll_free(c);
	OK(s->ops->prev(s, PREV_SNAPSHOT, COLL_MAIL, "None", &c, &err));
	assert_null(c);
	assert_int_equal(unlink(at(path_of("mail/INBOX/cur", &m2, ".valise:2,"))), 0);
	/* a link to somewhere else is not the file */
	assert_int_equal(
	        symlink("/etc/passwd", at(path_of("mail/INBOX/cur", &m2, ".valise:2,"))), 0);
	OK(s->ops->prev(s, PREV_SNAPSHOT, COLL_MAIL, "INBOX", &c, &err));
	assert_int_equal(c->n_items, 2);
	assert_int_equal(c->uidnext, 0);
	assert_null(tree_coll_find(c, 2));
	tree_coll_free(c);
	s->ops->free(s);
}

static void equal_messages_share_an_inode(void **state)
{
	struct msg twin = m1, copy = m1;
	struct stat a, b, c;

	(void)state;
	twin.uid = 9;
	copy.date = 5;
	const struct box boxes[] = {{"INBOX", {m1, twin}}, {"Copy", {copy}}};
	struct tree_commit done = run(boxes, 2);
	assert_int_equal(done.objects_new, 1);
	assert_int_equal(stat(at(path_of("mail/INBOX/cur", &m1, ".valise:2,S")), &a), 0);
	assert_int_equal(stat(at(path_of("mail/INBOX/cur", &m1, "_2.valise:2,S")), &b), 0);
	assert_int_equal(stat(at(path_of("mail/Copy/cur", &copy, ".valise:2,S")), &c), 0);
	assert_int_equal(a.st_ino, b.st_ino);
	assert_int_equal(a.st_ino, c.st_ino);
	assert_int_equal(a.st_nlink, 3);
	/* copied on the server later: fetched, found to be there, linked */
	const struct box more[] = {{"INBOX", {m1, twin}}, {"Copy", {copy}}, {"More", {m1}}};
	run(more, 3);
	assert_int_equal(fetched, 1);
	assert_int_equal(stat(at(path_of("mail/More/cur", &m1, ".valise:2,S")), &c), 0);
	assert_int_equal(a.st_ino, c.st_ino);
	assert_int_equal(c.st_nlink, 4);
	assert_int_equal(read_all(NULL), 4);
}

static void links_have_a_limit(void **state)
{
	struct tree_sink *s = open_sink(NULL);
	struct tree_coll *c = tree_coll_new(COLL_MAIL, "INBOX");
	struct tree_commit done;
	struct tree_object o;
	struct stat st;

	(void)state;
	dir_sink_links_max(s, 3);
	for (uint32_t uid = 1; uid <= 8; uid++) {
		struct tree_item it = {.uid = uid, .date_utc = uid};

		store(s, COLL_MAIL, "same", 4, &o);
		memcpy(it.sha256, o.sha256, SHA256_LEN);
		it.size = 4;
		OK(s->ops->item(s, c, &it, &err));
	}
	OK(s->ops->coll(s, c, &err));
	OK(s->ops->commit(s, &done, &err));
	s->ops->free(s);
	assert_int_equal(done.objects_new, 1);
	assert_int_equal(read_all(NULL), 8);
	for (uint32_t uid = 1; uid <= 8; uid++) {
		struct msg m = {uid, "same", uid, 0};

		assert_int_equal(stat(at(path_of("mail/INBOX/cur", &m, ".valise:2,")), &st), 0);
		assert_int_equal(st.st_nlink, uid < 7 ? 3 : 2);
	}
}

static void an_interrupted_run_is_taken_up(void **state)
{
	const struct box boxes[] = {{"INBOX", {m1, m2, m3}}, {"B", {{4, "four", 4, 0}}}};
	struct tree_sink *s = open_sink(NULL);
	struct tree_coll *c;

	(void)state;
	give_box(s, &boxes[0], false);
	OK(dir_flush((struct dir_sink *)s, &err)); /* durable */
	give_box(s, &boxes[1], true); /* not */
	s->ops->free(s);
	assert_false(there("mail"));
	assert_false(there("catalog/tree.json"));
	s = open_sink(NULL);
	OK(s->ops->prev(s, PREV_RUN, COLL_MAIL, "INBOX", &c, &err));
	assert_int_equal(c->n_items, 3);
	assert_int_equal(c->uidvalidity, 7);
	assert_int_equal(tree_coll_find(c, 1)->date_utc, m1.date);
	tree_coll_free(c);
	OK(s->ops->prev(s, PREV_RUN, COLL_MAIL, "B", &c, &err));
	assert_null(c);
	s->ops->free(s);
	run(boxes, 2);
	assert_int_equal(fetched, 1);
	assert_int_equal(read_all(NULL), 4);
	expect_files("catalog", ".lock\nmail\ntree.json\n");
}

static void an_interrupted_run_of_another_account(void **state)
{
	const struct box boxes[] = {{"INBOX", {m1}}};
	struct tree_sink *s = open_sink(NULL);
	struct tree_account other = {0};
	struct tree_dir_opts opts = {0};
	struct err why;

	(void)state;
	give_box(s, &boxes[0], false);
	OK(dir_flush((struct dir_sink *)s, &err));
	s->ops->free(s);
	tree_account_add(&other, "imap", "mail.old.example", 993, "bob");
	assert_int_equal(tree_dir_sink(tree, &other, &opts, NULL, &s, &why), ERR_ACCOUNT);
	run(boxes, 1);
	assert_int_equal(tree_dir_sink(tree, &other, &opts, NULL, &s, &why), ERR_ACCOUNT);
	tree_account_clear(&other);
}

/*
 * A commit that stops when it is decided is carried out by the next who opens the tree.
 */
static void a_decided_commit_is_carried_out(void **state)
{
	const struct box before[] = {{"A", {m1, m2}}, {"B", {m3}}};
	const struct box after[] = {{"A", {m2, m3}}, {"C", {m1}}};
	struct tree_sink *s;
	struct dir_sink *d;

	(void)state;
	run(before, 2);
	s = open_sink(NULL);
	d = (struct dir_sink *)s;
	give_box(s, &after[0], true);
	give_box(s, &after[1], true);
	OK(dir_flush(d, &err));
	tree_account_copy(&d->commit.after.account, &d->account);
	d->commit.after.tool = xstrdup("test");
	tree_manifest_sort(&d->commit.after);
	OK(commit_decide(&d->commit, &err));
	s->ops->free(s);
	assert_true(there("catalog/.work/commit.json"));
	assert_true(there("mail/B"));
	assert_int_equal(read_all(NULL), 3); /* the reader carries it out */
	assert_false(there("mail/B"));
	assert_false(there("catalog/.work"));
	assert_true(there(path_of("mail/C/cur", &m1, ".valise:2,S")));
	expect_files("catalog/mail", "A.jsonl\nC.jsonl\n");
}

/* Everything of the account is lost, and one message is new. */
static void what_is_lost_stays(void **state)
{
	const struct box before[] = {{"A", {m1, m2, m3}}, {"B", {{4, "four", 4, 0}}}};
	const struct box after[] = {{"A", {{5, "five", 5, 0}}}};
	const struct tree_dir_opts accept = {.accept.all = true};
	struct tree_commit done;
	struct tree_totals totals;

	(void)state;
	for (unsigned runs = 0; runs < 2; runs++) {
		run(before, 2);
		assert_int_equal(fetched, runs == 0 ? 4 : 0);
		done = run(after, 1);
		assert_int_equal(done.shrunk, 2);
		assert_true(done.totals.complete);
		assert_int_equal(done.totals.gone, 4);
		assert_int_equal(read_all(&totals), 1);
		assert_true(there(path_of("mail/A/cur", &after[0].msgs[0], ".valise:2,")));
		assert_true(there(path_of("mail/A/cur", &m2, ".valise:2,")));
		assert_true(there(path_of("mail/B/cur", &before[1].msgs[0], ".valise:2,")));
	}
	/* it comes back whole, and nothing is fetched for it */
	done = run(before, 2);
	assert_int_equal(fetched, 0);
	assert_int_equal(done.totals.gone, 0);
	assert_int_equal(read_all(NULL), 4);
	assert_false(there(path_of("mail/A/cur", &after[0].msgs[0], ".valise:2,")));
	/* two further runs agree: the files go */
	for (unsigned runs = 0; runs < 3; runs++) {
		done = run(after, 1);
		assert_int_equal(done.shrunk, runs == 0 ? 2 : 0);
		assert_int_equal(there("mail/B"), runs < 2);
		assert_int_equal(there(path_of("mail/A/cur", &m2, ".valise:2,")), runs < 2);
	}
	assert_int_equal(done.totals.gone, 0);
	run(before, 2);
	done = run_with(after, 1, &accept);
	assert_int_equal(done.shrunk, 0);
	assert_int_equal(read_all(NULL), 1);
	assert_false(there("mail/B"));
}

static void what_is_kept_stands(void **state)
{
	const struct box before[] = {{"A", {m1}}, {"B", {m2}}, {"C", {m3}}};
	struct tree_sink *s;
	struct tree_commit done;
	struct tree_manifest m;
	int fd;

	(void)state;
	run(before, 3);
	s = open_sink(NULL);
	OK(s->ops->keep(s, COLL_MAIL, "A", COLL_COMPLETE, NULL, &err));
	OK(s->ops->keep(s, COLL_MAIL, "B", COLL_STALE, "no", &err));
	OK(s->ops->keep(s, COLL_MAIL, "New", COLL_STALE, "never seen", &err));
	OK(s->ops->keep(s, COLL_MAIL, NULL, COLL_SKIPPED, NULL, &err));
	OK(s->ops->keep(s, COLL_CALENDAR, NULL, COLL_STALE, "down", &err));
	OK(s->ops->commit(s, &done, &err));
	s->ops->free(s);
	OK(dir_open(AT_FDCWD, at("catalog"), &fd, &err));
	OK(tree_files_manifest(fd, &m, &err));
	close(fd);
	assert_int_equal(m.n_heads, 4);
	assert_int_equal(tree_manifest_find(&m, COLL_MAIL, "A")->status, COLL_COMPLETE);
	assert_int_equal(tree_manifest_find(&m, COLL_MAIL, "B")->status, COLL_STALE);
	assert_string_equal(tree_manifest_find(&m, COLL_MAIL, "B")->reason, "no");
	assert_int_equal(tree_manifest_find(&m, COLL_MAIL, "C")->status, COLL_SKIPPED);
	assert_string_equal(tree_manifest_find(&m, COLL_MAIL, "New")->reason, "never seen");
	assert_false(done.totals.complete);
	tree_manifest_clear(&m);
	assert_int_equal(read_all(NULL), 3);
}

static void give_event(struct tree_sink *s, struct tree_coll *c, const char *href, const char *text)
{
	struct tree_item it = {0};
	struct tree_object o;

	store(s, COLL_CALENDAR, text, strlen(text), &o);
	memcpy(it.sha256, o.sha256, SHA256_LEN);
	it.size = o.size;
	tree_coll_ext(c, &it.ext)->href = xstrdup(href);
	OK(s->ops->item(s, c, &it, &err));
}

static void run_calendar(const char *color, const char *const events[][2], size_t n)
{
	struct tree_sink *s = open_sink(NULL);
	struct tree_coll *c = tree_coll_new(COLL_CALENDAR, "home");
	struct tree_commit done;

	c->props = xasprintf("{\"{DAV:}displayname\":\" H&amp;me "
	                     "&#x20ac;\",\"{http://apple.com/ns/ical/}calendar-color\":\"%s\"}",
	        color);
	for (size_t i = 0; i < n; i++)
		give_event(s, c, events[i][0], events[i][1]);
	OK(s->ops->coll(s, c, &err));
	OK(s->ops->commit(s, &done, &err));
	s->ops->free(s);
}

static void expect_text(const char *path, const char *want)
{
	char *text = text_of(path);

	assert_string_equal(text, want);
	free(text);
}

static void calendars_are_vdirs(void **state)
{
	static const char *const before[][2] = {
	        {"/c/a.ics", "A"}, {"/c/b.ics", "same"}, {"/c/c.ics", "same"}};
	static const char *const after[][2] = {{"/c/a.ics", "A2"}, {"/c/c.ics", "same"}};
	struct stat b, c;

	(void)state;
	run_calendar("#ff0000ff", before, 3);
	expect_files("calendars/home", "a.ics\nb.ics\nc.ics\ncolor\ndisplayname\n");
	expect_text("calendars/home/displayname", "H&me \xe2\x82\xac");
	expect_text("calendars/home/color", "#ff0000");
	assert_int_equal(stat(at("calendars/home/b.ics"), &b), 0);
	assert_int_equal(stat(at("calendars/home/c.ics"), &c), 0);
	assert_int_not_equal(b.st_ino, c.st_ino); /* a program writes to them */
	/* a client has edited one and removed another */
	OK(file_write(AT_FDCWD, at("calendars/home/c.ics"), "mine", 4, &err));
	run_calendar("#00ff00", after, 2);
	expect_files("calendars/home", "a.ics\nc.ics\ncolor\ndisplayname\n");
	expect_text("calendars/home/a.ics", "A2");
	expect_text("calendars/home/c.ics", "same");
	expect_text("calendars/home/color", "#00ff00");
	assert_int_equal(read_all(NULL), 2);
}

static void large_and_odd_bodies(void **state)
{
	size_t n = (5u << 20) + 17;
	char *big = xmalloc(n);
	struct tree_sink *s = open_sink(NULL);
	struct tree_coll *c = tree_coll_new(COLL_MAIL, "INBOX");
	struct tree_commit done;
	struct tree_object o, p, q;
	struct tree_body *b;

	(void)state;
	for (size_t i = 0; i < n; i++)
		big[i] = (char)(i * 7 + (i >> 9));
	store(s, COLL_MAIL, big, n, &o);
	store(s, COLL_MAIL, big, n, &p);
	store(s, COLL_MAIL, "", 0, &q);
	assert_true(o.has_nul);
	assert_false(q.has_nul);
	assert_int_equal(o.size, n);
	OK(s->ops->body_open(s, COLL_MAIL, &b, &err));
	OK(s->ops->body_write(b, big, n, &err));
	s->ops->body_abort(b);
	s->ops->body_abort(NULL);
	for (uint32_t uid = 1; uid <= 3; uid++) {
		const struct tree_object *x = uid == 1 ? &o : uid == 2 ? &p : &q;
		struct tree_item it = {.uid = uid, .size = x->size};

		memcpy(it.sha256, x->sha256, SHA256_LEN);
		OK(s->ops->item(s, c, &it, &err));
	}
	OK(s->ops->coll(s, c, &err));
	OK(s->ops->commit(s, &done, &err));
	s->ops->free(s);
	assert_int_equal(done.objects_new, 2);
	assert_int_equal(read_all(NULL), 3);
	free(big);
}

static void damaged_items_are_not_given_out(void **state)
{
	const struct box boxes[] = {{"INBOX", {m1, m2}}};
	struct tree_reader *r;
	struct tree_coll *c;
	struct buf b;
	struct err why;

	(void)state;
	run(boxes, 1);
	OK(tree_dir_reader(tree, &r, &err));
	OK(r->ops->coll(r, &r->ops->manifest(r)->heads[0], &c, &err));
	OK(file_write(AT_FDCWD, at(path_of("mail/INBOX/cur", &m1, ".valise:2,S")),
	        "Subject: onE\r\n\r\n1\r\n", 19, &err));
	assert_int_equal(unlink(at(path_of("mail/INBOX/cur", &m2, ".valise:2,"))), 0);
	buf_init(&b, 1000);
	assert_int_equal(r->ops->body(r, c, &c->items[0], to_buf, &b, &why), ERR_DAMAGED);
	assert_int_equal(why.scope, ERR_ITEM);
	assert_int_equal(r->ops->body(r, c, &c->items[1], to_buf, &b, &why), ERR_NOTFOUND);
	assert_non_null(strstr(why.text, "INBOX, UID 2"));
	assert_int_equal(
	        symlink("/etc/passwd", at(path_of("mail/INBOX/cur", &m2, ".valise:2,"))), 0);
	assert_int_equal(r->ops->body(r, c, &c->items[1], to_buf, &b, &why), ERR_DAMAGED);
	assert_int_equal(b.len, 0);
	tree_coll_free(c);
	/* a catalog that is not the manifest's */
	OK(file_write(AT_FDCWD, at("catalog/mail/INBOX.jsonl"), "{}\n", 3, &err));
	assert_int_equal(r->ops->coll(r, &r->ops->manifest(r)->heads[0], &c, &why), ERR_DAMAGED);
	tree_reader_free(r);
	/* the next run makes it all again */
	run(boxes, 1);
	assert_int_equal(fetched, 2);
	assert_int_equal(read_all(NULL), 2);
	assert_true(there(path_of("mail/INBOX/cur", &m2, ".valise:2,")));
}

static void other_places_are_refused(void **state)
{
	struct tree_account account = {0};
	struct tree_dir_opts opts = {0};
	struct tree_sink *s, *t;
	struct tree_reader *r;
	struct err why;

	(void)state;
	assert_int_equal(tree_dir_reader(tree, &r, &why), ERR_NOTFOUND);
	OK(file_write(AT_FDCWD, at("something"), "x", 1, &err));
	assert_int_equal(tree_dir_sink(tree, &account, &opts, NULL, &s, &why), ERR_EXISTS);
	assert_int_equal(unlink(at("something")), 0);
	OK(tree_dir_sink(tree, &account, &opts, NULL, &s, &err));
	assert_int_equal(tree_dir_sink(tree, &account, &opts, NULL, &t, &why), ERR_LOCKED);
	s->ops->free(s);
	assert_int_equal(tree_dir_reader(tree, &r, &why), ERR_NOTFOUND);
	OK(tree_dir_sink(tree, &account, &opts, NULL, &s, &err));
	s->ops->free(s);
}

static void equal_trees_have_equal_catalogs(void **state)
{
	struct msg twin = m1;
	struct tree_reader *from;
	struct tree_sink *to;
	struct tree_commit done, again;
	struct tree_account account = {0};
	struct tree_dir_opts opts = {.created = 1795281360};
	char *catalog, *other, copy[128];

	(void)state;
	twin.uid = 9;
	const struct box boxes[] = {{"INBOX", {m1, m2, twin}}, {"Kr\xc3\xa4mpel/x", {m3}}};
	done = run(boxes, 2);
	catalog = text_of("catalog/mail/INBOX.jsonl");
	/* copied into another tree, twice; the second time there is nothing to do */
	snprintf(copy, sizeof copy, "%s-copy", tree);
	tree_account_add(&account, "imap", "mail.old.example", 993, "alice");
	for (int i = 0; i < 2; i++) {
		OK(tree_dir_reader(tree, &from, &err));
		OK(tree_dir_sink(copy, &account, &opts, NULL, &to, &err));
		OK(tree_copy(from, to, 0, NULL, &err));
		OK(to->ops->commit(to, &again, &err));
		assert_int_equal(again.changed, i == 0);
		assert_int_equal(again.objects_new, i == 0 ? 3 : 0);
		to->ops->free(to);
		tree_reader_free(from);
	}
	tree_account_clear(&account);
	assert_memory_equal(&done.totals, &again.totals, sizeof done.totals);
	strcat(tree, "-copy");
	other = text_of("catalog/mail/INBOX.jsonl");
	assert_string_equal(catalog, other);
	assert_int_equal(read_all(NULL), 4);
	OK(dir_remove(AT_FDCWD, tree, &err));
	tree[strlen(tree) - 5] = '\0';
	free(catalog);
	free(other);
}

static void copy_names_what_is_lost(void **state)
{
	const struct box boxes[] = {{"A", {m1, m2}}, {"B", {m3}}};
	struct tree_account account = {0};
	struct tree_dir_opts opts = {0};
	struct tree_reader *from;
	struct tree_sink *to;
	struct tree_commit done;
	char copy[128];

	(void)state;
	run(boxes, 2);
	assert_int_equal(unlink(at(path_of("mail/A/cur", &m2, ".valise:2,"))), 0);
	OK(file_write(AT_FDCWD, at("catalog/mail/B.jsonl"), "", 0, &err));
	snprintf(copy, sizeof copy, "%s-copy", tree);
	OK(tree_dir_reader(tree, &from, &err));
	OK(tree_dir_sink(copy, &account, &opts, NULL, &to, &err));
	OK(tree_copy(from, to, 1u << COLL_MAIL, NULL, &err));
	OK(to->ops->commit(to, &done, &err));
	to->ops->free(to);
	tree_reader_free(from);
	assert_int_equal(done.totals.items[COLL_MAIL], 1);
	assert_int_equal(done.totals.errors, 1);
	assert_int_equal(done.totals.collections[COLL_MAIL], 2);
	assert_false(done.totals.complete);
	OK(dir_remove(AT_FDCWD, copy, &err));
}

struct worker {
	struct tree_sink *sink;
	char name[16];
	unsigned number;
};

/* Messages of which every thread has some that others have, too. */
static void *work(void *arg)
{
	struct worker *w = arg;
	struct tree_coll *c = tree_coll_new(COLL_MAIL, w->name);

	for (uint32_t uid = 1; uid <= 300; uid++) {
		struct tree_item it = {.uid = uid, .date_utc = uid};
		struct tree_object o;
		char text[32];

		snprintf(text, sizeof text, "%u", uid % 3 == 0 ? uid : uid * 10 + w->number);
		store(w->sink, COLL_MAIL, text, strlen(text), &o);
		memcpy(it.sha256, o.sha256, SHA256_LEN);
		it.size = o.size;
		OK(w->sink->ops->item(w->sink, c, &it, &err));
		if (uid % 100 == 0)
			OK(dir_flush((struct dir_sink *)w->sink, &err));
	}
	OK(w->sink->ops->coll(w->sink, c, &err));
	return NULL;
}

static void threads_share_a_sink(void **state)
{
	struct tree_sink *s = open_sink(NULL);
	struct worker workers[4];
	struct tree_commit done;
	pthread_t threads[4];

	(void)state;
	for (unsigned i = 0; i < 4; i++) {
		workers[i] = (struct worker){.sink = s, .number = i};
		snprintf(workers[i].name, sizeof workers[i].name, "Box %u", i);
		assert_int_equal(pthread_create(&threads[i], NULL, work, &workers[i]), 0);
	}
	for (unsigned i = 0; i < 4; i++)
		assert_int_equal(pthread_join(threads[i], NULL), 0);
	OK(s->ops->commit(s, &done, &err));
	s->ops->free(s);
	assert_int_equal(done.totals.items[COLL_MAIL], 1200);
	assert_int_equal(read_all(NULL), 1200);
}

int main(void)
{
#define TEST(f) cmocka_unit_test_setup_teardown(f, setup, teardown)
	const struct CMUnitTest tests[] = {
	        TEST(a_first_and_an_unchanged_run),
	        TEST(what_the_server_changes_is_followed),
	        TEST(what_a_client_changes_is_respected),
	        TEST(prev_lacks_what_is_missing),
	        TEST(equal_messages_share_an_inode),
	        TEST(links_have_a_limit),
	        TEST(an_interrupted_run_is_taken_up),
	        TEST(an_interrupted_run_of_another_account),
	        TEST(a_decided_commit_is_carried_out),
	        TEST(what_is_lost_stays),
	        TEST(what_is_kept_stands),
	        TEST(calendars_are_vdirs),
	        TEST(large_and_odd_bodies),
	        TEST(damaged_items_are_not_given_out),
	        TEST(other_places_are_refused),
	        TEST(equal_trees_have_equal_catalogs),
	        TEST(copy_names_what_is_lost),
	        TEST(threads_share_a_sink),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
