/* The HTTP client: signing in. */
#include "httpd.h"

/* ---- sign-in ---- */

static void challenge_table(void **state)
{
	(void)state;
	static const struct {
		const char *value;
		size_t n;
		enum auth_scheme first;
		const char *realm, *nonce;
		bool sha256, qop, stale;
	} rows[] = {
	        {"Basic realm=\"x\"", 1, AUTH_BASIC, "x", NULL, 0, 0, 0},
	        {"basic", 1, AUTH_BASIC, NULL, NULL, 0, 0, 0},
	        {"Basic realm = \"a\\\"b, c\" , charset=\"UTF-8\"", 1, AUTH_BASIC, "a\"b, c", NULL,
	                0, 0, 0},
	        {"Digest realm=\"r\", nonce=\"n,=\", qop=\"auth,auth-int\", algorithm=SHA-256, "
	         "stale=TRUE",
	                1, AUTH_DIGEST, "r", "n,=", 1, 1, 1},
	        {"Digest realm=\"r\", nonce=n, algorithm=MD5", 1, AUTH_DIGEST, "r", "n", 0, 0, 0},
	        {"Digest realm=\"r\", nonce=\"n\", algorithm=SHA-512-256", 1, AUTH_DIGEST, "r", "n",
	                0, 0, 0},
	        {"Digest realm=\"r\", nonce=\"n\", algorithm=SHA-512", 1, AUTH_NONE, "r", "n", 0, 0,
	                0},
	        {"Digest nonce=\"n\", qop=\"auth-int\"", 1, AUTH_NONE, NULL, "n", 0, 0, 0},
	        {"Negotiate", 1, AUTH_NEGOTIATE, NULL, NULL, 0, 0, 0},
	        {"Negotiate YWJj==, Basic realm=\"x\"", 2, AUTH_NEGOTIATE, NULL, NULL, 0, 0, 0},
	        {"Bearer realm=\"x\", Basic realm=y", 2, AUTH_BEARER, "x", NULL, 0, 0, 0},
	        {",,, Basic realm=\"open", 1, AUTH_BASIC, "open", NULL, 0, 0, 0},
	        {"realm=\"x\"", 0, AUTH_NONE, NULL, NULL, 0, 0, 0},
	        {"", 0, AUTH_NONE, NULL, NULL, 0, 0, 0},
	        {"\"", 0, AUTH_NONE, NULL, NULL, 0, 0, 0},
	        {"a a a a a a a a a a a", 8, AUTH_NONE, NULL, NULL, 0, 0, 0},
	};

	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		struct challenges c = {0};

		challenges_parse(&c, rows[i].value);
		assert_int_equal(c.n, rows[i].n);
		if (c.n) {
			assert_int_equal(c.list[0].scheme, rows[i].first);
			if (rows[i].realm)
				assert_string_equal(c.list[0].realm, rows[i].realm);
			if (rows[i].nonce && c.list[0].scheme)
				assert_string_equal(c.list[0].nonce, rows[i].nonce);
			assert_int_equal(c.list[0].sha256, rows[i].sha256);
			assert_int_equal(c.list[0].qop, rows[i].qop);
			assert_int_equal(c.list[0].stale, rows[i].stale);
		}
		challenges_clear(&c);
	}
}

