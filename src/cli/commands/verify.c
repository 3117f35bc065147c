/* valise verify: is every byte of an archive what it was? */
#include <ctype.h>
#include <string.h>
#include "valise/base/escape.h"
#include "valise/pack/archive.h"
#include "cli/cli.h"

const struct command verify_command = {
        .name = "verify",
        .synopsis = "ARCHIVE",
        .summary = "check every byte of an archive: files, members, items, catalogs, seals",
        .details =
                "Exit codes: 0 sound, 1 damaged, 3 sound, but its newest snapshot is incomplete, "
                "10 no archive. What --content finds does not change them, nor that the newest "
                "snapshot is newer than the one whose seal --expect names.",
        .bit = CMD_VERIFY,
        .min_pos = 1,
        .max_pos = 1,
        .run = cmd_verify,
};

static json_t *outcome_json(const struct archive_verdict *v)
{
	json_t *o = json_object();

	json_object_set_new(o, "sound", json_boolean(v->damages == 0));
	json_set_number(o, "damages", v->damages);
	json_set_number(o, "snapshots", v->snapshots);
	json_set_number(o, "files", v->files);
	json_set_number(o, "bytes", v->bytes);
	json_set_number(o, "objects", v->objects);
	json_set_number(o, "items", v->items);
	json_object_set_new(o, "complete", json_boolean(v->complete));
	if (v->left_out)
		json_set_number(o, "left_out", v->left_out);
	json_set_text(o, "seal", v->seal);
	if (v->damages)
		json_object_set_new(o, "newest_sound", json_boolean(v->in_newest == 0));
	if (v->expected)
		json_set_number(o, "expected_snapshot", v->expected);
	if (v->unexpected)
		json_object_set_new(o, "unexpected", json_true());
	return o;
}

static void tell_verdict(const struct args *a, const struct archive_verdict *v, const char *depth)
{
	char n[6][COUNTED_SIZE], safe[600];

	term_escape(a->pos[0], strlen(a->pos[0]), safe, sizeof safe);
	if (v->unexpected && v->damages == 1)
		printf("%s: not the expected archive: its newest seal is another, and none of "
		       "it is the expected one; what is here is whole\n",
		        safe);
	else if (v->damages)
		printf("%s: DAMAGED: %s; \"valise salvage\" gets out what is whole\n", safe,
		        counted(v->damages, "finding", "findings", n[0]));
	else
		printf("%s: sound%s (%s): %s, %s (%s), %s, %s\n", safe,
		        v->expected ? ", and newer than expected" : "", depth,
		        counted(v->snapshots, "snapshot", "snapshots", n[0]),
		        counted(v->files, "file", "files", n[1]), human_bytes(v->bytes, n[2]),
		        counted(v->objects, "object", "objects", n[3]),
		        counted(v->items, "item", "items", n[4]));
	if (!v->seal[0]) {
		puts("no seal can be read: nobody can tell what was in the newest snapshot");
		return;
	}
	if (v->damages > v->unexpected && !v->in_newest)
		puts("the newest snapshot is sound: it needs nothing of what is damaged");
	if (!v->complete)
		printf("the newest snapshot%s says of itself that it is incomplete: see valise "
		       "list\n",
		        v->damages ? " that can be read" : "");
	if (v->left_out)
		printf("%s left out of the newest snapshot by options of its backup: see valise "
		       "list\n",
		        counted(v->left_out, "item was", "items were", n[0]));
	if (v->expected)
		printf("the expected seal is that of snapshot %u\n", v->expected);
	printf("seal %s\n", v->seal);
}

/* The number that backup printed, as it may have been written down. */
static int expected_seal(const struct args *a, char out[SHA256_HEX_SIZE])
{
	const char *text = args_get(a, "expect");
	uint8_t sum[SHA256_LEN];

	out[0] = '\0';
	for (size_t i = 0; text && i <= strlen(text) && i < SHA256_HEX_SIZE; i++)
		out[i] = (char)tolower((unsigned char)text[i]);
	if (!text || (strlen(text) == SHA256_HEX_SIZE - 1 && hex_parse(out, sum, sizeof sum)))
		return 0;
	return usage_error(a,
	        "--expect takes the number that backup prints behind \"seal\", of 64 digits "
	        "(0-9, a-f), not \"%s\"",
	        text);
}

/* With the folders of the newest snapshot, if that can be read. */
static int write_report(struct ui *ui, json_t *out, int rc)
{
	struct report report = {.rc = rc};
	struct tree_reader *from = NULL;
	struct err err = {0};

	put_text(out, "archive", ui->args->pos[0]);
	if (args_has(ui->args, "report") && archive_reader(ui->args->pos[0], 0, &from, &err) == 0)
		report.collections = report_collections(from, NULL, NULL);
	rc = ui_write_reports(ui, out, &report);
	json_decref(report.collections);
	tree_reader_free(from);
	return rc;
}

int cmd_verify(const struct args *a)
{
	struct archive_verify_opts o = {.quick = args_has(a, "quick"), .finding = ui_finding};
	struct archive_verdict v = {0};
	struct err err = {0};
	struct ui ui;
	json_t *out, *content = NULL;
	char expect[SHA256_HEX_SIZE];
	int rc = expected_seal(a, expect), tell;

	if (rc)
		return rc;
	o.expect = *expect ? expect : NULL;
	o.newest = args_has(a, "newest");
	ui_start(&ui, a);
	o.ctx = &ui;
	rc = archive_verify(a->pos[0], &o, &ui.progress, &v, &err);
	ui_stop(&ui);
	if (rc < 0) {
		rc = fail(a, &err);
		goto done;
	}
	rc = v.damages ? EXIT_FAILED : v.complete ? EXIT_DONE : EXIT_INCOMPLETE;
	if (!v.damages) /* valise audit asks for it */
		verified_note(a->pos[0], v.seal, o.quick ? "quick" : o.newest ? "newest" : "full");
	out = outcome_json(&v);
	if (args_has(a, "content") && !v.damages) {
		if (content_report(a->pos[0], &ui, &content, &err) < 0)
			rc = fail(a, &err);
		else
			json_object_set(out, "content", content);
	}
	ui_stop(&ui);
	tell = rc == EXIT_DONE && json_get_int(content, "with_findings", 0) ? EXIT_INCOMPLETE : rc;
	if (ui.json) {
		end_outcome(a, json_copy(out));
	} else if (!ui_quiet(&ui, tell)) {
		tell_verdict(a, &v, o.quick ? "quick: sums of files only" : "every byte read");
		if (content)
			content_tell(content);
	}
	if (write_report(&ui, out, rc))
		rc = EXIT_FAILED;
	json_decref(out);
	json_decref(content);
done:
	ui_clear(&ui);
	return rc;
}
