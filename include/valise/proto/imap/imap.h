#ifndef VALISE_PROTO_IMAP_IMAP_H
#define VALISE_PROTO_IMAP_IMAP_H

#include <stdint.h>
#include <stdbool.h>
#include "valise/base/buf.h"
#include "valise/base/date.h"
#include "valise/base/err.h"
#include "valise/base/progress.h"
#include "valise/base/service.h"

/*
 * An IMAP session (RFC 3501, 9051 where noted): commands and answers, no policy. Commands
 * are written by us, answers are parsed by libetpan with a catch-all extension; what
 * libetpan swallows is parsed by our own fallback or is an error, never lost.
 * One session belongs to one thread at a time. After ERR_NET, ERR_TLS, ERR_PROTO,
 * ERR_LIMIT, ERR_GUARD, ERR_STOPPED or an error of a callback a session is dead
 * (imap_alive says so): close it. ERR_USAGE is a fault of the caller. The parser keeps
 * every octet outside of bodies until the tagged line: ask for a few hundred bodies or
 * some thousand flags in one command.
 * ERR_REFUSED, ERR_BUSY and ERR_THROTTLED (tagged NO or BAD, by imap_classify) leave it
 * usable, unless imap_alive says otherwise: a BYE may be ERR_THROTTLED, too.
 */

struct imap;

/**
 * imap_open(service, target, progress, out, err): connect, greet (PREAUTH before TLS is
 * fatal), STARTTLS where demanded, sign in (mech as demanded, else the best of
 * SCRAM-SHA-256, SCRAM-SHA-1, PLAIN, LOGIN mechanism, LOGIN command that the server
 * offers, XOAUTH2 and OAUTHBEARER when demanded; only inside TLS but for SECURITY_NONE),
 * capabilities after login, ID (RFC 2971) where offered, NAMESPACE.
 * Where service->one_by_one is set, a command is sent when the one before it is answered,
 * whatever is "in flight"; it gets set when a session ends as the server says nothing
 * more after the first of several commands.
 * Errors: ERR_NET, ERR_TLS, ERR_AUTH (the server's text quoted), ERR_PROTO, ERR_BUSY.
 */
int imap_open(const struct service *service, bool target, struct progress *progress,
        struct imap **out, struct err *err) MUST_CHECK;
/* LOGOUT without waiting long if alive, then free; NULL is fine */
void imap_close(struct imap *m);
/*
 * The session ended as the server was waited for, and nothing came, or next to nothing.
 */
bool imap_waited_out(const struct imap *m);
/*
 * The session ended as a literal was announced longer than it is, and took in the line
 * that ends the answer.
 */
bool imap_lied(const struct imap *m);
bool imap_alive(const struct imap *m);
/*
 * COMPRESS=DEFLATE (RFC 4978) from now on, if offered; a refusal is no error. Not worth
 * it on loopback.
 */
int imap_compress(struct imap *m, struct err *err) MUST_CHECK;

/*
 * ENABLE QRESYNC (RFC 5161, RFC 7162), while no mailbox is open. *on_out: the server says
 * that it is on; a refusal is no error.
 */
int imap_enable_qresync(struct imap *m, bool *on_out, struct err *err) MUST_CHECK;

/* any case; "APPENDLIMIT" also matches "APPENDLIMIT=..." */
bool imap_has(const struct imap *m, const char *capability);
/* "35651584" of APPENDLIMIT=35651584; NULL */
const char *imap_capability_value(const struct imap *m, const char *name);

/* What a refusal means. */
enum imap_class {
	IMAP_UNKNOWN, /* no code or words that we know */
	IMAP_THROTTLE, /* the server wants to be asked less, of anything: ERR_THROTTLED */
	IMAP_TEMPORARY, /* the mailbox or command may work a little later: ERR_BUSY */
	IMAP_QUOTA, /* the account is full: ERR_BUSY */
	IMAP_AUTH, /* ERR_AUTH */
	IMAP_PERMANENT, /* asking again is of no use: ERR_REFUSED, as unknown */
};
enum imap_class imap_classify(const char *code, const char *text);
/*
 * The same of a refused sign-in: a server that is busy, or has no room now, is
 * IMAP_TEMPORARY or IMAP_THROTTLE, a wrong password never.
 */
enum imap_class imap_classify_sign_in(const char *code, const char *text);
/*
 * Milliseconds that a server's words ask to wait ("Suggested Backoff Time: 299560
 * milliseconds"), a day at most; 0: no time is said.
 */
