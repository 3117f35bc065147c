/*
 * The mailboxes of an account: LIST with its extensions (RFC 5258, RFC 6154), Gmail's XLIST, or LIST and LSUB
 * (RFC 3501 6.3.8, 6.3.9).
 */
#include "imap_internal.h"
#include <libetpan/xlist.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include "valise/base/mem.h"

#define LEVELS_MAX 50
#define BOXES_MAX 1000000

struct boxes {
	struct imap_mailbox *list;
	size_t n, size;
	bool unreadable; /* a line that even the fallback cannot read */
	bool broken; /* LIST was refused somewhere: LSUB may know more */
};

void imap_list_free(struct imap_mailbox *list, size_t n)
{
	for (size_t i = 0; i < n; i++)
		mailbox_clear(&list[i]);
	free(list);
}

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

/* What the last answer listed, by libetpan's reading and by the fallback's. */
static void gather(struct imap *m, struct boxes *boxes)
{
	const struct mailimap_response_info *info = m->lib->imap_response_info;
	clistiter *i;

	if (info) {
		add_clist(boxes, info->rsp_mailbox_list);
		add_clist(boxes, info->rsp_mailbox_lsub);
		i = info->rsp_extension_list ? clist_begin(info->rsp_extension_list) : NULL;
		for (; i; i = clist_next(i)) {
			const struct mailimap_extension_data *d = clist_content(i);

			if (d->ext_extension->ext_id == MAILIMAP_EXTENSION_XLIST)
				add_parsed(boxes, d->ext_data);
		}
	}
	for (size_t k = 0; k < m->n_raw; k++) {
		struct imap_mailbox box;

		if (list_parse(m->raw[k].p, m->raw[k].n, &box))
			*ARR_PUSH(boxes->list, boxes->n, boxes->size) = box;
		else
			boxes->unreadable = true;
	}
}

/* ${command} is a whole one but for a pattern, which may be NULL. */
static int ask(struct imap *m, const char *command, const struct buf *pattern, const char *end,
        struct boxes *boxes, struct err *err)
{
	int r;

	lines_forget(m, false);
	command_start(m, command);
	if (pattern && (r = command_string(m, pattern->data, pattern->len, err)) != 0)
		return r;
	if (end)
		buf_puts(&m->cmd, end);
	r = command_run(m, "LIST", err);
	/* What was named before a refusal exists all the same. */
	if (r == 0 || imap_alive(m))
		gather(m, boxes);
	if (r == 0 && boxes->unreadable)
		r = session_fail(
		        m, ERR_PROTO, err, "the server's list of mailboxes cannot be understood");
	if (r == 0 && boxes->n > BOXES_MAX)
		r = session_fail(m, ERR_LIMIT, err, "more than a million mailboxes");
	lines_forget(m, false);
	return r;
}

static int by_name(const void *a, const void *b)
{
	const struct imap_mailbox *x = a, *y = b;
	size_t n = x->name_len < y->name_len ? x->name_len : y->name_len;
	int order = n ? memcmp(x->name, y->name, n) : 0;

	return order ? order : x->name_len < y->name_len ? -1 : x->name_len > y->name_len;
}

static void merge_into(struct imap_mailbox *to, struct imap_mailbox *from)
{
	to->noselect |= from->noselect;
	to->noinferiors |= from->noinferiors;
	to->nonexistent |= from->nonexistent;
	to->subscribed |= from->subscribed;
	if (!to->delimiter)
		to->delimiter = from->delimiter;
	if (!to->gap) {
		to->gap = from->gap;
		from->gap = NULL;
	}
	for (const char *use = from->special_use; use && *use;) {
		size_t n = strcspn(use, " ");

		mailbox_flag(to, use, n);
		use += n + (use[n] == ' ');
	}
	mailbox_clear(from);
}

/* INBOX in any case is one mailbox (RFC 3501 5.1). */
static void fold_inbox(struct imap_mailbox *box)
{
	if (box->name_len == 5 && strncasecmp((char *)box->name, "INBOX", 5) == 0)
		memcpy(box->name, "INBOX", 5);
}

