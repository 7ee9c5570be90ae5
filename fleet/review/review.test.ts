import fc from "fast-check";
import type { OpenReport } from "../../config/open-report";
import type { StepFact } from "../../policies/rules/facts";
import { longestText } from "../github";
import { approvedOf, together, unpack, pack, approvedSchema, unseen } from "./approved";
import { approvedIn, comment, reviewMarker } from "./comment";
import type { openFleet } from "../open/open";
import { deploy, isOpen } from "./deploy";
import { reviewSchema } from "./report";
import { ringsOf } from "./rings";
import { membersOf } from "./steps";
import { memberOf, reviewOf, stepOf } from "./testing";

const urn = (name: string, type = "docker:index/container:Container", group = "demo") =>
  `urn:pulumi:${group}::substation::substation:index:Substation$${type}::${name}`;

const planned = (op: string, name: string, keys: readonly string[] = [], id = "jia"): StepFact => ({
  ...{
    op,
    name,
    keys,
    type: "docker:index/container:Container",
    urn: urn(name),
  },
  ...{
    owner: id === "" ? undefined : { platform: "local", group: "demo", id },
    object: undefined,
    unknown: [],
  },
});

test("the three steps of a replacement are one, with the properties for which it is made", () => {
  const found = membersOf("demo", [
    planned("create-replacement", "jia", ["name", "envs"]),
    planned("replace", "jia", ["name", "envs"]),
    planned("delete-replaced", "jia"),
    planned("create", "jia-migrate"),
    planned("update", "jia-dns", ["ttl"]),
  ]);
  expect(found).toMatchObject([
    {
      id: "jia",
      group: "demo",
      created: 1,
      steps: [
        { kind: "replace", urn: urn("jia"), keys: ["envs", "name"] },
        { kind: "update", urn: urn("jia-dns"), keys: ["ttl"] },
      ],
    },
  ]);
});

test("a step that nobody knows counts as the worst", () => {
  expect(membersOf("demo", [planned("vanish", "jia")])).toMatchObject([{ steps: [{ kind: "delete" }] }]);
});

describe("the comment", () => {
  test("shows what is lost first, then what changes, then what is new, each with a link to its file", () => {
    const members = [
      memberOf("anew"),
      memberOf("bchange", [stepOf("bchange", "update", ["memory"])]),
      memberOf("creplace", [stepOf("creplace", "replace", ["image"])]),
      memberOf("ddelete", [stepOf("ddelete", "delete", [], "DnsRecord")]),
    ];
    const body = comment(reviewOf(members), "https://git.example/t/s/blob/bbb");
    const rows = body.split("\n").filter((line) => line.startsWith("| ") && line.includes("blob"));
    expect(rows).toEqual([
      "| 🔴 | [`stacks/demo/ddelete.yaml`](https://git.example/t/s/blob/bbb/stacks/demo/ddelete.yaml)<br>`ddelete` | removed (1 object) | **delete DnsRecord `ddelete`** |",
      "| 🟠 | [`stacks/demo/creplace.yaml`](https://git.example/t/s/blob/bbb/stacks/demo/creplace.yaml)<br>`creplace` | replaced (1 object) | **replace Container `creplace` for `image`** |",
      "| 🔵 | [`stacks/demo/bchange.yaml`](https://git.example/t/s/blob/bbb/stacks/demo/bchange.yaml)<br>`bchange` | changed (1 object) | update Container `bchange` for `memory` |",
      "| 🟢 | [`stacks/demo/anew.yaml`](https://git.example/t/s/blob/bbb/stacks/demo/anew.yaml)<br>`anew` | opened (13 objects) | 13 new |",
    ]);
    expect(body.split("\n")[0]).toBe(reviewMarker);
    expect(body).toContain("### ⚠️ Substations: 1 removed, 1 replaced, 1 changed, 1 opened");
    expect(body).toContain("3 unchanged. Commit `bbbbbbbbbbbb`");
  });

  test("a finding stands above everything, with file and line; words of strangers stay words", () => {
    const message = 'title is "<img src=x>" @everyone [a](https://evil.example) | `b` \u202e';
    const findings = [{ file: "stacks/demo/jia.yaml", line: 7, column: 3, code: "value/text", message }];
    const body = comment(reviewOf([memberOf("jia")], { findings }), "https://git.example/t/s/blob/bbb");
    expect(body).toContain("### ⛔ 1 problem");
    const [line] = body.split("\n").filter((one) => one.startsWith("- "));
    expect(line).toContain(
      "[`stacks/demo/jia.yaml:7`](https://git.example/t/s/blob/bbb/stacks/demo/jia.yaml#L7) `value/text`",
    );
    expect(line).not.toMatch(/<img|@everyone|\]\(https:\/\/evil|\u202e/);
  });

  test("of whatever size, it fits; what found no room is told of, and is not approved", () => {
    fc.assert(
      fc.property(fc.integer({ min: 0, max: 3000 }), fc.integer({ min: 0, max: 2000 }), (many, wrong) => {
        const members = Array.from({ length: many }, (_, at) =>
          memberOf(`m${at}`, [stepOf(`m${at}`, "replace", [`key${(at * 7919) % 1000}`, "image"])]),
        );
        const findings = Array.from({ length: wrong }, (_, at) => ({
          ...{ file: `stacks/demo/f${at}.yaml`, line: at + 1, column: 1, code: "value/text" },
          message: "店".repeat(100),
        }));
        const body = comment(reviewOf(members, { findings }));
        expect(body.length).toBeLessThanOrEqual(longestText);
        const shown = body.split("\n").filter((line) => line.startsWith("| 🟠")).length;
        expect(approvedIn(body).steps).toHaveLength(shown);
        if (shown < many) expect(body).toContain(`${many - shown} more substations change and are not shown`);
        const told = body.split("\n").filter((line) => line.startsWith("- ")).length;
        if (told < wrong) expect(body).toContain(`${wrong - told} more of these are left out`);
      }),
      { numRuns: 25 },
    );
  });

  test("without a look at the servers it says that nothing is known of them", () => {
    const body = comment(reviewOf([], { scope: "files" }));
    expect(body).toContain("### ✅ The files have no problems");
    expect(body).toContain("**not known** yet");
  });
});