/* What is taken of what is offered, by what is known of who signs in. */
static void choices(void **state)
{
	enum { TYPED = 2, TICKET = 4, CLEAR = 8, TOKEN = 16, REFUSED = 32 };
	static const struct {
		const char *offered, *mech;
		unsigned how;
		const char *word; /* NULL: nothing fits */
	} rows[] = {
	        {"Basic, Digest nonce=n, NTLM, Negotiate", NULL, 0, "Basic"},
	        {"Negotiate, NTLM", NULL, 0, "NTLM"},
	        {"Negotiate, NTLM", NULL, TICKET, "NTLM"}, /* there is a password */
	        {"Negotiate, NTLM, Basic", NULL, TICKET | TYPED, "Negotiate"},
	        {"Negotiate, NTLM, Basic", NULL, TYPED, "Basic"},
	        {"Negotiate, NTLM, Basic", NULL, TICKET | TYPED | REFUSED, "Basic"},
	        {"Negotiate", NULL, 0, NULL},
	        {"Negotiate", NULL, TYPED, NULL},
	        {"Negotiate", NULL, TICKET | TYPED | TOKEN, NULL},
	        {"NTLM, Digest nonce=n", NULL, 0, "Digest"},
	        {"NTLM, Basic", NULL, CLEAR, "NTLM"}, /* the password itself goes out last */
	        {"NTLM, Digest nonce=n", NULL, CLEAR, "Digest"},
	        {"NTLM, Basic, Negotiate", "NTLM", TICKET | TYPED, "NTLM"},
	        {"NTLM, Basic, Negotiate", "NEGOTIATE", 0, "Negotiate"},
	        {"NTLM, Basic, Negotiate", "BASIC", TICKET | TYPED, "Basic"},
	        {"NTLM, Negotiate", "BASIC", TICKET | TYPED, NULL},
	        {"Basic, Digest nonce=n", "NTLM", 0, NULL},
	        {"Basic, Digest nonce=n", "NEGOTIATE", TICKET, NULL},
	        {"NTLM, Bearer", NULL, TOKEN, "Bearer"},
	        {"NTLM", NULL, TOKEN, NULL},
	};

	(void)state;
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		unsigned how = rows[i].how;
		struct login login = {.user = (char *)"alice",
		        .mech = (char *)rows[i].mech,
		        .token = how & TOKEN,
		        .typed = how & TYPED};
		struct http_auth a = {
		        .login = &login, .ticket = how & TICKET, .no_negotiate = how & REFUSED};
		struct challenges offered = {0};
		struct err err = {0};
		int rc;

		challenges_parse(&offered, rows[i].offered);
		rc = auth_choose(&a, &offered, "https://h/", how & CLEAR, &err);
		if (rc != (rows[i].word ? 0 : ERR_AUTH) ||
		        (rows[i].word && strcmp(auth_word(&a), rows[i].word) != 0))
			fail_msg("%zu: %s: %d %s", i, rows[i].offered, rc, auth_word(&a));
		challenges_clear(&offered);
		auth_clear(&a);
	}
}

/* A ticket that was refused, and nobody asked for by name, is followed by the password, once. */
static void refused_negotiate(void **state)
{
	struct login login = {.user = (char *)"alice", .typed = true};
	struct http_auth a = {.login = &login, .ticket = true};
	struct challenges offered = {0};
	struct err err = {0};

	(void)state;
	challenges_parse(&offered, "Negotiate, Basic realm=x");
	assert_int_equal(auth_choose(&a, &offered, "https://h/", false, &err), 0);
	assert_true(auth_by_connection(&a));
	assert_true(auth_other_way(&a, &offered));
	assert_int_equal(auth_choose(&a, &offered, "https://h/", false, &err), 0);
	assert_string_equal(auth_word(&a), "Basic");
	assert_false(auth_by_connection(&a));
	assert_false(auth_other_way(&a, &offered));
	challenges_clear(&offered);
	auth_clear(&a);
}

static void hash_hex(bool sha256, char *out, const char *fmt, ...)
{
	char text[2000];
	uint8_t sum[32];
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(text, sizeof text, fmt, ap);
	va_end(ap);
	gnutls_hash_fast(sha256 ? GNUTLS_DIG_SHA256 : GNUTLS_DIG_MD5, text, strlen(text), sum);
	hex_format(sum, sha256 ? 32 : 16, out);
}

static void param(const char *header, const char *name, char *out)
{
	const char *s = strstr(header, name);

	*out = '\0';
	if (!s)
		return;
	s += strlen(name);
	s += *s == '"';
	snprintf(out, 200, "%.*s", (int)strcspn(s, "\","), s);
}

/* The server's half of RFC 7616: nonce "n<generation>", password "secret". */
static bool digest_right(const struct request *rq, bool sha256, bool qop, const char *want_nonce)
{
	char ha1[65], ha2[65], all[65];
	char nonce[200], uri[200], response[200], cnonce[200], nc[200];
	const char *auth = field(rq, "\r\nAuthorization");

	if (!auth || strncmp(auth, "Digest ", 7) != 0)
		return false;
	param(auth, " nonce=", nonce);
	param(auth, " uri=", uri);
	param(auth, " response=", response);
	param(auth, " cnonce=", cnonce);
	param(auth, " nc=", nc);
	hash_hex(sha256, ha1, "alice:the \"realm\":secret");
	hash_hex(sha256, ha2, "%s:%s", rq->method, rq->path);
	if (qop)
		hash_hex(sha256, all, "%s:%s:%s:%s:auth:%s", ha1, nonce, nc, cnonce, ha2);
	else
		hash_hex(sha256, all, "%s:%s:%s", ha1, nonce, ha2);
	return strcmp(all, response) == 0 && strcmp(nonce, want_nonce) == 0 &&
	       strcmp(uri, rq->path) == 0;
}

