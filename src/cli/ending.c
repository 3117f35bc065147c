/* How a command ended, for programs: one last event with exit code, error and outcome. */
#include "cli.h"

/* What programs tell errors apart by; the names are a contract (docs/JSON.md). */
static const char *code_word(enum err_code code)
{
	switch (code) {
	case ERR_OK:
		break;
	case ERR_IO:
		return "io";
	case ERR_SPACE:
		return "no-space";
	case ERR_NET:
		return "network";
	case ERR_TLS:
		return "tls";
	case ERR_AUTH:
		return "sign-in";
	case ERR_PROTO:
		return "protocol";
	case ERR_REFUSED:
		return "refused";
	case ERR_LIMIT:
		return "too-large";
	case ERR_NOTFOUND:
		return "not-found";
	case ERR_EXISTS:
		return "exists";
	case ERR_DAMAGED:
		return "damaged";
	case ERR_UNSUPPORTED:
		return "unsupported";
	case ERR_GUARD:
		return "guard";
	case ERR_LOCKED:
		return "locked";
	case ERR_USAGE:
		return "usage";
	case ERR_STOPPED:
		return "interrupted";
	case ERR_BUSY:
		return "busy";
	case ERR_ACCOUNT:
		return "other-account";
	case ERR_THROTTLED:
		return "throttled";
	case ERR_BUDGET:
		return "daily-limit";
	case ERR_NO_ARCHIVE:
		return "no-archive";
	case ERR_SECRET:
		return "no-password";
	}
	return "failed";
}

void end_why(const struct args *a, const struct err *err)
{
	a->ending->why = *err;
}

void end_outcome(const struct args *a, json_t *o)
{
	json_decref(a->ending->outcome);
	a->ending->outcome = o;
}

void end_tell(struct ending *e, const struct command *cmd, bool json, int rc)
{
	bool failed = e->why.code != ERR_OK;

	if (json && (failed || e->outcome)) {
		json_t *o = e->outcome ? json_copy(e->outcome) : json_object();

		json_set_text(o, "event", failed ? "failed" : "done");
		if (cmd)
			json_set_text(o, "command", cmd->name);
		json_object_set_new(o, "exit", json_integer(rc));
		if (failed) {
			json_set_text(o, "code", code_word(e->why.code));
			put_text(o, "text", e->why.text);
		}
		put_json(o);
	}
	json_decref(e->outcome);
	e->outcome = NULL;
}
