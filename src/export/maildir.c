/*
 * Maildir++ as Dovecot has it: INBOX at the top, ".Work.2023" for what is below, with
 * dovecot-uidlist, dovecot-keywords and subscriptions, so that UIDs, keywords and subscriptions
 * stay. Messages are octet for octet as they are.
 */
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include "valise/base/mem.h"
#include "format.h"
#include "mail.h"
#include "names.h"

enum {
	NAME_CAP = 1 << 20,
	LETTERS = 26, /* keywords that the names of files can say */
};

struct maildir {
	struct export_run *run;
	struct export_names folders;
	struct buf subscriptions;
	/* of the mailbox */
	struct buf dir; /* ".Work.2023/", or nothing */
	const char *keywords[LETTERS]; /* lent */
	size_t n_keywords;
	struct buf uids; /* lines of its uidlist */
	uint32_t last_uid;
	bool has_uids; /* all of its messages have one, in their order */
	size_t number; /* of the message */
};

static void *maildir_open(struct export_run *run)
{
	struct maildir *m = xcalloc(1, sizeof *m);

	m->run = run;
	buf_init(&m->dir, NAME_CAP);
	buf_init(&m->uids, SIZE_MAX / 2);
	buf_init(&m->subscriptions, SIZE_MAX / 2);
	buf_puts(&m->subscriptions, "V\t2\n\n");
	return m;
}

/* A small file that Dovecot looks for. */
static int put_file(struct maildir *m, const char *name, const struct buf *text, struct err *err)
{
	char *path = xasprintf("%s%s", buf_str(&m->dir), name);
	int rc = export_out_file(m->run->out, path,
	        m->run->from->ops->manifest(m->run->from)->created, text->len, err);

	if (rc == 0)
		rc = export_out_write(m->run->out, text->data, text->len, err);
	free(path);
	return rc == 0 ? export_out_end(m->run->out, err) : rc;
}

static int make_dirs(struct maildir *m, struct err *err)
{
	static const char *const names[] = {"cur", "new", "tmp"};
	int rc = 0;

	for (size_t i = 0; i < COUNT(names) && rc == 0; i++) {
		char *path = xasprintf("%s%s", buf_str(&m->dir), names[i]);

		rc = export_out_dir(m->run->out, path, err);
		free(path);
	}
	return rc;
}

/* As the file subscriptions has it: levels divided by tabs. */
static void add_subscription(struct maildir *m, const char *folder)
{
	for (const char *p = folder; *p; p++)
		buf_putc(&m->subscriptions, *p == '.' ? '\t' : *p);
	buf_putc(&m->subscriptions, '\n');
}

static int maildir_coll(
        void *state, const struct tree_head *h, const struct tree_coll *c, struct err *err)
{
	struct maildir *m = state;
	struct buf folder = buf_of(NAME_CAP), called = buf_of(NAME_CAP), none = buf_of(1);
	bool is_inbox = strcmp(h->content_name, "INBOX") == 0;
	int rc;

	buf_reset(&m->dir);
	buf_reset(&m->uids);
	m->n_keywords = m->number = m->last_uid = 0;
	m->has_uids = c->uidvalidity > 0;
	if (!is_inbox) {
		mail_maildir_folder(h->content_name, &folder, &called);
		names_take_exact(&m->folders, buf_str(&folder), &m->dir);
		export_called(m->run, h, c,
		        strcmp(buf_str(&folder), buf_str(&m->dir)) == 0 ? buf_str(&called)
		                                                        : buf_str(&m->dir));
	}
	if (h->attrs & ATTR_SUBSCRIBED)
		add_subscription(m, is_inbox ? "INBOX" : buf_str(&m->dir) + 1);
	if (!is_inbox)
		buf_putc(&m->dir, '/');
	rc = make_dirs(m, err);
	if (rc == 0 && !is_inbox) /* fails where a file system takes two mailboxes for one */
		rc = put_file(m, "maildirfolder", &none, err);
	buf_clear(&folder);
	buf_clear(&called);
	buf_clear(&none);
	return rc;
}

/* The letter of a keyword, made if it is new; 0: there are too many. */
static char letter_of(struct maildir *m, const char *word, size_t n)
{
	size_t i = 0;

	while (i < m->n_keywords &&
	        (strncasecmp(m->keywords[i], word, n) != 0 || !strchr(" ", m->keywords[i][n])))
		i++;
	if (i == LETTERS)
		return 0;
	if (i == m->n_keywords)
		m->keywords[m->n_keywords++] = word;
	return (char)('a' + i);
}

static int by_letter(const void *a, const void *b)
{
	return *(const char *)a - *(const char *)b;
}

