import { fleetRule, rule } from "../../policies/rules/rule";
import { Looks } from "./looks";

const info = { id: "x", severity: "low", description: "Checks x.", references: [], remedy: "" } as const;
const needing = fleetRule({ ...info, needs: ["record", "container"], check: () => [] });
const counting = fleetRule({ ...info, check: () => [] });
const single = rule("record", { ...info, check: () => [] });

test("a look that fails is told with its reason and what to do, and the rules that take its facts for complete are left out", async () => {
  const looks = new Looks();
  expect([needing, counting, single].map((one) => looks.allow(one))).toEqual([true, true, true]);
  const seen = await looks.at(
    "the DNS zone",
    ["record"],
    Promise.reject(new Error("fetch failed\n  at once.\n\n")),
    () => "Try again.",
  );
  expect(seen).toBeUndefined();
  expect(looks.blind).toEqual([{ what: "the DNS zone", why: "fetch failed; at once. Try again." }]);
  expect([needing, counting, single].map((one) => looks.allow(one))).toEqual([false, true, true]);
});

test("an error without words is told by its code", async () => {
  const looks = new Looks();
  await looks.at(
    "the server",
    [],
    Promise.reject(Object.assign(new AggregateError([]), { code: "ECONNREFUSED" })),
  );
  expect(looks.blind).toEqual([{ what: "the server", why: "ECONNREFUSED." }]);
  expect(await looks.at("another", [], Promise.resolve(1))).toBe(1);
});
