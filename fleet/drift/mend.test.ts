import { DockerError } from "../../inventory/docker-api";
import type { EngineLook, EngineStep } from "./engine";
import { giveNamesBack, planFault, type Known } from "./mend";

/** What `mend` asks before it touches anything; what it then does is told by the end-to-end tests. */

const container = "docker:index/container:Container";
const record = "cloudflare:index/dnsRecord:DnsRecord";
const shop = { name: "local-jia-shop-aaaaaaaaaa", memory: 192, memorySwap: 192, cpus: "0.5" };

const known: readonly Known[] = [
  { urn: "shop", type: container, id: "jia", objectId: "c1", inputs: shop },
  {
    urn: "record",
    type: record,
    id: "jia",
    objectId: "z/r",
    inputs: { name: "jia.example", content: "192.0.2.1" },
  },
];
const step = (urn: string, op: string, inputs: object, type = container): EngineStep => ({
  ...{ urn, type, op, id: "jia", name: "its-name", diffs: [] },
  inputs: { ...inputs },
});
const fault = (steps: readonly EngineStep[], change: Partial<EngineLook> = {}, target = ["shop", "record"]) =>
  planFault("shops", { steps, violations: [], errors: [], ...change }, target, known);

test("a plan that brings back what was there may be carried out", () => {
  expect(fault([])).toBeUndefined();
  for (const op of ["create", "update", "replace"]) expect(fault([step("shop", op, shop)])).toBeUndefined();
  expect(fault([step("record", "create", known[1]!.inputs, record)])).toBeUndefined();
});

test.each([
  ["another container", step("shop", "create", { ...shop, name: "local-jia-shop-bbbbbbbbbb" })],
  ["more memory, which no name tells", step("shop", "update", { ...shop, memory: 384 })],
  ["another address", step("record", "update", { name: "jia.example", content: "192.0.2.9" }, record)],
  ["a record made anew", step("record", "replace", known[1]!.inputs, record)],
  ["the removal of what stands", step("shop", "delete", shop)],
  ["what the state does not know", step("new", "create", shop)],
])("one that holds %s may not", (_, wanted) => {
  expect(fault([wanted], {}, ["shop", "record", "new"])).toMatch(
    /^the files ask for more than what was there: /,
  );
});

test("nor one that reaches beside the targets, one that a rule forbids, and one that came to no end", () => {
  expect(fault([step("shop", "update", shop)], {}, ["record"])).toContain("update Container its-name");
  const violations = [{ rule: "r", severity: "high" as const, message: "Not that", file: undefined }];
  expect(fault([], { violations })).toBe("Not that");
  expect(fault([], { errors: ["Docker does not answer"] })).toBe("Docker does not answer");
});

test("a container that gets its name back is told of only where it keeps the other one, for whatever reason but that ours has it", async () => {
  const container = (Id: string) => ({ Id, Names: [`/shop-${Id}`] });
  const answers: Readonly<Record<string, Error>> = {
    taken: new DockerError("Conflict. The container name is already in use", 409, undefined),
    away: new DockerError("connect ECONNREFUSED", undefined, "ECONNREFUSED"),
    mistake: new Error("of ours"),
  };
  const renamed: string[] = [];
  const rename = (id: string, name: string) => {
    renamed.push(`${id} ${name}`);
    return answers[id] ? Promise.reject(answers[id]) : Promise.resolve();
  };
  expect(await giveNamesBack(["free", "taken", "away", "free"].map(container), rename)).toEqual([
    "The container shop-away is called shop-away-drifted now, and could not be renamed: connect ECONNREFUSED.",
  ]);
  expect(renamed).toEqual(["free shop-free", "taken shop-taken", "away shop-away", "free shop-free"]);
  await expect(giveNamesBack([container("mistake")], rename)).rejects.toThrow("of ours");
});
