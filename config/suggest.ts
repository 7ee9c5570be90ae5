/** The candidate that `word` was probably meant to be: the nearest within a third of its length, ignoring case. */
export function nearest(word: string, candidates: Iterable<string>): string | undefined {
  const seen = word.toLowerCase().slice(0, 64);
  let best: string | undefined;
  let bestDistance = Math.max(1, Math.floor(seen.length / 3)) + 1;
  for (const candidate of candidates) {
    const distance = editDistance(seen, candidate.toLowerCase());
    if (distance < bestDistance) [best, bestDistance] = [candidate, distance];
  }
  return best;
}

/** What is there in place of what was asked for. */
export function others(word: string, known: Iterable<string>): string {
  const all = [...known];
  const near = nearest(word, all);
  return near === undefined ? `those are ${all.join(", ") || "none"}.` : `did you mean "${near}"?`;
}

/** Damerau-Levenshtein distance (optimal string alignment): insertions, deletions, substitutions, swaps of neighbours. */
export function editDistance(a: string, b: string): number {
  let previous: number[] = [];
  let current = Array.from({ length: b.length + 1 }, (_, j) => j);
  for (let i = 1; i <= a.length; i++) {
    const next = [i];
    for (let j = 1; j <= b.length; j++) {
      const same = a[i - 1] === b[j - 1] ? 0 : 1;
      let cost = Math.min((current[j] ?? 0) + 1, (next[j - 1] ?? 0) + 1, (current[j - 1] ?? 0) + same);
      if (i > 1 && j > 1 && a[i - 1] === b[j - 2] && a[i - 2] === b[j - 1])
        cost = Math.min(cost, (previous[j - 2] ?? 0) + 1);
      next.push(cost);
    }
    [previous, current] = [current, next];
  }
  return current[b.length] ?? 0;
}