static void sort_and_merge(struct boxes *b)
{
	size_t kept = 0;

	for (size_t i = 0; i < b->n; i++)
		fold_inbox(&b->list[i]);
	if (b->n)
		qsort(b->list, b->n, sizeof *b->list, by_name);
	for (size_t i = 0; i < b->n; i++) {
		if (!b->list[i].name_len)
			mailbox_clear(&b->list[i]);
		else if (kept && by_name(&b->list[kept - 1], &b->list[i]) == 0)
			merge_into(&b->list[kept - 1], &b->list[i]);
		else
			b->list[kept++] = b->list[i];
	}
	b->n = kept;
}

/* Subscriptions from LSUB, which also names what is gone, and parents that are not subscribed (\Noselect). */
static void mark_subscribed(struct boxes *boxes, struct boxes *lsub)
{
	size_t known = boxes->n;

	sort_and_merge(lsub);
	for (size_t i = 0; i < lsub->n; i++) {
		struct imap_mailbox *box = known ? bsearch(&lsub->list[i], boxes->list, known,
		                                           sizeof *boxes->list, by_name)
		                                 : NULL;

		if (lsub->list[i].noselect)
			continue;
		lsub->list[i].subscribed = true;
		if (box) {
			box->subscribed = true;
		} else if (boxes->broken) {
			/* Its mailbox may be one of those that LIST did not tell of. */
			*ARR_PUSH(boxes->list, boxes->n, boxes->size) = lsub->list[i];
			memset(&lsub->list[i], 0, sizeof lsub->list[i]);
		}
	}
	imap_list_free(lsub->list, lsub->n);
	memset(lsub, 0, sizeof *lsub);
	sort_and_merge(boxes);
}

/* A name that cannot go out, or a refused LIST, says nothing of what is there: noted at the mailbox above it. */
static int note_gap(
        struct imap *m, struct boxes *boxes, struct imap_mailbox *box, int r, const struct err *err)
{
	if (r != ERR_REFUSED || !imap_alive(m))
		return r;
	if (!box->gap)
		box->gap = xstrdup(err->text);
	boxes->broken = true;
	return 0;
}

/* The children of ${box} into ${next}; what else an answer names has been asked about, or will be. */
static int list_below(struct imap *m, const struct imap_mailbox *box, struct boxes *all,
        struct boxes *next, struct err *err)
{
	struct boxes got = {0};
	struct buf pattern;
	int r;

	buf_init(&pattern, box->name_len + 2);
	buf_put(&pattern, box->name, box->name_len);
	buf_putc(&pattern, box->delimiter);
	buf_putc(&pattern, '%');
	r = ask(m, "LIST \"\"", &pattern, NULL, &got, err);
	for (size_t i = 0; i < got.n; i++) {
		bool child = got.list[i].name_len > pattern.len - 1 &&
		             memcmp(got.list[i].name, pattern.data, pattern.len - 1) == 0;
		struct boxes *to = child ? next : all;

		*ARR_PUSH(to->list, to->n, to->size) = got.list[i];
	}
	free(got.list);
	buf_clear(&pattern);
	return r;
}

/* Level by level, for servers that give nothing for "*" or refuse it. */
static int list_levels(struct imap *m, struct boxes *boxes, struct err *err)
{
	struct boxes level = {0}, next;
	struct imap_mailbox inbox = {.name = (uint8_t *)xstrdup("INBOX"), .name_len = 5};
	int r = ask(m, "LIST \"\" \"%\"", NULL, NULL, &level, err);

	/* The root has no mailbox of its own: INBOX stands for it. */
	r = note_gap(m, boxes, &inbox, r, err);
	if (inbox.gap)
		*ARR_PUSH(level.list, level.n, level.size) = inbox;
	else
		mailbox_clear(&inbox);
	for (unsigned depth = 0; r == 0 && level.n && depth < LEVELS_MAX; depth++) {
		memset(&next, 0, sizeof next);
		sort_and_merge(&level);
		for (size_t i = 0; i < level.n && r == 0; i++) {
			struct imap_mailbox *box = &level.list[i];

			if (box->delimiter && !box->noinferiors)
				r = note_gap(
				        m, boxes, box, list_below(m, box, boxes, &next, err), err);
		}
		for (size_t i = 0; i < level.n; i++)
			*ARR_PUSH(boxes->list, boxes->n, boxes->size) = level.list[i];
		free(level.list);
		level = next;
	}
	imap_list_free(level.list, level.n);
	return r;
}

