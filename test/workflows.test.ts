import { spawnSync } from "node:child_process";
import { randomBytes } from "node:crypto";
import * as fs from "node:fs";
import * as os from "node:os";
import * as path from "node:path";
import type { Command } from "commander";
import { deployCommand } from "../cli/deploy";
import { driftCommand } from "../cli/drift";
import { reviewCommand } from "../cli/review";
import { isWanted, needsOf, readWorkflow, workflowFolder, type Job, type Step } from "./workflow";

// The workflows as they stand: what may run where, with which rights. What they do is held by e2e/review.test.ts, which runs their lines.

const files = fs.readdirSync(workflowFolder).sort();
const workflows = files.map((file) => [file, readWorkflow(file)] as const);
const jobs = workflows.flatMap(([file, { jobs }]) =>
  Object.entries(jobs).map(([id, job]) => ({ name: `${file} ${id}`, file, id, job })),
);
const steps = jobs.flatMap(({ name, job }) =>
  job.steps.map((step) => ({ name: `${name}: ${step.name}`, step })),
);
const text = (value: unknown): string => JSON.stringify(value);
const usesSecrets = (job: Job) => /\bsecrets\./.test(text(job));
const isOurs = (job: Job) => typeof job["runs-on"] !== "string";
const mayWrite = ({ permissions }: Job) =>
  Object.entries(permissions).flatMap(([what, right]) => (right === "read" ? [] : [what]));

test("there are three, and none begins with rights or with the code of strangers", () => {
  expect(files).toEqual(["deploy.yml", "drift.yml", "pull-request.yml"]);
  expect(workflows.map(([file, { on }]) => [file, ...Object.keys(on)])).toEqual([
    ["deploy.yml", "push"],
    ["drift.yml", "schedule", "workflow_dispatch"],
    ["pull-request.yml", "pull_request"], // neither pull_request_target nor workflow_run, which have the base's credentials
  ]);
  for (const [, { permissions }] of workflows) expect(permissions).toEqual({});
  // The job that may write runs the code of the base, so that must be the branch whose code is reviewed.
  expect(readWorkflow("pull-request.yml").on["pull_request"]).toEqual({ branches: ["main"] });
  expect(readWorkflow("deploy.yml").on["push"]).toEqual({ branches: ["main"] });
});

test("each job asks for its rights, and these jobs alone for more than to read", () => {
  for (const { job } of jobs) expect(job.permissions).toMatchObject({ contents: "read" });
  const writers = jobs.map(({ name, job }) => [name, ...mayWrite(job)]).filter(({ length }) => length > 1);
  expect(writers).toEqual([
    ["deploy.yml done", "statuses"],
    ["drift.yml drift", "issues"],
    ["pull-request.yml comment", "pull-requests", "statuses"],
  ]);
});

test("code of a pull request meets either credentials, and is then none of a fork's, or the right to write, and never runs then", () => {
  const { jobs } = readWorkflow("pull-request.yml");
  const { files, plan, comment, ...others } = jobs as Record<"files" | "plan" | "comment", Job>;
  expect(others).toEqual({});
  expect([usesSecrets(files), isOurs(files), files.if]).toEqual([false, false, undefined]);
  expect([usesSecrets(plan), plan.if, plan.environment, mayWrite(plan)]).toEqual([
    true,
    "github.event.pull_request.head.repo.full_name == github.repository",
    "review",
    [],
  ]);
  expect([usesSecrets(comment), isOurs(comment)]).toEqual([false, false]);
  expect(comment.steps[0]!.env!["COMMIT"]).toBe("${{ github.event.pull_request.base.sha }}");
  for (const job of [files, plan]) expect(job.steps[0]!.env!["COMMIT"]).toBe("${{ github.sha }}");
  expect(plan["runs-on"]).not.toEqual(readWorkflow("deploy.yml").jobs["compare"]!["runs-on"]);
});

test("credentials are those of an environment, and stay in the step that needs them", () => {
  for (const { name, job } of jobs) {
    if (usesSecrets(job)) expect([name, typeof job.environment]).toEqual([name, "string"]);
    expect(text({ ...job, steps: [] })).not.toContain("secrets.");
  }
  const holders = steps
    .filter(({ step }) => text(step).includes("secrets."))
    .map(({ step }) => step.run ?? "");
  for (const run of holders) expect(run).toMatch(/substation -- (?:review|deploy|drift) /);
  // Packages are installed, and their scripts run, before there are any.
  for (const { name, job } of jobs) {
    const [, setUp, ...later] = job.steps;
    expect([name, setUp!.run, setUp!.env]).toEqual([name, "npm run --silent setup", undefined]);
    expect(later.filter(({ run = "" }) => !run.includes("npm run --silent substation -- "))).toEqual([]);
  }
});

test("no action of others runs, and nothing of an event is pasted into a command", () => {
  expect(steps.filter(({ step }) => step.uses !== undefined || step.run === undefined)).toEqual([]);
  expect(steps.filter(({ step }) => step.run!.includes("${{"))).toEqual([]);
});

test("all check out in the same way, which shows no token and keeps what a machine of ours must remember", () => {
  const ways = new Set(jobs.map(({ job }) => job.steps[0]!.run));
  expect(ways.size).toBe(1);
  const [way = ""] = ways;
  expect(way).not.toMatch(/-c http|https:\/\/\S*@|set -x/);
  expect(way).not.toMatch(/clean [^\n]*-[a-z]*[xX]\b/); // journals lie where git looks away
});

