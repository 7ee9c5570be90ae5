import * as fs from "node:fs";
import * as path from "node:path";
import { openGroup } from "../cli/opening";
import { loadFleet } from "../config/fleet";
import { formatProblem } from "../config/problem";
import { pulumiOk, type Workspace } from "../fleet/pulumi";
import { policyPack } from "../fleet/plan";
import { repairStack } from "../fleet/repair-stack";
import { stackNames } from "../fleet/stack-names";
import { Timings } from "../fleet/timing";
import { demoReport, type Row, type Step } from "./demo-report";
import { prepareEngine } from "./engine";
import { UserError } from "../config/error";
import { homeFolder, readInstance } from "./home";
import { resetLocal, startLocal } from "./instance";
import { consoleProgress, silent, type Progress } from "./progress";
import { setUpSandbox } from "./sandbox";
import { configurePlatform, ensureStack, openWorkspace, projectRoot, stackConfigFile } from "./workspace";

/**
 * `npm run demo`: sets up all that a first try needs, opens the substations of stacks/demo/ with the real engine, and says where to look.
 * `npm run demo -- --down` removes all that it made.
 */

const group = "demo";

/** The files that come with the project. Anything else in the group is the user's own, and is not removed by a word. */
const samples: readonly string[] = ["haitang", "mengxiang", "xingchen"];

const usage = `Usage: npm run demo -- [--json] [--down [--yes]]

  --json   print the result as JSON on standard output
  --down   remove everything that the demo made
  --yes    with --down: also where substations of your own stand in stacks/${group}/
`;

async function main(args: readonly string[]): Promise<number> {
  const known = new Set(["--json", "--down", "--yes", "--help"]);
  const wrong = args.find((arg) => !known.has(arg));
  if (wrong !== undefined || args.includes("--help")) {
    process.stderr.write(wrong === undefined ? usage : `${usage}\nUnknown argument ${wrong}.\n`);
    return wrong === undefined ? 0 : 2;
  }
  const progress = consoleProgress();
  try {
    if (args.includes("--down")) await down(args.includes("--yes"), progress);
    else return (await up(args.includes("--json"), progress)) ? 0 : 1;
    return 0;
  } catch (error) {
    if (!(error instanceof UserError)) throw error;
    process.stderr.write(`demo: ${error.message}\n`);
    return 1;
  }
}

/** @returns whether each of its shops is open: a purchase went through every channel */
async function up(json: boolean, progress: Progress): Promise<boolean> {
  checkFiles();
  const steps: Step[] = [];
  const timed = async <T>(step: string, work: () => Promise<T>): Promise<T> => {
    const started = performance.now();
    const result = await work();
    steps.push({ step, seconds: round((performance.now() - started) / 1000) });
    return result;
  };
  const engine = await timed("engine", () => prepareEngine(progress));
  const settings = await timed("local servers", () => startLocal({}, progress));
  const workspace = openWorkspace(homeFolder(), engine);

  await timed("platform", async () => {
    await ensureStack(workspace, "platform");
    await configurePlatform(workspace, "platform", settings);
    await update(workspace, "platform", progress);
  });
  const timings = await timed(`group ${group}`, async () => {
    await ensureStack(workspace, group);
    await progress.step("Registering the shops' merchants at the sandbox", () => registerSamples(workspace));
    return await update(workspace, group, progress);
  });
  const opened = await timed("proof", () => openGroup(workspace, group));

  const outputs = JSON.parse(await pulumiOk(workspace, ["stack", "output", "-s", group, "--json"])) as {
    substations: Record<string, { url: string; tier: string }>;
  };
  const rows = Object.entries(outputs.substations).map(([id, { url, tier }]): Row => {
    const { changes, seconds, total } = timings.of(id);
    return {
      id,
      url,
      tier,
      changes,
      seconds: Object.fromEntries(Object.entries(seconds).map(([k, v]) => [k, round(v)])),
      total: round(total),
    };
  });
  const instance = readInstance();
  if (json)
    process.stdout.write(
      `${JSON.stringify({ substations: rows, open: opened.found, steps, home: homeFolder(), dnsPort: instance?.dnsPort }, null, 2)}\n`,
    );
  else
    process.stdout.write(`${demoReport(rows, steps, { group, dnsPort: instance?.dnsPort })}\n${opened.text}`);
  return opened.open;
}

