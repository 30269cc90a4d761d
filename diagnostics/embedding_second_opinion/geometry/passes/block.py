"""One block of queries, row by row: who is nearer than the positives, and who is nearest at all?"""

from __future__ import annotations

import numpy as np

from .kernels import (
    CHUNK,
    SPARE,
    ascending,
    bucket_of,
    count_below,
    jit,
    nearest_positive,
    no_beater_chance,
    push,
    random_tie_chance,
    settle_neighbors,
    sort_positives,
    true_score,
)


@jit
def rank_block(  # type: ignore[no-untyped-def]
    scores, queries, gallery, rows, slack, recheck,
    query_codes, self_at, class_start, class_of,
    grid, id_wins, log_factorial, table, k, cuts,
    first_class, offsets, every, out,
):  # fmt: skip
    """Fill ``out`` (see ``ranks.Block``) for the queries of one block, sorted by class.

    scores: (q, g) for the gallery sorted by class; queries (q, d) and gallery (g, d) for the
    recheck; rows (g,) the row number of each place; slack (q,); self_at (q,) the query's own place
    or -1; grid: candidate counts, -1 for all; id_wins (K, G): chance to win against a gallery of
    identities with z better classes among K - 2; table: chances by k, or empty to compute them;
    cuts: lengths of the answer at which the positives among it are counted. every: whether all positives
    are ranked, or the nearest alone.
    """
    classes = class_start.shape[0] - 1
    size = scores.shape[1]
    heap = np.empty(min(k + SPARE, size), dtype=scores.dtype)
    places = np.empty(heap.shape[0], dtype=np.int64)
    hits = np.empty(CHUNK, dtype=np.int64)
    seen = np.full(classes, -1, dtype=np.int64)
    seen_tied = np.full(classes, -1, dtype=np.int64)
    beaters = np.empty(classes, dtype=np.int64)
    longest = 1
    for i in range(scores.shape[0]):
        longest = max(longest, class_start[query_codes[i] + 1] - class_start[query_codes[i]])
    positive = np.empty(longest, dtype=np.int64)
    order = np.empty(longest, dtype=np.int64)
    ordered = np.empty(longest, dtype=scores.dtype)
    first = np.empty(4 * longest + 33, dtype=np.int32)
    bins = np.empty(longest + 1, dtype=np.int64)
    nearer = np.empty(longest, dtype=np.int64)
    tied = np.empty(longest, dtype=np.int64)
    exact_positive = np.empty(longest, dtype=np.float64)
    lost_to, first_lost_to = out.rivals, out.first_rivals

    for i in range(scores.shape[0]):
        s, query, code, me = scores[i], queries[i], query_codes[i], self_at[i]
        low, high = class_start[code], class_start[code + 1]
        local = code - first_class
        m = size - (high - low)
        p = np.int64(0)  # of one type throughout: a bare nought compiles what it is handed to twice
        for j in range(low, high):
            if j != me:
                positive[p] = j
                p += 1
        anchor = p > 0 and m > 0
        out.positives[i], out.negatives[i] = p, m
        window = 2 * np.float64(slack[i])
        reach, beat_reach = -np.inf, -np.inf
        buckets = 4 * p + 32
        start_of = first[: buckets + 1]
        range_low, per_width = 0.0, 0.0
        nearest, nearest_score = np.int64(-1), np.nan
        if anchor:
            range_low, per_width = sort_positives(s, positive, p, start_of, order, ordered)
            beat_reach = ordered[0] + window
            reach = ordered[p - 1] + window if every else beat_reach
            nearest, nearest_score = nearest_positive(
                s, query, gallery, rows, order[:p], ordered[:p], slack[i], recheck
            )
            bins[: p + 1] = 0
            nearer[:p] = 0
            tied[:p] = 0
            exact_positive[:p] = np.nan
        filled, z, z_tied, in_doubt = np.int64(0), 0, 0, False
        rival, rival_score, rival_exact = np.int64(-1), np.inf, np.nan

        for start in range(0, size, CHUNK):
            stop = min(start + CHUNK, size)
            bound = max(reach, rival_score + window) if anchor else -np.inf
            if k > 0:
                bound = max(bound, heap[0] if filled == heap.shape[0] else np.inf)
            if count_below(s, start, stop, bound) == 0:
                continue
            # Gather without a branch: which scores pass is not to be predicted.
            count = 0
            for j in range(start, stop):
                hits[count] = j
                count += s[j] <= bound
            for hit in range(count):
                j = hits[hit]
                score = np.float64(s[j])
                if j == me:
                    continue
                if k > 0 and (filled < heap.shape[0] or s[j] < heap[0]):
                    filled = push(heap, places, filled, s[j], j)
                if not anchor or low <= j < high:
                    continue
                exact = np.nan
                if score <= rival_score + window:
                    if score < rival_score - window:
                        rival, rival_exact = j, np.nan
                    else:
                        exact = true_score(query, gallery, s, j, recheck)
                        if np.isnan(rival_exact):
                            rival_exact = true_score(query, gallery, s, rival, recheck)
                        if exact < rival_exact or (exact == rival_exact and rows[j] < rows[rival]):
                            rival, rival_exact = j, exact
                    rival_score = min(rival_score, score)
                if score > reach:
                    continue

                # How many positives does this negative beat?
                t = start_of[bucket_of(score - window, range_low, per_width, buckets)]
                end = start_of[bucket_of(score + window, range_low, per_width, buckets) + 1]
                lost = 0
                while t < end and ordered[t] < score - window:
                    t += 1
                while t < end and ordered[t] <= score + window:
                    in_doubt = True
                    if np.isnan(exact):
                        exact = true_score(query, gallery, s, j, recheck)
                    if np.isnan(exact_positive[t]):
                        exact_positive[t] = true_score(query, gallery, s, order[t], recheck)
                    if exact < exact_positive[t]:
                        nearer[t] += 1
                        lost += 1
                    elif exact == exact_positive[t]:
                        tied[t] += 1
                        lost += 1
                    t += 1
                bins[t] += 1
                other = class_of[j]
                lost_to[local, other] += lost + p - t

                # Does it, and so its class, beat or tie with the nearest positive?
                if score <= beat_reach:
                    beats, ties = True, False
                    if score >= ordered[0] - window:
                        if np.isnan(exact):
                            exact = true_score(query, gallery, s, j, recheck)
                        beats, ties = exact < nearest_score, exact == nearest_score
                    first_lost_to[local, other] += beats or ties
                    if (beats or ties) and seen_tied[other] != i:
                        seen_tied[other] = i
                        beaters[z_tied] = other
                        z_tied += 1
                    if beats and seen[other] != i:
                        seen[other] = i
                        z += 1

        if k > 0 and filled > 0:
            settle_neighbors(
                s, query, gallery, rows, me, np.float64(slack[i]), recheck, heap, places, filled, k,
                out.neighbors[i], out.neighbor_scores[i],
            )  # fmt: skip
        if not anchor:
            continue

        running = 0
        for t in range(p):
            running += bins[t]
            nearer[t] += running
        if in_doubt:
            # Positives in doubt among themselves may stand in the wrong order: sort what was counted.
            mixed = ascending(nearer[:p] * (m + 1) + tied[:p])
            nearer[:p] = nearer[:p][mixed]
            tied[:p] = tied[:p][mixed]
        add_retrieval(nearer[:p], tied[:p], cuts, out.found[i], out.found_at_r, out.score_at_r, i)
        out.lost[i] = nearer[:p].sum() + tied[:p].sum()
        out.tied[i] = tied[:p].sum()
        out.z[i], out.z_lenient[i] = z_tied, z
        out.sole[i] = beaters[0] if z_tied == 1 else -1
        out.nearer_first[i], out.tied_first[i] = nearer[0], tied[0]
        out.nearest_positive[i], out.nearest_negative[i] = nearest, rival
        out.nearest_positive_score[i] = nearest_score
        out.nearest_negative_score[i] = true_score(query, gallery, s, rival, recheck)
        add_identity_gain(beaters[:z_tied], id_wins, out.id_gain)
        add_wins(nearer[:p], tied[:p], m, grid, log_factorial, table, offsets[local], out)


