/*
 * The mailboxes of an account: LIST with its extensions (RFC 5258, RFC 6154) or Gmail's
 * XLIST, plain LIST and LSUB (RFC 3501 6.3.8, 6.3.9). No answer is believed alone: some
 * servers take RETURN (SUBSCRIBED) for a selection. All are asked for in one flight.
 */
#include "boxes.h"
#include "internal.h"
#include <libetpan/xlist.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include "valise/base/mem.h"

#define LEVELS_MAX 50
#define BOXES_MAX 1000000
#define OCTETS_MAX (4 * LINES_MAX) /* of all answers to one listing */
/* mailboxes that only LSUB tells of, whose children are asked for */
#define HIDDEN_MAX 100

/* What one command brought. */
struct answer {
	struct boxes list, lsub;
	bool unreadable; /* a line that even the fallback cannot read */
};

/* The commands of the first flight; all ask for the same. */
enum { ASK_FIRST, ASK_PLAIN, ASK_LSUB, ASKS };

struct question {
	const char *command, *name; /* NULL: not asked */
	unsigned tag;
	struct boxes got;
	int rc;
	struct err why;
};

struct listing {
	struct boxes boxes;
	bool broken; /* LIST was refused somewhere: LSUB may know more */
};

void imap_list_free(struct imap_mailbox *list, size_t n)
{
	for (size_t i = 0; i < n; i++)
		mailbox_clear(&list[i]);
	free(list);
}

/* ---- answers ---- */

static void add_parsed(struct boxes *boxes, const struct mailimap_mailbox_list *from)
{
	struct imap_mailbox *box = ARR_PUSH(boxes->list, boxes->n, boxes->size);
	const struct mailimap_mbx_list_flags *flags = from->mb_flag;

	box->name_len = strlen(from->mb_name);
	box->name = (uint8_t *)xstrndup(from->mb_name, box->name_len);
	box->delimiter = from->mb_delimiter;
	if (!flags)
		return;
	if (flags->mbf_type == MAILIMAP_MBX_LIST_FLAGS_SFLAG &&
	        flags->mbf_sflag == MAILIMAP_MBX_LIST_SFLAG_NOSELECT)
		mailbox_flag(box, "\\Noselect", 9);
	for (clistiter *i = clist_begin(flags->mbf_oflags); i; i = clist_next(i)) {
		const struct mailimap_mbx_list_oflag *f = clist_content(i);
		char *flag;

		if (f->of_type == MAILIMAP_MBX_LIST_OFLAG_NOINFERIORS) {
			box->noinferiors = true;
			continue;
		}
		/* libetpan takes the backslash off. */
		flag = xasprintf("%s%s", *f->of_flag_ext == '\\' ? "" : "\\", f->of_flag_ext);
		/* XLIST shows INBOX under its name in the user's language. */
		if (strcasecmp(flag, "\\Inbox") == 0) {
			free(box->name);
			box->name = (uint8_t *)xstrdup("INBOX");
			box->name_len = 5;
		}
		mailbox_flag(box, flag, strlen(flag));
		free(flag);
	}
}

static void add_clist(struct boxes *boxes, const clist *list)
{
	if (list)
		for (clistiter *i = clist_begin(list); i; i = clist_next(i))
			add_parsed(boxes, clist_content(i));
}

static bool is_lsub(const char *p, size_t n)
{
	struct untagged u;

	return untagged_parse(p, n, &u) && token_is(&u.word, "LSUB");
}

/* What the last answer listed, by libetpan's reading and by the fallback's. */
static void gather_names(struct imap *m, struct answer *to)
{
	const struct mailimap_response_info *info = m->lib->imap_response_info;
	clistiter *i;

	if (info) {
		add_clist(&to->list, info->rsp_mailbox_list);
		add_clist(&to->lsub, info->rsp_mailbox_lsub);
		i = info->rsp_extension_list ? clist_begin(info->rsp_extension_list) : NULL;
		for (; i; i = clist_next(i)) {
			const struct mailimap_extension_data *d = clist_content(i);

			if (d->ext_extension->ext_id == MAILIMAP_EXTENSION_XLIST)
				add_parsed(&to->list, d->ext_data);
		}
	}
	for (size_t k = 0; k < m->n_raw; k++) {
		struct imap_mailbox box;

		if (list_parse(m->raw[k].p, m->raw[k].n, &box))
			boxes_take(is_lsub(m->raw[k].p, m->raw[k].n) ? &to->lsub : &to->list, &box);
		else
			to->unreadable = true;
	}
}

