/*
 * floor fetch|append|retr HOST:PORT plain|tls USER PASSWORD [CONNECTIONS | DIRECTORY]
 *
 * The least that a program can do with a server, for measuring others against it: fetch
 * sends FETCH of everything at once, for each mailbox, over some connections; append sends
 * each file of a directory to INBOX without waiting for answers; retr asks a maildrop for
 * each message without waiting. What comes is thrown away. No error is handled but by an end.
 * cc -O2 -o floor floor.c -lgnutls -lpthread
 */
#define _GNU_SOURCE
#include <dirent.h>
#include <gnutls/gnutls.h>
#include <netdb.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <pthread.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

enum { CHUNK = 256 << 10, BOXES = 1000 };

struct link {
	int fd;
	gnutls_session_t tls; /* NULL: plain */
	char *in; /* what was read and not looked at yet */
	size_t len;
};

static const char *user, *password;
static char *host, *port;
static int with_tls;
static char *boxes[BOXES];
static size_t n_boxes;
static atomic_size_t next_box;

static void die(const char *what)
{
	fprintf(stderr, "floor: %s\n", what);
	exit(1);
}

static void put(struct link *l, const char *p, size_t n)
{
	while (n) {
		ssize_t k =
		        l->tls ? gnutls_record_send(l->tls, p, n) : send(l->fd, p, n, MSG_NOSIGNAL);

		if (k <= 0)
			die("the connection is lost (sending)");
		p += k;
		n -= (size_t)k;
	}
}

static void say(struct link *l, const char *fmt, ...)
{
	char line[2000];
	va_list ap;
	int n;

	va_start(ap, fmt);
	n = vsnprintf(line, sizeof line, fmt, ap);
	va_end(ap);
	put(l, line, (size_t)n);
}

/* More octets behind those that are there. */
static void get(struct link *l)
{
	ssize_t k;

	do
		k = l->tls ? gnutls_record_recv(l->tls, l->in + l->len, CHUNK - l->len)
		           : recv(l->fd, l->in + l->len, CHUNK - l->len, 0);
	while (l->tls && k < 0 && !gnutls_error_is_fatal((int)k));
	if (k <= 0)
		die("the connection is lost (reading)");
	l->len += (size_t)k;
}

/* Throw away all up to the end of the line in which ${text} is first. */
static void skip_to(struct link *l, const char *text)
{
	size_t n = strlen(text);

	for (;;) {
		char *at = memmem(l->in, l->len, text, n), *end;

		if (at) {
			while (!(end = memchr(at, '\n', l->len - (size_t)(at - l->in)))) {
				size_t from = (size_t)(at - l->in);

				memmove(l->in, at, l->len - from);
				l->len -= from;
				at = l->in;
				get(l);
			}
			l->len -= (size_t)(end + 1 - l->in);
			memmove(l->in, end + 1, l->len);
			return;
		}
		if (l->len >= n) {
			memmove(l->in, l->in + l->len - (n - 1), n - 1);
			l->len = n - 1;
		}
		get(l);
	}
}

static void open_link(struct link *l)
{
	static gnutls_certificate_credentials_t any; /* whoever it is: it is our own server */
	static pthread_mutex_t once = PTHREAD_MUTEX_INITIALIZER;
	struct addrinfo hints = {.ai_socktype = SOCK_STREAM}, *a;
	int one = 1, rc;

	if (getaddrinfo(host, port, &hints, &a) != 0)
		die("no such host");
	l->fd = socket(a->ai_family, SOCK_STREAM, 0);
	if (l->fd < 0 || connect(l->fd, a->ai_addr, a->ai_addrlen) < 0)
		die("cannot connect");
	freeaddrinfo(a);
	(void)setsockopt(l->fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof one);
	l->in = malloc(CHUNK);
	l->len = 0;
	l->tls = NULL;
	if (!with_tls)
		return;
	pthread_mutex_lock(&once);
	if (!any && gnutls_certificate_allocate_credentials(&any) < 0)
		die("no credentials");
	pthread_mutex_unlock(&once);
	gnutls_init(&l->tls, GNUTLS_CLIENT);
	gnutls_set_default_priority(l->tls);
	gnutls_credentials_set(l->tls, GNUTLS_CRD_CERTIFICATE, any);
	gnutls_transport_set_int(l->tls, l->fd);
	do
		rc = gnutls_handshake(l->tls);
	while (rc < 0 && !gnutls_error_is_fatal(rc));
	if (rc < 0)
		die("no TLS");
}

static void sign_in_imap(struct link *l)
{
	open_link(l);
	say(l, "a LOGIN %s %s\r\n", user, password);
	skip_to(l, "a OK");
}

