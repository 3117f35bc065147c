/* The tables of the index. */
#include "valise/base/mem.h"
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include "internal.h"

enum {
	APPLICATION = 0x56414c46, /* "VALF" */
	VERSION = 3, /* of the tables, and of what becomes of a text */
	WAIT_MS = 10000, /* for another process that writes */
};

int find_index_fail(struct find_index *x, struct err *err)
{
	int code = sqlite3_extended_errcode(x->db);
	enum err_code as = ERR_IO;

	x->failed = true;
	switch (code & 0xff) {
	case SQLITE_FULL:
		as = ERR_SPACE;
		break;
	case SQLITE_CORRUPT:
	case SQLITE_NOTADB:
	case SQLITE_ERROR: /* the tables are not those that we make */
		as = ERR_DAMAGED;
		break;
	case SQLITE_BUSY:
	case SQLITE_LOCKED:
		as = ERR_LOCKED;
		break;
	default:
		break;
	}
	return err_set(err, as, ERR_WHOLE, "%s: %s", x->name, sqlite3_errmsg(x->db));
}

static int run(struct find_index *x, const char *sql, struct err *err)
{
	return sqlite3_exec(x->db, sql, NULL, NULL, NULL) == SQLITE_OK ? 0
	                                                               : find_index_fail(x, err);
}

static int prepare(struct find_index *x, const char *sql, sqlite3_stmt **out, struct err *err)
{
	if (sqlite3_prepare_v3(x->db, sql, -1, SQLITE_PREPARE_PERSISTENT, out, NULL) == SQLITE_OK)
		return 0;
	return find_index_fail(x, err);
}

/* 1: a row, 0: none, or an error. */
static int step(struct find_index *x, sqlite3_stmt *s, struct err *err)
{
	int rc = sqlite3_step(s);

	if (rc == SQLITE_ROW || rc == SQLITE_DONE)
		return rc == SQLITE_ROW;
	return find_index_fail(x, err);
}

/* The statement has done its work: the next one, with other values. */
static int finish(sqlite3_stmt *s, int rc)
{
	(void)sqlite3_reset(s);
	(void)sqlite3_clear_bindings(s);
	return rc;
}

/* Its number; -1: it has none. */
static long long pragma(struct find_index *x, const char *sql)
{
	sqlite3_stmt *s = NULL;
	long long value = -1;

	if (sqlite3_prepare_v2(x->db, sql, -1, &s, NULL) == SQLITE_OK &&
	        sqlite3_step(s) == SQLITE_ROW)
		value = sqlite3_column_int64(s, 0);
	(void)sqlite3_finalize(s);
	return value;
}

/*
 * item: what is in, by kind and SHA-256. body: its words, by the same number. word: all that
 * are in any body. done: catalogs, by their state roots, all of whose items are in.
 */
static int make_tables(struct find_index *x, struct err *err)
{
	char mark[96];
	int rc = run(x,
	        "BEGIN;"
	        "CREATE TABLE item(id INTEGER PRIMARY KEY, key BLOB NOT NULL UNIQUE);"
	        "CREATE VIRTUAL TABLE body USING fts5(text, content='', columnsize=0,"
	        " tokenize='valise');"
	        "INSERT INTO body(body, rank) VALUES('hashsize', 4194304);"
	        "CREATE TABLE word(word TEXT PRIMARY KEY) WITHOUT ROWID;"
	        "CREATE TABLE done(state BLOB PRIMARY KEY) WITHOUT ROWID;",
	        err);

	snprintf(mark, sizeof mark, "PRAGMA application_id=%d; PRAGMA user_version=%d; COMMIT",
	        APPLICATION, VERSION);
	return rc < 0 ? rc : run(x, mark, err);
}

static int prepare_all(struct find_index *x, struct err *err)
{
	const struct {
		const char *sql;
		sqlite3_stmt **out;
	} all[] = {
	        {"INSERT OR IGNORE INTO item(key) VALUES(?1)", &x->add_item},
	        {"INSERT INTO body(rowid, text) VALUES(?1, ?2)", &x->add_text},
	        {"INSERT OR IGNORE INTO word(word) VALUES(?1)", &x->add_word},
	        {"SELECT 1 FROM item WHERE key = ?1", &x->has_item},
	        {"SELECT 1 FROM done WHERE state = ?1", &x->has_done},
	        {"INSERT OR IGNORE INTO done(state) VALUES(?1)", &x->add_done},
	};
	int rc = 0;

	for (size_t i = 0; i < COUNT(all) && rc == 0; i++)
		rc = prepare(x, all[i].sql, all[i].out, err);
	return rc;
}

/*
 * Nothing of a mailbox goes into temporary files. Of a file each transaction is on the disk
 * when it ends, so that a loss of power leaves no index that is wrong.
 */
