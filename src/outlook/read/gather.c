/*
 * What the reading process says, as bags and visits. It may have been taken over by the file
 * that it read: so every frame is checked, and the worst that it can do is to say something
 * else than the file does.
 */
#include "outlook/read/gather.h"
#include <stdlib.h>
#include <string.h>
#include "valise/base/escape.h"
#include "valise/base/mem.h"
#include "valise/base/le.h"

enum { DEPTH_MAX = 2 * BAG_DEPTH_MAX + 2, DEATHS_MAX = 100 };

struct gather {
	const struct outlook_visit *visit;
	uint64_t octets_max, octets;
	struct buf frame; /* a head, or head and content, that is not whole yet */
	/* steps */
	uint32_t step, from, dead[DEATHS_MAX];
	size_t n_dead;
	bool begun; /* a step came since the process began */
	bool quiet; /* the step was taken before */
	bool fresh; /* nothing of the step is known yet */
	bool ended, broken;
	/* the folder */
	struct outlook_folder folder;
	bool in_folder;
	char *path, *class;
	/* the item */
	struct bag *item, *at[DEPTH_MAX]; /* NULL: what is over a cap and left out */
	size_t depth;
	bool in_item, in_prop, limit_told;
	bool prop_open; /* in the bag, too */
	struct buf shown;
};

static const char *const specials[SPECIALS] = {
        [SPECIAL_INBOX] = "\\Inbox",
        [SPECIAL_SENT] = "\\Sent",
        [SPECIAL_TRASH] = "\\Trash",
        [SPECIAL_DRAFTS] = "\\Drafts",
        [SPECIAL_JUNK] = "\\Junk",
        [SPECIAL_ARCHIVE] = "\\Archive",
};

struct gather *gather_new(const struct outlook_visit *visit, uint64_t octets)
{
	struct gather *g = xcalloc(1, sizeof *g);

	g->visit = visit;
	g->octets_max = octets;
	buf_init(&g->frame, FRAME_HEAD + FRAME_MAX);
	buf_init(&g->shown, FRAME_SHOWN_MAX);
	return g;
}

static void drop_item(struct gather *g)
{
	bag_free(g->item);
	g->item = NULL;
	g->in_item = g->in_prop = g->prop_open = false;
	g->depth = 0;
}

void gather_free(struct gather *g)
{
	if (!g)
		return;
	drop_item(g);
	free(g->path);
	free(g->class);
	buf_clear(&g->frame);
	buf_clear(&g->shown);
	free(g);
}

static int wrong(struct gather *g, struct err *err, const char *what)
{
	g->broken = true;
	return err_set(
	        err, ERR_PROTO, ERR_ITEM, "the reading process says what makes no sense: %s", what);
}

static void tell_lost(struct gather *g, bool of_item, const char *why)
{
	if (!g->quiet)
		g->visit->lost(g->visit->ctx, g->in_folder ? &g->folder : NULL,
		        of_item ? buf_str(&g->shown) : NULL, why);
}

/* Whatever octets come, as one line of text. */
static char *line_of(const uint8_t *p, size_t n, size_t cap)
{
	struct buf b = buf_of(cap + 4);
	char *text;

	text_one_line((const char *)p, n, cap, &b);
	text = buf_take(&b);
	buf_clear(&b);
	return text;
}

static int take_step(struct gather *g, const uint8_t *p, size_t n, struct err *err)
{
	uint32_t step;

	if (n != 4 || g->in_item)
		return wrong(g, err, "a step within an item");
	step = (uint32_t)le_get(p, 4);
	if (g->begun && step <= g->step)
		return wrong(g, err, "steps that go back");
	g->begun = g->fresh = true;
	g->step = step;
	g->quiet = step < g->from;
	return 0;
}

static int take_folder(struct gather *g, const uint8_t *p, size_t n, struct err *err)
{
	const uint8_t *path = p + 10, *end, *class;

	if (n < 12 || !g->begun || g->in_item || p[1] >= SPECIALS || p[n - 1] != 0)
		return wrong(g, err, "a folder");
	end = memchr(path, 0, n - 10);
	if (end == p + n - 1) /* no second text */
		return wrong(g, err, "a folder");
	class = end + 1;
	free(g->path);
	free(g->class);
	g->path = line_of(path, (size_t)(end - path), FRAME_PATH_MAX);
	g->class = line_of(class, strlen((const char *)class), 255);
	g->folder = (struct outlook_folder){.path = g->path,
	        .container_class = g->class[0] ? g->class : NULL,
	        .special_use = specials[p[1]],
	        .search = p[0] & FRAME_SEARCH,
	        .deleted = p[0] & FRAME_DELETED,
	        .items = le_get(p + 2, 8)};
	g->in_folder = true;
	g->fresh = false;
	return g->quiet ? 0 : g->visit->folder(g->visit->ctx, &g->folder, err);
}

