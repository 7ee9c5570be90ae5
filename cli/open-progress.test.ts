import type { OpenEvent } from "../fleet/open/events";
import { openExitCode } from "./open";
import { openProgress } from "./open-progress";
import { openReportText } from "./open-report";
import type { Member, OpenReport } from "../config/open-report";

const at = "2026-11-23T12:00:00.000Z";
const failed: Member = {
  outcome: "failed",
  id: "yi",
  group: "east",
  step: "migration",
  cause: "no such image\nreally",
  remedy: "Mend the digest.",
  place: "stacks/east/yi.yaml:6:8",
};
const opened: Member = {
  outcome: "open",
  id: "jia",
  group: "east",
  url: "http://jia.test",
  changes: 12,
  seconds: 8.04,
};
const events: readonly OpenEvent[] = [
  { at, event: "begun", run: "r1", groups: [{ group: "east", ids: ["jia", "yi"] }], engines: 2, expected: 6 },
  { at, event: "unaudited", platform: "platform", why: "the files have problems:\none\nand another" },
  { at, event: "group", group: "east", phase: "opening" },
  { at, event: "step", group: "east", id: "jia", step: "database" },
  { at, event: "step", group: "east", id: "jia", step: "proof", what: "dns" },
  { at, event: "member", member: opened, seconds: 9 },
];

test("a log has a line for each event that says something", () => {
  let text = "";
  const progress = openProgress({ json: false, sink: { write: (more) => (text += more) } });
  events.forEach(progress.hear);
  progress.end();
  expect(text.replace(/^ *\d+\.\d s {2}/gm, "")).toBe(
    `2 substations in 1 group, 2 engines at one time, about 6.0 s (run r1)
platform: it could not be audited, so engines look at groups that may need nothing: the files have problems: one
east: opening
east/jia: database
east/jia: open http://jia.test, 12 changes in 8.0 s
`,
  );
});

test("a terminal has a line for each that is worked on, with its time, redrawn, and nothing of it in the end", () => {
  const before = process.env["CI"];
  delete process.env["CI"];
  try {
    const written: string[] = [];
    const sink = { isTTY: true, columns: 60, rows: 10, write: (more: string) => written.push(more) };
    const progress = openProgress({ json: false, sink });
    events.slice(0, 5).forEach(progress.hear);
    progress.hear({ at, event: "group", group: "east", phase: "proving" });
    expect(written.at(-1)).toMatch(/^ {2}east\/jia {2}\d+\.\d s {2}proof: dns\n0 of 2 done, \d+\.\d s\n$/);
    progress.hear(events[5]!);
    expect(written.at(-1)).toMatch(/^1 of 2 done, \d+\.\d s\n$/);
    progress.end();
    expect(written.at(-1)).toBe("\x1b[1A\x1b[J");
  } finally {
    if (before !== undefined) process.env["CI"] = before;
  }
});

const report = (members: readonly Member[]): OpenReport => ({
  version: 1,
  run: "r1",
  when: "2026-11-23T12:00:00Z",
  seconds: 12.34,
  by: { substation: "0", node: "v24" },
  counts: {
    open: members.filter(({ outcome }) => outcome === "open").length,
    unchanged: 0,
    failed: members.filter(({ outcome }) => outcome === "failed").length,
    "not-tried": members.filter(({ outcome }) => outcome === "not-tried").length,
  },
  groups: [{ group: "east", outcome: "done", repaired: ["adopted role jia"], seconds: 12 }],
  members: [...members],
});
const left: Member = { outcome: "not-tried", id: "bing", group: "east", why: "it was stopped" };

test("the report ends with what failed where and why, what to do, what was repaired, and the sums", () => {
  const before = process.env["NO_COLOR"];
  process.env["NO_COLOR"] = "1";
  try {
    expect(openReportText(report([opened, failed, left]))).toBe(`id    group  outcome    what
jia   east   open       http://jia.test, 12 changes in 8.0 s
yi    east   failed     at migration: no such image
bing  east   not tried  it was stopped

yi failed at migration  stacks/east/yi.yaml:6:8
  no such image
  really
  → Mend the digest.

east: adopted role jia

1 open, 0 unchanged, 1 failed, 1 not tried, in 12.3 s
`);
    expect(openReportText(report([]))).toBe("there is nothing to open\n");
  } finally {
    if (before === undefined) delete process.env["NO_COLOR"];
    else process.env["NO_COLOR"] = before;
  }
});

test("exit codes: 0 all are open, 1 some are not, 2 nothing was tried", () => {
  expect(
    [[], [opened], [opened, failed], [opened, left], [left]].map((some) => openExitCode(report(some))),
  ).toEqual([0, 0, 1, 1, 2]);
});
