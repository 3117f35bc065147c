#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>
#include "proto/sasl/sasl.h"

struct talk {
	struct sasl *s;
	struct buf out;
	struct err err;
	struct secret secret;
	struct login login;
	struct endpoint at;
};

static void talk_start(struct talk *t, const char *mech, const char *user, const char *authzid,
        const char *password)
{
	memset(t, 0, sizeof *t);
	t->login.user = strdup(user);
	t->login.authzid = authzid ? strdup(authzid) : NULL;
	t->at.host = strdup("mail.old.example");
	t->at.port = 993;
	buf_init(&t->out, 1 << 16);
	assert_int_equal(secret_set(&t->secret, password, strlen(password), &t->err), 0);
	assert_true(sasl_known(mech));
	t->s = sasl_new(mech, &t->login, &t->secret, &t->at, &t->err);
	assert_non_null(t->s);
}

static void talk_end(struct talk *t)
{
	sasl_free(t->s);
	secret_clear(&t->secret);
	free(t->login.user);
	free(t->login.authzid);
	free(t->at.host);
	buf_clear(&t->out);
}

static void expect_step(struct talk *t, const char *in, const char *out)
{
	assert_int_equal(sasl_step(t->s, in, strlen(in), &t->out, &t->err), 0);
	assert_string_equal(buf_str(&t->out), out);
}

static void test_scram_sha1_rfc5802(void **state)
{
	struct talk t;

	(void)state;
	talk_start(&t, "SCRAM-SHA-1", "user", NULL, "pencil");
	sasl_set_nonce(t.s, "fyko+d2lbbFgONRv9qkxdawL");
	expect_step(&t, "", "n,,n=user,r=fyko+d2lbbFgONRv9qkxdawL");
	expect_step(&t, "r=fyko+d2lbbFgONRv9qkxdawL3rfcNHYJY1ZVvWVs7j,s=QSXCR+Q6sek8bf92,i=4096",
	        "c=biws,r=fyko+d2lbbFgONRv9qkxdawL3rfcNHYJY1ZVvWVs7j,"
	        "p=v0X8v3Bz2T0CJGbJQyF0X+HI4Ts=");
	assert_int_equal(sasl_finish(t.s, &t.err), ERR_AUTH);
	expect_step(&t, "v=rmF9pqV8S7suAoZWja4dJRkFsKQ=", "");
	assert_int_equal(sasl_finish(t.s, &t.err), 0);
	talk_end(&t);
}

static void scram256_first(struct talk *t)
{
	talk_start(t, "SCRAM-SHA-256", "user", NULL, "pencil");
	sasl_set_nonce(t->s, "rOprNGfwEbeRWgbNEkqO");
	expect_step(t, "", "n,,n=user,r=rOprNGfwEbeRWgbNEkqO");
}

static void scram256_final(struct talk *t)
{
	scram256_first(t);
	expect_step(t,
	        "r=rOprNGfwEbeRWgbNEkqO%hvYDpWUa2RaTCAfuxFIlj)hNlF$k0,s=W22ZaJ0SNY7soEsUEjb6gQ==,"
	        "i=4096",
	        "c=biws,r=rOprNGfwEbeRWgbNEkqO%hvYDpWUa2RaTCAfuxFIlj)hNlF$k0,"
	        "p=dHzbZapWIk4jUhN+Ute9ytag9zjfMHgsqmmiz7AndVQ=");
}

static void test_scram_sha256_rfc7677(void **state)
{
	struct talk t;

	(void)state;
	scram256_final(&t);
	expect_step(&t, "v=6rriTRBi23WpRR/wtup+mMhUZUn/dB5nLTJRsjl95G4=", "");
	assert_int_equal(sasl_finish(t.s, &t.err), 0);
	talk_end(&t);
}

