import { chmodSync, existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { Patience, silenceText, type Silence } from "./patience";
import type { EngineEvent, StepMetadata } from "./pulumi";
import { carryOut } from "./up";

// A Docker that really hangs under a real engine is in test/long/docker-away.test.ts.

const step = (type: string, name: string): StepMetadata => ({
  op: "create",
  type,
  urn: `urn:pulumi:east::substation::substation:index:Substation$${type}::${name}`,
});
const container = (name: string) => step("docker:index/container:Container", name);
const began = (metadata: StepMetadata): EngineEvent => ({ resourcePreEvent: { metadata } });
const ended = (metadata: StepMetadata): EngineEvent => ({ resOutputsEvent: { metadata } });

test("a silence is told of again and again, with what has begun and not ended, and ends with the next word", async () => {
  const silences: Silence[] = [];
  const limits = { tell: 40, stop: 10_000 };
  const patience = new Patience({ limits, onSilence: (silence) => silences.push(silence) });
  try {
    patience.listen(began(step("pulumi:pulumi:Stack", "east")));
    for (const name of ["jia", "yi", "bing"]) patience.listen(began(container(name)));
    patience.listen(ended(container("yi")));
    await sleep(150);
    expect(silences.length).toBeGreaterThan(1);
    expect(silences.map(({ steps }) => steps.map(({ urn }) => urn))).toEqual(
      silences.map(() => [container("jia").urn, container("bing").urn]),
    );
    for (const name of ["jia", "bing"]) patience.listen(ended(container(name)));
    silences.length = 0;
    await sleep(80);
    expect(silences[0]?.steps).toEqual([]);
    expect(patience.lost).toBeUndefined();
  } finally {
    patience.end();
  }
});

test("steps that are all held back say nothing, and are not waited for in vain", async () => {
  const counts: number[] = [];
  let heldBack = 2;
  const isHeldBack = (steps: number) => counts.push(steps) > 0 && heldBack >= steps;
  const patience = new Patience({ limits: { tell: 20, stop: 60 }, isHeldBack });
  try {
    for (const name of ["jia", "yi"]) patience.listen(began(container(name)));
    await sleep(150);
    expect([patience.lost, new Set(counts)]).toEqual([undefined, new Set([2])]);
    heldBack = 1;
    await sleep(150);
    expect(patience.lost?.steps).toHaveLength(2);
  } finally {
    patience.end();
  }
});

test("what is told of many names five", () => {
  const steps = ["a", "b", "c", "d", "e", "f", "g"].map(container);
  expect(silenceText({ seconds: 60, steps })).toBe(
    "said nothing for 60 s while it waited for Container a, Container b, Container c, Container d, Container e and 2 more",
  );
  expect(silenceText({ seconds: 60, steps: [] })).toBe("said nothing for 60 s");
});

describe("an engine that says nothing", () => {
  let root: string;
  beforeEach(() => {
    root = mkdtempSync(join(tmpdir(), "substation-patience-"));
    writeFileSync(join(root, "Pulumi.yaml"), "name: substation\nruntime: nodejs\n");
    mkdirSync(join(root, "stacks"));
  });
  afterEach(() => rmSync(root, { recursive: true }));

  /** @param onSignal what a shell does about SIGINT */
  function workspace(onSignal: string) {
    const bin = join(root, "bin");
    mkdirSync(bin);
    const script = `#!/bin/sh\ntrap '${onSignal}' INT\necho $$ > "${root}/pid"\nwhile :; do sleep 0.05; done\n`;
    writeFileSync(join(bin, "pulumi"), script);
    chmodSync(join(bin, "pulumi"), 0o755);
    return { root, env: { ...process.env, PATH: `${bin}:${process.env["PATH"]}` } };
  }
  const limits = { tell: 100, stop: 600, stopped: 100, kill: 300 };
  const nothing = () => undefined;

  test("is asked to stop, and what it was about is told", async () => {
    const at = workspace(`touch "${root}/asked"; echo stopped >&2; exit 1`);
    const silences: string[] = [];
    const onSilence = (silence: Silence) => silences.push(silenceText(silence));
    const done = await carryOut(at, "east", { patience: { limits, onSilence } }, nothing);
    expect(done).toMatchObject({ kind: "failed", output: "stopped", killed: false, lost: { steps: [] } });
    expect(existsSync(join(root, "asked"))).toBe(true);
    expect(silences.length).toBeGreaterThan(1);
  });

  test("is ended by force where it cannot stop, as it is soon after somebody has asked it in vain", async () => {
    const at = workspace(":");
    const stop = new AbortController();
    setTimeout(() => stop.abort(), 200);
    const settings = { signal: stop.signal, patience: { limits: { ...limits, stop: 60_000 } } };
    const done = await carryOut(at, "east", settings, nothing);
    expect(done).toMatchObject({ kind: "failed", killed: true, lost: { steps: [] } });
    const pid = Number(readFileSync(join(root, "pid"), "utf8"));
    expect(() => process.kill(pid, 0)).toThrow("ESRCH");
  });
});
