/* Asking name servers: in turn, over UDP, over TCP what was cut; each wait can be ended. */
#include "valise/dns/dns.h"
#include "valise/base/clock.h"
#include "valise/base/file.h"
#include "valise/base/mem.h"
#include "valise/base/progress.h"
#include "valise/base/sys.h"
#include <ctype.h>
#include <errno.h>
#include <fcntl.h>
#include <ldns/ldns.h>
#include <netdb.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <unistd.h>

#define RESOLV_CONF "/etc/resolv.conf"
#define CONF_MAX 65536
#define SILENT "it does not answer"

enum {
	SERVERS_MAX = 8,
	ROUNDS = 2,
	HOPS_MAX = 8,
	SLICE_MS = 200,
	/* RFC 6891 6.2.5, and what goes over most paths in one piece */
	UDP_SIZE = 1232,
	WIRE_MAX = 65535,
};

struct server {
	struct sockaddr_storage at;
	socklen_t len;
	char name[300]; /* for people */
	bool no_edns; /* it does not understand it */
	unsigned silences; /* in a row; after ROUNDS of them it is not asked any more */
};

struct dns {
	struct server list[SERVERS_MAX];
	size_t n;
	int timeout_ms;
};

/* One question on its way to one server. */
struct asking {
	struct server *to;
	struct dns_question q;
	int64_t deadline;
	struct dns_answer *out;
	char *next;
	bool cut;
};

static int add_server(struct dns *d, const char *host, const char *port, int flags)
{
	const struct addrinfo hints = {.ai_socktype = SOCK_DGRAM, .ai_flags = flags};
	struct addrinfo *list = NULL;
	int rc = getaddrinfo(host, port, &hints, &list);

	for (struct addrinfo *a = list; rc == 0 && a && d->n < SERVERS_MAX; a = a->ai_next) {
		struct server *s = &d->list[d->n++];

		memcpy(&s->at, a->ai_addr, a->ai_addrlen);
		s->len = a->ai_addrlen;
		snprintf(s->name, sizeof s->name, "%s%s%s", host,
		        strcmp(port, "53") != 0 ? " port " : "",
		        strcmp(port, "53") != 0 ? port : "");
		if (flags & AI_NUMERICHOST)
			break;
	}
	if (list)
		freeaddrinfo(list);
	return rc;
}

/* "HOST", "HOST:PORT", "[ADDRESS]:PORT", and an IPv6 address alone. */
static int add_given(struct dns *d, const char *text, struct err *err)
{
	const char *colon = strrchr(text, ':'), *port = "53";
	char host[256];
	size_t n = strlen(text);
	bool bracket = *text == '[';
	int rc;

	if (colon && !bracket && strchr(text, ':') != colon)
		colon = NULL;
	if (bracket && colon && colon[-1] != ']')
		colon = NULL;
	if (colon) {
		n = (size_t)(colon - text);
		port = colon + 1;
	}
	if (bracket && n >= 2 && text[n - 1] == ']') {
		text++;
		n -= 2;
	}
	if (!n || n >= sizeof host || !*port || strspn(port, "0123456789") != strlen(port) ||
	        strlen(port) > 5 || atoi(port) < 1 || atoi(port) > UINT16_MAX)
		return err_set(err, ERR_USAGE, ERR_WHOLE,
		        "a name server is HOST:PORT, as in 127.0.0.1:53, not \"%s\"", text);
	memcpy(host, text, n);
	host[n] = '\0';
	rc = add_server(d, host, port, AI_NUMERICSERV);
	return rc ? err_set(err, ERR_USAGE, ERR_WHOLE, "the name server \"%s\": %s", host,
	                    gai_strerror(rc))
	          : 0;
}

static void add_line(struct dns *d, char *line)
{
	static const char word[] = "nameserver";
	char *s = line;

	if (strncmp(s, word, sizeof word - 1) != 0 || !strchr(" \t", s[sizeof word - 1]))
		return;
	s += sizeof word - 1;
	s += strspn(s, " \t");
	s[strcspn(s, " \t\r#;")] = '\0';
	if (*s)
		(void)add_server(d, s, "53", AI_NUMERICHOST | AI_NUMERICSERV);
}

static void add_system(struct dns *d)
{
	struct buf text = buf_of(CONF_MAX);
	char *save = NULL, *all;

	if (file_read(AT_FDCWD, RESOLV_CONF, &text, NULL) != 0)
		buf_reset(&text);
	all = buf_take(&text);
	for (char *s = strtok_r(all, "\n", &save); s; s = strtok_r(NULL, "\n", &save))
		add_line(d, s);
	free(all);
	buf_clear(&text);
	if (!d->n)
		(void)add_server(d, "127.0.0.1", "53", AI_NUMERICHOST | AI_NUMERICSERV);
}