unsigned imap_asked_wait(const char *text);
/*
 * What a person can do about a refused sign-in, by the server's name and words; NULL:
 * nothing is known.
 */
const char *imap_hint(const char *host, const char *text);

/*
 * Personal namespace (RFC 2342): prefix as sent ("INBOX.", ""), its delimiter (0: none or
 * unknown).
 */
const char *imap_namespace(const struct imap *m, char *delimiter_out);

/*
 * Names are the bytes on the wire: modified UTF-7, or raw 8 bit from servers that send
 * that. UTF8=ACCEPT (RFC 6855) is never enabled: a server that offers it speaks modified
 * UTF-7 to whoever does not.
 */
struct imap_mailbox {
	uint8_t *name;
	size_t name_len;
	char delimiter; /* 0: NIL */
	bool noselect, noinferiors, nonexistent, subscribed;
	bool doubtful; /* of the listing itself: its commands do not agree */
	/*
	 * NULL, or the one command that tells of it where others do not: "plain LIST",
	 * "LSUB" ...
	 */
	const char *only;
	bool foreign; /* in a namespace of other users, or a shared one */
	/*
	 * NULL, or why mailboxes below it (below the root, for INBOX) may not be listed
	 */
	char *gap;
	/*
	 * RFC 6154 attributes (XLIST's under these names), sorted, separated by a blank,
	 * or NULL
	 */
	char *special_use;
};
/**
 * imap_list(m, foreign, out, n_out, err): every mailbox that LIST "" "*" (or "%" level by
 * level where that gives nothing or is refused; where a level is refused as well, what
 * LSUB names is taken, too) names, with subscriptions and special uses; sorted by name,
 * no doubles. LIST RETURN (SUBSCRIBED SPECIAL-USE) (RFC 5258) or XLIST, a plain LIST and
 * LSUB are asked for together, and what any of them tells of counts (only). INBOX is
 * always "INBOX". Subscribed names that do not exist, by STATUS, are left out. Names
 * holding NUL, CR or LF are given as they are, and refused (ERR_REFUSED) when they would
 * go out again. A line that cannot be understood
 * is ERR_PROTO: no mailbox is lost in silence. ${foreign}: the namespaces of other users
 * and shared ones (RFC 2342) are asked for one by one as well, as "*" need not show them;
 * those that it shows are listed in any case.
 */
int imap_list(struct imap *m, bool foreign, struct imap_mailbox **out, size_t *n_out,
        struct err *err) MUST_CHECK;
void imap_list_free(struct imap_mailbox *list, size_t n);

struct imap_selected {
	uint32_t exists, uidvalidity, uidnext; /* uidnext 0: not said */
	uint64_t highestmodseq; /* 0: none */
	bool read_only;
	char **permanent; /* PERMANENTFLAGS as sent: "\\Seen", "$Label1", "\\*" */
	size_t n_permanent;
	bool says_permanent; /* PERMANENTFLAGS came, though perhaps without any */
	char **flags; /* FLAGS */
	size_t n_flags;
};
/*
 * EXAMINE (source) or SELECT (${write}); STATUS supplies a UIDNEXT that was not said.
 * With CONDSTORE where offered.
 */
int imap_select(struct imap *m, const uint8_t *name, size_t name_len, bool write,
        struct imap_selected *out, struct err *err) MUST_CHECK;
void imap_selected_clear(struct imap_selected *s);
/**
 * imap_examine_send(m, name, name_len, err): EXAMINE as one more command in flight, like
 * imap_fetch_send; the fetches sent after it are about this mailbox. imap_examine_wait
 * reads its answer when it is the oldest one in flight. ERR_REFUSED, ERR_BUSY: the
 * mailbox is not open, and the answers to the fetches sent after it are to be thrown
 * away, whatever they hold. A UIDNEXT that was not said stays 0.
 */
int imap_examine_send(
        struct imap *m, const uint8_t *name, size_t name_len, struct err *err) MUST_CHECK;
int imap_examine_wait(struct imap *m, struct imap_selected *out, struct err *err) MUST_CHECK;

/*
 * STATUS of several mailboxes, pipelined; ok[i] false where the server said NO. ${sizes}: with
 * SIZE where the server has it (RFC 8438), which costs some servers a look at each message.
 */
