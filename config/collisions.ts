import { asciiLook, skeletons } from "./confusables";
import type { Path } from "./document";
import { idShownLength } from "./ids";
import type { Position, Problem, ProblemCode } from "./problem";
import { quote } from "./problem";

/** What of a file can collide with another's, taken from whatever could be read of it. */
export interface Claim {
  readonly id: string;
  readonly group: string;
  readonly file: string;
  /** As written; absent where none could be read. */
  readonly host?: string;
  at(path: Path): Position;
}

/**
 * What no file can know alone. Each of the files that collide is named, with the other one: which of them is the newcomer, git knows
 * and we do not, and `substation check <file>` shows one file's problems only.
 */
export function collisions(claims: readonly Claim[]): Problem[] {
  const problems: Problem[] = [];
  const hostPath = ["domain", "host"];
  const report = (claim: Claim, path: Path, code: ProblemCode, message: string): void => {
    problems.push({ ...claim.at(path), code, message: `${message}.` });
  };

  const ids = groupBy(claims, (claim) => claim.id.toLowerCase());
  for (const [claim, other] of rivals(ids)) {
    report(
      claim,
      [],
      "id/taken",
      `The id is ${quote(claim.id)}, and ${other.file} has it too: ids are one of a kind in the whole fleet; rename one`,
    );
  }
  const firstOfEachId = [...ids.values()].flatMap((same) => same.slice(0, 1));
  for (const [claim, other] of rivals(
    groupBy(firstOfEachId, (c) => c.id.toLowerCase().slice(0, idShownLength)),
  )) {
    const why = `begins with the same ${idShownLength} characters, and names of objects are cut there; rename one`;
    report(claim, [], "id/truncated", `The id is ${quote(claim.id)}: that of ${other.file} ${why}`);
  }

  const named = claims.flatMap((claim) =>
    claim.host === undefined ? [] : [{ claim, host: plain(claim.host) }],
  );
  const hosts = groupBy(named, ({ host }) => host);
  for (const [{ claim }, { claim: other }] of rivals(hosts)) {
    report(
      claim,
      hostPath,
      "host/taken",
      `domain.host is ${quote(claim.host ?? "")}, and ${other.file} has it too: choose another`,
    );
  }
  const firsts = [...hosts.values()].flatMap((same) => same.slice(0, 1));
  const told = new Set<Claim>();
  for (const which of [0, 1] as const) {
    for (const [{ claim, host }, { claim: other, host: theirs }] of rivals(
      groupBy(firsts, (n) => skeletons(n.host)[which]),
    )) {
      if (told.has(claim)) continue;
      told.add(claim);
      report(
        claim,
        hostPath,
        "host/lookalike",
        `domain.host is "${host}", which passes for "${theirs}" of ${other.file}: choose a name that nobody takes for another`,
      );
    }
  }
  for (const { claim, host } of named) {
    const above = ancestors(host)
      .map((name) => hosts.get(name)?.[0])
      .find((found) => found !== undefined);
    if (above) {
      const why = "cookies of the one would reach the other; choose a name beside it";
      report(
        claim,
        hostPath,
        "host/nested",
        `domain.host is ${quote(host)}, which lies below "${above.host}" of ${above.claim.file}: ${why}`,
      );
    }
  }
  return problems;
}

/** A host name as it is meant: in ASCII, lower case, without the last dot. */
const plain = (host: string): string =>
  (asciiLook(host.trim().slice(0, 253)) ?? host).toLowerCase().replace(/\.$/, "");

const ancestors = (host: string): string[] =>
  host.split(".").map((_, i, labels) => labels.slice(i + 1).join("."));

function groupBy<T>(items: readonly T[], key: (item: T) => string): Map<string, T[]> {
  const groups = new Map<string, T[]>();
  for (const item of items) {
    const name = key(item);
    const group = groups.get(name);
    if (group) group.push(item);
    else groups.set(name, [item]);
  }
  return groups;
}

/** Each member of a group of several, with the first of the others. */
function* rivals<T>(groups: ReadonlyMap<string, readonly T[]>): Generator<readonly [T, T]> {
  for (const group of groups.values()) {
    const [first, second] = group;
    if (first === undefined || second === undefined) continue;
    for (const item of group) yield [item, item === first ? second : first];
  }
}
