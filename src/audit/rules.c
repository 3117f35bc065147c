/* What each finding means for the old account, and what flags and keywords are worth. */
#include "valise/audit/audit.h"
#include "valise/base/mem.h"
#include "valise/base/text.h"
#include "valise/tree/use.h"
#include "valise/tree/words.h"
#include <stdlib.h>
#include <string.h>
#include <strings.h>

const struct audit_rule audit_rules[AUDIT_WHATS] = {
        [AUDIT_DAMAGED] = {"damaged", false, false, "damaged in the archive",
                "valise backup --heal, while the old account is there"},
        [AUDIT_NOT_FETCHED] = {"not-fetched", false, true,
                "the old server did not give these to the newest backup", "valise backup"},
        [AUDIT_STALE] = {"stale", false, true,
                "not read by the newest backup: the archive has an older state", "valise backup"},
        [AUDIT_GONE] = {"gone", true, true,
                "missing at the old server all at once; the archive keeps them (restore "
                "--with-gone)",
                NULL},
        [AUDIT_RESCUED] = {"rescued", true, true,
                "put together from parts: the old server did not give them whole", NULL},
        [AUDIT_NO_SOURCE] = {"no-source", false, false, "the old account was not looked at",
                "--source ACCOUNT"},
        [AUDIT_OTHER_ACCOUNT] = {"other-account", false, false,
                "the archive belongs to another account", NULL},
        [AUDIT_NOT_IN_ARCHIVE] = {"not-in-archive", false, false,
                "in the old account and not in the archive", "valise backup"},
        [AUDIT_NEWER] = {"newer", false, false, "newer in the old account than in the archive",
                "valise backup"},
        [AUDIT_FLAGS] = {"flags", false, true,
                "other flags or keywords in the old account than in the archive", "valise backup"},
        [AUDIT_MARKS] = {"marks", true, true,
                "other marks of programs in the old account than in the archive", NULL},
        [AUDIT_MOVED] = {"moved", false, true,
                "in another folder of the old account than in the archive", "valise backup"},
        [AUDIT_CAME_BACK] = {"came-back", false, true,
                "marked as gone in the archive, and there again", "valise backup"},
        [AUDIT_UNREAD] = {"unread", false, true, "the old server does not give these now", NULL},
        [AUDIT_FOLDER_UNREAD] = {"folder-unread", false, true,
                "folders that the old server does not show now", NULL},
        [AUDIT_FOLDER_NEW] = {"folder-new", true, true,
                "empty folders that the archive does not have", NULL},
        [AUDIT_FOLDER_GONE] = {"folder-gone", true, true,
                "folders that the old account has no more; the archive keeps them", NULL},
        [AUDIT_GONE_AT_SOURCE] = {"gone-at-source", true, true,
                "in the archive, and in the old account no more", NULL},
        [AUDIT_PROPERTIES] = {"properties", true, true,
                "other properties (name, colour) than in the archive", NULL},
        [AUDIT_EXCLUDED] = {"excluded", false, true, "left out by an option", NULL},
        [AUDIT_EXCLUDED_JUNK] = {"excluded-junk", true, true,
                "junk and trash, left out by an option", NULL},
        [AUDIT_NO_SERVICE] = {"no-service", false, true, "a service was not looked at", NULL},
        [AUDIT_SERVICE_UNREAD] = {"service-unread", false, false,
                "a service could not be looked at", "run it again"},
        [AUDIT_OTHER_FORM] = {"other-form", true, true, "the same content in another form", NULL},
        [AUDIT_MISSING] = {"missing", false, false, "in the archive and not in the new account",
                "valise restore"},
        [AUDIT_ALTERED] = {"altered", false, true, "not as in the archive in the new account",
                NULL},
        [AUDIT_HELD_BACK] = {"held-back", false, true, "held back by the restore",
                "valise restore --with-attendees"},
        [AUDIT_FLAGS_LOST] = {"flags-lost", false, true,
                "other flags or keywords in the new account than in the archive", "valise restore"},
        [AUDIT_MARKS_LOST] = {"marks-lost", true, true,
                "without marks of programs in the new account", NULL},
        [AUDIT_ELSEWHERE] = {"elsewhere", true, true, "in the new account, but in another folder",
                NULL},
        [AUDIT_DOUBLED] = {"doubled", true, true,
                "more often in the new account than in the archive", NULL},
        [AUDIT_UNREADABLE] = {"unreadable", false, false,
                "the archive does not give these, so that nobody can tell",
                "valise backup --heal, while the old account is there"},
        [AUDIT_UNSEEN] = {"unseen", false, true,
                "the new server does not give these, so that nobody can tell", "run it again"},
        [AUDIT_NOT_RESTORED] = {"not-restored", true, true,
                "subscribed and generated collections, which no restore brings back", NULL},
        [AUDIT_OLD_DNS] = {"old-dns", false, false, "the domain still sends mail to the old server",
                "change the MX, and wait until the old answers are gone"},
        [AUDIT_DNS_UNREAD] = {"dns-unread", false, true,
                "where mail for the domain goes could not be told", "valise dns, --old HOST"},
};