static int take_item(struct gather *g, const uint8_t *p, size_t n, struct err *err)
{
	if (!g->in_folder || g->in_item || !g->fresh)
		return wrong(g, err, "an item");
	buf_reset(&g->shown);
	text_one_line((const char *)p, n, 100, &g->shown);
	g->item = g->at[0] = bag_new();
	g->depth = 1;
	g->octets = 0;
	g->fresh = g->limit_told = false;
	g->in_item = true;
	return 0;
}

static void take_title(struct gather *g, const uint8_t *p, size_t n)
{
	char *title = line_of(p, n, 160);

	if (title[0])
		(void)!buf_addf(&g->shown, ", \"%s\"", title);
	free(title);
}

/* A cap that was met is named once an item, and costs what is above it; all else goes on. */
static int pardon_limit(struct gather *g, int rc, struct err *err)
{
	if (rc != ERR_LIMIT)
		return rc;
	if (!g->limit_told)
		tell_lost(g, true, err ? err->text : "a limit is met");
	g->limit_told = true;
	err_clear(err);
	return 0;
}

/* Is the head of a property, ${n} octets, what frames.h says? */
static bool is_prop(const uint8_t *p, size_t n)
{
	if (n < 5 || (p[4] == FRAME_NO_NAME) != (le_get(p, 2) < 0x8000))
		return false;
	switch (p[4]) {
	case FRAME_NO_NAME:
		return n == 5;
	case FRAME_LID:
		return n == 25;
	case FRAME_TEXT:
		return n > 21 && n - 21 <= BAG_NAME_MAX && !memchr(p + 21, 0, n - 21) &&
		       utf8_valid((const char *)p + 21, n - 21);
	default:
		return false;
	}
}

static int take_prop(struct gather *g, const uint8_t *p, size_t n, struct err *err)
{
	struct bag *b = g->at[g->depth - 1];
	struct bag_name name = {.lid = 0};
	int rc = 0;

	if (g->in_prop || !is_prop(p, n))
		return wrong(g, err, "a property");
	if (p[4] != FRAME_NO_NAME)
		memcpy(name.set, p + 5, sizeof name.set);
	if (p[4] == FRAME_LID)
		name.lid = (uint32_t)le_get(p + 21, 4);
	if (p[4] == FRAME_TEXT)
		name.text = xstrndup((const char *)p + 21, n - 21);
	g->in_prop = true;
	if (b) {
		rc = bag_begin(b, (uint16_t)le_get(p, 2), (uint16_t)le_get(p + 2, 2),
		        p[4] == FRAME_NO_NAME ? NULL : &name, err);
		g->prop_open = rc == 0;
	}
	free(name.text);
	return pardon_limit(g, rc, err);
}

static int take_data(struct gather *g, const uint8_t *p, size_t n, struct err *err)
{
	int rc = 0;

	if (!g->in_prop)
		return wrong(g, err, "a value without its property");
	g->octets += n;
	if (g->octets > g->octets_max)
		return wrong(g, err, "an item larger than its file can hold");
	if (g->prop_open) {
		rc = bag_put(g->at[g->depth - 1], p, n, err);
		g->prop_open = rc == 0;
	}
	return pardon_limit(g, rc, err);
}

static int take_prop_end(struct gather *g, struct err *err)
{
	int rc = 0;

	if (!g->in_prop)
		return wrong(g, err, "the end of a value");
	if (g->prop_open)
		rc = bag_end(g->at[g->depth - 1], err);
	g->in_prop = g->prop_open = false;
	return pardon_limit(g, rc, err);
}

static int take_child(struct gather *g, enum frame_kind kind, struct err *err)
{
	struct bag *b = g->at[g->depth - 1], *child = NULL;
	struct err own = {.code = ERR_OK};

	if (g->depth == DEPTH_MAX)
		return wrong(g, err, "items within items");
	if (b && (b->role == BAG_ATTACHMENT) != (kind == FRAME_EMBEDDED))
		return wrong(g, err, "what is within what");
	if (b && (b->role == BAG_RECIPIENT || b->embedded))
		return wrong(g, err, "what is within what");
	if (b)
		child = kind == FRAME_RECIPIENT    ? bag_add_recipient(b, &own)
		        : kind == FRAME_ATTACHMENT ? bag_add_attachment(b, &own)
		                                   : bag_embed(b, &own);
	g->at[g->depth++] = child;
	return b && !child ? pardon_limit(g, own.code, &own) : 0;
}

static int end_item(struct gather *g, struct err *err)
{
	int rc = 0;

	if (g->depth != 1)
		return wrong(g, err, "the end of an item");
	bag_sort(g->item);
	if (!g->quiet)
		rc = g->visit->item(g->visit->ctx, &g->folder, g->item, err);
	drop_item(g);
	return rc;
}