static int set_up(struct find_index *x, bool make, struct err *err)
{
	int rc;

	(void)sqlite3_busy_timeout(x->db, WAIT_MS);
	(void)sqlite3_db_config(x->db, SQLITE_DBCONFIG_TRUSTED_SCHEMA, 0, NULL);
	(void)sqlite3_db_config(x->db, SQLITE_DBCONFIG_DEFENSIVE, 1, NULL);
	rc = find_tokens_new(x->db, &x->tokens, err);
	if (rc == 0)
		rc = run(x,
		        "PRAGMA temp_store=MEMORY; PRAGMA secure_delete=OFF;"
		        "PRAGMA cache_size=-4096; PRAGMA journal_mode=DELETE;"
		        "PRAGMA synchronous=FULL",
		        err);
	if (rc == 0 && make && pragma(x, "PRAGMA page_count") == 0)
		rc = make_tables(x, err);
	if (rc == 0 && (pragma(x, "PRAGMA application_id") != APPLICATION ||
	                       pragma(x, "PRAGMA user_version") != VERSION))
		rc = err_set(err, ERR_DAMAGED, ERR_WHOLE, "%s: no index of this version", x->name);
	return rc == 0 ? prepare_all(x, err) : rc;
}

int find_index_new(struct find_index *x, struct err *err)
{
	int rc;

	*x = (struct find_index){.name = xstrdup("the index in memory")};
	rc = sqlite3_open_v2(":memory:", &x->db, SQLITE_OPEN_READWRITE, NULL) == SQLITE_OK
	             ? set_up(x, true, err)
	             : find_index_fail(x, err);
	if (rc < 0)
		find_index_close(x);
	return rc;
}

int find_index_open(struct find_index *x, const char *path, bool make, struct err *err)
{
	int rc;

	*x = (struct find_index){.kept = true, .name = xstrdup(path)};
	rc = sqlite3_open_v2(path, &x->db, SQLITE_OPEN_READWRITE, NULL) == SQLITE_OK
	             ? set_up(x, make, err)
	             : find_index_fail(x, err);
	if (rc < 0)
		find_index_close(x);
	return rc;
}

void find_index_close(struct find_index *x)
{
	sqlite3_stmt *all[] = {
	        x->add_item, x->add_text, x->add_word, x->has_item, x->has_done, x->add_done};

	for (size_t i = 0; i < COUNT(all); i++)
		(void)sqlite3_finalize(all[i]);
	(void)sqlite3_close_v2(x->db); /* what is in no ended transaction is not in it */
	free(x->name);
	*x = (struct find_index){0};
}

/* Of a statement that takes octets: 1: a row, 0: none, or an error. */
static int ask(struct find_index *x, sqlite3_stmt *s, const void *key, int n, struct err *err)
{
	(void)sqlite3_bind_blob(s, 1, key, n, SQLITE_STATIC);
	return finish(s, step(x, s, err));
}

int find_index_has(struct find_index *x, const uint8_t key[FIND_KEY_LEN], struct err *err)
{
	return ask(x, x->has_item, key, FIND_KEY_LEN, err);
}

int find_index_done(struct find_index *x, const uint8_t state[SHA256_LEN], struct err *err)
{
	return ask(x, x->has_done, state, SHA256_LEN, err);
}

static int begin(struct find_index *x, struct err *err)
{
	int rc = x->writing ? 0 : run(x, "BEGIN IMMEDIATE", err);

	x->writing = rc == 0;
	return rc;
}

int find_index_save(struct find_index *x, struct err *err)
{
	int rc = x->writing ? run(x, "COMMIT", err) : 0;

	x->writing = x->writing && rc != 0;
	x->unsaved = 0;
	return rc;
}

int find_index_set_done(struct find_index *x, const uint8_t state[SHA256_LEN], struct err *err)
{
	int rc = begin(x, err);

	return rc < 0 ? rc : ask(x, x->add_done, state, SHA256_LEN, err);
}

/* The words that came with the last text, for searches by parts of words. */
static int add_words(struct find_index *x, struct err *err)
{
	struct buf *met = find_tokens_met(x->tokens);
	int rc = 0;

	for (size_t at = 0, n; at < met->len && rc == 0; at += n + 1) {
		const char *word = buf_str(met) + at;

		n = strlen(word);
		(void)sqlite3_bind_text(x->add_word, 1, word, (int)n, SQLITE_STATIC);
		rc = finish(x->add_word, step(x, x->add_word, err));
	}
	buf_reset(met);
	return rc;
}

int find_index_add(struct find_index *x, const uint8_t key[FIND_KEY_LEN], const struct buf *text,
        struct err *err)
{
	int rc = begin(x, err);

	if (rc == 0)
		rc = ask(x, x->add_item, key, FIND_KEY_LEN, err);
	if (rc < 0 || sqlite3_changes(x->db) == 0 || text->len == 0)
		return rc;
	(void)sqlite3_bind_int64(x->add_text, 1, sqlite3_last_insert_rowid(x->db));
	(void)sqlite3_bind_text(x->add_text, 2, buf_str(text), (int)text->len, SQLITE_STATIC);
	rc = finish(x->add_text, step(x, x->add_text, err));
	x->unsaved += text->len;
	return rc < 0 ? rc : add_words(x, err);
}

int find_index_empty(struct find_index *x, struct err *err)
{
	int rc = find_index_save(x, err);

	find_tokens_forget(x->tokens);
	return rc < 0 ? rc
	              : run(x,
	                        "INSERT INTO body(body) VALUES('delete-all');"
	                        "DELETE FROM item; DELETE FROM word",
	                        err);
}
