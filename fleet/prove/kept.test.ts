import {
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import fc from "fast-check";
import { canonical } from "../../config/document-hash";
import { proofHash, type Proof } from "../../config/proof";
import { keep, keptProofs, provedIds } from "./kept";
import type { Fresh } from "./prove";
import { failures, stoppedChannels, validity } from "./validity";

let root: string;
beforeEach(() => (root = mkdtempSync(join(tmpdir(), "substation-proofs-"))));
afterEach(() => rmSync(root, { recursive: true }));

const ok = { step: "dns", outcome: "ok", what: "well", milliseconds: 3 } as const;
const shop = { name: "local-mengxiang-shop-abc", id: "c".repeat(64), image: "sha256:1" };
const fresh = (change: Partial<Fresh> = {}): Fresh => ({
  version: 1,
  platform: "local",
  group: "demo",
  id: "mengxiang",
  host: "mengxiang.substation.test",
  url: "http://mengxiang.substation.test:8080",
  when: "2026-11-23T12:00:00Z",
  milliseconds: 12,
  by: { substation: "0.1.0", node: "v24.0.0" },
  subject: {
    container: shop.name,
    containerId: shop.id,
    image: shop.image,
    file: "stacks/demo/mengxiang.yaml",
    blob: "b".repeat(40),
  },
  result: "proved",
  steps: [ok],
  ...change,
});
const owner = { platform: "local", group: "demo", id: "mengxiang" };
const faults = () => keptProofs(root, "mengxiang").map((kept) => kept.faults.map(({ kind }) => kind));
const change = (file: string, edit: (proof: Proof) => unknown) => {
  const path = join(root, file);
  writeFileSync(path, JSON.stringify(edit(JSON.parse(readFileSync(path, "utf8")) as Proof)));
};

test("a proof is kept whole under its time, and each is chained to the one before, whatever the clock says", () => {
  const files = [fresh(), fresh(), fresh({ when: "2026-11-23T11:00:00Z" })].map((one) => keep(root, one));
  expect(files.map(({ file }) => file)).toEqual([
    "proofs/mengxiang/2026-11-23T12-00-00Z.json",
    "proofs/mengxiang/2026-11-23T12-00-01Z.json",
    "proofs/mengxiang/2026-11-23T12-00-02Z.json",
  ]);
  expect(files.map(({ proof }) => proof.previous)).toEqual([
    undefined,
    files[0]?.proof.hash,
    files[1]?.proof.hash,
  ]);
  expect(keptProofs(root, "mengxiang")).toEqual(files);
  expect(readdirSync(join(root, "proofs/mengxiang"))).toHaveLength(3);
  writeFileSync(join(root, "proofs/README.md"), "");
  expect(provedIds(root)).toEqual(["mengxiang"]);
  expect(provedIds(join(root, "none"))).toEqual([]);
});

test("any change of any value is found, in whatever order the keys stand", () => {
  const { proof } = keep(root, fresh());
  const shuffled = Object.fromEntries(Object.entries(proof).reverse()) as unknown as Proof;
  expect(proofHash(shuffled)).toBe(proof.hash);
  fc.assert(
    fc.property(fc.jsonValue(), (value) => {
      expect(JSON.parse(canonical(value))).toEqual(JSON.parse(JSON.stringify(value)));
    }),
  );
  const { file } = keptProofs(root, "mengxiang")[0]!;
  for (const edit of [
    (one: Proof) => ({ ...one, result: "failed" }),
    (one: Proof) => ({ ...one, steps: [{ ...one.steps[0], what: "wel1" }] }),
    (one: Proof) => ({ ...one, subject: { ...one.subject, blob: "a".repeat(40) } }),
  ]) {
    const before = readFileSync(join(root, file), "utf8");
    change(file, edit);
    expect(faults()).toEqual([["altered"]]);
    writeFileSync(join(root, file), before);
  }
  expect(faults()).toEqual([[]]);
});

test("what is no proof, another's, or put in or taken out of the chain is found", () => {
  const [first, second, third] = [1, 2, 3].map(() => keep(root, fresh()));
  const path = (kept: typeof first) => join(root, kept!.file);
  const read = (kept: typeof first) => readFileSync(path(kept), "utf8");
  const texts = [first, second, third].map(read);
  rmSync(path(second));
  expect(faults()).toEqual([[], ["chain"]]);
  writeFileSync(path(second), texts[1]!);

  rmSync(path(first));
  expect(faults()).toEqual([["chain"], []]);
  writeFileSync(path(first), texts[0]!);

  change(second!.file, (proof) => {
    const rewritten = { ...proof, result: "failed" as const };
    return { ...rewritten, hash: proofHash(rewritten) }; // by somebody who can hash, too
  });
  expect(faults()).toEqual([[], [], ["chain"]]);
  writeFileSync(path(second), "{");
  expect(faults()[1]).toEqual(["unreadable"]);
  writeFileSync(path(second), JSON.stringify({ ...(JSON.parse(texts[1]!) as object), note: "hello" }));
  expect(faults()[1]).toEqual(["unreadable"]);
  writeFileSync(path(second), texts[1]!);

  const other = join(root, "proofs/haitang", first!.file.split("/").at(-1)!);
  mkdirSync(dirname(other), { recursive: true });
  writeFileSync(other, texts[0]!);
  expect(keptProofs(root, "haitang").map((kept) => kept.faults)).toEqual([
    [{ kind: "foreign", what: "it is a proof of mengxiang" }],
  ]);
  renameSync(path(third), join(root, "proofs/mengxiang/2027-01-01T00-00-00Z.json"));
  expect(faults()).toEqual([[], [], ["foreign"]]);
});

test("the last proof decides, and holds for the very container that the stack has", () => {
  const state = (standing: typeof shop | undefined = shop, whose = owner) => {
    const found = validity(keptProofs(root, "mengxiang"), whose, standing);
    return [found.state, "why" in found ? found.why : undefined];
  };
  expect(state()).toEqual(["none", undefined]);
  keep(root, fresh());
  expect(state()).toEqual(["valid", undefined]);
  expect(state({ ...shop, name: "local-mengxiang-shop-xyz" })).toEqual([
    "stale",
    "the configuration has changed since",
  ]);
  expect(state({ ...shop, id: "d".repeat(64) })).toEqual(["stale", "the container was made anew since"]);
  expect(validity(keptProofs(root, "mengxiang"), owner, undefined).state).toBe("stale");
  expect(state(shop, { ...owner, platform: "other" })).toEqual(["stale", "it is of local/demo/mengxiang"]);

  const failed = {
    ...ok,
    step: "purchase",
    channel: "alipay",
    outcome: "failed",
    what: "nothing came",
    remedy: "look",
  } as const;
  const kept = keep(root, fresh({ result: "failed", steps: [ok, failed, { ...failed, channel: "wechat" }] }));
  expect(state()).toEqual(["failed", "purchase by alipay: nothing came (and 1 more)"]);
  expect(failures(kept.proof)).toBe("purchase by alipay: nothing came (and 1 more)");
  change(kept.file, (proof) => ({ ...proof, result: "proved" }));
  expect(state()).toEqual(["unusable", "its hash does not fit: it was changed after it was written"]);
});

test("what stopped before payment is told by channel", () => {
  const stopped = { ...ok, step: "purchase", channel: "alipay", outcome: "stopped-before-payment" } as const;
  expect(stoppedChannels(keep(root, fresh({ steps: [ok, stopped] })).proof)).toEqual(["alipay"]);
});
