#ifndef VALISE_PROTO_IMAP_INTERNAL_H
#define VALISE_PROTO_IMAP_INTERNAL_H

#include <libetpan/libetpan.h>
#include "line.h"
#include "valise/net/transport.h"
#include "valise/proto/imap/imap.h"

#define NAME_MAX_OCTETS 60000 /* a command line must pass the guard's buffer */
#define LINES_MAX ((size_t)64 << 20)

/* A command that is sent and not yet answered, or answered and not yet asked for. */
struct pending {
	unsigned tag;
	bool done;
	bool slow; /* its answer may take minutes */
	bool behind; /* sent while another one was not answered */
	char *later; /* not sent yet (one_by_one); else NULL */
	size_t later_len;
	/* a FETCH of a part of the message: BODY.PEEK[HEADER] and the like */
	bool section;
	enum line_status status;
	char code[32], text[256];
};

struct raw_line {
	char *p;
	size_t n;
};

struct imap {
	struct transport *t;
	mailstream *stream;
	mailimap *lib;
	struct progress *progress;
	bool target, dead;
	bool slow; /* the answer to the command being written may take minutes */
	unsigned tag; /* the last one given out */
	unsigned waited; /* the last one sent when a round trip was counted */
	struct buf cmd;
	struct pending *pending;
	size_t n_pending, pending_size;
	/*
	 * a command is sent when the one before it is answered, whatever is "in flight"
	 */
	bool one_by_one;
	atomic_bool *found_one_by_one; /* of the service, or NULL */
	struct service_facts *facts; /* of the service, or NULL */
	bool pipelined; /* a command that was sent behind another was answered */

	char **caps;
	size_t n_caps;
	bool caps_known;
	char last_code[32], last_text[256];

	char *ns_prefix;
	char ns_delimiter;
	char **foreign;
	size_t n_foreign;

	/* What one answer brought besides what libetpan keeps. */
	bool keep_lines;
	struct buf lines; /* whole lines as they came, for the simple answers */
	struct raw_line *raw; /* LIST lines that libetpan did not understand */
	size_t n_raw, raw_size;

	/* FETCH */
	const struct imap_fetch_ops *ops; /* NULL: nobody waits for messages */
	void *ops_ctx;
	struct err ops_err; /* of a callback: ends the session */
	struct fetch_build build;
	/*
	 * a whole answer with a body, in build: until the next line shows that it is one
	 */
	bool held;
	char *held_raw;
	const void *body_item; /* the BODY item whose octets are coming */
	unsigned body_items;
	uint64_t body_octets;
	uint32_t body_origin; /* its origin octet, low 32 bits */
	char small[4096]; /* gathers what the library hands out an octet at a time */
	size_t small_len;
};

/* ---- command.c: writing, waiting ---- */

/* Begin a command ("EXAMINE"); the rest is added to m->cmd. */
void command_start(struct imap *m, const char *verb);
/*
 * Add a blank and the string: quoted, or as a literal; a synchronising one waits for its
 * "+".
 */
int command_string(struct imap *m, const uint8_t *s, size_t n, struct err *err) MUST_CHECK;
/*
 * End the line and note the command as pending; not flushed. Returns its place, or a
 * negative error.
 */
int command_end(struct imap *m, struct pending **out, struct err *err) MUST_CHECK;
int command_flush(struct imap *m, struct err *err) MUST_CHECK;
/* command_start and command_string of a mailbox's name. */
int command_named(struct imap *m, const char *verb, const uint8_t *name, size_t name_len,
        struct err *err) MUST_CHECK;
/* command_end, command_flush, command_wait. */
int command_run(struct imap *m, const char *what, struct err *err) MUST_CHECK;
/*
 * Read until the command of ${tag} is answered, and forget it: 0, or an error that names
 * ${what}.
 */
int command_wait(struct imap *m, unsigned tag, const char *what, struct err *err) MUST_CHECK;
/* One command from its start to its answer; ${fn}, or NULL, as each_untagged. */
int command_ask(struct imap *m, const char *command, void (*fn)(void *ctx, struct untagged *u),
        void *ctx, struct err *err) MUST_CHECK;
