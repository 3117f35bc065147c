#ifndef VALISE_CLI_SURVEY_H
#define VALISE_CLI_SURVEY_H

#include "valise/base/service.h"
#include "valise/fetch/fetch.h"
#include "valise/fetch/survey.h"
#include "cli/cli.h"

/* What check is told of a service (valise/fetch/survey.h), and how it is told on. */
struct surveyed {
	struct survey to; /* for source_opts.survey */
	struct surveyed_coll {
		enum coll_kind kind;
		char *name;
		uint64_t items, bytes;
		enum survey_how how;
	} * colls;
	size_t n_colls, cap_colls;
	char **has; /* capabilities */
	size_t n_has, cap_has;
	uint64_t used, limit; /* quota; limit 0: none is known */
	int64_t idle_us; /* of the fastest answer; 0: none came */
	struct survey_round *rounds;
	size_t n_rounds, cap_rounds;
	struct estimate_piece *pieces; /* those that were weighed */
	size_t n_pieces, cap_pieces;
	uint64_t sampled, sampled_bytes;
	struct buf small; /* weighed ones that are packed together */
	/* once it is whole (surveyed_end) */
	uint64_t bytes;
	bool part; /* not all of the bytes are known */
	struct estimate_range seconds, archive;
	uint64_t archive_bytes;
	/* of a sum, for the report: its collections, and what each service offers; or NULL */
	json_t *folders, *offers;
};

void surveyed_begin(struct surveyed *s);
/* Of a service that was read: the sums and estimates. */
void surveyed_end(struct surveyed *s);
void surveyed_clear(struct surveyed *s);
/* Its collections as events, and members of the event of the service. */
void surveyed_put(const struct surveyed *s, const struct service *of, json_t *event);
/* The same for people: a table and lines below it. */
void surveyed_tell(const struct surveyed *s);
/* Sums of the service ${of} into those of all. */
void surveyed_add(struct surveyed *sum, const struct surveyed *s, const struct service *of);
/* The outcome: members of the last event, and lines for people. */
void surveyed_outcome(const struct surveyed *sum, json_t *o);
void surveyed_tell_all(const struct surveyed *sum);
/* "45 s", "12 min", "3.5 h" */
#define SPAN_SIZE 32
char *span_text(uint64_t seconds, char out[SPAN_SIZE]);

#endif