static int list_all(struct imap *m, struct boxes *boxes, bool *lsub, struct err *err)
{
	bool special = imap_has(m, "SPECIAL-USE");
	const char *end = NULL;
	int r;

	*lsub = !imap_has(m, "LIST-EXTENDED");
	if (!*lsub)
		end = special ? " RETURN (SUBSCRIBED SPECIAL-USE)" : " RETURN (SUBSCRIBED)";
	else if (special)
		end = " RETURN (SPECIAL-USE)";
	if (*lsub && !special && imap_has(m, "XLIST"))
		r = ask(m, "XLIST \"\" \"*\"", NULL, NULL, boxes, err);
	else
		r = ask(m, "LIST \"\" \"*\"", NULL, end, boxes, err);
	/* Offered, but refused: the plain form. */
	if (r == ERR_REFUSED && imap_alive(m)) {
		*lsub = true;
		r = ask(m, "LIST \"\" \"*\"", NULL, NULL, boxes, err);
	}
	if ((r == 0 && !boxes->n) || (r == ERR_REFUSED && imap_alive(m)))
		r = list_levels(m, boxes, err);
	return r;
}

/* How many bytes of ${prefix} ${b} starts with; 0: it does not. The prefix without its last delimiter counts, too. */
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

/* "#shared." and the like are not matched by "*" alone (RFC 3501 5.1.2). A refusal costs that namespace. */
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
		r = ask(m, "LIST \"\"", &pattern, NULL, boxes, err);
		if (r == ERR_REFUSED && imap_alive(m))
			r = 0;
		buf_clear(&pattern);
	}
	return r;
}

static bool has_inbox(const struct boxes *b)
{
	const struct imap_mailbox inbox = {.name = (uint8_t *)(uintptr_t) "INBOX", .name_len = 5};

	return b->n && bsearch(&inbox, b->list, b->n, sizeof *b->list, by_name) != NULL;
}

int imap_list(
        struct imap *m, bool foreign, struct imap_mailbox **out, size_t *n_out, struct err *err)
{
	struct boxes boxes = {0}, subscribed = {0};
	bool lsub;
	int r = list_all(m, &boxes, &lsub, err);

	*out = NULL;
	*n_out = 0;
	if (r == 0 && foreign)
		r = list_foreign(m, &boxes, err);
	if (r == 0)
		sort_and_merge(&boxes);
	/* It always exists (RFC 3501 5.1), listed or not. */
	if (r == 0 && !has_inbox(&boxes) &&
	        (r = ask(m, "LIST \"\" INBOX", NULL, NULL, &boxes, err)) == 0)
		sort_and_merge(&boxes);
	if (r == 0 && lsub) {
		r = ask(m, "LSUB \"\" \"*\"", NULL, NULL, &subscribed, err);
		if (r == ERR_REFUSED && imap_alive(m))
			r = 0;
		mark_subscribed(&boxes, &subscribed);
	}
	if (r != 0) {
		imap_list_free(boxes.list, boxes.n);
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
	struct buf pattern;
	int r;

	buf_init(&pattern, name_len);
	buf_put(&pattern, name, name_len);
	r = ask(m, "LIST \"\"", &pattern, NULL, &boxes, err);
	buf_clear(&pattern);
	*there = false;
	/* A name may hold wildcards and match others. */
	for (size_t i = 0; i < boxes.n; i++)
		*there |= boxes.list[i].name_len == name_len &&
		          memcmp(boxes.list[i].name, name, name_len) == 0 &&
		          !boxes.list[i].nonexistent;
	imap_list_free(boxes.list, boxes.n);
	return r;
}