@jit
def add_retrieval(nearer, tied, cuts, found, found_at_r, score_at_r, i):  # type: ignore[no-untyped-def]
    """What one anchor's ranked answer holds: the j-th positive stands behind all that tie with it."""
    p = nearer.shape[0]
    for t in range(p):
        place = nearer[t] + tied[t] + t + 1
        for c in range(cuts.shape[0]):
            found[c] += place <= cuts[c]
        if place <= p:
            found_at_r[i] += 1
            score_at_r[i] += (t + 1) / place / p


@jit
def add_identity_gain(beaters, id_wins, gain):  # type: ignore[no-untyped-def]
    """What deleting each of the classes that beat a query would gain it, at each gallery size."""
    z = beaters.shape[0]
    if z == 0 or id_wins.shape[0] == 0:
        return
    for g in range(id_wins.shape[1]):
        with_it = id_wins[z, g] if z < id_wins.shape[0] else 0.0
        step = id_wins[z - 1, g] - with_it
        for b in range(z):
            gain[beaters[b], g] += step


@jit
def add_wins(nearer, tied, m, grid, log_factorial, table, offset, out):  # type: ignore[no-untyped-def]
    """Add one anchor's chances, for each of its positives and each candidate count."""
    chance = np.empty(grid.shape[0], dtype=np.float64)
    last = -1
    for t in range(nearer.shape[0]):
        strict = nearer[t] + tied[t]
        won = out.wins[offset + t]
        if table.shape[0] > 0:
            row = table[strict]
            for g in range(grid.shape[0]):
                won[g] += row[g]
        else:
            if strict != last:
                for g in range(grid.shape[0]):
                    chance[g] = no_beater_chance(log_factorial, m, strict, grid[g])
                last = strict
            for g in range(grid.shape[0]):
                won[g] += chance[g]
        if tied[t] > 0:
            for g in range(grid.shape[0]):
                base = no_beater_chance(log_factorial, m, strict, grid[g])
                lenient = no_beater_chance(log_factorial, m, nearer[t], grid[g])
                random = random_tie_chance(log_factorial, m, nearer[t], tied[t], grid[g])
                out.lenient_gain[offset + t, g] += lenient - base
                out.random_gain[offset + t, g] += random - base
