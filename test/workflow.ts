import { execFile } from "node:child_process";
import * as fs from "node:fs";
import * as path from "node:path";
import * as vm from "node:vm";
import { parse } from "yaml";

/** Workflows of GitHub as this project writes them: commands alone, no actions. */
export interface Workflow {
  readonly on: Readonly<Record<string, unknown>>;
  readonly permissions: Readonly<Record<string, string>>;
  readonly concurrency: { readonly group: string; readonly "cancel-in-progress": boolean };
  readonly jobs: Readonly<Record<string, Job>>;
}

export interface Job {
  readonly needs?: string | readonly string[];
  readonly if?: string;
  readonly "runs-on": string | readonly string[];
  readonly environment?: string;
  readonly permissions: Readonly<Record<string, string>>;
  readonly concurrency?: Workflow["concurrency"];
  readonly strategy?: { readonly "max-parallel"?: number; readonly matrix: { readonly include: string } };
  readonly outputs?: Readonly<Record<string, string>>;
  readonly steps: readonly Step[];
}

export interface Step {
  readonly name: string;
  readonly id?: string;
  readonly uses?: string;
  readonly run?: string;
  readonly env?: Readonly<Record<string, string>>;
}

export const workflowFolder = path.join(__dirname, "..", ".github", "workflows");

export const readWorkflow = (name: string): Workflow =>
  parse(fs.readFileSync(path.join(workflowFolder, name), "utf8")) as Workflow;

export const needsOf = ({ needs = [] }: Job): readonly string[] =>
  typeof needs === "string" ? [needs] : needs;

export interface RunWorkflow {
  /** `github` of its expressions. */
  readonly github: object;
  readonly secrets: Readonly<Record<string, string>>;
  /** What a runner has by itself. */
  readonly env: NodeJS.ProcessEnv;
  /** Folder for what is kept between jobs: a working folder for each kind of own runner. */
  readonly folder: string;
}

export interface JobResult {
  readonly result: "success" | "failure" | "skipped";
  readonly outputs: Readonly<Record<string, string>>;
  /** What its steps have printed. */
  readonly log: string;
  /** What its steps wrote for people. */
  readonly summary: string;
}

/**
 * Runs a workflow's own lines in its order, as GitHub does: expressions, needs, matrices, outputs, and a folder that is new for each job on a machine of GitHub's and stays
 * on one of ours. It proves nothing of GitHub's permissions, environments and concurrency.
 */
export async function runWorkflow(name: string, options: RunWorkflow): Promise<Record<string, JobResult>> {
  const { jobs } = readWorkflow(name);
  const done: Record<string, JobResult> = {};
  for (const [id, job] of Object.entries(jobs)) done[id] = await runJob(job, done, options);
  return done;
}

const neededBy = <Done>(job: Job, done: Readonly<Record<string, Done>>) =>
  Object.fromEntries(needsOf(job).map((id) => [id, done[id]!]));

/** Whether a job is run, by how the jobs before it have ended. GitHub asks for success, where the condition itself does not speak of it. */
export function isWanted(
  job: Job,
  done: Readonly<Record<string, { readonly result: string; readonly outputs?: object }>>,
  context: object = {},
): boolean {
  const needs = neededBy(job, done);
  const results = Object.values(needs).map(({ result }) => result);
  const condition = (job.if ?? "true").replace(/^\$\{\{(.*)\}\}$/, "$1");
  if (!/\b(?:failure|cancelled|always)\(\)/.test(condition) && results.some((result) => result !== "success"))
    return false;
  const known = {
    ...context,
    needs,
    results,
    contains: (all: readonly string[], one: string) => all.includes(one),
    cancelled: () => false, // of the run as a whole
  };
  return Boolean(evaluate(condition.replaceAll("needs.*.result", "results"), known));
}

