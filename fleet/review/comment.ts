import { longestText } from "../github";
import { approvedOf, approvedSchema, pack, unpack, type Approved } from "./approved";
import { code, place, plain, row, type FilesAt } from "./markdown";
import {
  fileOf,
  isDestructive,
  isOf,
  objectOf,
  passes,
  weight,
  type Review,
  type ReviewMember,
  type ReviewStep,
} from "./report";

/** First line of the comment, by which it is found again. */
export const reviewMarker = "<!-- substation:review -->";

/** Lines that a comment has room for, by how much worth they have; less where the data behind them takes more. */
const budgets = [40_000, 20_000, 10_000, 4_000];

/**
 * A review for people, in GitHub's markdown: a row for each substation, those that lose something first. At its end, unseen, stands what was shown to be deleted and
 * replaced: what found no room is not approved either.
 * @param at where the files of the commit can be looked at
 * @returns at most 65,536 characters
 */
export function comment(review: Review, at?: FilesAt): string {
  for (const budget of budgets) {
    const body = withBudget(review, at, budget);
    if (body.length <= longestText) return body;
  }
  throw new Error("a review does not fit into a comment, however little of it is shown");
}

/** What a comment approves. @throws UserError where it is none of ours, or damaged */
export function approvedIn(body: string): Approved {
  const [, word = ""] = /<!-- substation:approved ([A-Za-z0-9+/=]+) -->\s*$/.exec(body) ?? [];
  return unpack(approvedSchema, word, "what the review has shown");
}

function withBudget(review: Review, at: FilesAt, budget: number): string {
  const { findings, errors, members, unchanged, notes } = review;
  const room = new Room(budget);
  const wrong = [
    ...findings.map((one) => `- ${place(one, at)} ${code(one.code)} ${plain(one.message)}`),
    ...errors.map(({ group, message }) => `- group ${code(group)}: ${plain(cut(message, 1000))}`),
  ];
  const shownWrong = room.take(wrong);
  const sorted = [...members].sort((a, b) => severity(a) - severity(b) || (a.id < b.id ? -1 : 1));
  const shown = sorted.slice(0, room.take(sorted.map((member) => rowOf(member, at))).length);
  const parts = [
    reviewMarker,
    `### ${title(review)}`,
    ...(review.scope === "files"
      ? [
          "Only the files were looked at: this change comes from where no credentials go, so what a merge would do to running substations is **not known** yet. Somebody who may push here can push its commits to a branch of this repository and open a pull request from it: that one is planned.",
        ]
      : []),
    ...notes.map(plain),
    ...list(
      shownWrong,
      wrong.length,
      "more of these are left out here: mend these first, or see the job's log",
    ),
    ...(shown.length > 0
      ? [
          [
            row("", "Substation", "What happens", "Objects that are lost or changed"),
            row("---", "---", "---", "---"),
            ...shown.map((member) => rowOf(member, at)),
          ].join("\n"),
        ]
      : []),
    ...(shown.length < sorted.length
      ? [
          `**${sorted.length - shown.length} more substations change and are not shown**, for lack of room: what they would lose is not approved, and a merge would stop there. Split the change.`,
        ]
      : []),
    `${unchanged} unchanged. Commit ${code(review.commit.slice(0, 12))}, files ${code(review.tree.slice(0, 12))}.`,
    `<!-- substation:approved ${pack(approvedOf(review, shown))} -->`,
  ];
  return parts.join("\n\n");
}

/** Gives out lines for as long as there is room. */
class Room {
  constructor(private left: number) {}

  take(lines: readonly string[]): readonly string[] {
    const end = lines.findIndex((line) => (this.left -= line.length + 1) < 0);
    return end === -1 ? lines : lines.slice(0, end);
  }
}

const list = (shown: readonly string[], of: number, otherwise: string): string[] => [
  ...(shown.length > 0 ? [shown.join("\n")] : []),
  ...(shown.length < of ? [`**${of - shown.length} ${otherwise}.**`] : []),
];

function title(review: Review): string {
  const { members, findings, errors, scope } = review;
  if (!passes(review)) {
    const parts = [
      ...(findings.length > 0 ? [counted(findings.length, "problem")] : []),
      ...(errors.length > 0 ? [`${counted(errors.length, "plan")} that cannot be made`] : []),
    ];
    return `⛔ ${parts.join(" and ")}`;
  }
  if (scope === "files") return "✅ The files have no problems";
  if (members.length === 0) return "✅ No substation changes";
  const count = (word: string) => members.filter((member) => happens(member) === word).length;
  const parts = (["removed", "replaced", "changed", "opened"] as const)
    .map((word) => [count(word), word] as const)
    .filter(([found]) => found > 0)
    .map(([found, word]) => `${found} ${word}`);
  return `${members.some(({ steps }) => steps.some(isDestructive)) ? "⚠️" : "✅"} Substations: ${parts.join(", ")}`;
}

const marks = { removed: "🔴", replaced: "🟠", changed: "🔵", opened: "🟢" } as const;

function happens({ steps, created }: ReviewMember): keyof typeof marks {
  if (steps.some(({ kind }) => kind === "delete")) return "removed";
  if (steps.some(({ kind }) => kind === "replace")) return "replaced";
  return steps.length > 0 || created === 0 ? "changed" : "opened";
}

const severity = (member: ReviewMember): number => Object.keys(marks).indexOf(happens(member));

function rowOf(member: ReviewMember, at: FilesAt): string {
  const what = happens(member);
  const { id, group, created, steps } = member;
  return row(
    marks[what],
    id === "" ? `group ${code(group)}` : `${place({ file: fileOf(member) }, at)}<br>${code(id)}`,
    `${what} (${counted(weight(member), "object")})`,
    [...steps.map((step) => stepText(member, step)), ...(created > 0 ? [`${created} new`] : [])].join("<br>"),
  );
}

function stepText(member: ReviewMember, step: ReviewStep): string {
  const { kind, urn, keys } = step;
  if (!isOf(member, step)) return `**${code(urn)} is no object of this group**: nothing of it is approved`;
  const { type, name } = objectOf(step);
  const words = `${kind} ${plain(type)} ${code(name)}${keys.length > 0 ? ` for ${keys.map(code).join(", ")}` : ""}`;
  return isDestructive(step) ? `**${words}**` : words;
}

const counted = (count: number, word: string): string => `${count} ${word}${count === 1 ? "" : "s"}`;
const cut = (text: string, longest: number): string =>
  text.length > longest ? `${text.slice(0, longest)}…` : text;