describe("what was approved", () => {
  const seen = [memberOf("jia", [stepOf("jia", "replace", ["image", "name"])])];
  const approved = approvedOf(reviewOf(seen), seen);

  test("covers itself, and less; but no other object, no other fate, and no further reason", () => {
    expect(unseen(approved, seen)).toEqual([]);
    expect(unseen(approved, [memberOf("jia", [stepOf("jia", "replace", ["image"])])])).toEqual([]);
    expect(
      unseen(approved, [memberOf("jia", [stepOf("jia", "update", ["memory"])]), memberOf("yi")]),
    ).toEqual([]);
    const other = [memberOf("yi", [stepOf("yi", "replace", ["image"])])];
    expect(unseen(approved, other)).toMatchObject([{ member: { id: "yi" }, seen: undefined }]);
    const worse = [memberOf("jia", [stepOf("jia", "delete")])];
    expect(unseen(approved, worse)).toMatchObject([{ step: { kind: "delete" }, seen: { kind: "replace" } }]);
    const more = [memberOf("jia", [stepOf("jia", "replace", ["image", "mounts"])])];
    expect(unseen(approved, more)).toMatchObject([{ step: { keys: ["image", "mounts"] } }]);
  });

  test("of a forged report is nothing that it did not show by its true name, and nothing of another's", () => {
    const vip = stepOf("vip", "delete", [], "DnsRecord");
    const foreign = {
      ...stepOf("jia", "delete"),
      urn: urn("vip", "docker:index/container:Container", "other"),
    };
    const forged = reviewOf([memberOf("jia", [vip, foreign])]);
    const [line = ""] = comment(forged)
      .split("\n")
      .filter((one) => one.startsWith("| 🔴"));
    expect(line).toContain("**delete DnsRecord `vip`**");
    expect(line).toContain(`**\`${foreign.urn}\` is no object of this group**: nothing of it is approved`);
    const found = approvedIn(comment(forged));
    expect(found.steps).toEqual([{ id: "jia", group: "demo", ...vip }]);
    expect(unseen(found, [memberOf("vip", [vip])])).toMatchObject([
      { member: { id: "vip" }, seen: undefined },
    ]);
    expect(unseen(found, [{ ...memberOf("jia", [foreign]), group: "other" }])).toHaveLength(1);
    // Words of its own for an object are refused where it is read.
    const said = { ...vip, type: "Container", name: "jia-old-migrate" };
    expect(() => unpack(reviewSchema, pack(reviewOf([memberOf("jia", [said])])), "it")).toThrow(
      /^it cannot be read: .*"type", "name".*members\[0\]\.steps\[0\]/,
    );
  });

  test("a step of no substation, as of a provider whose settings change, goes from job to job, and is shown as its group's", () => {
    const members = membersOf("demo", [planned("update", "dns", ["apiToken"], "")]);
    expect(members).toMatchObject([{ id: "", group: "demo" }]);
    const read = unpack(reviewSchema, pack(reviewOf(members)), "it");
    expect(read.members).toEqual(members);
    expect(comment(read)).toContain(
      "| 🔵 | group `demo` | changed (1 object) | update Container `dns` for `apiToken` |",
    );
  });

  test("goes through a comment and back, and a damaged one approves nothing", () => {
    const body = comment(reviewOf(seen));
    expect(approvedIn(body)).toEqual(approved);
    expect(approvedIn(`${body}\r\n`)).toEqual(approved);
    expect(() => approvedIn(body.replace(/approved \S{9}/, "approved AAAAAAAAA"))).toThrow("cannot be read");
    expect(() => approvedIn("nothing of ours")).toThrow("cannot be read");
  });

  test("of several reviews is what any of them showed, since the last deployment", () => {
    const other = approvedOf(reviewOf([]), [memberOf("yi", [stepOf("yi", "delete")])]);
    const all = together([approved, { ...other, base: "d".repeat(40), notes: ["x"] }]);
    expect(all).toMatchObject({
      base: "d".repeat(40),
      notes: ["x"],
      steps: [{ id: "jia" }, { id: "yi" }],
    });
    expect(unpack(approvedSchema, pack(all), "it")).toEqual(all);
  });
});

