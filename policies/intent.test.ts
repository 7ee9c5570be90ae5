import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { goodFile, goodTiers, withHost } from "../config/testFleet";
import { loadIntent, loadPlatformIntent } from "./intent";

const platformConfig = `config:
  substation:name: local
  substation:zone: substation.test
  substation:ingressAddress: 127.0.0.1
  substation:databaseUser: provisioner
  substation:dnsToken: { secure: v1:abc }
`;
const files = {
  "Pulumi.yaml": "name: substation\nstackConfigDir: stacks\n",
  "stacks/tiers.yaml": goodTiers,
  "stacks/Pulumi.platform.yaml": platformConfig,
  "stacks/Pulumi.platform-b.yaml": platformConfig.replace("local", "other"),
  "stacks/Pulumi.far.yaml": "config:\n  substation:platform: platform-b\n",
  "stacks/demo/mengxiang.yaml": `${goodFile}resources:\n  memory: 96 MB\n`,
  "stacks/vip/haitang.yaml": withHost("haitang.substation.test"),
  "stacks/far/xingchen.yaml": withHost("xingchen.substation.test"),
};

/** A project of the given files, null for none; `work` gets its folder. */
function inProject<T>(change: Readonly<Record<string, string | null>>, work: (root: string) => T): T {
  const root = mkdtempSync(join(tmpdir(), "substation-intent-"));
  try {
    for (const [path, content] of Object.entries({ ...files, ...change })) {
      if (content === null) continue;
      mkdirSync(dirname(join(root, path)), { recursive: true });
      writeFileSync(join(root, path), content);
    }
    return work(root);
  } finally {
    rmSync(root, { recursive: true, force: true });
  }
}

test("the intent of a plan is its platform, and every substation of every group on that platform", () => {
  const { platform, stack, substations, capacity, mayTouch } = inProject({}, (root) =>
    loadIntent(root, "demo"),
  );
  expect(platform).toEqual({
    name: "local",
    zone: "substation.test",
    ingressAddress: "127.0.0.1",
    edgeNetwork: "local-edge",
    provisioner: "provisioner",
  });
  expect([stack, capacity, mayTouch]).toEqual(["demo", undefined, undefined]);
  expect([...substations.keys()].sort()).toEqual(["haitang", "mengxiang"]);
  const mengxiang = substations.get("mengxiang");
  expect(mengxiang).toMatchObject({
    owner: { platform: "local", group: "demo", id: "mengxiang" },
    tier: "standard",
    host: "mengxiang.substation.test",
    file: { line: 1, column: 1 },
  });
  expect([mengxiang?.limits.memoryBytes, mengxiang?.resources.memoryBytes]).toEqual([
    192 * 2 ** 20,
    96 * 2 ** 20,
  ]);
});

test("a group stands on the platform that its config names, and a platform's stack on itself", () => {
  const names = (stack: string) =>
    inProject({}, (root) => {
      const { platform, substations } = loadIntent(root, stack);
      return [platform.name, ...[...substations.keys()].sort()];
    });
  expect(names("far")).toEqual(["other", "xingchen"]);
  expect(names("platform-b")).toEqual(["other", "xingchen"]);
  expect(names("platform")).toEqual(["local", "haitang", "mengxiang"]);
  expect(inProject({}, (root) => loadPlatformIntent(root, "platform").stack)).toBeUndefined();
});

test("what cannot be read is no intent: it is refused, with what is wrong", () => {
  const refusal = (change: Readonly<Record<string, string | null>>, stack = "demo") =>
    inProject(change, (root) => {
      try {
        loadIntent(root, stack);
        return "accepted";
      } catch (error) {
        return (error as Error).message.replaceAll(root, "");
      }
    });
  expect(refusal({ "stacks/tiers.yaml": null })).toMatch(
    /^the plan of demo cannot be judged, since the files have problems:\n.*file\/missing/,
  );
  expect(refusal({ "stacks/demo/mengxiang.yaml": "title: 5\n" })).toMatch(
    /mengxiang.yaml:1:8 {2}value\/type/,
  );
  // Another group's problem is that group's alone, for a plan; an audit looks at all.
  expect(refusal({ "stacks/vip/haitang.yaml": "title: 5\n" })).toBe("accepted");
  expect(() =>
    inProject({ "stacks/vip/haitang.yaml": "title: 5\n" }, (root) => loadPlatformIntent(root, "platform")),
  ).toThrow(/what stands on platform cannot be judged/);
  expect(refusal({ "stacks/Pulumi.platform.yaml": null })).toMatch(
    /substation:name is not in the config of .*"platform"/,
  );
  const encrypted = platformConfig.replace("127.0.0.1", "{ secure: v1:abc }");
  expect(refusal({ "stacks/Pulumi.platform.yaml": encrypted })).toMatch(
    /substation:ingressAddress is not in/,
  );
});
