import { spawn } from "node:child_process";
import * as fs from "node:fs";
import * as path from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { loadFleet, type SubstationSpec } from "../../config/fleet";
import { openReportSchema } from "../../config/open-report";
import type { Platform } from "../../config/platform";
import { formatProblem } from "../../config/problem";
import { channelUrls, shopUrl } from "../../config/urls";
import { prove } from "../../fleet/prove/prove";
import type { PlatformAddress } from "../../fleet/prove/target";
import { mapBounded } from "../../inventory/bounded";
import type { Progress } from "../../local/progress";
import { projectRoot, stackConfigFile } from "../../local/workspace";
import type { Lab } from "../e2e/lab";
import { createDatabase, createRecord, createSecrets, openBare, type BareShop, type Served } from "./bare";
import { fileText, idsOf, layBatch, secretsOf, type Batch, type Merchant } from "./batch";
import { removeGroup } from "./cleanup";
import { inParallel } from "./commands";
import { commandSeconds, machineBusySeconds, Watch, type Usage } from "./processes";
import { describe, differences, type Facts } from "./same";
import { applyTerraform, type Terraform } from "./terraform";

/** One measured run of an opening, by the program, by bare commands, and by Terraform, and what is to be done around it. */

export interface Bench {
  readonly lab: Lab;
  readonly platform: Platform;
  readonly merchant: Merchant;
  /** How often each thing is measured; the median counts. */
  readonly repeat: number;
  readonly progress: Progress;
  readonly signal: AbortSignal;
  /** Filled with what makes the figures worthless. */
  readonly complaints: Set<string>;
}

export interface Run {
  readonly seconds: number;
  /** CPU seconds of the commands themselves: `substation` with the engines and their plugins, or `docker`, `psql` and `curl`. */
  readonly cpu: number;
  /** What all of the machine did meanwhile, in CPU seconds: with Docker, PostgreSQL and the containers themselves. */
  readonly machine: number;
}

export interface ProgramRun extends Run {
  /** Of `substation` and all of its descendants. */
  readonly usage: Usage;
}

export interface Opening {
  /** Groups at one time. @default the command's own */
  readonly engines?: number;
  /** Whether memory is watched, which takes time. @default false */
  readonly memory?: boolean;
  /** @default 25: more in one group needs the bench's own leave */
  readonly anySize?: boolean;
}

/** `substation open` of a batch whose files are laid, to its end: each of them is proved then. @param expected what must have come of each */
export async function programOpening(
  bench: Bench,
  ids: readonly string[],
  { engines, memory, anySize }: Opening = {},
  expected: "open" | "unchanged" = "open",
): Promise<ProgramRun> {
  const { lab, signal } = bench;
  const report = path.join(lab.home, "bench-report.json");
  fs.rmSync(report, { force: true });
  const args = [
    "open",
    ...ids,
    "--json",
    "--report",
    report,
    ...(engines ? ["--engines", String(engines)] : []),
  ];
  const preload = anySize ? { NODE_OPTIONS: `--require ${path.join(__dirname, "any-size.cjs")}` } : {};
  const { run, usage, said } = await watched(lab, args, {
    ...{ env: preload, memory: memory ?? false, signal },
    codes: [0, 1, 2], // what was not opened is told by the report
  });
  if (!fs.existsSync(report))
    throw new Error(`substation ${args.slice(0, 2).join(" ")} … wrote no report:\n${said}`);
  const { members, groups } = openReportSchema.parse(JSON.parse(fs.readFileSync(report, "utf8")));
  const wrong = members.filter(({ outcome }) => outcome !== expected);
  if (wrong.length > 0 || members.length !== ids.length)
    throw new Error(
      `of ${ids.length} substations ${members.length - wrong.length} are ${expected}: ${JSON.stringify({ wrong: wrong.slice(0, 3), groups })}`,
    );
  return { ...run, usage };
}

/** Runs the command to its end, as an operator does in the project's folder, and watches all that it starts. */
export async function watched(
  { root, workspace }: Lab,
  args: readonly string[],
  {
    env = {},
    memory = false,
    signal,
    codes = [0],
  }: { env?: NodeJS.ProcessEnv; memory?: boolean; signal: AbortSignal; codes?: readonly number[] },
): Promise<{ readonly run: Run; readonly usage: Usage; readonly said: string }> {
  let usage: Usage | undefined;
  let said = "";
  const run = await timed(async () => {
    const child = spawn(process.execPath, [path.join(projectRoot, "cli", "bin.js"), ...args], {
      cwd: root,
      env: { ...workspace.env, ...env, NO_COLOR: "1" },
      stdio: ["ignore", "ignore", "pipe"],
    });
    const stop = () => child.kill("SIGINT");
    signal.addEventListener("abort", stop, { once: true });
    const watch = new Watch(child.pid ?? 0, memory);
    const printed: Buffer[] = [];
    child.stderr.on("data", (chunk: Buffer) => printed.push(chunk));
    const code = await new Promise<number | null>((resolve, reject) =>
      child.on("error", reject).on("close", resolve),
    );
    usage = watch.stop();
    signal.removeEventListener("abort", stop);
    signal.throwIfAborted();
    said = Buffer.concat(printed).toString().slice(-4_000);
    if (!codes.includes(code ?? -1))
      throw new Error(`substation ${args[0]} ended with exit code ${code}:\n${said}`);
  });
  return { run, usage: usage!, said };
}