async function runJob(
  job: Job,
  done: Readonly<Record<string, JobResult>>,
  { github, secrets, env, folder }: RunWorkflow,
): Promise<JobResult> {
  const context = { github, secrets, needs: neededBy(job, done) };
  if (!isWanted(job, done, context)) return { result: "skipped", outputs: {}, log: "", summary: "" };
  const include = job.strategy
    ? (fill(job.strategy.matrix.include, {
        ...context,
        fromJSON: (text: string) => JSON.parse(text) as unknown,
      }) as object[])
    : [{}];
  const results: JobResult[] = [];
  for (const matrix of include) results.push(await runSteps(job, { ...context, matrix }, env, folder));
  return {
    result: results.some(({ result }) => result === "failure") ? "failure" : "success",
    outputs: Object.assign({}, ...results.map(({ outputs }) => outputs)) as Record<string, string>,
    log: results.map(({ log }) => log).join(""),
    summary: results.map(({ summary }) => summary).join(""),
  };
}

async function runSteps(
  job: Job,
  context: object,
  env: NodeJS.ProcessEnv,
  folder: string,
): Promise<JobResult> {
  const labels = job["runs-on"];
  const temporary = fs.mkdtempSync(path.join(folder, "runner-"));
  const work =
    typeof labels === "string" ? path.join(temporary, "work") : path.join(folder, labels.join("-"));
  fs.mkdirSync(work, { recursive: true });
  const summaryFile = path.join(temporary, "summary.md");
  fs.writeFileSync(summaryFile, "");
  const steps: Record<string, { outputs: Record<string, string> }> = {};
  let log = "";
  let result: JobResult["result"] = "success";
  for (const [at, step] of job.steps.entries()) {
    const outputFile = path.join(temporary, `output-${at}`);
    fs.writeFileSync(outputFile, "");
    const filled = Object.entries(step.env ?? {}).map(
      ([key, text]) => [key, String(fill(text, context))] as const,
    );
    const ran = await shell(step.run!, work, {
      ...env,
      ...(Object.fromEntries(filled) as Record<string, string>),
      RUNNER_TEMP: temporary,
      GITHUB_OUTPUT: outputFile,
      GITHUB_STEP_SUMMARY: summaryFile,
    });
    log += ran.log;
    const lines = fs
      .readFileSync(outputFile, "utf8")
      .split("\n")
      .filter((line) => line !== "");
    const outputs = Object.fromEntries(
      lines.map((line) => [line.slice(0, line.indexOf("=")), line.slice(line.indexOf("=") + 1)]),
    );
    if (step.id) steps[step.id] = { outputs };
    if (ran.code !== 0) {
      log += `\n[${step.name} ended with exit code ${ran.code}]\n`;
      result = "failure";
      break;
    }
  }
  const outputs = Object.entries(job.outputs ?? {}).map(([key, text]) => [
    key,
    fill(text, { ...context, steps }) ?? "",
  ]);
  return {
    result,
    outputs: Object.fromEntries(outputs) as Record<string, string>,
    log,
    summary: fs.readFileSync(summaryFile, "utf8"),
  };
}

/** As GitHub runs `shell: bash`. */
function shell(
  run: string,
  cwd: string,
  env: NodeJS.ProcessEnv,
): Promise<{ readonly code: number; readonly log: string }> {
  return new Promise((resolve, reject) => {
    const options = { cwd, env, maxBuffer: 64 * 1024 * 1024 };
    execFile(
      "bash",
      ["--noprofile", "--norc", "-eo", "pipefail", "-c", run],
      options,
      (error, stdout, stderr) => {
        const code = error ? error.code : 0;
        if (typeof code === "number") resolve({ code, log: `${stdout}${stderr}` });
        else reject(new Error(`a step came to no end:\n${run}`, { cause: error }));
      },
    );
  });
}

/** A text with `${{ }}` in it; the value itself, where it is nothing else. */
function fill(text: string, context: object): unknown {
  const [, alone] = /^\$\{\{([^}]*)\}\}$/.exec(text) ?? [];
  if (alone !== undefined) return evaluate(alone, context);
  return text.replace(/\$\{\{([^}]*)\}\}/g, (_, expression: string) => String(evaluate(expression, context)));
}

/** Of GitHub's expressions those that are JavaScript too; what is not there is undefined, as it is empty there. */
const evaluate = (expression: string, context: object): unknown =>
  vm.runInNewContext(expression.replaceAll(/(?<=\w)\.(?=\w)/g, "?."), { steps: {}, ...context }) as unknown;
