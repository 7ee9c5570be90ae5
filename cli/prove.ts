import { Command, Option } from "commander";
import type { ProofStep } from "../config/proof";
import { proveAll, verifyProofs, type Proved, type Shown } from "../fleet/prove";
import { nameOf } from "../fleet/prove/ledger";
import { consoleProgress } from "../local/progress";
import { orBlind } from "./blind";
import { paint } from "./paint";
import { projectWorkspace } from "./project";
import { table } from "./table";
import { plural } from "./words";

interface Options {
  readonly json?: boolean;
  readonly verify?: boolean;
}

export function proveCommand(): Command {
  return new Command("prove")
    .description(
      "Proves that substations are open: finds each by DNS, goes through the ingress, buys one article through every channel that is on (with a real merchant it stops before money moves), and keeps the evidence in proofs/<id>/.",
    )
    .argument("[ids...]", "these substations only; without any, the whole fleet")
    .option("--json", "print what came of each as JSON")
    .addOption(
      new Option(
        "--verify",
        "buy nothing: look for kept proofs that were altered, are another's, or no longer hold",
      ),
    )
    .addHelpText(
      "after",
      "\nExit code: 0 all are proved, 1 some are not, 2 it could not be tried. With --verify: 0 all proofs hold, 1 some do not, 2 nobody could look.\n" +
        "Needs the `pulumi` command on PATH and PULUMI_BACKEND_URL, and the Docker engine. docs/opening.md says what is tried.",
    )
    .action((ids: string[], { json = false, verify }: Options) =>
      orBlind(() => (verify ? verifying(ids, json) : proving(ids, json))),
    );
}

async function proving(ids: readonly string[], json: boolean): Promise<0 | 1 | 2> {
  const proved = await proveAll(projectWorkspace(), ids, showProof());
  process.stdout.write(json ? `${JSON.stringify(proved, null, 2)}\n` : provedText(proved));
  return proofExitCode(proved);
}

async function verifying(ids: readonly string[], json: boolean): Promise<0 | 1> {
  const { files, findings } = await verifyProofs(projectWorkspace(), ids);
  const lines = findings.map(({ file, kind, what }) => `${file}  ${kind}  ${what}`);
  process.stdout.write(
    json ? `${JSON.stringify({ files, findings }, null, 2)}\n` : lines.map((line) => `${line}\n`).join(""),
  );
  process.stderr.write(`${plural(files, "proof")}, ${plural(findings.length, "finding")}\n`);
  return findings.length === 0 ? 0 : 1;
}

/** A line for each proof on standard error, with ✗ where it failed. */
export function showProof(): Shown {
  const progress = consoleProgress();
  return async (id, work) => {
    let proved: Proved | undefined;
    const step = progress.step(`proof of ${id}`, async (note) => {
      proved = await work(note);
      if (!isProved(proved) && !("suspended" in proved)) throw new Unproved();
    });
    await step.catch((error: unknown) => {
      if (!(error instanceof Unproved)) throw error;
    });
    return proved!;
  };
}

class Unproved extends Error {}

export const isProved = (one: Proved): boolean => "proof" in one && one.proof.result === "proved";

/** 2 where nothing could be tried at all of one. */
export function proofExitCode(proved: readonly Proved[]): 0 | 1 | 2 {
  if (proved.some((one) => "untried" in one)) return 2;
  return proved.every((one) => isProved(one) || "suspended" in one) ? 0 : 1;
}

/** Of each substation its steps, and what to do about those that failed. */
export function provedText(proved: readonly Proved[]): string {
  return proved
    .map((one) => {
      if ("untried" in one) return `${heading(one.id, "not tried", "red")}\n  ${one.untried}\n`;
      if ("suspended" in one)
        return `${heading(one.id, "suspended", "yellow")}\n  ${one.suspended}; nothing can be bought from it\n`;
      const { result, steps } = one.proof;
      const rows = table(steps.map((step) => [`  ${nameOf(step)}`, outcomeOf(step), step.what]));
      const lines = rows.flatMap((row, at) => {
        const { remedy } = steps[at]!;
        return remedy === undefined ? [row] : [row, `    → ${remedy}`];
      });
      const title = heading(one.id, result, result === "proved" ? "green" : "red");
      return `${[title, ...lines, `  ${one.file}`].join("\n")}\n`;
    })
    .join("\n");
}

const heading = (id: string, word: string, colour: "green" | "yellow" | "red"): string =>
  `${paint("bold", id)}  ${paint(colour, word)}`;

function outcomeOf({ outcome }: ProofStep): string {
  switch (outcome) {
    case "ok":
      return paint("green", "ok");
    case "stopped-before-payment":
      return paint("yellow", "stopped before payment");
    case "not-tried":
      return paint("yellow", "not tried");
    case "failed":
      return paint("red", "failed");
  }
}