static void test_scram_wrong_server(void **state)
{
	static const char *const finals[] = {"v=6rriTRBi23WpRR/wtup+mMhUZUn/dB5nLTJRsjl95G5=",
	        "v=rmF9pqV8S7suAoZWja4dJRkFsKQ=", "v=", "v=!", "", "e=invalid-proof", "x=1", "v"};
	static const char *const firsts[] = {"",
	        "r=", "r=rOprNGfwEbeRWgbNEkqO,s=QSXCR+Q6sek8bf92,i=4096",
	        "r=other,s=QSXCR+Q6sek8bf92,i=4096", "r=rOprNGfwEbeRWgbNEkqOx,s=,i=4096",
	        "r=rOprNGfwEbeRWgbNEkqOx,s=QSXCR+Q6sek8bf92,i=0",
	        "r=rOprNGfwEbeRWgbNEkqOx,s=QSXCR+Q6sek8bf92,i=-1",
	        "r=rOprNGfwEbeRWgbNEkqOx,s=QSXCR+Q6sek8bf92,i=4000000000",
	        "r=rOprNGfwEbeRWgbNEkqOx,s=QSXCR+Q6sek8bf92,i=99999999999999999999",
	        "r=rOprNGfwEbeRWgbNEkqOx,s=QSXCR+Q6sek8bf92,i=12x",
	        "r=rOprNGfwEbeRWgbNEkqOx,s=QSX*,i=4096", "m=ext,r=rOprNGfwEbeRWgbNEkqOx,s=QQ==,i=1",
	        "r=rOprNGfwEbeRWgbNEkqOx,i=4096,s=QQ=="};
	struct talk t;

	(void)state;
	for (size_t i = 0; i < sizeof finals / sizeof *finals; i++) {
		scram256_final(&t);
		assert_int_equal(
		        sasl_step(t.s, finals[i], strlen(finals[i]), &t.out, &t.err), ERR_AUTH);
		assert_int_equal(sasl_finish(t.s, &t.err), ERR_AUTH);
		talk_end(&t);
	}
	for (size_t i = 0; i < sizeof firsts / sizeof *firsts; i++) {
		scram256_first(&t);
		assert_int_equal(
		        sasl_step(t.s, firsts[i], strlen(firsts[i]), &t.out, &t.err), ERR_AUTH);
		talk_end(&t);
	}
}

static void test_scram_names(void **state)
{
	struct talk t;

	(void)state;
	talk_start(&t, "SCRAM-SHA-256", "a,b=c", "x=y", "p");
	sasl_set_nonce(t.s, "N");
	expect_step(&t, "", "n,a=x=3Dy,n=a=2Cb=3Dc,r=N");
	talk_end(&t);
	talk_start(&t, "SCRAM-SHA-256", "u", NULL, "p");
	assert_int_equal(sasl_step(t.s, "", 0, &t.out, &t.err), 0);
	assert_true(t.out.len > strlen("n,,n=u,r=") + 20); /* a nonce of its own */
	talk_end(&t);
}

static void test_plain_and_login(void **state)
{
	struct talk t;

	(void)state;
	talk_start(&t, "PLAIN", "alice", NULL, "pw");
	assert_true(sasl_client_first(t.s));
	assert_int_equal(sasl_step(t.s, "", 0, &t.out, &t.err), 0);
	assert_int_equal(t.out.len, 9);
	assert_memory_equal(t.out.data, "\0alice\0pw", 9);
	assert_int_equal(sasl_finish(t.s, &t.err), 0);
	assert_int_equal(sasl_step(t.s, "", 0, &t.out, &t.err), ERR_AUTH);
	talk_end(&t);
	talk_start(&t, "PLAIN", "master", "alice", "pw");
	assert_int_equal(sasl_step(t.s, "", 0, &t.out, &t.err), 0);
	assert_memory_equal(t.out.data, "alice\0master\0pw", 15);
	talk_end(&t);
	talk_start(&t, "LOGIN", "alice", NULL, "pw");
	assert_false(sasl_client_first(t.s));
	expect_step(&t, "Username:", "alice");
	expect_step(&t, "Password:", "pw");
	assert_int_equal(sasl_step(t.s, "", 0, &t.out, &t.err), ERR_AUTH);
	talk_end(&t);
}

