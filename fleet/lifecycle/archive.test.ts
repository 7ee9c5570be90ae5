import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { loadFleet } from "../../config/fleet";
import { goodFile, goodTiers } from "../../config/testFleet";
import { archive, certificateFault, closedIds } from "./archive";
import type { Look } from "./look";
import { markRemoving, unmarkRemoving, writeOrder } from "./order-file";
import { orderOf, type Subject } from "./subject";

let root: string;
beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), "substation-archive-"));
  mkdirSync(join(root, "stacks/demo"), { recursive: true });
  writeFileSync(join(root, "stacks/tiers.yaml"), goodTiers);
  writeFileSync(join(root, "stacks/demo/mengxiang.yaml"), goodFile);
  writeOrder(root, "mengxiang", { by: "王小明", reason: "不再经营" });
});
afterEach(() => rmSync(root, { recursive: true }));

const subject = () =>
  ({
    workspace: { root, env: {} },
    owner: { platform: "local", group: "demo", id: "mengxiang" },
    order: orderOf({ root }, "mengxiang"),
    file: join(root, "stacks/demo/mengxiang.yaml"),
  }) as unknown as Subject;
const look = { exports: [] } as unknown as Look;

test("cut off between the two files, the closing is not stuck: its order is read without the substation's file, and the rest is done", () => {
  const { order } = subject();
  markRemoving(order, undefined);
  const certificate = archive(subject(), look);
  const place = join(root, certificate, "..");
  const [before, name] = [readFileSync(join(root, certificate), "utf8"), "mengxiang.closing.yaml"];
  renameSync(join(place, name), join(root, "stacks/demo", name)); // as if it had not come to that

  const fleet = loadFleet(join(root, "stacks"));
  expect([fleet.problems, [...fleet.closings.keys()], existsSync(subject().file)]).toEqual([
    [],
    ["demo/mengxiang"],
    false,
  ]);
  expect(archive(subject(), look)).toBe(certificate);
  expect(readdirSync(place).sort()).toEqual(["certificate.json", name, "mengxiang.yaml"]);
  expect(readdirSync(join(root, "stacks/demo"))).toEqual([]);
  expect(readFileSync(join(root, certificate), "utf8")).toBe(before);
  expect(certificateFault(join(root, certificate))).toBeUndefined();
  expect([...closedIds(root)]).toEqual(["mengxiang"]);
  writeFileSync(join(root, certificate), before.replace("王小明", "王大明"));
  expect(certificateFault(join(root, certificate))).toContain("its hash does not fit");
  expect([...closedIds(root)]).toEqual([]);
});

test("what is written into an order by a removal leaves the rest of it as it is, and can be taken out again", () => {
  const { order } = subject();
  const before = readFileSync(order.file, "utf8");
  markRemoving(order, "2026-12-23T11-59-58.123Z");
  expect(orderOf({ root }, "mengxiang")?.removing).toMatchObject({ export: "2026-12-23T11-59-58.123Z" });
  unmarkRemoving(subject().order);
  expect(readFileSync(order.file, "utf8")).toBe(before);
});

test("an order cannot be written twice, for nobody, or against the platform's least grace", () => {
  const order = (id: string, grace?: string) => () =>
    writeOrder(root, id, { by: "王小明", reason: "x", grace });
  expect(order("mengxiang")).toThrow("was ordered to be closed before");
  expect(order("mengxing")).toThrow('there is no substation "mengxing"');
  writeFileSync(join(root, "stacks/demo/haitang.yaml"), goodFile.replace("mengxiang.", "haitang."));
  expect(order("haitang", "1d")).toThrow("the platform's minimumGrace is 7d");
  expect(existsSync(join(root, "stacks/demo/haitang.closing.yaml"))).toBe(false);
});