struct imap_status {
	bool ok;
	bool later; /* not ok, as the server is busy now */
	uint32_t messages, uidnext, uidvalidity;
	uint64_t highestmodseq;
	uint64_t size; /* octets of all messages */
	bool has_size;
};
int imap_status_many(struct imap *m, const struct imap_mailbox *boxes, size_t n, bool sizes,
        struct imap_status *out, struct err *err) MUST_CHECK;

/* One FETCH answer. Lists are lent for the duration of the callback. */
struct imap_msg {
	uint32_t uid; /* 0: the answer had none (unsolicited) */
	bool has_flags, has_date, has_size, has_body;
	/*
	 * what follows the body shows that its length was a lie: has_body is false, and
	 * the session ends (ERR_PROTO)
	 */
	bool spoiled;
	/*
	 * system flags as bits in the order of RFC 3501: 1 \Seen 2 \Answered 4 \Flagged 8
	 * \Deleted 16 \Draft
	 */
	unsigned flags;
	/*
	 * everything else but \Recent, as sent (8 bit and "]" occur); no blank, quote,
	 * parenthesis, "{"
	 */
	const char *const *keywords;
	size_t n_keywords;
	struct date date; /* INTERNALDATE; known=false when it was NIL or garbage */
	uint64_t size; /* RFC822.SIZE */
	uint64_t body_octets; /* octets of BODY[] that were streamed */
	uint64_t modseq;
	const char *labels; /* X-GM-LABELS raw (imap_labels_each), or NULL */
	uint64_t gm_msgid, gm_thrid;
	/*
	 * not NULL: the line as it came, which libetpan refused; the rest is what our
	 * fallback could read
	 */
	const char *raw;
};

struct imap_fetch_ops {
	/*
	 * Octets of the BODY item that was asked for (all, a section or a piece), before
	 * message() of the same answer. A negative result ends the session. May be NULL.
	 */
	int (*body)(void *ctx, const void *p, size_t n, struct err *err);
	/* The answer is whole. May be NULL. */
	int (*message)(void *ctx, const struct imap_msg *msg, struct err *err);
	/*
	 * UIDs ${first} to ${last} are in the mailbox no more (VANISHED, RFC 7162
	 * 3.2.10), once the command is answered. May be NULL.
	 */
	void (*vanished)(void *ctx, uint32_t first, uint32_t last);
};

/**
 * UID FETCH, pipelined. imap_fetch_send writes one command for ${set} ("1:*", "3,5:9"; at
 * most 7,000 characters) and ${items} ("(UID FLAGS INTERNALDATE RFC822.SIZE)", "(UID
 * BODY.PEEK[])", "(UID BODY.PEEK[]<0.1048576>)", "(UID FLAGS) (CHANGEDSINCE 5
 * VANISHED)"), not waiting; several may be in flight. imap_fetch_wait reads the answers
 * to the oldest one: 0 tagged OK, ERR_REFUSED or ERR_BUSY tagged NO or BAD (answers that
 * came before count), ERR_PROTO on a live session: the mailbox of an EXAMINE sent after it
 * was opened before its answer ended, so that what came may be of that one; else the
 * session is dead. In ${ops}->message a negative result ends the session.
 */
int imap_fetch_send(struct imap *m, const char *set, const char *items, struct err *err) MUST_CHECK;
int imap_fetch_wait(
        struct imap *m, const struct imap_fetch_ops *ops, void *ctx, struct err *err) MUST_CHECK;
/* Of one message: both, with nothing else in flight. */
int imap_fetch_one(struct imap *m, uint32_t uid, const char *items,
        const struct imap_fetch_ops *ops, void *ctx, struct err *err) MUST_CHECK;
size_t imap_in_flight(const struct imap *m); /* commands sent and not waited for */
/*
 * In a callback: the origin octet of the BODY item (RFC 3501 7.4.2), its low 32 bits; 0
 * if none is named.
 */
uint32_t imap_body_origin(const struct imap *m);

/*
 * UID SEARCH with a key ("ALL", "HEADER Message-ID <x@y>" - strings are quoted or literal
 * by the caller through imap_quote); the UIDs ascending; free them.
 */
int imap_search(struct imap *m, const char *key, uint32_t **uids_out, size_t *n_out,
        struct err *err) MUST_CHECK;
/*
 * Append ${s} as quoted string, or literal where it must be one and LITERAL+ allows;
 * false if it cannot be sent (NUL, CR, LF).
 */
bool imap_quote(const struct imap *m, const char *s, size_t n, struct buf *out) MUST_CHECK;

int imap_noop(struct imap *m, struct err *err) MUST_CHECK;

