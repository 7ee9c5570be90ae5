import { spawnSync } from "node:child_process";
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { ensureDocker, stopOwnEngine } from "../local/docker";
import { prepareEngine } from "../local/engine";
import { homeAt } from "../local/home";
import { ensureImages } from "../local/images";
import { consoleProgress } from "../local/progress";
import { testPrograms, type Count } from "./engine/test";

/**
 * `npm test`: everything but the long step, cheap checks first, and one line of counts at the end. Names of steps run only these: `npm test -- unit e2e`.
 * A step that fails does not hide what the later ones find.
 */

const root = resolve(__dirname, "..");
const bin = (name: string) => join(root, "node_modules", ".bin", name);

const steps: Readonly<Record<string, () => Count | Promise<Count>>> = {
  typecheck: () => command(bin("tsc"), ["--noEmit"]),
  lint: () =>
    command(bin("eslint"), [
      ".",
      "--max-warnings",
      "0",
      "--cache",
      "--cache-location",
      "node_modules/.cache/eslint",
    ]),
  format: () =>
    command(bin("prettier"), [
      "--check",
      "--log-level",
      "warn",
      "--cache",
      "--cache-location",
      "node_modules/.cache/prettier/.prettier-cache",
      ".",
    ]),
  // Left to itself, Jest leaves a core free.
  unit: () => jest("unit", "--maxWorkers=100%"),
  engine: () => testPrograms(),
  // Each file has a platform of its own, and much of its time is spent waiting: three at a time keep two cores busy.
  e2e: () => withDocker(() => jest("e2e", "--maxWorkers=3")),
  // A hundred substations, every moment of an opening: hours of work for two cores, so it runs when it is asked for.
  long: () => withDocker(() => jest("long", "--runInBand")),
};
const onRequest: ReadonlySet<string> = new Set(["long"]);

async function main(wanted: readonly string[]): Promise<number> {
  const unknown = wanted.filter((name) => !(name in steps));
  if (unknown.length > 0) {
    process.stderr.write(
      `Unknown step ${unknown.join(", ")}. The steps are: ${Object.keys(steps).join(", ")}.\n`,
    );
    return 2;
  }
  let passed = 0;
  let failed = 0;
  for (const [name, run] of Object.entries(steps)) {
    if (wanted.length > 0 ? !wanted.includes(name) : onRequest.has(name)) continue;
    const started = Date.now();
    process.stdout.write(`\n== ${name}\n`);
    const count = await run();
    process.stdout.write(
      `== ${name}: ${count.failed === 0 ? "ok" : "FAILED"}, ${((Date.now() - started) / 1000).toFixed(0)} s\n`,
    );
    passed += count.passed;
    failed += count.failed;
  }
  process.stdout.write(`\n${passed} passed, ${failed} failed\n`);
  return failed === 0 ? 0 : 1;
}

/**
 * One Docker engine for all end-to-end tests: the running one, else one that is started for them and stopped after. What they all need is made before the first, so that no
 * two make it at the same time.
 */
async function withDocker(work: () => Count): Promise<Count> {
  const home = homeAt(mkdtempSync(join(tmpdir(), "substation-docker-")));
  for (const folder of [home.log, home.run]) mkdirSync(folder);
  try {
    const docker = await ensureDocker(home, consoleProgress());
    await prepareEngine(consoleProgress());
    await ensureImages(docker, home, consoleProgress());
    return work();
  } finally {
    await stopOwnEngine(home);
    rmSync(home.root, { recursive: true, force: true });
  }
}

/** A tool that passes or fails as a whole. */
function command(program: string, args: readonly string[], cwd = root): Count {
  const { status, error } = spawnSync(program, args, { cwd, stdio: "inherit" });
  if (error) process.stderr.write(`${program}: ${error.message}\n`);
  return status === 0 ? { passed: 1, failed: 0 } : { passed: 0, failed: 1 };
}

/** Jest's own counts. A run that ends without a report, or with a file that could not be loaded, is a failure. */
function jest(project: string, ...args: readonly string[]): Count {
  const folder = mkdtempSync(join(tmpdir(), "substation-jest-"));
  const report = join(folder, "report.json");
  try {
    const flags = ["--selectProjects", project, "--json", "--outputFile", report, "--verbose", ...args];
    const { status } = spawnSync(bin("jest"), flags, { cwd: root, stdio: ["ignore", "ignore", "inherit"] });
    if (!existsSync(report)) return { passed: 0, failed: 1 };
    const counts = JSON.parse(readFileSync(report, "utf8")) as {
      numPassedTests: number;
      numFailedTests: number;
      numRuntimeErrorTestSuites: number;
    };
    const failed = counts.numFailedTests + counts.numRuntimeErrorTestSuites;
    return { passed: counts.numPassedTests, failed: failed === 0 && status !== 0 ? 1 : failed };
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

void main(process.argv.slice(2)).then((code) => {
  process.exitCode = code;
});