static void digest_answer(struct conn *c, const struct request *rq)
{
	bool sha256 = strncmp(rq->path, "/sha", 4) == 0, qop = strncmp(rq->path, "/old", 4) != 0;
	bool stale = strncmp(rq->path, "/stale", 6) == 0 && rq->number == 1;
	char nonce[20], fields[400];

	snprintf(nonce, sizeof nonce, "n%d", rq->number > 1 && c->server->seen[0][0] == 'P');
	if (!stale && digest_right(rq, sha256, qop, nonce)) {
		reply(c, 207, "", rq->body);
		return;
	}
	snprintf(fields, sizeof fields,
	        "WWW-Authenticate: Digest realm=\"the \\\"realm\\\"\", nonce=\"n%d\"%s%s%s, "
	        "opaque=\"o\"\r\n",
	        stale || (rq->number > 0 && c->server->seen[0][0] == 'P'),
	        sha256 ? ", algorithm=SHA-256" : "", qop ? ", qop=\"auth\"" : "",
	        stale ? ", stale=true" : "");
	reply(c, 401, fields, "");
}

static void digest(void **state)
{
	(void)state;
	static const char *const paths[] = {"/md5/x?q=1", "/sha", "/old"};

	for (size_t i = 0; i < 3; i++) {
		struct server *s = server_start(digest_answer, false);
		struct http *h = open_at(s, GUARD_DAV_SOURCE);

		for (int round = 0; round < 3; round++) {
			struct http_request rq = {
			        .method = "REPORT", .body = "<x/>", .body_size = 4};
			struct result *r = ask(h, s, rq, paths[i]);

			assert_int_equal(r->status, 207);
			assert_string_equal(buf_str(&r->body), "<x/>");
		}
		assert_int_equal(s->requests, 4); /* one challenge for all */
		assert_null(strstr(s->seen[0], "Digest"));
		if (i != 2) {
			assert_non_null(strstr(s->seen[1], "nc=00000001"));
			assert_non_null(strstr(s->seen[3], "nc=00000003"));
		}
		assert_non_null(strstr(s->seen[1], "opaque=\"o\""));
		http_close(h);
		server_stop(s);
	}
}

/* The answer is Python's (hashlib). */
static void digest_sha512_256(void **state)
{
	(void)state;
	struct login login = {.user = (char *)"alice"};
	struct http_auth a = {.login = &login, .count = 1, .cnonce = "c", .have_secret = true};
	struct challenges offered = {0};
	struct buf out;
	struct err err;

	challenges_parse(&offered, "Digest realm=\"r\", nonce=\"n\", qop=\"auth\", "
	                           "algorithm=SHA-512-256, Digest realm=\"r\", nonce=\"m\"");
	assert_int_equal(auth_choose(&a, &offered, "http://h/", true, &err), 0);
	a.count = 1;
	assert_int_equal(secret_set(&a.secret, "pw", 2, &err), 0);
	buf_init(&out, 4096);
	assert_int_equal(auth_header(&a, "GET", "http://h/x", &out, &err), 0);
	assert_non_null(strstr(
	        buf_str(&out), ", algorithm=SHA-512-256, cnonce=\"c\", qop=auth, nc=00000002"));
	assert_non_null(strstr(
	        buf_str(&out), "c2408cacc94ec222009fe6d07c88eac8c48810f3acfddc1124eb46daceb173ea"));
	/* Refused where MD5 is offered, too: that, once. */
	assert_true(auth_other_way(&a, &offered));
	assert_int_equal(auth_choose(&a, &offered, "http://h/", true, &err), 0);
	assert_false(a.used.sha512 || a.used.sha256);
	challenges_clear(&offered);
	challenges_parse(&offered, "Digest nonce=\"n\", algorithm=SHA-1024");
	assert_int_equal(auth_choose(&a, &offered, "http://h/", true, &err), ERR_AUTH);
	assert_non_null(strstr(err.text, "it offers Digest of an unknown kind"));
	challenges_clear(&offered);
	buf_clear(&out);
	auth_clear(&a);
}

