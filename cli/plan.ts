import { Command } from "commander";
import type { FleetPlan, GroupPlan, MemberPlan, PlatformCapacity } from "../fleet/plan/types";
import { planFleet } from "../fleet/plan/fleet";
import { amountText, shortages, titleOf } from "../fleet/plan/fits";
import { orBlind } from "./blind";
import { paint } from "./paint";
import { projectWorkspace } from "./project";
import { selectionOf, type SelectionOptions } from "./selection";
import { table } from "./table";
import { plural } from "./words";

interface Options extends SelectionOptions {
  readonly json?: boolean;
}

export function planCommand(): Command {
  return new Command("plan")
    .description(
      "Says what an opening would do, what forbids it, what it takes of what the platforms have left, and how long it takes. Changes nothing.",
    )
    .argument("[ids...]", "substations")
    .option("--changed [commit]", "those that differ from a commit (default: where this branch left main)")
    .option("--all", "all of them")
    .option("--json", "print the plan as JSON")
    .addHelpText(
      "after",
      "\nExit code: 0 all of it may be opened and fits; 1 something is held or refused, or does not fit; 2 the command could not do its work.\nNeeds what `pulumi` needs: the command on PATH, PULUMI_BACKEND_URL, and the passphrase.",
    )
    .action(async (ids: string[], options: Options, command: Command) => {
      const selection = selectionOf(ids, options, command);
      const stop = new AbortController();
      process.once("SIGINT", () => stop.abort());
      await orBlind(async () => {
        const plan = await planFleet(projectWorkspace(), selection, { signal: stop.signal });
        process.stdout.write(options.json ? `${JSON.stringify(plan, null, 2)}\n` : planText(plan));
        return plan.allowed ? 0 : 1;
      });
    });
}

/** For people: what happens to each, what is wrong, and the account of each platform. */
export function planText({ groups, capacity, duration, allowed }: FleetPlan): string {
  const members = groups.flatMap((group) => group.members);
  const shown = members.filter(({ action }) => action !== "leave");
  const left = members.length - shown.length;
  const active = shown.filter(({ action }) => action !== "held");
  return [
    ...table(shown.map(memberRow)),
    ...(left > 0 ? [`${plural(left, "substation")} left as ${left === 1 ? "it is" : "they are"}`] : []),
    ...groups.flatMap(faults),
    ...capacity.flatMap((one) => ["", ...capacityText(one)]),
    "",
    `about ${Math.ceil(duration.seconds)} s for ${plural(active.length, "substation")} (${duration.source}); ` +
      `${plural(duration.dnsRequests, "DNS request")}, ${plural(duration.uploads, "upload")}`,
    allowed ? "may be opened as it is" : paint("red", "may not be opened as it is: nothing was changed"),
    "",
  ].join("\n");
}

const memberRow = ({ group, id, action, steps }: MemberPlan): string[] => {
  const counts = new Map<string, number>();
  for (const { op } of steps) counts.set(op, (counts.get(op) ?? 0) + 1);
  const detail = [...counts].map(([op, count]) => `${op} ${count}`).join(", ");
  return [`${group}/${id}`, paint(action === "held" ? "red" : "bold", action), detail];
};

const faults = ({ group, problems, members }: GroupPlan): string[] => [
  ...members.flatMap(({ problems: own, violations }) => [
    ...own
      .filter(({ code }) => !violations.some(({ rule }) => rule === code))
      .map(({ place, code, message }) => faultText(place, code, message)),
    ...violations.map(({ file, severity, rule, message }) =>
      faultText(file && `${file.file}:${file.line}:${file.column}`, `${severity} ${rule}`, message),
    ),
  ]),
  ...problems.map((text) => faultText(undefined, group, text)),
];

const faultText = (place: string | undefined, code: string | undefined, message: string): string =>
  `${paint("bold", place ?? "(no file)")}  ${paint("red", code ?? "")}  ${message}`;

function capacityText(one: PlatformCapacity): string[] {
  const { platform, rows, firstToRunOut } = one;
  const header = [`on ${platform}`, "takes", "of what is left", "promised", "of", ""].map((cell) =>
    paint("bold", cell),
  );
  const lines = rows.map(({ name, need, left, committed, most, fits, notes }) => [
    titleOf(name),
    amountText(name, need),
    left === undefined ? "not known" : paint(fits ? "bold" : "red", amountText(name, left)),
    amountText(name, committed),
    most === undefined ? "" : amountText(name, most),
    notes.join("; "),
  ]);
  return [
    ...table([header, ...lines]),
    ...shortages(one).map((text) => paint("red", text)),
    ...(firstToRunOut && firstToRunOut.more >= 0
      ? [`first to run out: ${titleOf(firstToRunOut.name)}, after ${firstToRunOut.more} more like these`]
      : []),
  ];
}
