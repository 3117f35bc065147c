/* POP3: CAPA, STAT, LIST and UIDL (RFC 1939 5 and 7, RFC 2449). */
#include <ctype.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include "valise/base/escape.h"
#include "valise/base/lookup.h"
#include "valise/base/mem.h"
#include "internal.h"

bool pop3_number(const char **s, uint64_t max, uint64_t *out)
{
	uint64_t v = 0;
	const char *p = *s;

	if (!isdigit((unsigned char)*p))
		return false;
	for (; isdigit((unsigned char)*p); p++) {
		uint64_t digit = (uint64_t)(*p - '0');

		if (v > (max - digit) / 10)
			return false;
		v = v * 10 + digit;
	}
	if (*p && *p != ' ' && *p != '\t')
		return false;
	*s = p + strspn(p, " \t");
	*out = v;
	return true;
}

/*
 * "EXPIRE 60 USER", "EXPIRE NEVER"; mailutils prints "EXPIRENEVER" (GNU mailutils 3.15).
 */
static void cap_expire(struct pop3_caps *c, const char *arg)
{
	uint64_t days;

	if (!strncasecmp(arg, "NEVER", 5)) {
		c->expire_given = c->expire_never = true;
	} else if (pop3_number(&arg, UINT32_MAX, &days)) {
		c->expire_given = true;
		c->expire_days = (unsigned)days;
	}
}

static bool cap_is(const char *line, const char *name, const char **arg)
{
	size_t n = strlen(name);

	if (strncasecmp(line, name, n) || (line[n] && line[n] != ' '))
		return false;
	*arg = line + n + strspn(line + n, " ");
	return true;
}

/* One line of CAPA. */
static void read_cap(struct pop3_caps *c, const char *line)
{
	const char *arg;
	uint64_t n;

	if (cap_is(line, "TOP", &arg))
		c->top = true;
	else if (cap_is(line, "PIPELINING", &arg))
		c->pipelining = true;
	else if (cap_is(line, "UTF8", &arg))
		c->utf8 = true;
	else if (cap_is(line, "SASL", &arg))
		snprintf(c->sasl, sizeof c->sasl, "%s", arg);
	else if (cap_is(line, "IMPLEMENTATION", &arg))
		snprintf(c->implementation, sizeof c->implementation, "%s", arg);
	else if (cap_is(line, "LOGIN-DELAY", &arg) && pop3_number(&arg, 86400, &n))
		c->login_delay = (unsigned)n;
	else if (!strncasecmp(line, "EXPIRE", 6))
		cap_expire(c, line + 6 + strspn(line + 6, " "));
}

/* Keep the line, masked and escaped, as long as there is room. */
static void keep_cap(struct pop3_caps *c, char *line)
{
	char safe[512];
	size_t n = strlen(c->lines);

	secret_mask(line, NULL);
	term_escape(line, strlen(line), safe, sizeof safe);
	if (n + strlen(safe) + 2 <= sizeof c->lines)
		snprintf(c->lines + n, sizeof c->lines - n, "%s\n", safe);
}

int pop3_read_caps(struct pop3 *p, struct pop3_caps *out, struct err *err)
{
	unsigned lines = 0;
	int rc;

	memset(out, 0, sizeof *out);
	rc = pop3_ask(p, "CAPA", err);
	if (rc == ERR_REFUSED) {
		err_clear(err);
		return 0; /* an old server: nothing is known */
	}
	if (rc < 0)
		return rc;
	out->known = true;
	while ((rc = pop3_item(p, err)) > 0) {
		if (++lines > 1000)
			return err_set(err, ERR_PROTO, ERR_WHOLE,
			        "the POP3 server lists capabilities without end");
		read_cap(out, p->line);
		keep_cap(out, p->line);
	}
	return rc;
}

int pop3_stat(struct pop3 *p, uint32_t *count_out, uint64_t *octets_out, struct err *err)
{
	const char *s;
	uint64_t count;
	int rc = pop3_ask(p, "STAT", err);

	if (rc < 0)
		return rc;
	s = p->line + 3 + strspn(p->line + 3, " ");
	if (!pop3_number(&s, UINT32_MAX, &count) || !pop3_number(&s, UINT64_MAX / 16, octets_out))
		return err_set(err, ERR_PROTO, ERR_WHOLE,
		        "the POP3 server answered STAT with \"%.100s\"", p->line);
	*count_out = p->count = (uint32_t)count;
	return 0;
}