test("rings follow each other, one opening for each group at a time, and the end is noted after all of them alone", () => {
  const { concurrency, jobs } = readWorkflow("deploy.yml");
  expect(concurrency).toEqual({ group: "deploy", "cancel-in-progress": false });
  expect(Object.entries(jobs).map(([id, job]) => [id, ...needsOf(job)])).toEqual([
    ["compare"],
    ["canary", "compare"],
    ["tenth", "compare", "canary"],
    ["rest", "compare", "tenth"],
    ["done", "compare", "canary", "tenth", "rest"],
  ]);
  for (const ring of ["canary", "tenth", "rest"]) {
    const { concurrency, if: condition, strategy } = jobs[ring]!;
    expect(concurrency).toEqual({ group: "substation-${{ matrix.group }}", "cancel-in-progress": false });
    expect(condition).toBe(`needs.compare.outputs.${ring} != '[]'`);
    expect(strategy!["max-parallel"]).toBe(1); // admission counts within a process
    expect(strategy!.matrix.include).toBe(`\${{ fromJSON(needs.compare.outputs.${ring}) }}`);
  }
});

test.each([
  [true, {}],
  [true, { rest: "skipped" }],
  [true, { canary: "skipped", tenth: "skipped", rest: "skipped" }],
  [false, { canary: "failure", tenth: "skipped", rest: "skipped" }],
  [false, { canary: "cancelled", tenth: "skipped", rest: "skipped" }], // out of time, or its machine was lost
  [false, { rest: "cancelled" }],
  [false, { compare: "skipped", canary: "skipped", tenth: "skipped", rest: "skipped" }],
])("all is noted as deployed: %s, after %j", (noted, ended) => {
  const good = { compare: "success", canary: "success", tenth: "success", rest: "success" };
  const done: Record<string, { readonly result: string }> = {};
  for (const [id, result] of Object.entries({ ...good, ...ended })) done[id] = { result };
  expect(isWanted(readWorkflow("deploy.yml").jobs["done"]!, done)).toBe(noted);
});

// A variable holds 128 KiB on Linux, and a step that has a longer one cannot be started.
test("what may be long goes to no step as a variable, but where its size was measured before", () => {
  const passed = jobs.flatMap(({ name, job }) =>
    [...text(job.steps).matchAll(/needs\.\w+\.outputs\.(\w+)/g)].map(([, output]) => `${name}: ${output}`),
  );
  expect(passed).toEqual(["pull-request.yml comment: review"]);
  const plan = readWorkflow("pull-request.yml").jobs["plan"]!.steps.find(({ id }) => id === "plan")!.run!;
  const write = plan.slice(plan.indexOf("gzip"));
  const ended = (bytes: number) => {
    const folder = fs.mkdtempSync(path.join(os.tmpdir(), "size-"));
    try {
      const report = path.join(folder, "review.json");
      fs.writeFileSync(report, randomBytes(bytes)); // as little as can be made smaller
      const output = path.join(folder, "output");
      const env = { ...process.env, report, GITHUB_OUTPUT: output };
      const { status, stdout } = spawnSync("bash", ["-eo", "pipefail", "-c", write], {
        env,
        encoding: "utf8",
      });
      return [status, stdout, fs.existsSync(output)];
    } finally {
      fs.rmSync(folder, { recursive: true });
    }
  };
  expect(ended(90_000)).toEqual([0, "", true]);
  expect(ended(110_000)).toEqual([
    1,
    expect.stringMatching(/^::error::the review takes \d{6} .*split the change/),
    false,
  ]);
});

test("what is named is there: jobs, steps, outputs, commands and their options", () => {
  for (const { file, id, job } of jobs) {
    const all = readWorkflow(file).jobs;
    for (const [, other = "", output = ""] of text(job).matchAll(/needs\.(\w+)\.outputs\.(\w+)/g)) {
      expect([id, ...needsOf(job)]).toContain(other);
      expect(Object.keys(all[other]!.outputs ?? {})).toContain(output);
    }
    const ids = job.steps.map((step) => step.id);
    for (const [, step] of text(job).matchAll(/steps\.(\w+)\.outputs/g)) expect(ids).toContain(step);
  }
  const calls = steps.flatMap(({ step }) => callsIn(step));
  expect(calls.length).toBeGreaterThanOrEqual(8);
  for (const { words, options } of calls) {
    const known = commandOf(words).options.map(({ long }) => long);
    for (const option of options)
      expect([words[0], known]).toEqual([words[0], expect.arrayContaining([option])]);
  }
});

const callsIn = ({ run = "" }: Step) =>
  [...run.matchAll(/substation -- ([^|>\n]*)/g)].map(([, line = ""]) => {
    const words = line.trim().split(/\s+/);
    return { words, options: words.filter((word) => word.startsWith("--")) };
  });

const commands: Readonly<Record<string, () => Command>> = {
  review: reviewCommand,
  deploy: deployCommand,
  drift: driftCommand,
};

function commandOf([name = "", sub = ""]: readonly string[]): Command {
  const command = commands[name]!();
  return command.commands.find((one) => one.name() === sub) ?? command;
}