static void move_all(struct boxes *to, struct boxes *from)
{
	for (size_t i = 0; i < from->n; i++)
		boxes_take(to, &from->list[i]);
	boxes_clear(from);
}

/* Can all of it be read, and is it not too much? */
static int check_answer(struct imap *m, const struct answer *a, struct err *err)
{
	if (a->unreadable)
		return session_fail(
		        m, ERR_PROTO, err, "the server's list of mailboxes cannot be understood");
	if (a->list.n > BOXES_MAX || a->lsub.n > BOXES_MAX)
		return session_fail(m, ERR_LIMIT, err, "more than a million mailboxes");
	return 0;
}

/* ${command} is a whole one but for a pattern, which may be NULL. */
static int ask_list(struct imap *m, const char *command, const struct buf *pattern,
        struct boxes *boxes, struct err *err)
{
	struct answer got = {0};
	int r;

	lines_forget(m, false);
	command_start(m, command);
	if (pattern && (r = command_string(m, pattern->data, pattern->len, err)) != 0)
		return r;
	r = command_run(m, "LIST", err);
	/* What was named before a refusal exists all the same. */
	if (r == 0 || imap_alive(m))
		gather_names(m, &got);
	if (r == 0)
		r = check_answer(m, &got, err);
	move_all(boxes, &got.list);
	boxes_clear(&got.lsub);
	lines_forget(m, false);
	return r;
}

/* ---- the first flight ---- */

/*
 * One whole answer, of whichever question it is: the server may answer them in any order.
 */
static int hear_answer(struct imap *m, struct question *q, struct boxes *lsub, struct err *err)
{
	struct answer got = {0};
	unsigned tag;
	int r;

	lines_forget(m, false);
	if ((r = command_next(m, &tag, err)) != 0)
		return r;
	gather_names(m, &got);
	lines_forget(m, false);
	for (int i = 0; i < ASKS; i++) {
		if (!q[i].command || q[i].tag != tag)
			continue;
		q[i].rc = command_wait(m, tag, q[i].name, &q[i].why);
		/* Some answer LSUB with lines of LIST. */
		move_all(i == ASK_LSUB ? lsub : &q[i].got, &got.list);
		move_all(lsub, &got.lsub);
	}
	boxes_clear(&got.list);
	boxes_clear(&got.lsub);
	return check_answer(m, &got, err);
}

/* Send all questions together and read all answers. */
static int fly_questions(struct imap *m, struct question *q, struct boxes *lsub, struct err *err)
{
	int r = 0;

	for (int i = 0; i < ASKS && r == 0; i++) {
		if (!q[i].command)
			continue;
		command_start(m, q[i].command);
		r = command_end(m, NULL, err);
		q[i].tag = m->tag;
	}
	if (r == 0)
		r = command_flush(m, err);
	for (int i = 0; i < ASKS && r == 0; i++)
		if (q[i].command)
			r = hear_answer(m, q, lsub, err);
	/* Nobody will ask for those that were not waited for. */
	return r;
}

/* What asks for more than names, where the server has it. */
static void plan_first(const struct imap *m, struct question *first)
{
	bool special = imap_has(m, "SPECIAL-USE");

	first->name = "LIST with RETURN";
	if (imap_has(m, "LIST-EXTENDED"))
		first->command = special ? "LIST \"\" \"*\" RETURN (SUBSCRIBED SPECIAL-USE)"
		                         : "LIST \"\" \"*\" RETURN (SUBSCRIBED)";
	else if (special)
		first->command = "LIST \"\" \"*\" RETURN (SPECIAL-USE)";
	else if (imap_has(m, "XLIST"))
		*first = (struct question){.command = "XLIST \"\" \"*\"", .name = "XLIST"};
}

/* ---- level by level ---- */

/*
 * A name that cannot go out, or a refused LIST, says nothing of what is there: noted at
 * the mailbox above it.
 */