static int no_end(const char *what, uint64_t most, struct err *err)
{
	return err_set(err, ERR_LIMIT, ERR_WHOLE,
	        "the POP3 server's answer to %s has more than %ju lines", what, (uintmax_t)most);
}

/* Lines of LIST. A number of 0 or a line without one is left out. */
static int read_list(struct pop3 *p, struct pop3_entry **list, size_t *n, struct err *err)
{
	/* STAT has said how many messages there are; not all servers count rightly. */
	const uint64_t most = 2 * (uint64_t)p->count + POP3_ENTRIES_SLACK;
	uint64_t lines = 0;
	size_t cap = 0;
	int rc;

	while ((rc = pop3_item(p, err)) > 0) {
		const char *s = p->line;
		struct pop3_entry *e;
		uint64_t number, size;

		if (++lines > most)
			return no_end("LIST", most, err);
		if (!pop3_number(&s, UINT32_MAX, &number) || number == 0)
			continue;
		if (*n == POP3_ENTRIES_MAX)
			return no_end("LIST", POP3_ENTRIES_MAX, err);
		e = ARR_PUSH(*list, *n, cap);
		e->number = (uint32_t)number;
		e->size = pop3_number(&s, UINT64_MAX / 16, &size) ? size : 0;
	}
	return rc;
}

/* Sorted, each number once: the first line about it counts. */
static void sort_entries(struct pop3_entry *list, size_t *n)
{
	size_t k = 0;

	SORT(list, *n, lookup_by_number);
	for (size_t i = 0; i < *n; i++)
		if (k == 0 || list[k - 1].number != list[i].number)
			list[k++] = list[i];
	*n = k;
}

/* Lines of UIDL to the entries of these numbers; the first one of a number counts. */
static int read_uidls(struct pop3 *p, struct pop3_entry *list, size_t n, struct err *err)
{
	const uint64_t most = 2 * (uint64_t)n + POP3_ENTRIES_SLACK;
	uint64_t lines = 0;
	int rc = pop3_ok(p, "UIDL", err);

	if (rc == ERR_REFUSED) {
		err_clear(err);
		/* optional (RFC 1939 7): the messages are told apart by content */
		return 0;
	}
	while (rc == 0 && (rc = pop3_item(p, err)) > 0) {
		const char *s = p->line;
		struct pop3_entry key, *e;
		uint64_t number;

		rc = 0;
		if (++lines > most)
			return no_end("UIDL", most, err);
		if (!pop3_number(&s, UINT32_MAX, &number))
			continue;
		key.number = (uint32_t)number;
		e = FIND(&key, list, n, lookup_by_number);
		if (e && !e->uidl && !p->odd && *s && strlen(s) <= POP3_UIDL_MAX)
			e->uidl = xstrdup(s);
	}
	return rc;
}

int pop3_list(struct pop3 *p, struct pop3_entry **out, size_t *n_out, struct err *err)
{
	struct pop3_entry *list = NULL;
	size_t n = 0;
	bool both = p->after.pipelining;
	int rc = pop3_send(p, err, both ? "LIST\r\nUIDL" : "LIST");

	if (rc == 0)
		rc = pop3_ok(p, "LIST", err);
	if (rc == ERR_REFUSED && both) {
		/* the session may go on: UIDL's answer is on its way */
		struct err lost = {0};

		if (read_uidls(p, NULL, 0, &lost) < 0)
			rc = err_copy(err, &lost);
	}
	if (rc == 0)
		rc = read_list(p, &list, &n, err);
	if (rc == 0)
		sort_entries(list, &n);
	if (rc == 0 && !both)
		rc = pop3_send(p, err, "UIDL");
	if (rc == 0)
		rc = read_uidls(p, list, n, err);
	if (rc < 0) {
		pop3_list_free(list, n);
		return rc;
	}
	*out = list;
	*n_out = n;
	return 0;
}

void pop3_list_free(struct pop3_entry *list, size_t n)
{
	for (size_t i = 0; i < n; i++)
		free(list[i].uidl);
	free(list);
}
