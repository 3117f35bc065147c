/* The commands that --accounts is for: what is peculiar to each. */
#include "batch.h"

const struct verb batch_verbs[] = {
        {
                .command = CMD_BACKUP,
                .archive = ARCHIVE_WRITTEN,
                .signs_in = true,
                .done = "sealed",
                .unchanged = "unchanged",
                .changed = "changed",
                .alone = {"config", "tree", "trace"},
                .columns = {{"collections", "collections", COLUMN_KINDS},
                        {"items", "items", COLUMN_KINDS}, {"new", "bytes_new", COLUMN_BYTES}},
        },
        {
                .command = CMD_RESTORE,
                .archive = ARCHIVE_READ,
                .signs_in = true,
                .takes_turns = true,
                .done = "restored",
                .unchanged = "unchanged",
                .changed = "added",
                .alone = {"config", "trace", "snapshot"},
                .columns = {{"items", "items", COLUMN_COUNT}, {"added", "added", COLUMN_COUNT},
                        {"there", "already", COLUMN_COUNT}},
        },
        {
                .command = CMD_VERIFY,
                .archive = ARCHIVE_READ,
                .done = "sound",
                .alone = {"expect"},
                .columns = {{"snapshots", "snapshots", COLUMN_COUNT},
                        {"items", "items", COLUMN_COUNT}, {"size", "bytes", COLUMN_BYTES}},
        },
        {
                .command = CMD_CHECK,
                .signs_in = true,
                .done = "signed in",
                .alone = {"config", "trace", "for"},
                .columns = {{"services", "services", COLUMN_COUNT},
                        {"collections", "collections", COLUMN_COUNT},
                        {"items", "items", COLUMN_COUNT}},
        },
        {0},
};