static int note_gap(
        struct imap *m, struct listing *l, struct imap_mailbox *box, int r, const struct err *err)
{
	if (r != ERR_REFUSED || !imap_alive(m))
		return r;
	if (!box->gap)
		box->gap = xstrdup(err->text);
	l->broken = true;
	return 0;
}

/*
 * The children of ${box} into ${next}; what else an answer names has been asked about, or
 * will be.
 */
static int list_below(struct imap *m, const struct imap_mailbox *box, const char *wildcard,
        struct boxes *all, struct boxes *next, struct err *err)
{
	struct boxes got = {0};
	struct buf pattern = buf_of(box->name_len + 2);
	int r;

	buf_put(&pattern, box->name, box->name_len);
	buf_putc(&pattern, box->delimiter);
	buf_puts(&pattern, wildcard);
	r = ask_list(m, "LIST \"\"", &pattern, &got, err);
	for (size_t i = 0; i < got.n; i++) {
		bool child = got.list[i].name_len > pattern.len - 1 &&
		             memcmp(got.list[i].name, pattern.data, pattern.len - 1) == 0;

		boxes_take(child ? next : all, &got.list[i]);
	}
	boxes_clear(&got);
	buf_clear(&pattern);
	return r;
}

/* For servers that give nothing for "*" or refuse it. */
static int list_levels(struct imap *m, struct listing *l, struct err *err)
{
	struct boxes level = {0}, next;
	struct imap_mailbox inbox = {.name = (uint8_t *)xstrdup("INBOX"), .name_len = 5};
	int r = ask_list(m, "LIST \"\" \"%\"", NULL, &level, err);

	/* The root has no mailbox of its own: INBOX stands for it. */
	r = note_gap(m, l, &inbox, r, err);
	if (inbox.gap)
		boxes_take(&level, &inbox);
	else
		mailbox_clear(&inbox);
	for (unsigned depth = 0; r == 0 && level.n && depth < LEVELS_MAX; depth++) {
		memset(&next, 0, sizeof next);
		boxes_sort(&level);
		for (size_t i = 0; i < level.n && r == 0; i++) {
			struct imap_mailbox *box = &level.list[i];

			if (box->delimiter && !box->noinferiors)
				r = note_gap(m, l, box,
				        list_below(m, box, "%", &l->boxes, &next, err), err);
		}
		move_all(&l->boxes, &level);
		level = next;
	}
	boxes_clear(&level);
	return r;
}

/* ---- all of it ---- */

static int list_all(struct imap *m, struct listing *l, struct boxes *lsub, struct err *err)
{
	struct question q[ASKS] = {
	        [ASK_PLAIN] = {.command = "LIST \"\" \"*\"", .name = "plain LIST"},
	        [ASK_LSUB] = {.command = "LSUB \"\" \"*\"", .name = "LSUB"}};
	struct question *first = &q[ASK_FIRST], *plain = &q[ASK_PLAIN];
	bool both;
	int r;

	plan_first(m, first);
	r = fly_questions(m, q, lsub, err);
	for (int i = 0; i < ASKS && r == 0; i++)
		/* Not answered, or not now: no list at all. */
		if (q[i].command && q[i].rc != 0 && q[i].rc != ERR_REFUSED)
			r = err_copy(err, &q[i].why);
	both = first->command && first->rc == 0 && plain->rc == 0;
	l->boxes = first->got;
	boxes_join(&l->boxes, &plain->got, both ? first->name : NULL, both ? plain->name : NULL);
	boxes_clear(&q[ASK_LSUB].got);
	/*
	 * What was offered may be refused; the plain form is so only where something is
	 * broken.
	 */
	if (r == 0 && (!l->boxes.n || plain->rc != 0)) {
		r = list_levels(m, l, err);
		boxes_sort(&l->boxes);
	}
	return r;
}

/*
 * How many bytes of ${prefix} ${b} starts with; 0: it does not. The prefix without its
 * last delimiter counts, too.
 */
static size_t prefix_len(const struct imap_mailbox *b, const char *prefix)
{
	size_t n = prefix ? strlen(prefix) : 0;

	if (n && b->name_len + 1 == n && b->delimiter == prefix[n - 1])
		n--;
	return n && b->name_len >= n && memcmp(b->name, prefix, n) == 0 ? n : 0;
}

