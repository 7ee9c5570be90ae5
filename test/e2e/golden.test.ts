import * as fs from "node:fs";
import * as os from "node:os";
import * as path from "node:path";
import { goldenIds, goldenPlatform, stateFile } from "../golden/state";
import { labels } from "../../config/names";
import { prepareEngine } from "../../local/engine";
import { silent } from "../../local/progress";
import { pulumi, type EngineEvent } from "../../fleet/pulumi";
import { layProject } from "./project";

// The policy pack over the state of three substations, as it was exported from a real platform, without program or providers. Docker is asked for the host's size alone.

jest.setTimeout(120_000);

const home = fs.mkdtempSync(path.join(os.tmpdir(), "substation-golden-"));
const root = path.join(home, "project");
afterAll(() => fs.rmSync(home, { recursive: true, force: true }));

beforeAll(() => {
  layProject(root);
  const settings = {
    name: goldenPlatform,
    zone: "substation.test",
    ingressAddress: "127.0.0.1",
    databaseUser: "substation_provisioner",
  };
  const lines = Object.entries(settings).map(([key, value]) => `  substation:${key}: ${value}`);
  fs.writeFileSync(path.join(root, "stacks/Pulumi.platform.yaml"), `config:\n${lines.join("\n")}\n`);
  fs.mkdirSync(path.join(root, "stacks/demo"));
  for (const id of goldenIds) {
    const fields = [
      `title: 店铺 ${id}`,
      "tier: trial",
      'owner: { name: 测试, contact: "QQ 10001" }',
      `domain: { host: ${id}.substation.test }`,
      'revenueShare: "12.5%"',
    ];
    fs.writeFileSync(path.join(root, `stacks/demo/${id}.yaml`), `${fields.join("\n")}\n`);
  }
});

interface Resource {
  readonly urn: string;
  readonly type: string;
  protect?: boolean;
  readonly inputs: Record<string, unknown>;
}

interface State {
  readonly deployment: { resources: Resource[] };
}

/** Violations that the pack finds in the state after `change`, as "rule: resource". */
async function analyze(change: (state: State) => void): Promise<{ code: number | null; found: string[] }> {
  const engine = await prepareEngine(silent);
  const state = JSON.parse(fs.readFileSync(stateFile, "utf8")) as State;
  change(state);
  const file = path.join(home, "state.json");
  fs.writeFileSync(file, JSON.stringify(state));
  const workspace = { root, env: { ...process.env, ...engine.env } };
  const args = ["policy", "analyze", "--file", file, "--policy-pack", "policies", "--json"];
  const { code, stdout, stderr } = await pulumi(workspace, args);
  const events = stdout
    .split("\n")
    .filter((line) => line.startsWith("{"))
    .map((line) => JSON.parse(line) as EngineEvent);
  // A run that broke off would have found nothing, too.
  if (!events.some(({ summaryEvent }) => summaryEvent)) throw new Error(`${stdout}\n${stderr}`);
  const found = events.flatMap(({ policyEvent }) =>
    policyEvent ? [`${policyEvent.policyName}: ${policyEvent.resourceUrn?.split("::").at(-1)}`] : [],
  );
  return { code, found: [...new Set(found)].sort() };
}

/** Of the one resource of that type and name. */
function find(state: State, type: string, name: string): Resource {
  const all = state.deployment.resources.filter(
    (resource) => resource.type.endsWith(`:${type}`) && resource.urn.endsWith(`::${name}`),
  );
  expect(all).toHaveLength(1);
  return all[0] as Resource;
}

test("three substations as they were really opened pass every rule of the pack", async () => {
  expect(await analyze(() => undefined)).toEqual({ code: 0, found: [] });
});

test("what is altered in that state is found, and nothing else", async () => {
  const { code, found } = await analyze((state) => {
    const shop = find(state, "Container", "jia").inputs;
    shop["capabilities"] = { adds: ["SYS_ADMIN"], drops: ["ALL"] };
    shop["networksAdvanced"] = [{ name: `${goldenPlatform}-edge` }, { name: "main-station" }];
    shop["runtime"] = "sysbox-runc";
    const neighbour = find(state, "Container", "ding").inputs;
    neighbour["memory"] = 4096;
    neighbour["memorySwap"] = 4096;
    neighbour["user"] = find(state, "Container", "jia").inputs["user"];
    const held = neighbour["labels"] as { label: string; value: string }[];
    const token = held.find(({ label }) => label === labels.scopes)!;
    token.value += " balance:read"; // which the tier trial does not allow
    find(state, "Role", "jia-app").inputs["bypassRowLevelSecurity"] = true;
    find(state, "Role", "ding-app").inputs["roles"] = ["pg_read_all_data"];
    find(state, "Database", "jia").protect = false;
    find(state, "Grant", "ding-connect").inputs["role"] = "public";
    find(state, "DnsRecord", "ding").inputs["name"] = "www.substation.test";
    state.deployment.resources = state.deployment.resources.filter(
      ({ urn }) => !/::bing(?:-\w+)?$/.test(urn),
    );
  });
  expect(code).not.toBe(0);
  const leftOut = ["container", "database", "record", "role", "volume"];
  expect(found).toEqual(
    [
      "container-capabilities: jia",
      "container-memory: ding",
      "container-network: jia",
      "container-scopes: ding",
      "container-user: ding",
      "database-protected: jia",
      ...leftOut.map((kind) => `fleet-${kind}-missing: substation-demo`),
      "fleet-record-missing: ding",
      "fleet-unique-user: substation-demo",
      "grant-public-database: ding-connect",
      "membership-predefined: ding-app",
      "record-name: ding",
      "resource-inputs: jia",
      "role-attributes: jia-app",
    ].sort(),
  );
});