static void digest_stale_and_wrong(void **state)
{
	(void)state;
	struct server *s = server_start(digest_answer, false);
	struct http *h = open_at(s, GUARD_DAV_SOURCE);
	struct service service = service_at(s);
	struct http_request rq = {.method = "PROPFIND", .body = "<x/>", .body_size = 4};

	assert_int_equal(ask(h, s, rq, "/stale")->status, 207);
	assert_int_equal(s->requests, 3);
	http_close(h);
	service.login.ctx = (void *)(uintptr_t) "wrong";
	assert_int_equal(http_open(&service, GUARD_DAV_SOURCE, NULL, &h, NULL), 0);
	assert_int_equal(ask(h, s, rq, "/md5")->code, ERR_AUTH);
	assert_int_equal(s->requests, 5);
	http_close(h);
	server_stop(s);
}

static void basic(void **state)
{
	(void)state;
	struct server *s = server_start(basic_answer, true);
	struct http *h = open_at(s, GUARD_DAV_SOURCE);

	secret_calls = 0;
	assert_int_equal(get(h, s, "/x")->status, 200);
	assert_int_equal(get(h, s, "/x")->status, 200);
	assert_int_equal(s->requests, 3); /* without being asked the second time */
	assert_int_equal(secret_calls, 1);
	/* Once in, a 401 costs only its request. */
	assert_int_equal(get(h, s, "/other")->code, ERR_AUTH);
	assert_int_equal(get(h, s, "/x")->status, 200);
	http_close(h);
	server_stop(s);
}

static void basic_preempted(void **state)
{
	(void)state;
	struct server *s = server_start(basic_answer, true),
	              *clear = server_start(basic_answer, false);
	struct http *h = open_at(s, GUARD_DAV_SOURCE);

	http_preempt(h);
	assert_int_equal(get(h, s, "/x")->status, 200);
	assert_int_equal(s->requests, 1);
	http_close(h);
	h = open_at(clear, GUARD_DAV_SOURCE);
	http_preempt(h);
	assert_int_equal(get(h, clear, "/x")->code, ERR_AUTH);
	/* In the clear Digest goes before Basic. */
	assert_null(strstr(clear->seen[0], "Basic"));
	assert_non_null(strstr(clear->seen[1], "Digest"));
	http_close(h);
	server_stop(s);
	server_stop(clear);
}

static void refused_sign_in(void **state)
{
	(void)state;
	struct server *s = server_start(basic_answer, true);
	struct service service = service_at(s);
	struct http_request list[4] = {0};
	struct result results[4] = {0};
	char *url = url_at(s, "/x");
	struct err err;
	struct http *h;

	service.login.ctx = (void *)(uintptr_t) "wrong";
	assert_int_equal(http_open(&service, GUARD_DAV_SOURCE, NULL, &h, NULL), 0);
	for (size_t i = 0; i < 4; i++)
		list[i] = (struct http_request){
		        .method = "GET", .url = url, .done = keep_done, .ctx = &results[i]};
	assert_int_equal(http_run(h, list, 4, 0, &err), ERR_AUTH);
	assert_non_null(strstr(err.text, "as alice"));
	assert_int_equal(s->requests, 2);
	for (size_t i = 0; i < 4; i++) {
		assert_int_equal(results[i].done, 1);
		assert_int_equal(results[i].code, ERR_AUTH);
	}
	http_close(h);
	service.login.user = NULL;
	assert_int_equal(http_open(&service, GUARD_DAV_SOURCE, NULL, &h, NULL), 0);
	assert_int_equal(get(h, s, "/x")->code, ERR_AUTH);
	assert_int_equal(s->requests, 3);
	http_close(h);
	free(url);
	server_stop(s);
}

static void mechanisms(void **state)
{
	(void)state;
	static const struct {
		const char *mech, *sent;
		enum err_code code;
	} rows[] = {
	        {"BASIC", "|Basic ", 0},
	        {"PLAIN", "|Basic ", 0},
	        {"DIGEST", "|Digest ", ERR_AUTH},
	        {"BEARER", "|Bearer fresh", ERR_AUTH},
	};

	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		struct server *s = server_start(basic_answer, true);
		struct service service = service_at(s);
		struct http *h;

		service.login.mech = (char *)(uintptr_t)rows[i].mech;
		assert_int_equal(http_open(&service, GUARD_DAV_SOURCE, NULL, &h, NULL), 0);
		assert_int_equal(get(h, s, "/x")->code, rows[i].code);
		assert_non_null(strstr(s->seen[1], rows[i].sent));
		http_close(h);
		server_stop(s);
	}
}

