import {
  attack,
  attackExitCode,
  attackTarget,
  count,
  type AttackReport,
  type AttemptResult,
  type Latency,
  type Verdict,
} from "../fleet/attack";
import { consoleProgress } from "../local/progress";
import type { ExitCode } from "./main";
import { paint, type Paint } from "./paint";
import { projectWorkspace } from "./project";
import { table } from "./table";
import { plural } from "./words";

export interface AttackOptions {
  /** Of the substation whose part is played. */
  readonly id: string;
  readonly json: boolean;
}

/**
 * `substation audit --attack <id>`.
 * @throws UserError where it cannot be tried
 */
export async function runAttack({ id, json }: AttackOptions): Promise<ExitCode> {
  const target = await attackTarget(projectWorkspace(), id);
  const report = await consoleProgress().step(`attack from inside ${id}`, (note) => {
    let tried = 0;
    return attack(target, { attempt: () => note(plural(++tried, "attempt")) });
  });
  if (json) {
    process.stdout.write(`${JSON.stringify(report, null, 2)}\n`);
    process.stderr.write(`${attackSummary(report)}\n`);
  } else process.stdout.write(`${attackText(report, paint).join("\n")}\n`);
  return attackExitCode(report);
}

const words: Readonly<Record<Verdict, readonly [word: string, style: "red" | "green" | "yellow"]>> = {
  refused: ["refused", "green"],
  through: ["GOT THROUGH", "red"],
  unclear: ["unclear", "yellow"],
  untried: ["not tried", "yellow"],
};

/** Lines of a table of all attempts, then what is to be known of those that were not refused, what was left behind, and the counts. */
export function attackText(report: AttackReport, paint: Paint): string[] {
  const head = ["attempt", "to", "expected", "got", "verdict"].map((title) => paint("bold", title));
  const rows = report.attempts.map(({ id, title, expected, got, verdict }) => {
    const [word, style] = words[verdict];
    return [id, title, expected.join(" or "), got || "-", paint(style, word)];
  });
  return [
    ...table([head, ...rows]),
    ...explained(report.attempts),
    ...report.leftovers.map((thing) => paint("red", `left behind: ${thing}`)),
    attackSummary(report),
  ];
}

/** Why those that were not refused were not; a reason that several have is told once. */
function explained(attempts: readonly AttemptResult[]): string[] {
  const byReason = new Map<string, string[]>();
  for (const { id, verdict, detail } of attempts) {
    if (verdict === "refused") continue;
    const reason = `${words[verdict][0]}: ${detail}`;
    byReason.set(reason, [...(byReason.get(reason) ?? []), id]);
  }
  return [...byReason].map(([reason, ids]) => `${ids.join(", ")}: ${reason}`);
}

/** The last line: counts, and what the neighbour's visitors noticed. */
export function attackSummary(report: AttackReport): string {
  const { attempts, leftovers, latency, seconds } = report;
  const counts = (Object.keys(words) as Verdict[])
    .map((verdict) => `${count(report, verdict)} ${words[verdict][0].toLowerCase()}`)
    .join(", ");
  const left = leftovers.length === 0 ? "nothing" : plural(leftovers.length, "thing");
  const noticed = latency
    ? `${latency.host} before: ${times(latency.before)}; meanwhile: ${times(latency.during)}`
    : "no neighbour to measure";
  return `${plural(attempts.length, "attempt")} in ${seconds.toFixed(1)} s: ${counts}; ${left} left behind; ${noticed}`;
}

function times({ requests, failures, medianMs, p99Ms }: Latency): string {
  if (failures === requests) return `no answer to ${plural(requests, "request")}`;
  return `median ${medianMs.toFixed(1)} ms, p99 ${p99Ms.toFixed(1)} ms, ${failures} of ${plural(requests, "request")} failed`;
}

/** In colour on a terminal, unless NO_COLOR says otherwise. */
