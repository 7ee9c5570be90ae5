import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { goodTiers, withHost } from "../../config/testFleet";
import { isAllowed, isIdle, mayTouch, planIntent } from "./update";

// Whole plans are made and judged on the real engine in test/e2e/policy.test.ts.

test("a plan may change a quarter of the fleet, or the share that is asked for, rounded up so that one can always be changed", () => {
  expect([0, 1, 20, 24, 100].map((fleet) => mayTouch(fleet, undefined))).toEqual([5, 5, 5, 6, 25]);
  expect([1, 3, 10].map((fleet) => mayTouch(fleet, 6000))).toEqual([1, 2, 6]);
  expect([mayTouch(100, 0), mayTouch(100, 10_000)]).toEqual([0, 100]);
});

test("those that are left as they are count among the fleet, though a plan of the others knows nothing of them", () => {
  const root = mkdtempSync(join(tmpdir(), "substation-plan-"));
  try {
    mkdirSync(join(root, "stacks/demo"), { recursive: true });
    writeFileSync(join(root, "Pulumi.yaml"), "name: substation\nstackConfigDir: stacks\n");
    writeFileSync(join(root, "stacks/tiers.yaml"), goodTiers);
    writeFileSync(
      join(root, "stacks/Pulumi.platform.yaml"),
      `config:\n${[
        "name: local",
        "zone: substation.test",
        "ingressAddress: 127.0.0.1",
        "databaseUser: provisioner",
      ]
        .map((line) => `  substation:${line}\n`)
        .join("")}`,
    );
    const ids = Array.from({ length: 24 }, (_, at) => `shop-${at}`);
    for (const id of ids)
      writeFileSync(join(root, `stacks/demo/${id}.yaml`), withHost(`${id}.substation.test`));
    const of = (held: readonly string[], share?: number) => {
      const { substations, mayTouch: most } = planIntent(root, "demo", new Set(held), share);
      return [substations.size, most];
    };
    expect([of([]), of(ids.slice(4)), of(ids.slice(4), 5000)]).toEqual([
      [24, 6],
      [4, 6],
      [4, 12],
    ]);
  } finally {
    rmSync(root, { recursive: true });
  }
});

test("a violation or an error forbids a plan, of whatever severity", () => {
  const plan = { stack: "demo", steps: [], violations: [], stands: false, errors: [] };
  const violation = { rule: "x", severity: "low" as const, message: "", file: undefined };
  expect(isAllowed(plan)).toBe(true);
  expect(isAllowed({ ...plan, violations: [violation] })).toBe(false);
  expect(isAllowed({ ...plan, errors: ["no"] })).toBe(false);
});

test("steps that only look are none", () => {
  expect(["same", "read", "refresh"].every(isIdle)).toBe(true);
  expect(["create", "update", "replace", "delete", "delete-replaced", "import"].some(isIdle)).toBe(false);
});
