import { stripVTControlCharacters } from "node:util";
import { Command } from "commander";
import type { CapacityRow, FleetPlan, MemberPlan } from "../fleet/plan/types";
import { planText } from "./plan";
import { selectionOf, type SelectionOptions } from "./selection";

// The command as a whole runs in test/e2e/overload.test.ts.

const member = (id: string, change: Partial<MemberPlan> = {}): MemberPlan => ({
  ...{ id, group: "demo", action: "leave", steps: [], problems: [], violations: [] },
  ...change,
});
const step = (op: string) => ({ op }) as MemberPlan["steps"][number];
const row = (change: Partial<CapacityRow>): CapacityRow => ({
  ...{ name: "memory", need: 0, most: 0, committed: 0, left: 0, fits: true, notes: [] },
  ...change,
});
const plan = (change: Partial<FleetPlan> = {}): FleetPlan => ({
  groups: [
    {
      ...{ group: "demo", platform: "platform", update: undefined, problems: [] },
      members: [
        member("jia", { action: "create", steps: [step("create"), step("create")] }),
        member("yi", { action: "replace", steps: [step("update"), step("create-replacement")] }),
        member("bing"),
      ],
    },
  ],
  capacity: [
    {
      platform: "platform",
      rows: [
        row({ need: 256 * 1024 ** 2, most: 1024 ** 3, committed: 512 * 1024 ** 2, left: 512 * 1024 ** 2 }),
        row({
          name: "dnsRecords",
          need: 1,
          most: undefined,
          committed: 3,
          left: undefined,
          notes: ["no limit is told"],
        }),
      ],
      firstToRunOut: { name: "memory", more: 2 },
      fits: true,
    },
  ],
  allowed: true,
  duration: { seconds: 7.2, dnsRequests: 1, uploads: 4, source: "a guess" },
  ...change,
});

test("a plan is a line for each that changes, an account of each platform, and how long it takes", () => {
  expect(stripVTControlCharacters(planText(plan())).split("\n")).toEqual([
    "demo/jia  create   create 2",
    "demo/yi   replace  update 1, create-replacement 1",
    "1 substation left as it is",
    "",
    "on platform  takes   of what is left  promised  of",
    "memory       256 MB  512 MB           512 MB    1024 MB",
    "DNS records  1       not known        3                  no limit is told",
    "first to run out: memory, after 2 more like these",
    "",
    "about 8 s for 2 substations (a guess); 1 DNS request, 4 uploads",
    "may be opened as it is",
    "",
  ]);
});

test("what is held, refused or does not fit is told with its place and its numbers", () => {
  const held = member("jia", {
    action: "held",
    problems: [{ message: "no such tier", code: "tier/unknown", place: "stacks/demo/jia.yaml:2:7" }],
  });
  const group = { ...plan().groups[0]!, members: [held], problems: ["the database server is away"] };
  const [capacity] = plan().capacity;
  const short = {
    ...capacity!,
    fits: false,
    rows: [row({ need: 2 * 1024 ** 2, most: 1024 ** 2, left: 1024 ** 2, fits: false })],
  };
  const text = stripVTControlCharacters(
    planText(plan({ groups: [group], capacity: [short], allowed: false })),
  );
  for (const said of [
    "demo/jia  held\n",
    "stacks/demo/jia.yaml:2:7  tier/unknown  no such tier\n",
    "(no file)  demo  the database server is away\n",
    "platform has too little memory: the batch takes 2 MB, and 1 MB is left: 0 MB of 1 MB is promised or in use already\n",
    "may not be opened as it is: nothing was changed\n",
  ])
    expect(text).toContain(said);
});

test("substations are named in one way and no other", () => {
  const selected = (ids: string[], options: SelectionOptions) =>
    selectionOf(
      ids,
      options,
      new Command("plan").exitOverride().configureOutput({ writeErr: () => undefined }),
    );
  expect(selected(["jia"], {})).toEqual({ ids: ["jia"] });
  expect(selected([], { all: true })).toBe("all");
  expect(selected([], { changed: true })).toEqual({ changedSince: undefined });
  expect(selected([], { changed: "main~2" })).toEqual({ changedSince: "main~2" });
  const mixed: [string[], SelectionOptions][] = [
    [[], {}],
    [["jia"], { all: true }],
    [[], { all: true, changed: true }],
  ];
  for (const [ids, options] of mixed)
    expect(() => selected(ids, options)).toThrow(
      "name substations, or say --changed or --all, and only one of these",
    );
});