/*
 * Target only. CREATE: ERR_EXISTS if the mailbox is there ([ALREADYEXISTS], or a LIST
 * afterwards finds it). ${special_use} with CREATE-SPECIAL-USE only, may be NULL.
 */
int imap_create(struct imap *m, const uint8_t *name, size_t name_len, const char *special_use,
        struct err *err) MUST_CHECK;
int imap_subscribe(
        struct imap *m, const uint8_t *name, size_t name_len, struct err *err) MUST_CHECK;
/* Several mailboxes to be made and subscribed. */
struct imap_make {
	const uint8_t *name;
	size_t name_len;
	const char *special_use; /* or NULL, as in imap_create */
	bool create, subscribe;
	/* results; what is not true was refused or not tried: ask for it alone */
	bool created, subscribed;
};
/*
 * CREATE and SUBSCRIBE of ${n} mailboxes in this order, pipelined. Only a failed
 * connection is an error.
 */
int imap_make_many(struct imap *m, struct imap_make *list, size_t n, struct err *err) MUST_CHECK;
/**
 * imap_labels_each(raw, each, ctx): the labels of ${raw}, as sent but without quotes:
 * "\\Inbox", "Entw&APw-rfe". False where the list is cut or is none; what came before
 * counts.
 */
bool imap_labels_each(const char *raw, void (*each)(void *ctx, const char *s, size_t n), void *ctx);
/**
 * UID STORE +X-GM-LABELS (Gmail), pipelined: several sent, then waited for in the same
 * order. Labels as imap_labels_each gives them. ERR_REFUSED from imap_labels_send:
 * nothing was sent, a label cannot be (NUL, CR, LF), or the command is too long.
 */
int imap_labels_send(struct imap *m, const char *set, const char *const *labels, size_t n,
        struct err *err) MUST_CHECK;
int imap_labels_wait(struct imap *m, struct err *err) MUST_CHECK;
/* UID STORE +FLAGS.SILENT (flags as text, "(\\Flagged work)"). */
int imap_store_add(struct imap *m, const char *set, const char *flags, struct err *err) MUST_CHECK;

/* One message to append. */
struct imap_append {
	unsigned flags; /* bits as in imap_msg */
	const char *const *keywords; /* those that may be sent */
	size_t n_keywords;
	struct date date; /* not known: none is sent */
	uint64_t size;
	/*
	 * Give out exactly ${size} octets through write(wctx, ...). Called once for each
	 * try.
	 */
	int (*give)(void *ctx, int (*write)(void *wctx, const void *p, size_t n, struct err *err),
	        void *wctx, struct err *err);
	void *ctx;
	/* results */
	enum {
		APPEND_NOT_SENT,
		APPEND_OK,
		APPEND_REFUSED,
		/* UNKNOWN: sent, the connection ended before the answer */
		APPEND_UNKNOWN
	} result;
	uint32_t uid; /* APPENDUID (RFC 4315), 0 if not said */
	uint32_t uidvalidity;
	char code[32]; /* of the refusal: "OVERQUOTA", "TOOBIG", "TRYCREATE", "" */
	/*
	 * also: what the server said as it ended the connection while this one was sent
	 */
	char text[200];
};
/**
 * imap_append(m, name, name_len, list, n, err): append ${n} messages to one mailbox:
 * MULTIAPPEND (RFC 3502) with non-synchronising literals where both are offered, else
 * APPENDs pipelined with LITERAL+ (RFC 7888; LITERAL- up to 4096 octets), else
 * synchronising literals, tolerating untagged lines before "+". Octets are sent as given,
 * never changed. A refused MULTIAPPEND stored nothing: its messages are tried one by one,
 * so that each has its own result. ${err} is set (and the session dead) only when the
 * connection failed, or ${give} did in the middle of a literal; refusals are in the
 * results.
 */
int imap_append(struct imap *m, const uint8_t *name, size_t name_len, struct imap_append *list,
        size_t n, struct err *err) MUST_CHECK;
uint64_t imap_append_limit(const struct imap *m); /* APPENDLIMIT (RFC 7889) or 0 */

/* QUOTA (RFC 2087) of INBOX, of several roots that with the least room. Limits 0: unknown. */
struct imap_quota {
	uint64_t used, limit; /* octets */
	uint64_t messages, messages_limit;
};
int imap_quota(struct imap *m, struct imap_quota *out, struct err *err) MUST_CHECK;

#endif
