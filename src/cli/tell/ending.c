/* How a command ended, for programs: one last event with exit code, error and outcome. */
#include <errno.h>
#include <string.h>
#include "valise/base/mem.h"
#include "cli/cli.h"

const char *code_word(enum err_code code)
{
	static const char *const words[] = {
	        [-ERR_IO] = "io",
	        [-ERR_SPACE] = "no-space",
	        [-ERR_NET] = "network",
	        [-ERR_TLS] = "tls",
	        [-ERR_AUTH] = "sign-in",
	        [-ERR_PROTO] = "protocol",
	        [-ERR_REFUSED] = "refused",
	        [-ERR_LIMIT] = "too-large",
	        [-ERR_NOTFOUND] = "not-found",
	        [-ERR_EXISTS] = "exists",
	        [-ERR_DAMAGED] = "damaged",
	        [-ERR_UNSUPPORTED] = "unsupported",
	        [-ERR_GUARD] = "guard",
	        [-ERR_LOCKED] = "locked",
	        [-ERR_USAGE] = "usage",
	        [-ERR_STOPPED] = "interrupted",
	        [-ERR_BUSY] = "busy",
	        [-ERR_ACCOUNT] = "other-account",
	        [-ERR_THROTTLED] = "throttled",
	        [-ERR_BUDGET] = "daily-limit",
	        [-ERR_NO_ARCHIVE] = "no-archive",
	        [-ERR_SECRET] = "no-password",
	};
	int place = -(int)code;

	return place > 0 && place < (int)COUNT(words) && words[place] ? words[place] : "failed";
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

/* A trace that is cut is told: who reads it believes that nothing more was said. */
static void close_trace(struct ending *e)
{
	bool cut;

	if (!e->trace)
		return;
	cut = ferror(e->trace) != 0;
	if (fclose(e->trace) != 0)
		talk("warning: --trace: the trace is not whole: %s", strerror(errno));
	else if (cut)
		talk("warning: --trace: the trace is not whole");
	e->trace = NULL;
}

void end_tell(struct ending *e, const struct command *cmd, bool json, int rc)
{
	bool failed = e->why.code != ERR_OK;

	close_trace(e);
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
