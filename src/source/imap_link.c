/* Connections of the IMAP source: opened again when they break, with growing pauses. */
#include <string.h>
#include <time.h>
#include "imap.h"

enum { PAUSE_FIRST_MS = 250, PAUSE_MAX_MS = 8000, PAUSE_STEP_MS = 100 };

int link_pause(struct worker *w, unsigned nth, struct err *err)
{
	const struct timespec step = {0, PAUSE_STEP_MS * 1000000L};
	unsigned ms = PAUSE_FIRST_MS;

	while (nth-- > 1 && ms < PAUSE_MAX_MS)
		ms *= 2;
	for (unsigned i = 0; i < ms / PAUSE_STEP_MS; i++) {
		int rc = stop_check(err);

		if (rc < 0)
			return err_widen(err, ERR_WHOLE);
		if (fetch_failed(w->run))
			break;
		nanosleep(&step, NULL);
	}
	return 0;
}

void link_drop(struct worker *w)
{
	if (w->body) {
		w->run->sink->ops->body_abort(w->body);
		w->body = NULL;
	}
	imap_close(w->m);
	w->m = NULL;
	w->at = NULL;
	w->qresync = w->qresync_tried = false;
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

int link_open(struct worker *w, struct err *err)
{
	/* A further connection may simply be one too many for the server: do not insist. */
	unsigned tries = w->was_open ? OPEN_TRIES : 1;

	link_drop(w);
	for (unsigned i = 1;; i++) {
		int rc = stop_check(err);

		if (rc < 0)
			return err_widen(err, ERR_WHOLE);
		w->m = NULL;
		rc = imap_open(w->run->service, false, w->run->progress, &w->m, err);
		if (rc == 0)
			rc = squeeze(w, err);
		if (rc == 0) {
			w->was_open = true;
			return 0;
		}
		imap_close(w->m);
		w->m = NULL;
		/* A server that took these credentials before deserves a second try, not five. */
		if (err->code == ERR_AUTH && tries > 2)
			tries = 2;
		if (i >= tries || !worth_trying(err->code) || fetch_failed(w->run)) {
			w->lost = true;
			return err_widen(err, ERR_WHOLE);
		}
		progress_say(w->run->progress, SAY_INFO, "%s; trying again", err->text);
		rc = link_pause(w, i + 1, err);
		if (rc < 0)
			return rc;
	}
}

int link_select(struct worker *w, struct mbox *mb, struct imap_selected *sel, struct err *err)
{
	struct imap_selected local = {0};
	struct imap_selected *got = sel ? sel : &local;
	int rc = 0;

	memset(got, 0, sizeof *got);
	for (unsigned i = 1; i <= TRIES; i++) {
		int paused;

		if ((!w->m || !imap_alive(w->m)) && (rc = link_open(w, err)) < 0)
			return rc;
		imap_selected_clear(got);
		memset(got, 0, sizeof *got);
		w->at = NULL;
		rc = imap_select(w->m, mb->box->name, mb->box->name_len, false, got, err);
		if (rc == 0) {
			w->at = mb;
			w->at_validity = got->uidvalidity;
			break;
		}
		if (i == TRIES || err->code == ERR_STOPPED || err->code == ERR_GUARD ||
		        (imap_alive(w->m) && err->code != ERR_BUSY))
			break;
		paused = link_pause(w, i, err);
		if (paused < 0)
			return paused;
	}
	if (!sel)
		imap_selected_clear(&local);
	return rc;
}