static int take_in_item(
        struct gather *g, enum frame_kind kind, const uint8_t *p, size_t n, struct err *err)
{
	if (!g->in_item || (g->in_prop && kind != FRAME_DATA && kind != FRAME_PROP_END))
		return wrong(g, err, "something without an item");
	switch (kind) {
	case FRAME_TITLE:
		take_title(g, p, n);
		return 0;
	case FRAME_PROP:
		return take_prop(g, p, n, err);
	case FRAME_DATA:
		return take_data(g, p, n, err);
	case FRAME_PROP_END:
		return take_prop_end(g, err);
	case FRAME_CODE_PAGE:
		if (n != 2)
			return wrong(g, err, "a code page");
		if (g->at[g->depth - 1])
			g->at[g->depth - 1]->code_page = (uint16_t)le_get(p, 2);
		return 0;
	case FRAME_RECIPIENT:
	case FRAME_ATTACHMENT:
	case FRAME_EMBEDDED:
		return take_child(g, kind, err);
	case FRAME_UP:
		if (g->depth < 2)
			return wrong(g, err, "the end of nothing");
		g->depth--;
		return 0;
	case FRAME_ITEM_END:
		return end_item(g, err);
	default:
		return wrong(g, err, "an unknown frame");
	}
}

static int take_lost(struct gather *g, const uint8_t *p, size_t n, struct err *err)
{
	char *why;

	if (n < 2 || !g->begun || ((p[0] & FRAME_OF_ITEM) && !g->in_item))
		return wrong(g, err, "a loss");
	why = line_of(p + 1, n - 1, FRAME_SHOWN_MAX);
	tell_lost(g, p[0] & FRAME_OF_ITEM, why);
	free(why);
	return 0;
}

static int take_frame(
        struct gather *g, enum frame_kind kind, const uint8_t *p, size_t n, struct err *err)
{
	char *why;

	if (g->ended)
		return wrong(g, err, "something behind the end");
	switch (kind) {
	case FRAME_STEP:
		return take_step(g, p, n, err);
	case FRAME_FOLDER:
		return take_folder(g, p, n, err);
	case FRAME_ITEM:
		return take_item(g, p, n, err);
	case FRAME_LOST:
		return take_lost(g, p, n, err);
	case FRAME_ITEM_LOST:
		if (!g->in_item)
			return wrong(g, err, "a loss without an item");
		why = line_of(p, n, FRAME_SHOWN_MAX);
		tell_lost(g, true, why);
		free(why);
		drop_item(g);
		return 0;
	case FRAME_END:
		g->ended = !g->in_item;
		return g->ended ? 0 : wrong(g, err, "an end within an item");
	default:
		return take_in_item(g, kind, p, n, err);
	}
}

int gather_read(struct gather *g, const void *p, size_t n, struct err *err)
{
	const uint8_t *at = p;
	int rc = 0;

	while (n && rc == 0) {
		size_t want = FRAME_HEAD, k;

		if (g->frame.len >= FRAME_HEAD)
			want += (size_t)le_get(g->frame.data + 1, 4);
		if (want > FRAME_HEAD + FRAME_MAX)
			return wrong(g, err, "a frame without end");
		k = MIN(n, want - g->frame.len);
		buf_put(&g->frame, at, k);
		at += k;
		n -= k;
		if (g->frame.len < want)
			break;
		if (want == FRAME_HEAD && le_get(g->frame.data + 1, 4) != 0)
			continue;
		rc = take_frame(g, (enum frame_kind)g->frame.data[0], g->frame.data + FRAME_HEAD,
		        want - FRAME_HEAD, err);
		buf_reset(&g->frame);
	}
	return rc;
}

bool gather_broken(const struct gather *g)
{
	return g->broken;
}

bool gather_ended(const struct gather *g)
{
	return g->ended;
}

bool gather_died(struct gather *g, const char *why)
{
	bool again = g->begun && !g->quiet && g->n_dead < DEATHS_MAX;
	struct buf text = buf_of(2048);

	buf_putf(&text, "%.600s", why);
	if (!again) {
		buf_puts(&text, "; what comes after it was not read");
		g->quiet = false;
		tell_lost(g, false, buf_str(&text));
	} else if (g->fresh) {
		const struct outlook_folder *none = NULL;

		if (g->in_folder)
			buf_putf(&text, " (a folder behind \"%.200s\")", g->path);
		g->visit->lost(g->visit->ctx, none, NULL, buf_str(&text));
	} else {
		tell_lost(g, g->in_item, buf_str(&text));
	}
	buf_clear(&text);
	drop_item(g);
	buf_reset(&g->frame);
	if (again) {
		g->dead[g->n_dead++] = g->step;
		g->from = g->step + 1;
	}
	g->begun = g->fresh = g->ended = g->broken = false;
	return again;
}

uint32_t gather_from(const struct gather *g)
{
	return g->from;
}

const uint32_t *gather_dead(const struct gather *g, size_t *n)
{
	*n = g->n_dead;
	return g->dead;
}
