import { isStale } from "./adapter-namespace";

// What the engine does with namespaces, test/e2e/custom-channel.test.ts shows.

const at = (seconds: number, state = "running") => ({
  state,
  startedAt: new Date(seconds * 1000).toISOString(),
});

test.each([
  ["that was started after its shop", at(2), at(1), false],
  ["whose shop was started anew", at(1), at(2), true],
  ["that could not be started, since its shop was away", at(3, "exited"), at(2), true],
  ["that is being restarted, and is older", at(1, "restarting"), at(2), true],
  ["whose shop does not run", at(1), at(2, "exited"), false],
  ["that was never started", at(1, "created"), at(2), false],
])("an adapter %s", (_fact, adapter, shop, stale) => {
  expect(isStale(adapter, shop)).toBe(stale);
});
