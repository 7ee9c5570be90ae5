const Sequencer = require("@jest/test-sequencer").default;

/** Of test/e2e, the slowest first: a short file may wait for much. */
const slowest = [
  "open",
  "replacement",
  "lifecycle",
  "shop",
  "opening",
  "prove",
  "backend",
  "review",
  "killed",
].map((name) => `/test/e2e/${name}.test.ts`);

/** Jest's own order, in which the slowest files come first, so that none of them is left for the end. In a fresh checkout it knows no times, and goes by the files' sizes. */
module.exports = class extends Sequencer {
  sort(tests) {
    const sorted = super.sort(tests);
    if (sorted.some(({ duration }) => duration !== undefined)) return sorted;
    const rank = ({ path }) => slowest.findIndex((end) => path.endsWith(end));
    const known = sorted.filter((test) => rank(test) !== -1).sort((a, b) => rank(a) - rank(b));
    return [...known, ...sorted.filter((test) => rank(test) === -1)];
  }
};