static void test_tokens(void **state)
{
	struct talk t;

	(void)state;
	talk_start(&t, "XOAUTH2", "alice@old.example", NULL, "ya29.tok");
	expect_step(&t, "", "user=alice@old.example\1auth=Bearer ya29.tok\1\1");
	expect_step(&t, "{\"status\":\"400\"}", "");
	assert_string_equal(sasl_server_says(t.s), "{\"status\":\"400\"}");
	talk_end(&t);
	talk_start(&t, "OAUTHBEARER", "alice@old.example", NULL, "tok");
	expect_step(&t, "",
	        "n,a=alice@old.example,\1host=mail.old.example\1port=993\1auth=Bearer tok\1\1");
	expect_step(&t, "{\"status\":\"invalid_token\"}", "\1");
	talk_end(&t);
	talk_start(&t, "OAUTHBEARER", "admin", "a,b=c", "tok");
	expect_step(&t, "", "n,a=a=2Cb=3Dc,\1host=mail.old.example\1port=993\1auth=Bearer tok\1\1");
	talk_end(&t);
	assert_true(sasl_uses_token("XOAUTH2"));
	assert_false(sasl_uses_token("PLAIN"));
	assert_false(sasl_known("CRAM-MD5"));
}

static bool offers(void *ctx, const char *mech)
{
	return strstr(ctx, mech) != NULL;
}

static void test_best(void **state)
{
	char all[] = "SCRAM-SHA-256 SCRAM-SHA-1 PLAIN LOGIN XOAUTH2",
	     some[] = "LOGIN PLAIN CRAM-MD5", tokens[] = "XOAUTH2 OAUTHBEARER",
	     login_only[] = "LOGIN";
	struct login own = {0}, other = {.authzid = some};

	(void)state;
	assert_string_equal(sasl_best(&own, true, offers, all), "SCRAM-SHA-256");
	assert_string_equal(sasl_best(&own, true, offers, some), "PLAIN");
	assert_null(sasl_best(&own, true, offers, tokens));
	assert_string_equal(sasl_best(&own, true, offers, login_only), "LOGIN");
	assert_null(sasl_best(&other, true, offers, login_only));
	assert_string_equal(sasl_best(&other, true, offers, all), "PLAIN");
	assert_string_equal(sasl_best(&other, false, offers, all), "SCRAM-SHA-256");
}

/*
 * What would be dropped in silence is refused: the mail read would be the
 * administrator's.
 */
static void test_check(void **state)
{
	const char *takes[] = {"PLAIN", "SCRAM-SHA-1", "SCRAM-SHA-256", "OAUTHBEARER"};
	const char *drops[] = {"LOGIN", "XOAUTH2", NULL};
	char name[] = "alice";
	struct login own = {0}, other = {.authzid = name};
	struct err err;

	(void)state;
	for (size_t i = 0; i < sizeof takes / sizeof *takes; i++)
		assert_int_equal(sasl_check(&other, takes[i], &err), 0);
	for (size_t i = 0; i < sizeof drops / sizeof *drops; i++) {
		assert_int_equal(sasl_check(&own, drops[i], &err), 0);
		assert_int_equal(sasl_check(&other, drops[i], &err), ERR_USAGE);
	}
	assert_int_equal(sasl_check(&own, "CRAM-MD5", &err), ERR_USAGE);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	        cmocka_unit_test(test_scram_sha1_rfc5802),
	        cmocka_unit_test(test_scram_sha256_rfc7677),
	        cmocka_unit_test(test_scram_wrong_server),
	        cmocka_unit_test(test_scram_names),
	        cmocka_unit_test(test_plain_and_login),
	        cmocka_unit_test(test_tokens),
	        cmocka_unit_test(test_best),
	        cmocka_unit_test(test_check),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
