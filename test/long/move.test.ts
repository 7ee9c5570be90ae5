import * as fs from "node:fs";
import * as path from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import type { AuditReport } from "../../fleet/audit/report";
import { move } from "../../fleet/lifecycle/move/move";
import { sandboxChannel } from "../e2e/buyer";
import { kill, processesOf } from "../e2e/killing";
import { killedAt } from "../e2e/killed-at";
import { Lab } from "../e2e/lab";
import { expectIn, treasure } from "../e2e/moving";
import { Purchases } from "../e2e/purchases";

/** A substation that is moved between two groups, `kill -9` at each of its steps: whatever was killed, one more run gets it there, and its data, its volume and its secrets are the same. */
jest.setTimeout(1_200_000);

const shop = () => ({
  tier: "standard",
  modules: { gameCards: { categories: ["steam"] } },
  channels: { alipay: sandboxChannel.alipay() },
});
const shops = { jia: shop() };

let lab: Lab;
let before: Awaited<ReturnType<typeof treasure>>;

beforeAll(async () => {
  lab = await Lab.open({ prefix: "move" });
  lab.write("east", "jia", shops.jia);
  lab.write("east", "yi");
  lab.write("west", "bing");
  for (const group of ["east", "west"]) await lab.ensureStack(group);
  await lab.sandbox("jia");
  for (const group of ["east", "west"]) await lab.up(group);
  const visitor = new Purchases(lab, "east", shops).visitor("jia");
  const [goods] = await visitor.goods();
  await visitor.buy(goods!, "alipay");
  before = await treasure(lab, "east", "jia");
});
afterAll(() => lab?.close());

const backend = () => lab.workspace.env["PULUMI_BACKEND_URL"]!;

/** Where its file is. */
const here = () => ["east", "west"].find((group) => fs.existsSync(lab.file(group, "jia")))!;
const other = (group: string) => (group === "east" ? "west" : "east");

async function isWhole(group: string): Promise<void> {
  await expectIn(lab, "jia", group, other(group));
  expect(await treasure(lab, group, "jia")).toEqual(before);
  const settings = (stack: string) =>
    fs.readFileSync(path.join(lab.root, "stacks", `Pulumi.${stack}.yaml`), "utf8");
  expect([group, other(group)].map((stack) => settings(stack).includes("secret.jia."))).toEqual([
    true,
    false,
  ]);
  expect((await lab.get("jia.substation.test")).status).toBe(200);
}

test.each([
  ["giving its secrets", 500],
  ["moving its file", 0],
  ["moving its state", 0],
  ["moving its state", 600],
  ["marking its database", 50],
  ["updating it", 200],
  ["updating it", 4000],
  ["updating it", 8000],
  ["removing its secrets", 300],
])("killed with all its engines at: %s, %i ms later", async (words, after) => {
  const [from, to] = [here(), other(here())];
  await killedAt(lab, ["move", "jia", to, "--no-prove"], words);
  await sleep(after);
  for (const pid of processesOf(backend())) kill(pid, "tree");
  expect((await lab.get("jia.substation.test")).status).toBe(200);
  // Others are at work in between.
  for (const group of [from, to]) {
    const mended = await lab.substation("repair", group);
    expect([group, mended.code, mended.stderr]).toEqual([group, 0, ""]);
  }
  const again = await lab.substation("move", "jia", to, "--no-prove");
  expect([again.code, again.stdout]).toEqual([0, expect.stringMatching(/^jia (?:was moved from|is in)/)]);
  await isWhole(to);
});

test("a file that was moved by hand is the order to move: both groups say what to run, and their others are opened", async () => {
  const [from, to] = [here(), other(here())];
  fs.renameSync(lab.file(from, "jia"), lab.file(to, "jia"));
  const said = async (group: string) => {
    const { code, stdout, stderr } = await lab.pulumi(["preview", "-s", group]);
    return [code === 0, `${stdout}${stderr}`];
  };
  // Its secrets are not in the new group's settings yet, and files are read before servers are looked at.
  expect([await said(from), await said(to)]).toEqual([
    [
      false,
      expect.stringContaining(
        `jia stands in the group ${from}, and its file is in ${to}: "npm run substation -- move jia"`,
      ),
    ],
    [
      false,
      expect.stringContaining(
        `which the settings of the group ${from} hold: where the file was moved from there, "substation move jia"`,
      ),
    ],
  ]);
  const told = await lab.substation("status", "jia");
  expect([told.code, told.stderr]).toEqual([
    2,
    expect.stringContaining('"substation move jia" brings all of it here'),
  ]);
  const opened = await lab.substation("open", "yi", "bing", "--no-prove");
  expect([opened.code, opened.stderr]).toEqual([0, expect.anything()]);
  await move(lab.workspace, "jia", undefined);
  await isWhole(to);
});

test("stacks whose providers were last told something else: they are told the same first", async () => {
  const [from, to] = [here(), other(here())];
  const state = await lab.pulumi(["stack", "export", "-s", to]);
  const older = state.stdout.replaceAll(/"connectTimeout": ?"15"/g, '"connectTimeout": "14"');
  expect(older).not.toBe(state.stdout);
  await lab.pulumi(["stack", "import", "-s", to], { input: older });
  const component = `urn:pulumi:${from}::substation::substation:index:Substation::jia`;
  const bare = await lab.pulumi(["state", "move", "--yes", "--source", from, "--dest", to, component]);
  expect([bare.code === 0, bare.stderr]).toEqual([
    false,
    expect.stringContaining("already exists in destination stack"),
  ]);
  await move(lab.workspace, "jia", to);
  await isWhole(to);
  expect(here()).toBe(other(from));
});

test("where it cannot go it stays, and nothing is changed", async () => {
  const from = here();
  const refusals = async (...args: string[]) => {
    const { code, stderr } = await lab.substation("move", "jia", ...args, "--no-prove");
    return [code, stderr];
  };
  expect([await refusals("platform-2"), await refusals("nowhere"), await refusals()]).toEqual([
    [
      1,
      expect.stringMatching(
        /^substation: "platform-2" cannot be a group: that name is for the stacks of platforms/,
      ),
    ],
    [
      1,
      expect.stringMatching(/nowhere has no stack in this backend: make it with "pulumi stack init nowhere"/),
    ],
    [
      1,
      `substation: jia is in the group ${from}, all of it: name the group that it is to be moved to. Nothing was changed.\n`,
    ],
  ]);
  const order = lab.file(from, "jia.closing");
  fs.writeFileSync(order, "close: jia\n");
  expect(await refusals(other(from))).toEqual([
    1,
    expect.stringMatching(/jia\.closing\.yaml orders that jia be closed: it is not moved\./),
  ]);
  fs.rmSync(order);
  // Sound where it is, and not where it is to go: there it has no room for another substation of its host.
  fs.writeFileSync(lab.file(other(from), "wu"), fs.readFileSync(lab.file(from, "jia")));
  expect(await refusals(other(from))).toEqual([1, expect.stringContaining("host/taken")]);
  fs.rmSync(lab.file(other(from), "wu"));
  expect(here()).toBe(from);
});

test("afterwards it is proved, and the audit finds nothing", async () => {
  const proved = await lab.substation("move", "jia", here());
  expect([proved.code, proved.stdout]).toEqual([0, expect.stringContaining("nothing was changed")]);
  const audited = JSON.parse((await lab.substation("audit", "--json")).stdout) as AuditReport;
  const ofHost = audited.findings.filter(({ kind }) => kind === "host"); // this machine's own
  expect([audited.findings.filter((one) => !ofHost.includes(one)), audited.blind]).toEqual([[], []]);
});