int dns_open(const char *server, int timeout_ms, struct dns **out, struct err *err)
{
	struct dns *d = xcalloc(1, sizeof *d);
	int rc = 0;

	d->timeout_ms = timeout_ms;
	if (server)
		rc = add_given(d, server, err);
	else
		add_system(d);
	*out = rc == 0 ? d : NULL;
	if (rc)
		free(d);
	return rc;
}

void dns_close(struct dns *d)
{
	free(d);
}

/* 1: ready, 0: the time is over, negative: stopped. */
static int wait_ready(const struct asking *a, int fd, short events, struct err *err)
{
	struct pollfd p = {.fd = fd, .events = events};

	for (;;) {
		int64_t left = a->deadline - clock_ms();
		int rc = stop_check(err);

		if (rc != 0)
			return rc;
		if (left <= 0)
			return 0;
		rc = sys_poll(&p, 1, (int)(left < SLICE_MS ? left : SLICE_MS));
		if (rc > 0)
			return 1;
		if (rc < 0 && errno != EINTR)
			return 0;
	}
}

/* 0, ERR_STOPPED, or ERR_NET with *fd_out -1. */
static int open_socket(const struct asking *a, int type, int *fd_out, struct err *err)
{
	int fd = socket(a->to->at.ss_family, type | SOCK_NONBLOCK | SOCK_CLOEXEC, 0), why = 0, rc;
	socklen_t len = sizeof why;

	*fd_out = fd;
	if (fd < 0)
		return err_sys(err, ERR_WHOLE, "%s", a->to->name), ERR_NET;
	if (sys_connect(fd, (const struct sockaddr *)&a->to->at, a->to->len) == 0)
		return 0;
	rc = errno == EINPROGRESS ? wait_ready(a, fd, POLLOUT, err) : 0;
	if (rc > 0 && getsockopt(fd, SOL_SOCKET, SO_ERROR, &why, &len) == 0 && why == 0)
		return 0;
	(void)sys_close(fd);
	*fd_out = -1;
	return rc < 0 ? rc : err_set(err, ERR_NET, ERR_WHOLE, "cannot be reached");
}

/* The message of the question; the caller frees it with LDNS_FREE. NULL: no such name. */
static uint8_t *write_question(const struct asking *a, size_t *n_out)
{
	ldns_rdf *name = ldns_dname_new_frm_str(a->q.name);
	uint8_t *wire = NULL;
	ldns_pkt *p;

	if (!name)
		return NULL;
	p = ldns_pkt_query_new(name, (ldns_rr_type)a->q.type, LDNS_RR_CLASS_IN,
	        a->q.how & DNS_RECURSE ? LDNS_RD : 0);
	if (!p) {
		ldns_rdf_deep_free(name);
		return NULL;
	}
	ldns_pkt_set_id(p, a->q.id);
	if (!a->to->no_edns)
		ldns_pkt_set_edns_udp_size(p, UDP_SIZE);
	ldns_pkt_set_edns_do(p, a->q.how & DNS_SIGNED && !a->to->no_edns);
	ldns_pkt_set_cd(p, (a->q.how & DNS_UNCHECKED) != 0);
	if (ldns_pkt2wire(&wire, p, n_out) != LDNS_STATUS_OK)
		wire = NULL;
	ldns_pkt_free(p);
	return wire;
}

static int no_answer(struct asking *a, const char *why)
{
	dns_answer_clear(a->out);
	a->out->outcome = DNS_FAILED;
	a->out->silent = true;
	a->out->why = xstrdup(why);
	return 0;
}

static int ask_udp(struct asking *a, const uint8_t *wire, size_t n, struct err *err)
{
	uint8_t *got = xmalloc(WIRE_MAX);
	int fd, rc = open_socket(a, SOCK_DGRAM, &fd, err);
	ssize_t len;

	if (rc == 0 && sys_send(fd, wire, n) < 0)
		rc = ERR_NET;
	while (rc == 0) {
		rc = wait_ready(a, fd, POLLIN, err);
		if (rc <= 0)
			break;
		len = sys_recv(fd, got, WIRE_MAX);
		if (len < 0 && (errno == EAGAIN || errno == EINTR))
			rc = 0;
		else if (len < 0)
			rc = ERR_NET; /* refused: nothing listens */
		else
			rc = dns_read(&a->q, got, (size_t)len, a->out, &a->next, &a->cut);
	}
	if (fd >= 0)
		(void)sys_close(fd);
	free(got);
	a->to->silences = rc == 0 ? a->to->silences + 1 : 0;
	if (rc == 0)
		return no_answer(a, SILENT);
	if (rc == ERR_NET)
		return no_answer(a, "it cannot be reached");
	return rc < 0 ? rc : 0;
}

