/* Connections of the IMAP target: opened again when they break, with growing pauses. */
#include <string.h>
#include <time.h>
#include "imap.h"

enum { PAUSE_FIRST_MS = 250, PAUSE_MAX_MS = 8000, PAUSE_STEP_MS = 100 };

int restore_fail(struct run *r, const struct err *err)
{
	pthread_mutex_lock(&r->lock);
	if (!r->failed) {
		r->failed = true;
		r->fatal = *err;
		r->fatal.scope = ERR_WHOLE;
	}
	pthread_cond_broadcast(&r->wake);
	pthread_mutex_unlock(&r->lock);
	return err->code;
}

bool restore_failed(struct run *r)
{
	bool failed;

	pthread_mutex_lock(&r->lock);
	failed = r->failed;
	pthread_mutex_unlock(&r->lock);
	return failed;
}

int tlink_pause(struct worker *w, unsigned nth, struct err *err)
{
	const struct timespec step = {0, PAUSE_STEP_MS * 1000000L};
	unsigned ms = PAUSE_FIRST_MS;

	while (nth-- > 1 && ms < PAUSE_MAX_MS)
		ms *= 2;
	for (unsigned i = 0; i < ms / PAUSE_STEP_MS; i++) {
		int rc = stop_check(err);

		if (rc < 0)
			return err_widen(err, ERR_WHOLE);
		if (restore_failed(w->run))
			break;
		nanosleep(&step, NULL);
	}
	return 0;
}

void tlink_drop(struct worker *w)
{
	imap_close(w->m);
	w->m = NULL;
}

bool tlink_dead(const struct worker *w, int rc)
{
	return rc < 0 && (!w->m || !imap_alive(w->m));
}

/* Compression pays on any wire but none. */
static int squeeze(struct worker *w, struct err *err)
{
	const char *host = w->run->service->at.host;

	if (strcmp(host, "localhost") == 0 || strncmp(host, "127.", 4) == 0 ||
	        strcmp(host, "::1") == 0)
		return 0;
	return imap_compress(w->m, err);
}

static bool worth_trying(enum err_code code)
{
	return code == ERR_NET || code == ERR_BUSY || code == ERR_PROTO || code == ERR_TLS ||
	       code == ERR_AUTH;
}

int tlink_open(struct worker *w, struct err *err)
{
	/* A further connection may simply be one too many for the server: do not insist. */
	unsigned tries = w->was_open ? OPEN_TRIES : 1;

	tlink_drop(w);
	for (unsigned i = 1;; i++) {
		int rc = stop_check(err);

		if (rc < 0)
			return err_widen(err, ERR_WHOLE);
		w->m = NULL;
		rc = imap_open(w->run->service, true, w->run->progress, &w->m, err);
		if (rc == 0)
			rc = squeeze(w, err);
		if (rc == 0) {
			w->was_open = true;
			return 0;
		}
		imap_close(w->m);
		w->m = NULL;
		if (err->code == ERR_AUTH && tries > 2)
			tries = 2;
		if (i >= tries || !worth_trying(err->code) || restore_failed(w->run)) {
			w->lost = true;
			return err_widen(err, ERR_WHOLE);
		}
		progress_say(w->run->progress, SAY_INFO, "%s; trying again", err->text);
		rc = tlink_pause(w, i + 1, err);
		if (rc < 0)
			return rc;
	}
}

int tlink_select(struct box *b, struct err *err)
{
	struct worker *w = b->w;
	int rc = 0;

	for (unsigned i = 1; i <= TRIES; i++) {
		int paused;

		if ((!w->m || !imap_alive(w->m)) && (rc = tlink_open(w, err)) < 0)
			return rc;
		imap_selected_clear(&b->sel);
		memset(&b->sel, 0, sizeof b->sel);
		rc = imap_select(
		        w->m, b->e->raw, b->e->raw_len, !w->run->opts->dry_run, &b->sel, err);
		if (rc == 0)
			return 0;
		err_widen(err, err->code == ERR_STOPPED ? ERR_WHOLE : ERR_COLLECTION);
		if (i == TRIES || err->code == ERR_STOPPED || err->code == ERR_GUARD ||
		        (imap_alive(w->m) && err->code != ERR_BUSY))
			break;
		paused = tlink_pause(w, i, err);
		if (paused < 0)
			return paused;
	}
	return rc;
}
