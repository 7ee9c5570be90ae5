import * as fs from "node:fs";
import * as path from "node:path";
import { databaseName, volumeName } from "../../config/names";
import { planUpdate, type UpdatePlan } from "../../fleet/plan";
import { projectRoot } from "../../local/workspace";
import { command, Lab } from "./lab";

// The policy pack and the gate, on the real engine: programs that are made bad on purpose, each stopped by name before anything is made. What each rule finds in itself is held
// beside the rules; that what passes here really holds a tenant, by attack.test.ts.

jest.setTimeout(180_000);

let lab: Lab;
beforeAll(async () => {
  lab = await Lab.open();
  lab.write("demo", "jia");
  await lab.ensureStack("demo");
  await lab.ensureStack("bad");
});
afterAll(() => lab.close());

type Patch = readonly [file: string, from: string | RegExp, to: string];

/** Runs `work` with a program that differs from ours in the given places; the component's own guard, which would speak before the pack, is off. */
async function withProgram<T>(patches: readonly Patch[], work: () => Promise<T>): Promise<T> {
  const folders = ["infra", "components"].map((folder) => path.join(lab.root, folder));
  for (const folder of folders) {
    fs.unlinkSync(folder);
    fs.cpSync(path.join(projectRoot, path.basename(folder)), folder, { recursive: true });
  }
  try {
    const substation = path.join(lab.root, "components/substation.ts");
    const guarded = fs.readFileSync(substation, "utf8");
    fs.writeFileSync(substation, guarded.replace(/transformations: \[[^\]]*\],?/, ""));
    for (const [file, from, to] of patches) {
      const before = fs.readFileSync(path.join(lab.root, file), "utf8");
      const after = before.replace(from, to);
      if (after === before) throw new Error(`${file} has no ${String(from)} to make bad`);
      fs.writeFileSync(path.join(lab.root, file), after);
    }
    return await work();
  } finally {
    for (const folder of folders) {
      fs.rmSync(folder, { recursive: true });
      fs.symlinkSync(path.join(projectRoot, path.basename(folder)), folder);
    }
  }
}

const found = ({ violations }: UpdatePlan) => [...new Set(violations.map(({ rule }) => rule))].sort();
const saying = (plan: UpdatePlan, rule: string) =>
  plan.violations.filter((violation) => violation.rule === rule).map(({ message }) => message);

test("a good program passes: the gate shows what it will do, and carries it out under the same rules", async () => {
  const { code, stdout } = await lab.substation("up", "demo", "--yes", "--no-prove"); // it sells nothing, so it cannot be open
  expect(code).toBe(0);
  expect(stdout).toMatch(/^jia +create 13$/m);
  expect(stdout).toMatch(/^demo is up to date$/m);
  expect(await lab.get("jia.substation.test")).toMatchObject({ status: 200 });
  const again = await planUpdate(lab.workspace, "demo");
  expect(again).toEqual({ stack: "demo", steps: [], violations: [], stands: true, errors: [] });
});

const bad: readonly Patch[] = [
  ["components/confinement.ts", "privileged: false", "privileged: true"],
  // Not known before the first update: a mandatory policy of Pulumi would only advise here.
  [
    "components/storefront.ts",
    "...replacing, memory,",
    "...replacing, memory: args.secrets.sessionKey.apply(() => memory),",
  ],
  [
    "components/database.ts",
    "    roles: [name],\n    superuser: false",
    "    roles: [name],\n    superuser: true",
  ],
  ["components/database.ts", 'grant("connect", name', 'grant("connect", "public"'],
  ["components/database.ts", "protect: true", "protect: false"],
  [
    "components/database.ts",
    "  return { name, migrateRole",
    "  new postgresql.Schema(`${id}-extra`, { database: name, name: `extra` }, { ...base, dependsOn: create });\n  return { name, migrateRole",
  ],
  ["components/dns.ts", 'type: "A"', 'type: "CNAME"'],
  ["components/dns.ts", "content: args.ingress.address", 'content: "taken.example.com"'],
  ["infra/group.ts", "specs.map(", "specs.slice(0, 1).map("],
];

