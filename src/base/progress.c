/* Progress and messages of a run, numbers for people, and the request to stop. */
#include "valise/base/progress.h"
#include "valise/base/escape.h"
#include "valise/base/secret.h"
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

void progress_init(struct progress *p)
{
	memset(p, 0, sizeof *p);
	pthread_mutex_init(&p->lock, NULL);
}

void progress_what(struct progress *p, const char *name)
{
	char text[sizeof p->what] = {0};

	if (!p)
		return;
	term_escape(name, strlen(name), text, sizeof text);
	pthread_mutex_lock(&p->lock);
	memcpy(p->what, text, sizeof text);
	pthread_mutex_unlock(&p->lock);
}

void progress_say(struct progress *p, enum say_level level, const char *fmt, ...)
{
	char raw[1024], text[1024];
	va_list ap;

	if (!p || !p->say)
		return;
	va_start(ap, fmt);
	vsnprintf(raw, sizeof raw, fmt, ap);
	va_end(ap);
	secret_mask(raw, fmt);
	p->say(p->ctx, level, term_escape(raw, strlen(raw), text, sizeof text));
}

void progress_name(struct progress *p, enum say_level level, const char *collection,
        const char *item, const char *fmt, ...)
{
	char text[1024];
	va_list ap;

	if (!p || !p->name)
		return;
	va_start(ap, fmt);
	vsnprintf(text, sizeof text, fmt, ap);
	va_end(ap);
	secret_mask(text, fmt);
	p->name(p->ctx, level, collection, item, text);
}

char *human_count(uint64_t n, char out[32])
{
	char digits[24];
	size_t len = (size_t)snprintf(digits, sizeof digits, "%llu", (unsigned long long)n), o = 0;

	for (size_t i = 0; i < len; i++) {
		if (i && (len - i) % 3 == 0)
			out[o++] = ',';
		out[o++] = digits[i];
	}
	out[o] = '\0';
	return out;
}

char *human_bytes(uint64_t n, char out[32])
{
	static const char *const unit[] = {"bytes", "kB", "MB", "GB", "TB"};
	double v = (double)n;
	size_t u = 0;

	while (v >= 1000 && u < 4) {
		v /= 1000;
		u++;
	}
	if (u == 0)
		snprintf(out, 32, "%llu byte%s", (unsigned long long)n, n == 1 ? "" : "s");
	else
		snprintf(out, 32, "%.1f %s", v, unit[u]);
	return out;
}

char *counted(uint64_t n, const char *one, const char *many, char out[COUNTED_SIZE])
{
	char digits[32];

	snprintf(out, COUNTED_SIZE, "%s %s", human_count(n, digits), n == 1 ? one : many);
	return out;
}

static pthread_mutex_t terminal = PTHREAD_MUTEX_INITIALIZER;

void terminal_take(void)
{
	pthread_mutex_lock(&terminal);
}

bool terminal_try(void)
{
	return pthread_mutex_trylock(&terminal) == 0;
}

void terminal_release(void)
{
	pthread_mutex_unlock(&terminal);
}

/* A signal reaches the process, not an object: the one flag that has to be global. */
static volatile sig_atomic_t stop_flag;
static const char *_Atomic last_words;

static void on_stop(int number)
{
	const char *text = last_words;

	(void)number;
	if (stop_flag) {
		if (text && write(STDERR_FILENO, text, strlen(text)) < 0)
			_exit(130);
		_exit(130);
	}
	stop_flag = 1;
}

void stop_says(const char *text)
{
	last_words = text;
}

void stop_install(void)
{
	struct sigaction sa;

	/* No SA_RESTART: a blocking poll returns, and its loop asks stop_requested. */
	memset(&sa, 0, sizeof sa);
	sa.sa_handler = on_stop;
	sigemptyset(&sa.sa_mask);
	sigaction(SIGINT, &sa, NULL);
	sigaction(SIGTERM, &sa, NULL);
}

int stop_requested(void)
{
	return stop_flag != 0;
}

int stop_check(struct err *err)
{
	if (!stop_flag)
		return 0;
	return err_set(
	        err, ERR_STOPPED, ERR_WHOLE, "stopped as asked; the next run goes on from here");
}
