import { chmodSync, cpSync, existsSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Platform } from "../../config/platform";
import { noFacts, type RecordFact } from "../../policies/rules/facts";
import type { AuditReport, LocatedFinding } from "../audit/report";
import { auditOnce, groundHash, isAsLeft, isClean, rememberLeft } from "./as-left";

let root: string;
const write = (name: string, text: string) => {
  mkdirSync(join(root, name, ".."), { recursive: true });
  writeFileSync(join(root, name), text);
};
beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), "substation-left-"));
  for (const name of [
    "stacks/a/x.yaml",
    "stacks/b/y.yaml",
    "stacks/Pulumi.a.yaml",
    "stacks/tiers.yaml",
    "infra/group.ts",
  ])
    write(name, name);
});
afterEach(() => rmSync(root, { recursive: true }));

const platform = { name: "local", storefrontImage: "sha256:1" } as Platform;
const of = (change: Partial<Parameters<typeof groundHash>[1]> = {}) =>
  groundHash(root, { group: "a", platform, held: new Set(), ...change });

test("what a plan follows from has another hash where any of it is another, and the same where only other groups differ", () => {
  const before = of();
  expect(before).toMatch(/^[0-9a-f]{64}$/);
  write("stacks/b/y.yaml", "another");
  write("stacks/b/z.yaml", "a third");
  expect(of()).toBe(before);
  expect(of({ held: new Set(["x"]) })).not.toBe(before);
  expect(of({ platform: { ...platform, storefrontImage: "sha256:2" } })).not.toBe(before);
  for (const name of [
    "stacks/a/x.yaml",
    "stacks/a/new.yaml",
    "stacks/Pulumi.a.yaml",
    "stacks/tiers.yaml",
    "stacks/templates/t/template.yaml",
    "infra/group.ts",
  ]) {
    cpSync(root, `${root}.kept`, { recursive: true });
    write(name, "changed");
    expect([name, of()]).not.toEqual([name, before]);
    rmSync(root, { recursive: true });
    cpSync(`${root}.kept`, root, { recursive: true });
    rmSync(`${root}.kept`, { recursive: true });
    expect(of()).toBe(before);
  }
});

test("a group is as it was left only with the same ground, the same state, and all of it seen as it was then", async () => {
  const state = join(root, "state.json");
  write("bin/pulumi", `#!/bin/sh\ncat "${state}"\n`);
  const bin = join(root, "bin");
  chmodSync(join(bin, "pulumi"), 0o755);
  const workspace = { root, env: { ...process.env, PATH: `${bin}:${process.env["PATH"]}` } };
  const record = (id: string, ttl: number) =>
    ({ name: id, owner: { platform: "local", group: "a", id }, unknown: [], ttl }) as unknown as RecordFact;
  const of = (ground: string, records: readonly RecordFact[] = [record("x", 60)]) => ({
    ...{ workspace, group: "a", ids: ["x"], ground },
    audited: () => Promise.resolve({ report: report([]), facts: { ...noFacts, record: records } }),
  });
  writeFileSync(state, '{"deployment":{"resources":[]}}');
  expect(await isAsLeft(of("g1"))).toBe(false);
  await rememberLeft(of("g1"));
  expect(await isAsLeft(of("g1"))).toBe(true);
  expect(await isAsLeft(of("g1", [record("y", 1), record("x", 60)]))).toBe(true); // another's
  expect(await isAsLeft(of("g1", [record("x", 61)]))).toBe(false);
  expect(await isAsLeft(of("g1", []))).toBe(false);
  expect(await isAsLeft({ ...of("g1"), audited: () => Promise.resolve(undefined) })).toBe(false);
  expect(await isAsLeft(of("g2"))).toBe(false);
  expect(await isAsLeft({ ...of("g1"), group: "b" })).toBe(false);
  writeFileSync(state, '{"deployment":{"resources":[{"urn":"u"}]}}');
  expect(await isAsLeft(of("g1"))).toBe(false);
});

test("where the files of any group have problems nobody can tell: it says so once, and nothing is thrown or remembered", async () => {
  write("Pulumi.yaml", "name: substation\nstackConfigDir: stacks\n");
  write("stacks/Pulumi.platform.yaml", "config:\n  substation:name: local\n");
  const workspace = { root, env: process.env };
  const told: string[] = [];
  const once = auditOnce(workspace, (platform, why) => told.push(`${platform}: ${why}`));
  const audited = () => once("platform");
  expect(await audited()).toBeUndefined(); // the tiers are no YAML of tiers
  const now = { ...{ workspace, group: "a", ids: ["x"], ground: "g" }, audited };
  await rememberLeft(now);
  expect(existsSync(join(root, ".substation"))).toBe(false);
  expect(told).toEqual([expect.stringMatching(/^platform: what stands on platform .*problems/)]);
});

const report = (findings: readonly LocatedFinding[], blind: AuditReport["blind"] = []): AuditReport => {
  return { ...{ platform: "local", ids: [], looked: {}, rules: 1, seconds: 1 }, findings, blind };
};

test("a group is clean where the audit saw everything, and found nothing of its members", () => {
  const rule = { id: "r", severity: "low", description: "", references: [], remedy: "" } as const;
  const finding = (id: string | undefined, file: string | undefined): LocatedFinding => ({
    ...{ rule, kind: "container", subject: "s", message: "m", file },
    owner: id === undefined ? undefined : { platform: "local", group: "a", id },
  });
  expect(isClean(report([]), ["x"])).toBe(true);
  expect(isClean(report([], [{ what: "a server", why: "away" }]), ["x"])).toBe(false);
  expect(isClean(report([finding(undefined, undefined), finding("y", "stacks/a/y.yaml")]), ["x"])).toBe(true);
  expect(isClean(report([finding("x", undefined)]), ["y", "x"])).toBe(false);
  expect(isClean(report([finding(undefined, "stacks/a/x.yaml")]), ["x"])).toBe(false);
  expect(isClean(report([finding(undefined, "stacks/a/xx.yaml")]), ["x"])).toBe(true);
});