/* All ${n} octets to or from a stream: 1, 0 (over, or closed), negative: stopped. */
static int move_all(const struct asking *a, int fd, uint8_t *p, size_t n, bool in, struct err *err)
{
	while (n) {
		int rc = wait_ready(a, fd, in ? POLLIN : POLLOUT, err);
		ssize_t did;

		if (rc <= 0)
			return rc;
		did = in ? sys_recv(fd, p, n) : sys_send(fd, p, n);
		if (did < 0 && (errno == EAGAIN || errno == EINTR))
			continue;
		if (did <= 0)
			return 0;
		p += did;
		n -= (size_t)did;
	}
	return 1;
}

/* RFC 7766: two octets of length before each message. */
static int ask_tcp(struct asking *a, const uint8_t *wire, size_t n, struct err *err)
{
	uint8_t *all = xmalloc(WIRE_MAX + 2);
	int fd, rc;
	size_t len;

	a->cut = false;
	dns_answer_clear(a->out);
	rc = open_socket(a, SOCK_STREAM, &fd, err) == 0 ? 1 : stop_check(err);
	all[0] = (uint8_t)(n >> 8);
	all[1] = (uint8_t)n;
	memcpy(all + 2, wire, n);
	if (rc > 0)
		rc = move_all(a, fd, all, n + 2, false, err);
	if (rc > 0)
		rc = move_all(a, fd, all, 2, true, err);
	len = (size_t)all[0] << 8 | all[1];
	if (rc > 0)
		rc = move_all(a, fd, all, len, true, err);
	if (rc > 0)
		rc = dns_read(&a->q, all, len, a->out, &a->next, &a->cut) && !a->cut;
	if (fd >= 0)
		(void)sys_close(fd);
	free(all);
	if (rc == 0)
		return no_answer(a, "its answer was cut, and it gives none over TCP");
	return rc < 0 ? rc : 0;
}

static int ask_server(struct asking *a, struct err *err)
{
	size_t n = 0;
	uint8_t *wire;
	int rc;

	if (a->to->silences >= ROUNDS)
		return no_answer(a, SILENT);
	wire = write_question(a, &n);
	if (!wire)
		return no_answer(a, "this is no name that could be asked for");
	rc = ask_udp(a, wire, n, err);
	if (rc == 0 && a->cut)
		rc = ask_tcp(a, wire, n, err);
	LDNS_FREE(wire);
	return rc;
}

static int new_id(uint16_t *id_out, struct err *err)
{
	if (getrandom(id_out, sizeof *id_out, 0) != (ssize_t)sizeof *id_out)
		return err_sys(err, ERR_WHOLE, "no random numbers");
	return 0;
}

/* Refused by one of them, the question is put to the next. */
static int ask_servers(struct dns *d, const struct dns_question *q, struct dns_answer *out,
        char **next_out, struct err *err)
{
	int rc = 0;

	out->outcome = DNS_FAILED;
	for (size_t i = 0; i < ROUNDS * d->n && rc == 0 && out->outcome == DNS_FAILED; i++) {
		struct asking a = {.to = &d->list[i % d->n],
		        .q = *q,
		        .deadline = clock_ms() + d->timeout_ms,
		        .out = out};
		char *why;

		dns_answer_clear(out);
		rc = new_id(&a.q.id, err);
		if (rc == 0)
			rc = ask_server(&a, err);
		*next_out = a.next;
		if (rc != 0 || out->outcome != DNS_FAILED)
			break;
		a.to->no_edns |= strcmp(out->why, "FORMERR") == 0;
		why = out->why;
		out->why = xasprintf("name server %s: %s", a.to->name, why);
		free(why);
	}
	return rc;
}

/* The CNAME that the first answer began with is that of the last one. */
static void keep_alias(struct dns_answer *out, char **alias, uint32_t *ttl)
{
	if (!*alias && out->alias) {
		*alias = out->alias;
		*ttl = out->alias_ttl;
		out->alias = NULL;
	}
}

int dns_query(struct dns *d, const char *name, enum dns_type type, unsigned how,
        struct dns_answer *out, struct err *err)
{
	char *now = xstrdup(name), *next = NULL, *alias = NULL;
	uint32_t alias_ttl = 0;
	int rc = 0;

	memset(out, 0, sizeof *out);
	for (int hops = 0; rc == 0; hops++) {
		struct dns_question q = {.name = now, .type = type, .how = how};

		rc = ask_servers(d, &q, out, &next, err);
		keep_alias(out, &alias, &alias_ttl);
		if (rc != 0 || !next || !(how & DNS_FOLLOW))
			break;
		free(now);
		now = next;
		next = NULL;
		if (hops == HOPS_MAX) {
			dns_answer_clear(out);
			out->outcome = DNS_FAILED;
			out->why = xstrdup(
			        "its CNAME records go in a circle, or through more than eight");
			break;
		}
	}
	free(out->alias);
	out->alias = alias;
	out->alias_ttl = alias_ttl;
	free(next);
	free(now);
	return rc;
}

int dns_ask(struct dns *d, const char *name, enum dns_type type, struct dns_answer *out,
        struct err *err)
{
	return dns_query(d, name, type, DNS_RECURSE | DNS_FOLLOW, out, err);
}
