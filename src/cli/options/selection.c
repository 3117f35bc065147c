/* The options of a selection, for all commands that have them. */
#include <string.h>
#include <time.h>
#include "valise/base/escape.h"
#include "valise/base/mem.h"
#include "cli/protocols.h"
#include "selection.h"

/* The day by local time: people count ages from theirs. */
static struct day today(void)
{
	time_t now = time(NULL);
	struct tm t;

	localtime_r(&now, &t);
	return (struct day){t.tm_year + 1900, t.tm_mon + 1, t.tm_mday};
}

static int read_date(const struct args *a, const char *option, bool end, int64_t *out)
{
	const char *v = args_get(a, option);
	struct day now = today();
	char place[OPTION_PLACE_SIZE];

	if (v && !select_date(v, &now, end, out))
		return usage_error(a, "%s takes " SELECT_DATE_WANTED ", not \"%s\"",
		        option_place(a, option, v, place), v);
	return 0;
}

static int read_size(const struct args *a, const char *option, uint64_t *out)
{
	const char *v = args_get(a, option);
	char place[OPTION_PLACE_SIZE];

	if (v && !bytes_read(v, out))
		return usage_error(a, "%s takes " BYTES_WANTED ", not \"%s\"",
		        option_place(a, option, v, place), v);
	return 0;
}

/* Blanks, and marks without a letter: part of everything. */
static bool is_empty(const char *text)
{
	struct buf folded = buf_of(SIZE_MAX);
	bool empty;

	path_fold(text, &folded);
	empty = buf_str(&folded)[strspn(buf_str(&folded), " \t\r\n")] == '\0';
	buf_clear(&folded);
	return empty;
}

/* Each that was given, NULL-ended; NULL: none. An empty one would mean everything. */
static int read_texts(
        const struct args *a, const char *option, const char **room, const char *const **out)
{
	size_t n = args_all(a, option, room, ARGS_MAX);

	room[n] = NULL;
	*out = n ? room : NULL;
	for (size_t i = 0; i < n; i++)
		if (is_empty(room[i]))
			return usage_error(a, "--%s is empty", option);
	return 0;
}

static int read_words(struct selected *s)
{
	const char *const *words;
	struct err err = {0};
	int rc = read_texts(s->args, "text", s->text, &words);

	if (rc == 0 && words && find_check(words, &err) < 0)
		rc = err.code == ERR_USAGE ? usage_error(s->args, "--text: %s", err.text)
		                           : fail(s->args, &err);
	return rc;
}

static int read_names(struct selected *s)
{
	const struct args *a = s->args;
	int rc = read_texts(a, "from", s->from, &s->of.from);

	if (rc == 0)
		rc = read_texts(a, "to", s->to, &s->of.to);
	if (rc == 0)
		rc = read_texts(a, "subject", s->subject, &s->of.subject);
	if (rc == 0)
		rc = read_texts(a, "item", s->items, &s->of.items);
	if (rc == 0)
		rc = read_words(s);
	for (size_t i = 0; rc == 0 && s->items[i]; i++)
		if (!strchr(s->items[i], '/'))
			return usage_error(a,
			        "--item takes FOLDER/UID, as INBOX/17 (valise list ARCHIVE FOLDER "
			        "shows the UIDs), not \"%s\"",
			        s->items[i]);
	return rc;
}

/* Can anything be meant at all? */
static int check_bounds(const struct selected *s)
{
	if (s->of.since >= s->of.until)
		return usage_error(s->args, "--until is before --since: there is nothing between");
	if (s->of.larger >= s->of.smaller - 1 && s->of.smaller != UINT64_MAX)
		return usage_error(s->args, "no size is between --larger and --smaller");
	return 0;
}

int args_selection(const struct args *a, struct selected *s)
{
	int rc;

	memset(s, 0, sizeof *s);
	s->args = a;
	selection_all(&s->of);
	rc = choice_init(&s->choice, a);
	s->of.choice = s->choice.of;
	if (rc == 0)
		rc = args_only(a, &s->of.kinds);
	if (rc == 0)
		rc = read_date(a, "since", false, &s->of.since);
	if (rc == 0)
		rc = read_date(a, "until", true, &s->of.until);
	if (rc == 0)
		rc = read_size(a, "larger", &s->of.larger);
	if (rc == 0)
		rc = read_size(a, "smaller", &s->of.smaller);
	if (rc == 0)
		rc = read_names(s);
	if (rc == 0)
		rc = check_bounds(s);
	s->of.flagged = args_has(a, "flagged");
	s->of.unseen = args_has(a, "unseen");
	return rc;
}

void selected_clear(struct selected *s)
{
	choice_clear(&s->choice);
	find_hits_free(s->hits);
	s->hits = NULL;
}

static bool reads(const struct account *account, enum service_kind k, unsigned only)
{
	return account->present[k] && protocols[k].kinds & (only ? only : ~0u);
}

int selected_source(const struct selected *s, const struct account *account, struct ui *ui,
        const struct selection **out)
{
	const struct selection *of = &s->of;
	bool whole = false;

	*out = selection_by_item(of) ? of : NULL;
	if (!*out)
		return 0;
	if (reads(account, SERVICE_POP3, of->kinds) &&
	        (of->since != INT64_MIN || of->until != INT64_MAX || of->flagged || of->unseen))
		return usage_error(s->args,
		        "POP3 tells the size of a message before it is fetched, no date and no "
		        "flag: take IMAP, or choose when it is restored or exported");
	for (unsigned k = 0; k < SERVICE_KINDS; k++)
		whole |= reads(account, (enum service_kind)k, of->kinds) &&
		         !(protocols[k].kinds & 1u << COLL_MAIL);
	if (whole)
		ui_report(ui, SAY_NOTE, NULL, NULL,
		        "calendars and contacts are taken whole: of these a server tells neither "
		        "dates nor sizes before it gives them");
	return 0;
}

static int show_meant(struct selected *s, struct tree_reader **reader)
{
	struct tree_reader *from = *reader;
	const char *unfound;
	struct err err = {0};
	int rc = selection_view(from, &s->of, reader, &err);

	if (rc < 0)
		return fail(s->args, &err);
	unfound = selection_unfound(*reader);
	if (!unfound)
		return 0;
	tree_reader_free(*reader);
	*reader = NULL;
	return usage_error(s->args,
	        "there is no item \"%s\" in this snapshot (valise list ARCHIVE FOLDER shows "
	        "the UIDs)",
	        unfound);
}

int selected_items(struct selected *s, struct tree_reader **reader)
{
	s->of.keep_others = true;
	return selection_by_item(&s->of) ? show_meant(s, reader) : 0;
}

/* Each pattern and each kind of --only names something. */
static int check_heads(struct selected *s, const struct tree_manifest *m)
{
	unsigned have = 0;
	int rc;

	for (size_t i = 0; i < m->n_heads; i++)
		have |= 1u << m->heads[i].kind;
	rc = option_is_shared(s->args, "only")
	             ? 0
	             : args_only_of(s->args, s->of.kinds, have, "this snapshot");
	choice_see_heads(&s->choice, m, s->of.kinds);
	return rc ? rc : choice_check(&s->choice);
}

int selected_view(struct selected *s, struct tree_reader **reader)
{
	int rc = check_heads(s, (*reader)->ops->manifest(*reader));

	if (rc == 0)
		return show_meant(s, reader);
	tree_reader_free(*reader);
	*reader = NULL;
	return rc;
}
