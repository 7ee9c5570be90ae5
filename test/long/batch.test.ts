import { expectExplained, open, outcomesOf, PoisonedBatch, type Poison } from "../e2e/poisons";
import { command, Lab } from "../e2e/lab";

// A hundred substations in ten groups, seven of them poisoned, each by something else (F40). Its short form, with nine, is test/e2e/open.test.ts.

jest.setTimeout(3_600_000);

const groups = Object.fromEntries(
  Array.from({ length: 10 }, (_, group) => [
    `group${group}`,
    Array.from({ length: 10 }, (_, member) => `shop-${group}${member}`),
  ]),
);
/** Each in another group, at another place. */
const poisoned = new Map<string, Poison>([
  ["shop-00", "bad image"],
  ["shop-11", "name taken by a stranger"],
  ["shop-22", "DNS refusing"],
  ["shop-33", "database full"],
  ["shop-44", "never healthy"],
  ["shop-55", "secret missing"],
  ["shop-66", "over tier"],
]);

let lab: Lab;
let batch: PoisonedBatch;

beforeAll(async () => {
  lab = await Lab.open({ prefix: "bat" });
  batch = new PoisonedBatch(lab, groups, poisoned);
  await batch.prepare();
});
afterAll(async () => {
  await batch?.mend();
  await lab?.close();
  for (const image of batch?.images ?? []) await command("docker", ["rmi", image]);
});

test("of 100 with 7 poisoned, 93 are open and proved, 7 explained; mended, the next run touches only these 7", async () => {
  const first = await open(lab, "--all");
  expectExplained(first.report, batch, "open");
  expect([first.code, first.report.counts]).toEqual([
    1,
    { open: 93, unchanged: 0, failed: 7, "not-tried": 0 },
  ]);
  const before = await batch.containers(batch.good);

  await batch.mend();
  const second = await open(lab, "--all");
  expect(outcomesOf(second.report)).toEqual(
    Object.fromEntries(batch.ids.map((id) => [id, poisoned.has(id) ? "open" : "unchanged"])),
  );
  expect(second.code).toBe(0);
  expect(await batch.containers(batch.good)).toEqual(before);
  const third = await open(lab, "--all");
  expect(third.report.counts).toEqual({ open: 0, unchanged: 100, failed: 0, "not-tried": 0 });
  process.stderr.write(
    `a batch of 100 with 7 poisoned: ${first.report.seconds} s; the 7 mended: ${second.report.seconds} s; no change: ${third.report.seconds} s\n`,
  );
});
