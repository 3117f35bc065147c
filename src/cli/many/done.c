/*
 * --skip-done and --shard. What was done is written down below $XDG_STATE_HOME/valise/done, one
 * file for each account, command and set of own: when, and the seal of the snapshot that it dealt
 * with.
 */
#include <ctype.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>
#include "valise/base/file.h"
#include "valise/base/hash.h"
#include "valise/base/mem.h"
#include "valise/base/sys.h"
#include "valise/base/text.h"
#include "valise/pack/archive.h"
#include "batch.h"

#define RECORD_MAX 256
#define HASH_LEN 32
#define SHARDS_MAX 100000

bool duration_read(const char *text, int64_t *out)
{
	static const struct {
		char unit;
		int64_t seconds;
	} units[] = {{'m', 60}, {'h', 3600}, {'d', 86400}, {'w', 604800}};
	char *end;
	long n = strtol(text, &end, 10);

	if (!isdigit((unsigned char)*text) || n < 1 || n > 100000 || !*end || end[1])
		return false;
	for (size_t i = 0; i < COUNT(units); i++)
		if (*end == units[i].unit) {
			*out = n * units[i].seconds;
			return true;
		}
	return false;
}

bool shard_read(const char *text, unsigned *i_out, unsigned *n_out)
{
	char *end;
	unsigned long i = strtoul(text, &end, 10), n;

	if (!isdigit((unsigned char)*text) || *end != '/' || !isdigit((unsigned char)end[1]))
		return false;
	n = strtoul(end + 1, &end, 10);
	if (*end || i < 1 || i > n || n > SHARDS_MAX)
		return false;
	*i_out = (unsigned)i;
	*n_out = (unsigned)n;
	return true;
}

unsigned shard_of(const char *name, unsigned n)
{
	uint8_t sum[SHA256_LEN];
	uint64_t key = 0;

	sha256_of(name, strlen(name), sum);
	for (size_t i = 0; i < sizeof key; i++)
		key = key << 8 | sum[i];
	return (unsigned)(key % n);
}

static void add_text(struct sha256 *h, const char *text)
{
	sha256_add(h, text ? text : "", (text ? strlen(text) : 0) + 1);
}

/* Who is meant, on which server. */
static void add_account(struct sha256 *h, const struct account *a)
{
	char port[16];

	for (unsigned k = 0; a && k < SERVICE_KINDS; k++) {
		const struct service *s = &a->services[k];

		if (!a->present[k])
			continue;
		snprintf(port, sizeof port, "%u", s->at.port);
		add_text(h, s->name);
		add_text(h, s->at.host);
		add_text(h, port);
		add_text(h, s->at.path);
		add_text(h, service_owner(s));
	}
}

/* What changes what is done; how fast, and what is told, does not. */
static bool is_of_account(const char *option)
{
	static const char others[] =
	        "accounts|jobs|shard|skip-done|done-within|output|json|quiet|"
	        "progress|report|accept-pairs|stats|archive|old|max-rate|daily-limit|"
	        "connections|max-wait";

	return !text_in(option, others);
}

/* Not by the links in it: it may not be there yet. */
static char *absolute_path(const char *path)
{
	char *here = *path == '/' ? NULL : getcwd(NULL, 0), *full;

	full = here ? xasprintf("%s/%s", here, path) : xstrdup(path);
	free(here);
	return full;
}

static char *hash_end(struct sha256 *h)
{
	uint8_t sum[SHA256_LEN];
	char hex[SHA256_HEX_SIZE];

	sha256_end(h, sum);
	hex_format(sum, sizeof sum, hex);
	return xstrndup(hex, HASH_LEN);
}

char *account_sum(const struct account *account, const struct account_options *own)
{
	struct sha256 h;

	sha256_start(&h);
	add_account(&h, account);
	for (size_t i = 0; i < own->n; i++) {
		add_text(&h, own->items[i].key);
		add_text(&h, own->items[i].value);
	}
	return hash_end(&h);
}

/* What was asked for, and of whom. */
static char *hash_question(
        const struct args *a, const struct account *account, const struct account_options *own)
{
	struct sha256 h;

	sha256_start(&h);
	add_account(&h, account);
	for (size_t i = 0; i < a->n_given; i++)
		if (is_of_account(a->given[i].def->name)) {
			add_text(&h, a->given[i].def->name);
			add_text(&h, a->given[i].value);
		}
	for (size_t i = 0; i < own->n; i++)
		if (is_of_account(own->items[i].key)) {
			add_text(&h, own->items[i].key);
			add_text(&h, own->items[i].value);
		}
	return hash_end(&h);
}

void done_find(struct job *j, const struct account *account, const struct account_options *own)
{
	const struct args *a = j->batch->args;
	char *full = j->archive ? absolute_path(j->archive) : NULL, *dir = state_path("done"), *key;
	struct sha256 h;

	sha256_start(&h);
	add_text(&h, a->cmd->name);
	add_text(&h, j->name);
	add_text(&h, full);
	key = hash_end(&h);
	if (dir)
		j->record = xasprintf("%s/%s", dir, key);
	j->question = hash_question(a, account, own);
	free(key);
	free(dir);
	free(full);
}

/* What the job's worker read or wrote: NULL if it did not say. */
static const char *seal_of(const struct job *j)
{
	return j->archive ? json_get_str(j->done, "seal") : "-";
}

bool done_since(const struct job *j, int64_t since_utc)
{
	struct buf text = buf_of(RECORD_MAX);
	char seal[SHA256_HEX_SIZE] = "-", then[SHA256_HEX_SIZE] = "", question[HASH_LEN + 1] = "";
	struct err ignored = {0};
	int64_t at = 0;
	bool done = j->record && file_read(AT_FDCWD, j->record, &text, &ignored) == 0 &&
	            sscanf(buf_str(&text), "%" SCNd64 " %64s %32s", &at, then, question) == 3;

	buf_clear(&text);
	/* A clock that went back is no reason to believe anything. */
	if (!done || strcmp(question, j->question) != 0 || at < since_utc ||
	        at > (int64_t)time(NULL))
		return false;
	if (j->archive && archive_whole(j->archive, seal, &ignored) < 0)
		return false;
	return strcmp(seal, then) == 0;
}

int done_forget(const struct job *j, struct err *err)
{
	if (!j->record || sys_unlinkat(AT_FDCWD, j->record, 0) == 0 || errno == ENOENT)
		return 0;
	return err_sys(err, ERR_WHOLE, "cannot remove %s, which says that it was done", j->record);
}

void done_write(const struct job *j)
{
	char *dir = state_path("done"), text[RECORD_MAX];
	const char *seal = seal_of(j);
	struct err ignored = {0};
	int n, rc = 0;

	if (!dir || !j->record || !seal || !*seal) {
		free(dir);
		return;
	}
	n = snprintf(text, sizeof text, "%" PRId64 " %s %s\n", j->started_utc, seal, j->question);
	rc = dir_make(AT_FDCWD, dir, &ignored);
	if (rc == 0)
		rc = file_write(AT_FDCWD, j->record, text, (size_t)n, &ignored);
	free(dir);
	(void)rc;
}
