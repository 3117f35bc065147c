/*
 * Gmail's labels (X-GM-EXT-1,
 * developers.google.com/workspace/gmail/imap/imap-extensions).
 *
 * 	X-GM-LABELS SP "(" [label *(SP label)] ")" label = astring / "\" atom, modified
 *  UTF-7 "UID STORE" SP set SP "+X-GM-LABELS" SP "(" label *(SP label) ")"
 */
#include "internal.h"
#include <stdlib.h>
#include <string.h>

bool imap_labels_each(const char *raw, void (*each)(void *ctx, const char *s, size_t n), void *ctx)
{
	struct line l = {raw, raw + strlen(raw)};
	struct token t = line_next(&l);

	if (t.kind != TOKEN_OPEN)
		return token_is(&t, "NIL");
	for (t = line_next(&l); t.kind == TOKEN_ATOM || t.kind == TOKEN_STRING; t = line_next(&l)) {
		size_t n;
		char *s = token_dup(&t, &n);

		each(ctx, s, n);
		free(s);
	}
	return t.kind == TOKEN_CLOSE;
}

/* A system label goes out as it is, others as strings. */
static bool put_label(struct imap *m, const char *label)
{
	if (*label != '\\')
		return imap_quote(m, label, strlen(label), &m->cmd);
	for (const char *p = label + 1; *p; p++)
		if (*p <= ' ' || strchr("(){%*\"\\", *p) || (unsigned char)*p >= 0x7f)
			return false;
	return label[1] && buf_addf(&m->cmd, "%s", label) == 0;
}

int imap_labels_send(
        struct imap *m, const char *set, const char *const *labels, size_t n, struct err *err)
{
	int rc;

	if (!*set || strspn(set, "0123456789:,*") != strlen(set) || n == 0)
		return err_set(err, ERR_USAGE, ERR_ITEM, "UID STORE of a malformed set");
	command_start(m, "UID STORE ");
	buf_putf(&m->cmd, "%s +X-GM-LABELS (", set);
	for (size_t i = 0; i < n; i++)
		if ((i && buf_addc(&m->cmd, ' ') != 0) || !put_label(m, labels[i]))
			return err_set(err, ERR_REFUSED, ERR_ITEM,
			        "a label that cannot be sent in a command");
	buf_putc(&m->cmd, ')');
	if (m->cmd.len > NAME_MAX_OCTETS)
		return err_set(err, ERR_REFUSED, ERR_ITEM, "too many labels for one command");
	rc = command_end(m, NULL, err);
	return rc < 0 ? rc : command_flush(m, err);
}

int imap_labels_wait(struct imap *m, struct err *err)
{
	lines_forget(m, false);
	return command_wait_oldest(m, "UID STORE", err);
}