test("a preview stops a bad container, role, grant, DNS record and plan, each by name; and so does an update without a preview", async () => {
  lab.write("bad", "bing");
  lab.write("bad", "ding");
  await withProgram(bad, async () => {
    const plan = await planUpdate(lab.workspace, "bad");
    expect(found(plan)).toEqual([
      "container-known",
      "container-memory",
      "container-privileged",
      "container-swap",
      "database-protected",
      "fleet-container-missing",
      "fleet-database-missing",
      "fleet-record-missing",
      "fleet-role-missing",
      "fleet-volume-missing",
      "grant-public-database",
      "record-content",
      "record-type",
      "resource-type",
      "role-attributes",
      "role-protected",
    ]);
    const [unknown, ...others] = saying(plan, "container-known");
    expect(unknown).toMatch(
      /^Container \S+-bing-shop-\S+: memory is not known before the update, so it cannot be judged/,
    );
    expect(others).toEqual([]);
    const files = new Set(plan.violations.map(({ file }) => file && path.relative(lab.root, file.file)));
    expect([...files].sort()).toEqual(["stacks/bad/bing.yaml", "stacks/bad/ding.yaml"]);
    expect(plan.errors).toEqual([]);

    // Without a look at the plan, the first bad resource ends the update.
    const updated = await lab.pulumi([
      "up",
      "-s",
      "bad",
      "--yes",
      "--skip-preview",
      "--policy-pack",
      "policies",
    ]);
    expect(updated.code).not.toBe(0);
    expect(updated.stdout).toContain("[mandatory]");
  });
  const { stdout } = await lab.pulumi(["stack", "export", "-s", "bad"]);
  const made = JSON.parse(stdout) as { deployment: { resources: { type: string }[] } };
  expect(
    made.deployment.resources.filter(({ type }) => /^(?:docker|postgresql|cloudflare):/.test(type)),
  ).toEqual([]);
  fs.rmSync(path.join(lab.root, "stacks", "bad"), { recursive: true });
});

test("the gate stops a plan that would take data away, or touch too many", async () => {
  const volume = volumeName(lab.name, "jia");
  const patches: readonly Patch[] = [
    [
      "components/storefront.ts",
      "{ name: volumeName(owner.platform, owner.id)",
      '{ name: volumeName(owner.platform, owner.id) + "-b"',
    ],
    ["components/database.ts", "protect: true", "protect: false"],
    ["components/database.ts", 'template: "template0"', 'template: "template1"'],
    ["components/database.ts", '"template", "encoding"', '"encoding"'],
  ];
  await withProgram(patches, async () => {
    const plan = await planUpdate(lab.workspace, "demo", { maxTouched: 0 });
    expect(found(plan)).toEqual([
      "database-protected",
      "database-replacement",
      "database-template",
      "fleet-volume-missing",
      "plan-data",
      "plan-touched",
      "role-protected",
      "volume-owner",
    ]);
    expect(
      saying(plan, "plan-data")
        .map((text) => text.split(" must be kept")[0])
        .sort(),
    ).toEqual([`Database ${databaseName(lab.name, "jia")}`, `Volume ${volume}`]);
  });
  await expect(command("docker", ["volume", "inspect", volume])).resolves.toContain(volume);
});

test("a standing substation that the program leaves out is not removed", async () => {
  await withProgram([["infra/group.ts", "specs.map(", "specs.slice(1).map("]], async () => {
    const { code, stdout } = await lab.substation("up", "demo", "--yes");
    expect(code).toBe(1);
    expect(stdout).toMatch(
      /^stacks\/demo\/jia\.yaml:1:1 {2}critical plan-data {2}Database \S+ must be kept/m,
    );
    expect(stdout).toMatch(/cannot be deleted\s+because it is protected/);
    expect(stdout).toMatch(/; nothing was changed$/m);
  });
});

test("a plan that cannot be judged is not carried out", async () => {
  const tiers = path.join(lab.root, "stacks", "tiers.yaml");
  const content = fs.readFileSync(tiers);
  fs.rmSync(tiers);
  try {
    await withProgram(
      [["infra/group.ts", /(function refuse\([^)]*\): void \{)/, "$1\n  return;"]],
      async () => {
        const { code, stdout, stderr } = await lab.pulumi([
          "preview",
          "-s",
          "demo",
          "--policy-pack",
          "policies",
        ]);
        expect(code).not.toBe(0);
        expect(`${stdout}${stderr}`).toContain(
          "the plan of demo cannot be judged, since the files have problems",
        );
      },
    );
    await expect(planUpdate(lab.workspace, "demo")).rejects.toThrow("cannot be judged");
  } finally {
    fs.writeFileSync(tiers, content);
  }
});

test("a plan whose steps somebody failed to hear is none, though the engine ends well", async () => {
  const onEvent = () => {
    throw new Error("not heard");
  };
  await expect(planUpdate(lab.workspace, "demo", { onEvent })).rejects.toThrow("not heard");
});
