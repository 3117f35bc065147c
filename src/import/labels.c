/*
 * Gmail's labels as Takeout writes them: X-Gmail-Labels, names with commas between them (RFC
 * 4180), encoded by RFC 2047, those of Gmail itself in the language of its owner.
 */
#include <stdlib.h>
#include <string.h>
#include "import/give.h"
#include "import/label_words.h"
#include "valise/base/escape.h"
#include "valise/base/json.h"
#include "valise/base/lookup.h"
#include "valise/base/mem.h"
#include "valise/base/text.h"
#include "valise/format/header.h"

enum { LABEL_MAX = 1024, LABELS_MAX = 1000 }; /* octets of one, how many */

struct names {
	char **list;
	size_t n, cap;
};

/* Where a label of Gmail's own is seen by IMAP, and what it is called there. */
static const struct {
	const char *folder, *label;
} places[WORDS] = {
        [WORD_INBOX] = {"INBOX", "\\Inbox"},
        [WORD_SENT] = {"[Gmail]/Sent Mail", "\\Sent"},
        [WORD_DRAFT] = {"[Gmail]/Drafts", "\\Draft"},
        [WORD_SPAM] = {"[Gmail]/Spam", NULL},
        [WORD_TRASH] = {"[Gmail]/Trash", NULL},
        [WORD_STARRED] = {"[Gmail]/Starred", "\\Starred"},
        [WORD_IMPORTANT] = {"[Gmail]/Important", "\\Important"},
        [WORD_CHAT] = {"[Gmail]/Chats", NULL},
};
const char labels_all[] = "[Gmail]/All Mail";

static void add(struct names *l, const char *s, size_t n)
{
	text_trim(&s, &n);
	if (n && n <= LABEL_MAX && l->n < LABELS_MAX)
		*ARR_PUSH(l->list, l->n, l->cap) = xstrndup(s, n);
}

/* ---- the field ---- */

/* A piece as long as is decoded at once, cut at a blank. */
static size_t piece_of(const char *s, size_t n)
{
	size_t at = n;

	if (n <= HEADER_TEXT_MAX)
		return n;
	for (at = HEADER_TEXT_MAX; at > 0 && s[at] != ' ' && s[at] != '\t'; at--)
		;
	return at ? at : HEADER_TEXT_MAX;
}

static void decode(const char *field, size_t n, struct buf *out)
{
	while (n) {
		size_t k = piece_of(field, n);

		header_text(field, k, SIZE_MAX, out);
		field += k;
		n -= k;
	}
}

/* A cell in quotes, behind the first one; returns what follows it. */
static const char *quoted(const char *s, struct buf *cell)
{
	while (*s && !(s[0] == '"' && s[1] != '"')) {
		s += s[0] == '"';
		buf_putc(cell, *s++);
	}
	return s + (*s == '"');
}

static void split(const char *s, struct names *out)
{
	struct buf cell = buf_of(SIZE_MAX);

	while (*s) {
		buf_reset(&cell);
		s += strspn(s, " ");
		if (*s == '"')
			s = quoted(s + 1, &cell);
		for (; *s && *s != ','; s++)
			buf_putc(&cell, *s);
		s += *s == ',';
		add(out, buf_str(&cell), cell.len);
	}
	buf_clear(&cell);
}

/* ---- what they mean ---- */

/* "Category Social"; in other languages with a colon: Kategorie: "Neuigkeiten". */
static bool is_category(const char *folded, const char *word)
{
	static const char known[] = "personal|social|promotions|updates|forums|purchases|"
	                            "reservations|travel|finance";
	size_t n = strlen(word);

	if (strncmp(folded, word, n) != 0)
		return false;
	folded += n;
	if (strcmp(word, label_words[0][WORD_CATEGORY]) == 0 && *folded == ' ' &&
	        text_in(folded + 1, known))
		return true;
	folded += strncmp(folded, "\xc2\xa0", 2) == 0 ? 2 : *folded == ' ';
	return *folded == ':' || strncmp(folded, "\xef\xbc\x9a", 3) == 0;
}

/* What a label is in a language. */
static enum label_word word_of(const char *folded, const char *const words[WORDS])
{
	for (int i = 0; i < WORDS; i++) {
		if (!words[i])
			continue;
		if (i == WORD_CATEGORY ? is_category(folded, words[i]) : text_in(folded, words[i]))
			return (enum label_word)i;
	}
	return WORD_NONE;
}

/* The language that knows most of them; of several the first one. */
static size_t language_of(const struct names *folded)
{
	size_t best = 0, most = 0;

	for (size_t k = 0; k < COUNT(label_words); k++) {
		size_t known = 0;

		for (size_t i = 0; i < folded->n; i++)
			known += word_of(folded->list[i], label_words[k]) != WORD_NONE;
		if (known > most) {
			most = known;
			best = k;
		}
	}
	return best;
}

/* A flag that a mail program had set: "IMAP_$Forwarded". NULL: it is none. */
static const char *keyword_of(const char *label)
{
	if (strncmp(label, "IMAP_", 5) != 0 || !label[5])
		return NULL;
	for (const char *s = label + 5; *s; s++)
		if (*s <= ' ' || *s >= 0x7f || strchr("(){%*\"\\]", *s))
			return NULL;
	return label + 5;
}

