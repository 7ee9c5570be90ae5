import { readFileSync } from "node:fs";
import { join } from "node:path";
import { rules } from "../policies/rules";
import type { Rule } from "../policies/rules/rule";

const page = readFileSync(join(__dirname, "../docs/security.md"), "utf8");
const count = (letter: string, most: number): string[] =>
  Array.from({ length: most }, (_, index) => `${letter}${String(index + 1).padStart(2, "0")}`);
const checks = [...count("D", 26), ...count("P", 21), ...count("C", 7), ...count("S", 6), ...count("X", 3)];

/** Cells of the row of each check, by its number. The link in the first cell is what a policy's url points at. */
const rows = new Map(
  page.split("\n").flatMap((line): [string, string[]][] => {
    const found = /^\| <a id="([a-z]\d\d)"><\/a>([A-Z]\d\d) \|/.exec(line);
    if (!found) return [];
    expect(found[1]).toBe(found[2]?.toLowerCase());
    return [
      [
        found[2]!,
        line
          .split("|")
          .slice(1, -1)
          .map((cell) => cell.trim()),
      ],
    ];
  }),
);
const written = (check: string): string[] =>
  Array.from(rows.get(check)?.[3]?.matchAll(/`([^`]+)`/g) ?? [], ([, id = ""]) => id);

test("docs/security.md has a row for each of the 63 checks, in order", () => {
  expect([...rows.keys()]).toEqual(checks);
  for (const row of rows.values()) expect(row).toHaveLength(5);
});

test("docs/security.md names for each check the rules that are for it, and no others", () => {
  const real = checks.map((check) => [
    check,
    rules.filter(({ references }) => references.includes(check)).map(({ id }) => id),
  ]);
  expect(checks.map((check) => [check, written(check)])).toEqual(real);
});

test("every rule is for a check of docs/security.md, and says so first", () => {
  expect(rules.length).toBeGreaterThan(0);
  expect(rules.filter(({ references: [first = ""] }) => !checks.includes(first)).map(({ id }) => id)).toEqual(
    [],
  );
});

/** Kinds of facts that only one of the two sees. */
const planOnly = new Set<string>(["secret", "step", "provider", "resource"]);
const liveOnly = new Set<string>(["hba", "setting", "session", "host", "function", "token"]);
const kindsOf = (rule: Rule): readonly string[] => (rule.kind === "fleet" ? (rule.needs ?? []) : [rule.kind]);

test("docs/security.md claims a place only where a rule of the check can be judged there, and else says what stands in", () => {
  for (const [check, [, , places = "", , instead = ""]] of rows) {
    const mine = rules.filter(({ references }) => references.includes(check)).map(kindsOf);
    const possible = {
      pack: mine.some((kinds) => !kinds.some((kind) => liveOnly.has(kind) || kind === "step")),
      gate: mine.some((kinds) => kinds.includes("step")),
      audit: mine.some((kinds) => !kinds.some((kind) => planOnly.has(kind))),
    };
    const claimed = places.split(", ").filter((place) => place in possible);
    expect([check, claimed.filter((place) => !possible[place as keyof typeof possible])]).toEqual([
      check,
      [],
    ]);
    if (mine.length > 0) expect([check, claimed]).not.toEqual([check, []]);
    else expect([check, instead]).not.toEqual([check, ""]);
  }
});