static void bearer_answer(struct conn *c, const struct request *rq)
{
	const char *auth = field(rq, "\r\nAuthorization");

	if (!auth || strcmp(auth, "Bearer fresh") != 0)
		reply(c, 401, "WWW-Authenticate: Bearer error=\"invalid_token\"\r\n", "");
	else
		reply(c, 200, "", "in");
}

static void bearer(void **state)
{
	(void)state;
	struct server *s = server_start(bearer_answer, true);
	struct service service = service_at(s);
	struct http *h;

	service.login.mech = (char *)(uintptr_t) "XOAUTH2";
	assert_int_equal(http_open(&service, GUARD_DAV_SOURCE, NULL, &h, NULL), 0);
	assert_int_equal(get(h, s, "/x")->status, 200);
	assert_int_equal(get(h, s, "/x")->status, 200);
	assert_int_equal(s->requests, 3);
	assert_string_equal(s->seen[0], "GET /x|Bearer secret");
	http_close(h);
	server_stop(s);
}

/*
 * --auth DIGEST means that the password does not go out, whatever the server says of
 * strangers.
 */
static void digest_means_digest(void **state)
{
	(void)state;
	struct server *s = server_start(basic_answer, true);
	struct service service = service_at(s);
	struct http *h;

	service.login.mech = (char *)(uintptr_t) "DIGEST";
	assert_int_equal(http_open(&service, GUARD_DAV_SOURCE, NULL, &h, NULL), 0);
	http_preempt(h);
	assert_int_equal(get(h, s, "/x")->code, ERR_AUTH);
	for (int i = 0; i < s->requests; i++)
		assert_null(strstr(s->seen[i], "Basic"));
	http_close(h);
	server_stop(s);
}

/* A 401 that does not say how. */
static void wordless_answer(struct conn *c, const struct request *rq)
{
	const char *auth = field(rq, "\r\nAuthorization");

	reply(c, auth && strcmp(auth, "Basic YWxpY2U6c2VjcmV0") == 0 ? 200 : 401, "", "");
}

static void no_challenge(void **state)
{
	(void)state;
	struct server *s = server_start(wordless_answer, true),
	              *clear = server_start(wordless_answer, false);
	struct http *h = open_at(s, GUARD_DAV_SOURCE);

	assert_int_equal(get(h, s, "/x")->status, 200);
	http_close(h);
	h = open_at(clear, GUARD_DAV_SOURCE);
	assert_int_equal(get(h, clear, "/x")->code, ERR_AUTH);
	assert_int_equal(clear->requests, 1);
	http_close(h);
	server_stop(s);
	server_stop(clear);
}

/* Every nonce is good for one request; ${told}: the next one comes with the answer. */
static atomic_int nonce_now;
static pthread_mutex_t nonce_lock = PTHREAD_MUTEX_INITIALIZER;

static void once_answer(struct conn *c, const struct request *rq)
{
	bool told = strcmp(rq->path, "/told") == 0, right;
	char want[20], fields[200];

	usleep(2000);
	pthread_mutex_lock(&nonce_lock);
	snprintf(want, sizeof want, "n%d", nonce_now);
	right = digest_right(rq, false, true, want);
	nonce_now++;
	fields[0] = '\0';
	if (told && right)
		snprintf(fields, sizeof fields,
		        "Authentication-Info: rspauth=\"x, y\", nextnonce=\"n%d\"\r\n", nonce_now);
	else if (!right)
		snprintf(fields, sizeof fields,
		        "WWW-Authenticate: Digest realm=\"the \\\"realm\\\"\", qop=\"auth\", "
		        "stale=true, nonce=\"n%d\"\r\n",
		        nonce_now);
	pthread_mutex_unlock(&nonce_lock);
	reply(c, right ? 200 : 401, fields, "");
}

