/* valise login and logout: what is kept of an account, so that nobody has to be asked. */
#include "valise/account/sign_in.h"
#include "credentials.h"
#include "oauth.h"
#include "store.h"
#include <string.h>

size_t account_sign_ins(const struct account *a, bool passwords, struct sign_in out[SERVICE_KINDS])
{
	size_t n = 0;

	for (int k = 0; k < SERVICE_KINDS; k++) {
		struct secret_source *s;
		bool seen = false, oauth;

		if (!a->present[k])
			continue;
		s = secret_user_source(a->services[k].login.ctx);
		oauth = secret_source_oauth(s) != NULL;
		if (!oauth && (!passwords || secret_source_type(s) != SOURCE_TERMINAL))
			continue;
		for (size_t i = 0; i < n; i++)
			seen |= out[i].source == s;
		if (!seen)
			out[n++] = (struct sign_in){
			        oauth, a->services[k].login.user, secret_source_label(s), s};
	}
	return n;
}

int account_fill_oauth(
        struct account *a, FILE *trace, account_fill_fn *fill, void *ctx, struct err *err)
{
	struct sign_in list[SERVICE_KINDS];
	size_t n = account_sign_ins(a, false, list);
	int rc = 0;

	for (size_t i = 0; i < n && rc == 0; i++) {
		struct oauth_source *o = secret_source_oauth(list[i].source);

		oauth_source_client(o)->trace = trace;
		if (oauth_source_provider(o))
			rc = fill(ctx, oauth_source_provider(o), oauth_source_client(o), err);
	}
	return rc;
}

void account_warn_oauth(struct account *a, void (*warn)(void *ctx, const char *text), void *ctx)
{
	struct sign_in list[SERVICE_KINDS];
	size_t n = account_sign_ins(a, false, list);

	for (size_t i = 0; i < n; i++)
		oauth_source_warn(secret_source_oauth(list[i].source), warn, ctx);
}

int sign_in_oauth(const struct sign_in *s, const struct sign_in_wish *wish,
        const struct oauth_ui *ui, struct signed_in *out, struct err *err)
{
	return oauth_source_sign_in(secret_source_oauth(s->source), wish, ui, out, err);
}

static struct store_key key_of(const struct sign_in *s)
{
	return (struct store_key){
	        .kind = "password", .id = secret_source_text(s->source), .label = s->label};
}

int sign_in_password(const struct sign_in *s, bool known, struct err *err)
{
	struct store_key key = key_of(s);
	struct secret password = {NULL, 0};
	int rc = known ? secret_source_proven(s->source, &password, err) : ERR_NOTFOUND;

	if (rc == ERR_NOTFOUND)
		rc = secret_source_ask(s->source, &password, err);
	if (rc == 0)
		rc = store_put(&key, &password, STORE_KEYRING, err);
	if (rc == ERR_UNSUPPORTED)
		(void)err_set(err, ERR_UNSUPPORTED, ERR_WHOLE,
		        "%s: the password is not kept; password-command, or \"password\" in "
		        "accounts.ini (mode 0600), can give it",
		        err ? err->text : "");
	secret_clear(&password);
	return rc;
}

int sign_in_forget(const struct sign_in *s, bool *there_out, struct err *revoked, struct err *err)
{
	struct store_key key = key_of(s);

	err_clear(revoked);
	if (s->oauth)
		return oauth_source_forget(secret_source_oauth(s->source), there_out, revoked, err);
	return store_forget(&key, there_out, err);
}