/* The longest prefix decides: "user." of the others, "user.me." one's own. */
static void mark_foreign(const struct imap *m, struct boxes *b)
{
	for (size_t i = 0; i < b->n; i++) {
		size_t mine = prefix_len(&b->list[i], m->ns_prefix);

		for (size_t k = 0; k < m->n_foreign; k++)
			b->list[i].foreign |= prefix_len(&b->list[i], m->foreign[k]) > mine;
	}
}

/*
 * "#shared." and the like are not matched by "*" alone (RFC 3501 5.1.2). A refusal costs
 * that namespace.
 */
static int list_foreign(struct imap *m, struct boxes *boxes, struct err *err)
{
	int r = 0;

	for (size_t i = 0; i < m->n_foreign && r == 0; i++) {
		struct buf pattern;
		size_t n = strlen(m->foreign[i]);

		if (n == 0)
			continue;
		buf_init(&pattern, n + 1);
		buf_put(&pattern, m->foreign[i], n);
		buf_putc(&pattern, '*');
		r = ask_list(m, "LIST \"\"", &pattern, boxes, err);
		if (r == ERR_REFUSED && imap_alive(m))
			r = 0;
		buf_clear(&pattern);
	}
	boxes_sort(boxes);
	return r;
}

/*
 * It always exists (RFC 3501 5.1), listed or not: where no LIST shows it, STATUS decides.
 */
static int list_inbox(struct imap *m, struct boxes *b, struct err *err)
{
	struct imap_mailbox inbox = {.name = (uint8_t *)(uintptr_t) "INBOX", .name_len = 5};
	int r;

	if (boxes_find(b, &inbox))
		return 0;
	r = ask_list(m, "LIST \"\" INBOX", NULL, b, err);
	boxes_sort(b);
	/* A list of nothing at all is an error, and not an account of INBOX alone. */
	if (r != 0 || b->n == 0 || boxes_find(b, &inbox))
		return r;
	inbox.name = (uint8_t *)xstrdup("INBOX");
	inbox.delimiter = b->n ? b->list[0].delimiter : 0;
	inbox.only = "STATUS";
	inbox.doubtful = true;
	boxes_take(b, &inbox);
	boxes_sort(b);
	return 0;
}

/* A mailbox that LIST hides may have children that it hides, too. */
static int list_hidden(struct imap *m, struct boxes *b, struct err *err)
{
	struct boxes more = {0};
	unsigned asked = 0;
	int r = 0;

	for (size_t i = 0; i < b->n && r == 0 && asked < HIDDEN_MAX; i++) {
		struct imap_mailbox *box = &b->list[i];

		if (!box->only || strcmp(box->only, "LSUB") != 0 || !box->delimiter ||
		        box->noinferiors || box->foreign)
			continue;
		asked++;
		r = list_below(m, box, "*", &more, &more, err);
		if (r == ERR_REFUSED && imap_alive(m))
			r = 0;
	}
	move_all(b, &more);
	boxes_sort(b);
	return r;
}

/*
 * STATUS tells what is there of the doubtful ones: a name that only LSUB has is often of
 * a mailbox that was deleted.
 */
static int settle_names(struct imap *m, struct boxes *b, bool foreign, struct err *err)
{
	struct imap_mailbox *ask_for = xcalloc(b->n ? b->n : 1, sizeof *ask_for);
	struct imap_status *got = xcalloc(b->n ? b->n : 1, sizeof *got);
	size_t n = 0, kept = 0;
	bool hidden = false;
	int r;

	for (size_t i = 0; i < b->n; i++)
		if (b->list[i].doubtful && (foreign || !b->list[i].foreign))
			ask_for[n++] = b->list[i];
	r = n ? imap_status_many(m, ask_for, n, false, got, err) : 0;
	n = 0;
	for (size_t i = 0; i < b->n && r == 0; i++) {
		struct imap_mailbox *box = &b->list[i];
		bool asked = box->doubtful && (foreign || !box->foreign);
		bool there = asked && (got[n].ok || got[n].later);
		bool only_sub = box->only && strcmp(box->only, "LSUB") == 0;
		bool unlisted = only_sub || (box->only && strcmp(box->only, "STATUS") == 0);

		n += asked;
		if (there)
			box->noselect = box->nonexistent = false;
		hidden |= there && only_sub;
		if (box->doubtful && unlisted && !there)
			mailbox_clear(box);
		else
			b->list[kept++] = *box;
	}
	if (r == 0)
		b->n = kept;
	free(ask_for);
	free(got);
	return r == 0 && hidden ? list_hidden(m, b, err) : r;
}