test("rings: the smallest change, a tenth of all, the rest; nobody twice, nobody left out", () => {
  const sizes = (count: number) =>
    ringsOf(Array.from({ length: count }, (_, at) => memberOf(`m${at}`, [], count - at))).map(
      (ring) => ring.length,
    );
  expect([0, 1, 2, 3, 20, 100].map(sizes)).toEqual([[], [1], [1, 1], [1, 1, 1], [1, 2, 17], [1, 10, 89]]);
  expect(
    ringsOf([memberOf("b", [], 13), memberOf("c", [stepOf("c", "update")]), memberOf("a", [], 13)]),
  ).toMatchObject([[{ id: "c" }], [{ id: "a" }], [{ id: "b" }]]);
});

test("a ring is open where each of its members is told to be, and not where one is missing", () => {
  const report = (...members: readonly object[]) => ({ members }) as unknown as OpenReport;
  const open = (ids: readonly string[], ...members: readonly object[]) =>
    isOpen({ ids, report: report(...members) });
  expect(open(["a", "b"], { id: "a", outcome: "open" }, { id: "b", outcome: "unchanged" })).toBe(true);
  expect(open(["a", "b"], { id: "a", outcome: "open" })).toBe(false);
  expect(open(["a"], { id: "a", outcome: "failed" })).toBe(false);
  expect(open(["a"], { id: "a", outcome: "not-tried" })).toBe(false);
  expect(isOpen({ ids: ["a"], report: undefined })).toBe(false);
});

test("after a ring that did not end well nothing more is opened; and each opening is held against what was approved", async () => {
  const asked: (readonly string[])[] = [];
  const objections: (string | undefined)[] = [];
  const limits = new Set<string>();
  const open = ((_workspace, selection, { objection, maxTouched, wait } = {}) => {
    limits.add(`${maxTouched} touched, ${wait} ms waited for`);
    const ids = (selection as { ids: readonly string[] }).ids;
    asked.push(ids);
    const steps = [planned("replace", ids[0]!, ["image"], ids[0])];
    objections.push(objection?.("demo", { stack: "demo", steps, violations: [], stands: false, errors: [] }));
    const members = ids.map((id) => ({ id, outcome: id === "b" ? "failed" : "open" }));
    return Promise.resolve({ members } as unknown as OpenReport);
  }) as typeof openFleet;
  const seen = planned("replace", "a");
  const approved = approvedOf(reviewOf([]), [
    memberOf("a", [{ ...stepOf("a", "replace", ["image"]), urn: seen.urn }]),
  ]);
  const done = await deploy({ root: "", env: {} }, [["a"], ["b", "c"], ["d"]], { approved }, open);
  expect(asked).toEqual([["a"], ["b", "c"]]);
  expect(done.map(({ ids, report }) => [ids.join(" "), report !== undefined])).toEqual([
    ["a", true],
    ["b c", true],
    ["d", false],
  ]);
  // Whoever approved has seen all of them; and a group that another has is not waited for for ever.
  expect([...limits]).toEqual(["10000 touched, 1800000 ms waited for"]);
  expect(objections).toEqual([
    undefined,
    "the plan is not what was approved: it would replace Container b, which no review has shown",
  ]);
});