/** Lays the files and opens them. */
export async function openBatch(bench: Bench, batch: Batch, opening: Opening = {}): Promise<ProgramRun> {
  await layBatch(bench.lab, bench.merchant, batch);
  return await programOpening(bench, idsOf(batch), opening);
}

/** The same objects by bare commands, `concurrency` substations at a time, and the same proof of each as soon as it is there. */
export async function bareOpening(bench: Bench, batch: Batch, concurrency: number): Promise<Run> {
  const { platform, signal } = bench;
  const shops = shopsOf(bench, batch);
  return await timed(() =>
    inParallel(concurrency, shops, async (shop) =>
      proveBare(bench, shop, await openBare(platform, shop, signal)),
    ),
  );
}

/** The same by Terraform, where Docker is concerned, and by bare commands for the rest. @returns also the seconds of `terraform apply` alone */
export async function terraformOpening(
  bench: Bench,
  batch: Batch,
  terraform: Terraform,
): Promise<Run & { readonly apply: number }> {
  const { platform, signal, lab } = bench;
  const given = shopsOf(bench, batch).map((shop) => ({ shop, secrets: createSecrets(platform, shop) }));
  const folder = path.join(lab.home, "terraform", [...batch.keys()][0] ?? "");
  let apply = 0;
  const run = await timed(async () => {
    await mapBounded(8, given, ({ shop, secrets }) => createDatabase(platform, shop, secrets, signal));
    const started = performance.now();
    const served = await applyTerraform(folder, terraform, platform, given, signal);
    apply = (performance.now() - started) / 1000;
    await inParallel(8, given, async ({ shop }) => {
      await createRecord(platform, shop, signal);
      await proveBare(bench, shop, served.get(shop.owner.id)!);
    });
  });
  return { ...run, apply };
}

/** By the prover of `substation open` itself. */
async function proveBare({ lab, platform }: Bench, { spec }: BareShop, { id, name }: Served): Promise<void> {
  const address: PlatformAddress = {
    name: platform.name,
    ingress: platform.ingress,
    resolver: `127.0.0.1:${lab.dnsPort}`,
    sandboxGateway: platform.sandboxGateway,
  };
  const url = shopUrl(spec.host, platform.ingress.port);
  const notifyUrls = new Map(
    Object.entries(channelUrls(url, spec.channels)).map(([channel, { notifyUrl }]) => [channel, notifyUrl]),
  );
  const shop = { name, id, image: platform.storefrontImage };
  const { result, steps } = await prove(
    { spec, platform: address, standing: { urn: "", url, notifyUrls, shop } },
    { root: lab.root },
  );
  if (result !== "proved")
    throw new Error(`${spec.id}, opened without the program, is not proved: ${JSON.stringify(steps)}`);
}

/** What the program's files would ask for, of substations that have no file in `stacks/`. */
function shopsOf({ lab, platform, merchant }: Bench, batch: Batch): readonly BareShop[] {
  const files = [...batch].flatMap(([group, ids]) =>
    ids.map((id) => ({ id, group, text: fileText(id, merchant) })),
  );
  const folder = path.join(lab.home, "bare");
  fs.mkdirSync(folder, { recursive: true });
  const { groups, problems } = loadFleet(path.join(lab.root, "stacks"), files);
  if (problems.length > 0) throw new Error(problems.map(formatProblem).join("\n"));
  return [...batch.keys()]
    .flatMap((group) => groups.get(group) ?? [])
    .map((spec: SubstationSpec) => {
      const file = path.join(folder, `${spec.id}.yaml`); // a proof names what the file said
      fs.writeFileSync(file, fileText(spec.id, merchant));
      const owner = { platform: platform.name, group: spec.group, id: spec.id };
      return { owner, spec: { ...spec, file }, channelSecrets: secretsOf(merchant) };
    });
}

/** What was made for the first substation of a batch. */
export async function factsOf({ lab, platform }: Bench, batch: Batch): Promise<Facts> {
  const [group = "", [id = ""] = []] = [...batch][0] ?? [];
  return await describe(lab, platform, { platform: platform.name, group, id });
}

/** Where a baseline makes something else than the program does, the comparison is worth nothing: this is told at the end, as a failure. */
export function compare({ complaints }: Bench, by: string, program: Facts, other: Facts): void {
  for (const { where, program: ours, other: theirs } of differences(program, other))
    complaints.add(`${where}: ${JSON.stringify(ours)} by the program, ${JSON.stringify(theirs)} by ${by}`);
}

/** Removes all of a batch, with its stacks and proofs where it has some, and lets the servers come to rest. */
export async function forget(bench: Bench, batch: Batch): Promise<void> {
  const { lab, platform, signal } = bench;
  signal.throwIfAborted();
  for (const group of batch.keys()) {
    await removeGroup(platform, group);
    const folder = path.join(lab.root, "stacks", group);
    if (!fs.existsSync(folder)) continue;
    await lab.pulumi(["stack", "rm", group, "--force", "--yes"]);
    fs.rmSync(folder, { recursive: true });
    fs.rmSync(stackConfigFile(lab.workspace, group), { force: true });
  }
  for (const id of idsOf(batch))
    fs.rmSync(path.join(lab.root, "proofs", id), { recursive: true, force: true });
  await sleep(1_000, undefined, { signal });
}

async function timed(work: () => Promise<void>): Promise<Run> {
  const [started, own, all] = [performance.now(), commandSeconds(), machineBusySeconds()];
  await work();
  return {
    seconds: (performance.now() - started) / 1000,
    cpu: commandSeconds() - own,
    machine: machineBusySeconds() - all,
  };
}
