import type { Member } from "../../config/open-report";
import { isOpen, type Comparison, type Ring } from "./deploy";
import { code, place, plain, row } from "./markdown";
import { objectOf } from "./report";

/** Why nothing may be done, for people, in markdown; empty where it may. */
function refusal(
  { review, unseen }: Pick<Comparison, "review" | "unseen">,
  notes: readonly string[],
): string {
  const lines = [
    ...review.findings.map((one) => `- ${place(one, undefined)} ${code(one.code)} ${plain(one.message)}`),
    ...review.errors.map(({ group, message }) => `- group ${code(group)}: ${plain(message)}`),
    ...unseen.map(({ member, step, seen }) => {
      const { type, name } = objectOf(step);
      const now = `${step.kind} ${plain(type)} ${code(name)}${reasons(step.keys)}`;
      const before = seen ? `${seen.kind}${reasons(seen.keys)}` : "nothing of the kind";
      return `- ${code(member.id || member.group)}: now **${now}**; what was approved: ${before}`;
    }),
  ];
  if (lines.length === 0) return "";
  const todo =
    unseen.length > 0
      ? "The plan is not what was approved: nothing was changed. Open a pull request that touches these files, so that it is shown as it is now; or look at it and update the group by hand (`npm run up -- <group>`)."
      : "Nothing was changed: mend what is told here by another pull request.";
  return ["### ⛔ Not deployed", lines.join("\n"), ...notes.map((note) => `- ${plain(note)}`), todo].join(
    "\n\n",
  );
}

/** Whether it may be done, and in which rings. */
export function comparisonText(comparison: Comparison, notes: readonly string[]): string {
  if (!comparison.allowed) return refusal(comparison, notes);
  const { rings } = comparison;
  if (rings.length === 0) return nothingToDo;
  const lines = rings.map((ring, at) => `${at + 1}. ${ring.map(({ id }) => code(id)).join(", ")}`);
  return ["### ✅ As it was approved", lines.join("\n")].join("\n\n");
}

const nothingToDo = "### ✅ Nothing to deploy: no substation changes";

const reasons = (keys: readonly string[]): string =>
  keys.length > 0 ? ` for ${keys.map(code).join(", ")}` : "";

/** What a deployment has done, for people, in markdown. */
export function summary(rings: readonly Ring[]): string {
  if (rings.length === 0) return nothingToDo;
  const rows = rings.flatMap(({ ids, report }, at) =>
    ids.map((id) => {
      const member = report?.members.find((one) => one.id === id);
      return row(String(at + 1), code(id), member?.outcome ?? "not tried", plain(wordOf(member, report)));
    }),
  );
  const heading = rings.every(isOpen)
    ? "### ✅ Deployed: all are open and proved"
    : "### ⛔ Stopped: not all are open and proved";
  return [
    heading,
    [row("Ring", "Substation", "Outcome", ""), row("---", "---", "---", "---"), ...rows].join("\n"),
  ].join("\n\n");
}

function wordOf(member: Member | undefined, report: Ring["report"]): string {
  switch (member?.outcome) {
    case "open":
    case "unchanged":
      return member.url;
    case "failed":
      return `${member.step}: ${member.cause} ${member.remedy}`;
    case "not-tried":
      return member.why;
    case undefined:
      return report ? "the opening tells nothing of it" : "the ring before did not end well";
  }
}