/* ---- what is told ---- */

struct sorted {
	struct names folders, labels, keywords;
	bool has[WORDS];
};

static void sort_out(const struct names *list, const struct names *folded, struct sorted *out)
{
	size_t language = language_of(folded);

	for (size_t i = 0; i < list->n; i++) {
		enum label_word w = word_of(folded->list[i], label_words[language]);
		const char *label = list->list[i], *keyword = keyword_of(label);

		if (w != WORD_NONE) {
			out->has[w] = true;
		} else if (keyword) {
			add(&out->keywords, keyword, strlen(keyword));
		} else {
			add(&out->folders, label, strlen(label));
			add(&out->labels, label, strlen(label));
		}
	}
}

static void drop_all(struct names *l)
{
	texts_free(l->list, l->n);
	*l = (struct names){0};
}

/*
 * The mailboxes that Gmail shows it in by IMAP: what is in Spam or Trash is in no other one,
 * all else in All Mail, too, but chats.
 */
static void add_places(struct sorted *s)
{
	bool apart = s->has[WORD_SPAM] || s->has[WORD_TRASH];

	if (apart)
		drop_all(&s->folders);
	for (int w = 0; w < WORDS; w++) {
		bool shown = !apart || w == WORD_SPAM || w == WORD_TRASH;

		if (s->has[w] && places[w].folder && shown)
			add(&s->folders, places[w].folder, strlen(places[w].folder));
		if (s->has[w] && places[w].label && !apart)
			add(&s->labels, places[w].label, strlen(places[w].label));
	}
	if (!apart && !s->has[WORD_CHAT])
		add(&s->folders, labels_all, strlen(labels_all));
}

/* Sorted, each once. */
static void tidy(struct names *l)
{
	size_t kept = 0;

	SORT(l->list, l->n, text_by_bytes);
	for (size_t i = 0; i < l->n; i++) {
		if (kept && strcmp(l->list[i], l->list[kept - 1]) == 0)
			free(l->list[i]);
		else
			l->list[kept++] = l->list[i];
	}
	l->n = kept;
}

static char *joined(const struct names *l)
{
	struct buf out = buf_of(SIZE_MAX);
	char *text = NULL;

	for (size_t i = 0; i < l->n; i++)
		buf_putf(&out, "%s%s", i ? " " : "", l->list[i]);
	if (l->n)
		text = buf_take(&out);
	buf_clear(&out);
	return text;
}

static char *as_json(const struct names *l)
{
	struct buf out = buf_of(SIZE_MAX);
	char *text = NULL;

	for (size_t i = 0; i < l->n; i++) {
		buf_putc(&out, i ? ',' : '[');
		json_put_string(&out, l->list[i], strlen(l->list[i]));
	}
	if (l->n) {
		buf_putc(&out, ']');
		text = buf_take(&out);
	}
	buf_clear(&out);
	return text;
}

void labels_read(const char *field, size_t n, struct import_labels *out)
{
	struct buf text = buf_of(SIZE_MAX), fold = buf_of(SIZE_MAX);
	struct names list = {0}, folded = {0};
	struct sorted s = {0};

	memset(out, 0, sizeof *out);
	decode(field, n, &text);
	split(buf_str(&text), &list);
	for (size_t i = 0; i < list.n; i++) {
		buf_reset(&fold);
		path_fold(list.list[i], &fold);
		*ARR_PUSH(folded.list, folded.n, folded.cap) = xstrdup(buf_str(&fold));
	}
	sort_out(&list, &folded, &s);
	add_places(&s);
	tidy(&s.folders);
	tidy(&s.labels);
	tidy(&s.keywords);
	out->flags = (uint16_t)((s.has[WORD_UNREAD] ? 0 : FLAG_SEEN) |
	                        (s.has[WORD_STARRED] ? FLAG_FLAGGED : 0) |
	                        (s.has[WORD_DRAFT] ? FLAG_DRAFT : 0));
	out->keywords = joined(&s.keywords);
	out->labels = as_json(&s.labels);
	*ARR_PUSH(s.folders.list, s.folders.n, s.folders.cap) = NULL;
	out->folders = s.folders.list;
	drop_all(&s.labels);
	drop_all(&s.keywords);
	drop_all(&list);
	drop_all(&folded);
	buf_clear(&text);
	buf_clear(&fold);
}

const char *labels_use(const char *folder)
{
	static const char *const uses[][2] = {{"[Gmail]/Sent Mail", "\\Sent"},
	        {"[Gmail]/Drafts", "\\Drafts"}, {"[Gmail]/Spam", "\\Junk"},
	        {"[Gmail]/Trash", "\\Trash"}, {"[Gmail]/Starred", "\\Flagged"},
	        {"[Gmail]/Important", "\\Important"}, {labels_all, "\\All"}};

	for (size_t i = 0; i < COUNT(uses); i++)
		if (strcmp(folder, uses[i][0]) == 0)
			return uses[i][1];
	return NULL;
}

void labels_clear(struct import_labels *l)
{
	for (size_t i = 0; l->folders && l->folders[i]; i++)
		free(l->folders[i]);
	free(l->folders);
	free(l->keywords);
	free(l->labels);
	memset(l, 0, sizeof *l);
}
