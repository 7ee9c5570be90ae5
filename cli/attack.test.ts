import { attackExitCode, type AttackReport, type AttemptResult, type Verdict } from "../fleet/attack";
import { attackSummary, attackText } from "./attack";

const attempt = (id: string, verdict: Verdict, got: string, detail = ""): AttemptResult => ({
  id,
  title: `try ${id}`,
  expected: ["42501", "28000"],
  verdict,
  got,
  detail,
});
const reportOf = (attempts: readonly AttemptResult[], more: Partial<AttackReport> = {}): AttackReport => ({
  substation: "substation main/shops/own",
  attempts,
  leftovers: [],
  seconds: 9.87,
  ...more,
});
const refused = attempt("role/neighbour", "refused", "42501");
const through = attempt("role/create", "through", "ok", "[]");
const unclear = attempt("role/superuser", "unclear", "42601", "syntax error");
const untried = attempt("network/metadata", "untried", "", "nobody there");
const also = attempt("names/zone", "untried", "", "nobody there");
const plain = (_style: unknown, text: string) => text;

test("the exit code is 0 where all that was tried was refused, 1 where something got through or stayed, 2 where nothing is known", () => {
  const codeOf = (...attempts: AttemptResult[]) => attackExitCode(reportOf(attempts));
  expect(codeOf(refused, untried)).toBe(0);
  expect(codeOf(refused, unclear, through)).toBe(1);
  expect(codeOf(refused, unclear)).toBe(2);
  expect(codeOf(untried)).toBe(2);
  expect(attackExitCode(reportOf([refused], { leftovers: ["role substation_intruder"] }))).toBe(1);
});

test("the table has a line for each attempt, and explains those that were not refused", () => {
  const report = reportOf([refused, through, untried, also], { leftovers: ["file /tmp/x"] });
  expect(attackText(report, plain)).toEqual([
    "attempt           to                    expected        got    verdict",
    "role/neighbour    try role/neighbour    42501 or 28000  42501  refused",
    "role/create       try role/create       42501 or 28000  ok     GOT THROUGH",
    "network/metadata  try network/metadata  42501 or 28000  -      not tried",
    "names/zone        try names/zone        42501 or 28000  -      not tried",
    "role/create: GOT THROUGH: []",
    "network/metadata, names/zone: not tried: nobody there",
    "left behind: file /tmp/x",
    "4 attempts in 9.9 s: 1 refused, 1 got through, 0 unclear, 2 not tried; 1 thing left behind; no neighbour to measure",
  ]);
});

test("the last line tells what the neighbour's visitors noticed", () => {
  const latency = {
    host: "neighbour.substation.test",
    before: { requests: 100, failures: 0, medianMs: 2.04, p99Ms: 5.9 },
    during: { requests: 1, failures: 1, medianMs: NaN, p99Ms: NaN },
  };
  expect(attackSummary(reportOf([refused], { latency }))).toBe(
    "1 attempt in 9.9 s: 1 refused, 0 got through, 0 unclear, 0 not tried; nothing left behind; neighbour.substation.test " +
      "before: median 2.0 ms, p99 5.9 ms, 0 of 100 requests failed; meanwhile: no answer to 1 request",
  );
});