static void one_nonce_a_request(void **state)
{
	(void)state;
	enum { N = 40 };
	struct server *s = server_start(once_answer, false);
	struct http *h = open_at(s, GUARD_DAV_SOURCE);
	static struct http_request list[N];
	static struct result results[N];
	char *url = url_at(s, "/x");

	for (int i = 0; i < 3; i++)
		assert_int_equal(get(h, s, "/told")->status, 200);
	assert_int_equal(s->requests, 4);
	for (size_t i = 0; i < N; i++)
		list[i] = (struct http_request){
		        .method = "GET", .url = url, .done = keep_done, .ctx = &results[i]};
	assert_int_equal(http_run(h, list, N, 8, NULL), 0);
	for (size_t i = 0; i < N; i++)
		if (results[i].status != 200)
			fail_msg("%zu: %s", i, results[i].text);
	http_close(h);
	free(url);
	server_stop(s);
}

/*
 * MD5-sess: A1 with the first cnonce (RFC 2617 3.2.2.2) or with that of the request: no
 * difference.
 */
static void sess_answer(struct conn *c, const struct request *rq)
{
	static char first[200];
	const char *auth = field(rq, "\r\nAuthorization");
	char a1[65], ha1[65], ha2[65], all[65], response[200], cnonce[200], nc[200];

	if (!auth) {
		*first = '\0';
		reply(c, 401,
		        "WWW-Authenticate: Digest realm=\"r\", nonce=\"n\", qop=\"auth\", "
		        "algorithm=MD5-sess\r\n",
		        "");
		return;
	}
	param(auth, " response=", response);
	param(auth, " cnonce=", cnonce);
	param(auth, " nc=", nc);
	if (!*first)
		memcpy(first, cnonce, sizeof first);
	hash_hex(false, a1, "alice:r:secret");
	hash_hex(false, ha1, "%s:n:%s", a1, first);
	hash_hex(false, ha2, "%s:%s", rq->method, rq->path);
	hash_hex(false, all, "%s:n:%s:%s:auth:%s", ha1, nc, cnonce, ha2);
	reply(c, strcmp(all, response) == 0 ? 200 : 403, "", "");
}

static void digest_sess(void **state)
{
	(void)state;
	struct server *s = server_start(sess_answer, false);
	struct http *h = open_at(s, GUARD_DAV_SOURCE);

	for (int i = 0; i < 3; i++)
		assert_int_equal(get(h, s, "/x")->status, 200);
	assert_int_equal(s->requests, 4);
	http_close(h);
	server_stop(s);
}

/*
 * The password was changed in the middle: a server that counts failed sign-ins is not
 * asked a thousand times.
 */
static void changed_answer(struct conn *c, const struct request *rq)
{
	if (rq->number > 1)
		reply(c, 401, "WWW-Authenticate: Basic realm=\"r\"\r\n", "");
	else
		basic_answer(c, rq);
}

static void refused_again_and_again(void **state)
{
	(void)state;
	enum { N = 200 };
	struct server *s = server_start(changed_answer, true);
	struct http *h = open_at(s, GUARD_DAV_SOURCE);
	static struct http_request list[N];
	static struct result results[N];
	char *url = url_at(s, "/x");
	struct err err;

	assert_int_equal(get(h, s, "/x")->status, 200);
	for (size_t i = 0; i < N; i++)
		list[i] = (struct http_request){
		        .method = "GET", .url = url, .done = keep_done, .ctx = &results[i]};
	assert_int_equal(http_run(h, list, N, 4, &err), ERR_AUTH);
	assert_true(s->requests < 30);
	for (size_t i = 0; i < N; i++)
		assert_int_equal(results[i].code, ERR_AUTH);
	http_close(h);
	free(url);
	server_stop(s);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	        cmocka_unit_test(challenge_table),
	        cmocka_unit_test(choices),
	        cmocka_unit_test(refused_negotiate),
	        cmocka_unit_test(digest),
	        cmocka_unit_test(digest_sha512_256),
	        cmocka_unit_test(digest_stale_and_wrong),
	        cmocka_unit_test(basic),
	        cmocka_unit_test(basic_preempted),
	        cmocka_unit_test(refused_sign_in),
	        cmocka_unit_test(mechanisms),
	        cmocka_unit_test(bearer),
	        cmocka_unit_test(digest_means_digest),
	        cmocka_unit_test(no_challenge),
	        cmocka_unit_test(one_nonce_a_request),
	        cmocka_unit_test(digest_sess),
	        cmocka_unit_test(refused_again_and_again),
	};

	return cmocka_run_group_tests(tests, make_certificate, drop_certificate);
}
