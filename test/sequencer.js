const Sequencer = require("@jest/test-sequencer").default;

/** Of test/e2e, the slowest first: a short file may wait for much. */
const names = ["open", "lifecycle", "opening", "replacement", "limits-rotate", "shop", "prove"];
const slowest = names.map((name) => `/test/e2e/${name}.test.ts`);

/** Jest's own order, in which the slowest files come first, so that none of them is left for the end. What it knows no time of, as all in a fresh checkout, it runs by size. */
module.exports = class extends Sequencer {
  sort(tests) {
    const sorted = super.sort(tests);
    if (sorted.every(({ duration }) => duration !== undefined)) return sorted;
    const rank = ({ path }) => slowest.findIndex((end) => path.endsWith(end));
    const known = sorted.filter((test) => rank(test) !== -1).sort((a, b) => rank(a) - rank(b));
    return [...known, ...sorted.filter((test) => rank(test) === -1)];
  }
};