/* What is listed in ${octets}, whole answers as they came. */
static void read_again(const struct buf *octets, struct boxes *to)
{
	const char *p = (const char *)octets->data;
	size_t n = octets->len, span;

	for (; (span = line_span(p, n)) != 0; p += span, n -= span) {
		struct imap_mailbox box;

		if (!is_lsub(p, span) && list_parse(p, span, &box))
			boxes_take(to, &box);
	}
	boxes_sort(to);
}

/*
 * libetpan ends a name at its NUL: it is read again from the octets, and what was left of
 * it goes, unless that is listed as well.
 */
static void mend_cut(struct boxes *b, const struct buf *octets)
{
	struct imap_mailbox inbox = {.name = (uint8_t *)(uintptr_t) "INBOX", .name_len = 5};
	struct boxes whole = {0};

	if (!octets->len || !memchr(octets->data, 0, octets->len))
		return;
	read_again(octets, &whole);
	for (size_t i = 0; i < whole.n; i++) {
		struct imap_mailbox cut = whole.list[i], *left;

		cut.name_len = strlen((char *)cut.name);
		if (cut.name_len == whole.list[i].name_len)
			continue;
		left = boxes_find(b, &cut);
		/* A box without name is dropped by the sorting. */
		if (left && !boxes_find(&whole, &cut) && boxes_order(&cut, &inbox) != 0)
			left->name_len = 0;
	}
	for (size_t i = 0; i < whole.n; i++)
		if (memchr(whole.list[i].name, 0, whole.list[i].name_len))
			boxes_take(b, &whole.list[i]);
	boxes_clear(&whole);
	boxes_sort(b);
}

/* All mailboxes, with subscriptions, those of others, and what is doubtful settled. */
static int list_settled(struct imap *m, bool foreign, struct boxes *out, struct err *err)
{
	struct boxes lsub = {0};
	struct listing l = {0};
	int r = list_all(m, &l, &lsub, err);

	if (r == 0 && foreign)
		r = list_foreign(m, &l.boxes, err);
	if (r == 0)
		r = list_inbox(m, &l.boxes, err);
	if (r == 0) {
		boxes_subscribe(&l.boxes, &lsub, l.broken);
		mark_foreign(m, &l.boxes);
		r = settle_names(m, &l.boxes, foreign, err);
	}
	boxes_clear(&lsub);
	*out = l.boxes;
	return r;
}

int imap_list(
        struct imap *m, bool foreign, struct imap_mailbox **out, size_t *n_out, struct err *err)
{
	struct boxes boxes;
	struct buf octets = buf_of(OCTETS_MAX);
	int r;

	*out = NULL;
	*n_out = 0;
	transport_tee(m->t, &octets);
	r = list_settled(m, foreign, &boxes, err);
	transport_tee(m->t, NULL);
	if (r == 0)
		mend_cut(&boxes, &octets);
	buf_clear(&octets);
	if (r != 0) {
		boxes_clear(&boxes);
		return r;
	}
	mark_foreign(m, &boxes);
	*out = boxes.list;
	*n_out = boxes.n;
	return 0;
}

int mailbox_there(
        struct imap *m, const uint8_t *name, size_t name_len, bool *there, struct err *err)
{
	struct boxes boxes = {0};
	struct buf pattern = buf_of(name_len);
	int r;

	buf_put(&pattern, name, name_len);
	r = ask_list(m, "LIST \"\"", &pattern, &boxes, err);
	buf_clear(&pattern);
	*there = false;
	/* A name may hold wildcards and match others. */
	for (size_t i = 0; i < boxes.n; i++)
		*there |= boxes.list[i].name_len == name_len &&
		          memcmp(boxes.list[i].name, name, name_len) == 0 &&
		          !boxes.list[i].nonexistent;
	boxes_clear(&boxes);
	return r;
}