bool audit_what_parse(const char *word, enum audit_what *out)
{
	for (unsigned i = 0; i < AUDIT_WHATS; i++)
		if (strcmp(audit_rules[i].word, word) == 0) {
			*out = (enum audit_what)i;
			return true;
		}
	return false;
}

const char *audit_side_word(enum audit_side s)
{
	static const char *const words[AUDIT_SIDES] = {"archive", "source", "target", "dns"};

	return words[s];
}

bool audit_says_no(const struct audit_finding *f)
{
	return !audit_rules[f->what].safe && !f->accepted;
}

bool audit_is_safe(const struct audit_finding *items, size_t n)
{
	for (size_t i = 0; i < n; i++)
		if (audit_says_no(&items[i]))
			return false;
	return true;
}

enum audit_what audit_excluded(enum coll_kind kind, const char *uses, const char *content)
{
	unsigned set;
	const char *bad;
	size_t n;

	return kind == COLL_MAIL && use_set_read("junk,trash", &set, &bad, &n) &&
	                       use_in_set(set, uses, content, NULL)
	               ? AUDIT_EXCLUDED_JUNK
	               : AUDIT_EXCLUDED;
}

bool audit_is_mark(const char *keyword)
{
	/* set by servers and mail programs, from content that is there all the same */
	static const char *const marks[] = {"$HasAttachment", "$HasNoAttachment", "$HasTD",
	        "$IsLDN", "$IsMailingList", "$IsNotification", "$IsTrusted", "$CanUnsubscribe",
	        "$Junk", "Junk", "JunkRecorded", "$NotJunk", "NotJunk", "NonJunk", "$X-ME-Annot-2",
	        "$SquatterIndexed", "$AutoJunk", "$Recent", "NoJunk", "XAOL-READ",
	        "XAOL-GOODCHECK-DONE"};

	for (size_t i = 0; i < COUNT(marks); i++)
		if (strcasecmp(keyword, marks[i]) == 0)
			return true;
	return false;
}

/* What is in one state and not in the other. */
struct difference {
	struct buf text;
	bool counts; /* there is more than marks among it */
};

static void put_word(struct difference *d, const char *word, bool mark)
{
	buf_putf(&d->text, "%s%s", d->text.len ? " " : "", word);
	d->counts |= !mark;
}

static void put_lacking(struct difference *d, unsigned flags, const char *keywords,
        unsigned other_flags, const char *other_keywords)
{
	for (unsigned bit = FLAG_SEEN; bit <= FLAG_DRAFT; bit <<= 1)
		if (flags & ~other_flags & bit)
			put_word(d, flag_name(bit), bit == FLAG_DELETED);
	for (const char *p = keywords; *p;) {
		size_t n = strcspn(p, " ");
		char *word = xstrndup(p, n);

		if (n && !text_has_word(other_keywords, word, n))
			put_word(d, word, audit_is_mark(word));
		free(word);
		p += n + (p[n] == ' ');
	}
}

enum audit_what audit_flags(unsigned was, const char *was_keywords, unsigned now,
        const char *now_keywords, bool only_lost, char **text_out)
{
	struct difference lost = {buf_of(SIZE_MAX / 4), false},
	                  added = {buf_of(SIZE_MAX / 4), false};
	struct buf text = buf_of(SIZE_MAX / 2);
	enum audit_what what = AUDIT_WHATS;

	*text_out = NULL;
	put_lacking(&lost, was, was_keywords, now, now_keywords);
	if (!only_lost)
		put_lacking(&added, now, now_keywords, was, was_keywords);
	if (added.text.len)
		buf_putf(&text, "there also %s", buf_str(&added.text));
	if (lost.text.len)
		buf_putf(&text, "%snot there %s", added.text.len ? "; " : "", buf_str(&lost.text));
	if (text.len) {
		what = lost.counts || added.counts ? AUDIT_FLAGS : AUDIT_MARKS;
		*text_out = buf_take(&text);
	}
	buf_clear(&text);
	buf_clear(&lost.text);
	buf_clear(&added.text);
	return what;
}