/** The samples' payment channels are the sandbox's; one that was removed is left alone. */
async function registerSamples(workspace: Workspace): Promise<void> {
  for (const id of samples)
    if (fs.existsSync(path.join(workspace.root, "stacks", group, `${id}.yaml`)))
      await setUpSandbox(workspace, id);
}

/** One update of a stack, with what a killed one may have left mended before. */
async function update(workspace: Workspace, stack: string, progress: Progress): Promise<Timings> {
  return await progress.step(`pulumi up -s ${stack}`, async (note) => {
    await repairStack(workspace, stack);
    const timings = new Timings();
    await pulumiOk(workspace, ["up", "-s", stack, "--yes", "--skip-preview", ...policyPack], {
      onEvent: (event) => {
        timings.listen(event);
        note(`${timings.finished} resources`);
      },
    });
    return timings;
  });
}

/** The words of `substation check`, before anything is set up. */
function checkFiles(): void {
  // What is missing of the samples' secrets is made up later on: a demo that was interrupted before that goes on.
  const { problems: all } = loadFleet(path.join(projectRoot, "stacks"));
  const ours = new Set(samples.map((id) => path.join(projectRoot, "stacks", group, `${id}.yaml`)));
  const problems = all.filter(({ code, file }) => code !== "secret/missing" || !ours.has(path.resolve(file)));
  if (problems.length > 0)
    throw new UserError(
      `the typed files have problems; nothing was started.\n${problems.map(formatProblem).join("\n")}`,
    );
}

async function down(yes: boolean, progress: Progress): Promise<void> {
  const home = homeFolder();
  const instance = readInstance(home);
  if (!instance) {
    progress.info(`Nothing to remove: ${home} holds no demo.`);
    return;
  }
  const engine = await prepareEngine(silent);
  await startLocal({ images: false }, progress); // what is removed must be reachable
  const workspace = openWorkspace(home, engine);
  const stacks = await stackNames(workspace);
  const others = stacks.filter((name) => name !== "platform" && name !== group);
  if (others.length > 0)
    throw new UserError(
      `there are groups that the demo did not make: ${others.join(", ")}. Remove them first.`,
    );
  if (stacks.includes(group) && !yes) await refuseOwn(workspace);

  for (const stack of [group, "platform"].filter((name) => stacks.includes(name))) {
    await progress.step(`pulumi destroy -s ${stack}`, async () => {
      await repairStack(workspace, stack);
      // Databases and roles are protected, and kept by the server even when the stack forgets them. They go with the server's folder, below.
      await pulumiOk(workspace, ["state", "unprotect", "--all", "-s", stack, "--yes"]);
      await pulumiOk(workspace, ["destroy", "-s", stack, "--yes", "--skip-preview"]);
      await pulumiOk(workspace, ["stack", "rm", stack, "--yes"]);
    });
    fs.rmSync(stackConfigFile(workspace, stack), { force: true });
  }
  for (const id of samples)
    fs.rmSync(path.join(workspace.root, "proofs", id), { recursive: true, force: true });
  await resetLocal({ confirm: () => Promise.resolve(instance.name), dockerObjects: true }, progress);
  for (const rest of ["state", "env.sh"]) fs.rmSync(path.join(home, rest), { recursive: true, force: true });
  if (fs.existsSync(home) && fs.readdirSync(home).length === 0) fs.rmdirSync(home);
}

async function refuseOwn(workspace: Workspace): Promise<void> {
  const outputs = JSON.parse(await pulumiOk(workspace, ["stack", "output", "-s", group, "--json"])) as {
    substations?: Record<string, unknown>;
  };
  const own = Object.keys(outputs.substations ?? {}).filter((id) => !samples.includes(id));
  if (own.length > 0) {
    throw new UserError(
      `${own.join(", ")} did not come with the demo, and ${own.length === 1 ? "its" : "their"} data would be lost. ` +
        `Nothing was removed. If that is meant: npm run demo -- --down --yes`,
    );
  }
}

const round = (seconds: number): number => Math.round(seconds * 100) / 100;

void main(process.argv.slice(2)).then((code) => {
  process.exitCode = code;
});
