#ifndef VALISE_PACK_SINK_HEAL_H
#define VALISE_PACK_SINK_HEAL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/*
 * Of the parts that the last state needs, what a backup without --heal reads: a sixth of a
 * second of SHA-256 (docs/PERFORMANCE.md).
 */
#define HEAL_QUICK_BYTES (UINT64_C(256) << 20)

/**
 * heal_choose(sizes, n, budget, turn, chosen_out): which of ${n} parts are read: from
 * number ${turn} on, round about, as long as they fit into ${budget} octets, the first one
 * in any case. A ${turn} that counts up has had all of them after ${n} runs at the latest.
 */
void heal_choose(const uint64_t *sizes, size_t n, uint64_t budget, uint64_t turn, bool *chosen_out);

#endif