/* The names of all mailboxes, as they stand in the answers to LIST. */
static void list_boxes(void)
{
	struct link l;
	char *end = NULL, *line;

	sign_in_imap(&l);
	say(&l, "b LIST \"\" \"*\"\r\n");
	while (!(end = memmem(l.in, l.len, "b OK", 4)))
		get(&l);
	for (line = l.in; line < end && n_boxes < BOXES;) {
		char *lf = memchr(line, '\n', (size_t)(end - line));
		char *name = memmem(line, (size_t)(lf - line), ") \"", 3);

		if (name && !memmem(line, (size_t)(lf - line), "\\Noselect", 9))
			boxes[n_boxes++] = strndup(name + 6, (size_t)(lf - 1 - name - 6));
		line = lf + 1;
	}
	close(l.fd);
}

static void *fetch_some(void *arg)
{
	struct link l;
	size_t i;

	(void)arg;
	sign_in_imap(&l);
	while ((i = atomic_fetch_add(&next_box, 1)) < n_boxes) {
		say(&l, "c EXAMINE %s\r\nfloor1 UID FETCH 1:* (FLAGS INTERNALDATE RFC822.SIZE BODY.PEEK[])\r\n",
		        boxes[i]);
		skip_to(&l, "floor1 ");
	}
	return NULL;
}

static void fetch(int connections)
{
	pthread_t t[32];

	list_boxes();
	for (int i = 0; i < connections; i++)
		if (pthread_create(&t[i], NULL, fetch_some, NULL) != 0)
			die("no thread");
	for (int i = 0; i < connections; i++)
		pthread_join(t[i], NULL);
}

struct sending {
	struct link *link;
	const char *dir;
	struct dirent **names;
	int n;
};

static void *send_files(void *arg)
{
	struct sending *s = arg;

	for (int i = 0; i < s->n; i++) {
		char path[4096], *data;
		struct stat st;
		FILE *f;

		snprintf(path, sizeof path, "%s/%s", s->dir, s->names[i]->d_name);
		f = fopen(path, "r");
		if (!f || fstat(fileno(f), &st) < 0 || !(data = malloc((size_t)st.st_size + 2)) ||
		        fread(data, 1, (size_t)st.st_size, f) != (size_t)st.st_size)
			die("cannot read a message");
		fclose(f);
		say(s->link, "d APPEND INBOX {%zu+}\r\n", (size_t)st.st_size);
		memcpy(data + st.st_size, "\r\n", 2);
		put(s->link, data, (size_t)st.st_size + 2);
		free(data);
	}
	return NULL;
}

static int is_message(const struct dirent *d)
{
	return d->d_name[0] != '.';
}

static void append(const char *dir)
{
	struct sending s = {.dir = dir};
	struct link l;
	pthread_t t;

	s.n = scandir(dir, &s.names, is_message, alphasort);
	if (s.n < 0)
		die("no such directory");
	sign_in_imap(&l);
	s.link = &l;
	if (pthread_create(&t, NULL, send_files, &s) != 0)
		die("no thread");
	for (int i = 0; i < s.n; i++)
		skip_to(&l, "d OK");
	pthread_join(t, NULL);
}

static void *ask_all(void *arg)
{
	struct sending *s = arg;

	for (int i = 1; i <= s->n; i++)
		say(s->link, "RETR %d\r\n", i);
	return NULL;
}

static void retr(void)
{
	struct sending s = {0};
	struct link l;
	pthread_t t;
	char *at;

	open_link(&l);
	skip_to(&l, "+OK");
	say(&l, "USER %s\r\n", user);
	skip_to(&l, "+OK");
	say(&l, "PASS %s\r\n", password);
	skip_to(&l, "+OK");
	say(&l, "STAT\r\n");
	while (!(at = memmem(l.in, l.len, "+OK ", 4)) ||
	        !memchr(at, '\n', l.len - (size_t)(at - l.in)))
		get(&l);
	s.n = atoi(at + 4);
	s.link = &l;
	l.len = 0;
	if (pthread_create(&t, NULL, ask_all, &s) != 0)
		die("no thread");
	for (int i = 0; i < s.n; i++)
		skip_to(&l, "\r\n.\r\n");
	pthread_join(t, NULL);
	say(&l, "RSET\r\n");
	close(l.fd);
}

int main(int argc, char **argv)
{
	if (argc < 6 || !strchr(argv[2], ':'))
		die("fetch|append|retr HOST:PORT plain|tls USER PASSWORD [CONNECTIONS | DIRECTORY]");
	host = argv[2];
	port = strrchr(host, ':');
	*port++ = '\0';
	with_tls = !strcmp(argv[3], "tls");
	user = argv[4];
	password = argv[5];
	if (!strcmp(argv[1], "fetch"))
		fetch(argc > 6 ? atoi(argv[6]) : 4);
	else if (!strcmp(argv[1], "append") && argc > 6)
		append(argv[6]);
	else if (!strcmp(argv[1], "retr"))
		retr();
	else
		die("fetch, append or retr");
	return 0;
}