/* Letters of the keywords in their order; false: some have none. */
static bool put_letters(struct maildir *m, const char *words, struct buf *out, bool *forwarded)
{
	bool all = true;

	*forwarded = false;
	while (*words) {
		size_t n = strcspn(words, " ");
		char letter = letter_of(m, words, n);

		if (n == strlen("$Forwarded") && strncasecmp(words, "$Forwarded", n) == 0)
			*forwarded = true;
		if (letter)
			buf_putc(out, letter);
		all = all && letter;
		words += n + (words[n] == ' ');
	}
	qsort(out->data, out->len, 1, by_letter);
	return all;
}

/* "1730635200.V0123456789abcdef_7.valise,S=1234", which says nothing of flags. */
static void put_base(struct maildir *m, const struct tree_item *it, struct buf *out)
{
	char hex[SHA256_HEX_SIZE];

	hex_format(it->sha256, SHA256_LEN, hex);
	buf_putf(out, "%lld.V%.16s_%zu.valise", (long long)MAX(it->date_utc, 0), hex, ++m->number);
	if (!m->run->opts->resized) /* Dovecot believes it */
		buf_putf(out, ",S=%llu", (unsigned long long)it->size);
}

static int maildir_item(
        void *state, const struct tree_coll *c, const struct tree_item *it, struct err *err)
{
	struct maildir *m = state;
	struct buf base = buf_of(1000), path = buf_of(2 * NAME_CAP), letters = buf_of(LETTERS + 1);
	bool forwarded,
	        all = put_letters(m, tree_coll_keyword_text(c, it->keywords), &letters, &forwarded);
	int rc;

	put_base(m, it, &base);
	buf_putf(&path, "%scur/%s:2,", buf_str(&m->dir), buf_str(&base));
	mail_maildir_flags(it->flags, forwarded, buf_str(&letters), &path);
	rc = export_item_file(m->run, c, it, buf_str(&path), err);
	if (rc == 0 && !all)
		export_altered(m->run, c, it,
		        "some of its keywords are left out: there are more than %d in this mailbox",
		        LETTERS);
	m->has_uids = m->has_uids && it->uid > m->last_uid;
	if (rc == 0 && m->has_uids) {
		m->last_uid = it->uid;
		buf_putf(&m->uids, "%u :%s\n", it->uid, buf_str(&base));
	}
	buf_clear(&base);
	buf_clear(&path);
	buf_clear(&letters);
	return rc;
}

static int put_uidlist(struct maildir *m, const struct tree_coll *c, struct err *err)
{
	struct buf text = buf_of(SIZE_MAX / 2);
	int rc;

	buf_putf(&text, "3 V%u N%u\n", c->uidvalidity, MAX(c->uidnext, m->last_uid + 1));
	buf_put(&text, m->uids.data, m->uids.len);
	rc = put_file(m, "dovecot-uidlist", &text, err);
	buf_clear(&text);
	return rc;
}

static int put_keywords(struct maildir *m, struct err *err)
{
	struct buf text = buf_of(SIZE_MAX / 2);
	int rc;

	for (size_t i = 0; i < m->n_keywords; i++)
		buf_putf(&text, "%zu %.*s\n", i, (int)strcspn(m->keywords[i], " "), m->keywords[i]);
	rc = put_file(m, "dovecot-keywords", &text, err);
	buf_clear(&text);
	return rc;
}

static int maildir_coll_end(void *state, const struct tree_coll *c, struct err *err)
{
	struct maildir *m = state;
	int rc = 0;

	if (m->has_uids)
		rc = put_uidlist(m, c, err);
	if (rc == 0 && m->n_keywords)
		rc = put_keywords(m, err);
	return rc;
}

/* INBOX is there, even if it is not exported; what is subscribed. */
static int maildir_end(void *state, struct err *err)
{
	struct maildir *m = state;
	int rc;

	buf_reset(&m->dir);
	rc = make_dirs(m, err);
	return rc == 0 ? put_file(m, "subscriptions", &m->subscriptions, err) : rc;
}

static void maildir_free(void *state)
{
	struct maildir *m = state;

	names_clear(&m->folders);
	buf_clear(&m->subscriptions);
	buf_clear(&m->dir);
	buf_clear(&m->uids);
	free(m);
}

const struct export_format_ops export_maildir = {
        .word = "maildir",
        .kinds = 1u << COLL_MAIL,
        .loss = "labels and the zones of INTERNALDATEs are left out",
        .times = true,
        .open = maildir_open,
        .coll = maildir_coll,
        .item = maildir_item,
        .coll_end = maildir_coll_end,
        .end = maildir_end,
        .free = maildir_free,
};