/* The same for the oldest one. */
int command_wait_oldest(struct imap *m, const char *what, struct err *err) MUST_CHECK;
/* Read one whole answer of whatever command; the tag that ended it. */
int command_next(struct imap *m, unsigned *tag_out, struct err *err) MUST_CHECK;

/*
 * The session ended as a command was not answered that was sent behind another, and none
 * such ever was.
 */
bool ignores_pipelining(const struct imap *m);

/*
 * refusal.c: a NO or BAD as an error: by its code and text ERR_AUTH, ERR_THROTTLED,
 * ERR_BUSY or ERR_REFUSED.
 */
int refusal(enum line_status status, const char *code, const char *text, const char *what,
        struct err *err);
/* The same of a sign-in: what is not for a while is ERR_AUTH. */
int sign_in_refusal(enum line_status status, const char *code, const char *text, const char *what,
        struct err *err);
/* A BYE: ERR_THROTTLED or ERR_NET. */
int bye(const struct status_line *s, const char *what, struct err *err);
/*
 * The connection failed, or libetpan gave up: the session is dead. Returns the code,
 * never 0.
 */
int session_fail(struct imap *m, enum err_code code, struct err *err, const char *why);
int session_net_error(struct imap *m, struct err *err);

/*
 * One line as it is, past libetpan: for greeting, SASL and APPEND. Lent until the next
 * read.
 */
int read_line(struct imap *m, const char **p, size_t *n, struct err *err) MUST_CHECK;
/* Counts a round trip: what was sent so far is waited for. */
void count_wait(struct imap *m);
int write_bytes(struct imap *m, const void *p, size_t n, struct err *err) MUST_CHECK;

/* Calls ${fn} for each untagged line that the last command kept (keep_lines). */
void each_untagged(struct imap *m, void (*fn)(void *ctx, struct untagged *u), void *ctx);
/*
 * Calls ${fn} for each "* OK [CODE args] text" and the tagged line, with its status line.
 */
void each_status(struct imap *m, void (*fn)(void *ctx, const struct status_line *s), void *ctx);
/* Nothing kept from the command before. */
void lines_forget(struct imap *m, bool keep);
void raw_add(struct imap *m, const char *p, size_t n);

/* The form in which a string goes out. */
enum string_form { FORM_NONE, FORM_QUOTED, FORM_LITERAL_PLUS, FORM_LITERAL_SYNC };
enum string_form string_form(const struct imap *m, const uint8_t *s, size_t n);
bool literal_plus(const struct imap *m, uint64_t size);

/* ---- tolerant.c ---- */
void tolerant_register(void); /* once, before the first session */
/* The text of an extension item that nobody else understood, or NULL. */
const char *tolerant_text(const struct mailimap_extension_data *d);

/* ---- shim.c ---- */
void shim_link(void);

/* ---- fetch.c: called back while libetpan reads ---- */
void fetch_hooks(struct imap *m);
/* Octets of a BODY item that ${item} identifies; false ends the session. */
bool fetch_octets(struct imap *m, const void *item, bool whole, const char *p, size_t n);
/* What was read since is of the protocol: the answer that was held is handed on. */
void fetch_confirm(struct imap *m);
/* A FETCH line that only the fallback can read. */
void fetch_raw(struct imap *m, const char *p, size_t n);

/* ---- caps.c ---- */
void caps_forget(struct imap *m);
/* The words of a CAPABILITY line or code replace what was known. */
void caps_take(struct imap *m, struct line words);
/* Asks if they are not known. */
int caps_ask(struct imap *m, struct err *err) MUST_CHECK;
int session_namespace(struct imap *m, struct err *err) MUST_CHECK;

/* ---- list.c ---- */
int mailbox_there(struct imap *m, const uint8_t *name, size_t name_len, bool *there,
        struct err *err) MUST_CHECK;

/* ---- auth.c ---- */
/**
 * session_login(m, service, used, err): ${used} holds a secret that was refused, or
 * nothing; afterwards the one that was tried last. A token that is refused is asked for
 * again once, as long as the connection lives.
 */
int session_login(struct imap *m, const struct service *service, struct secret *used,
        struct err *err) MUST_CHECK;
bool session_uses_token(const struct login *login);

#endif
