import { chmodSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { delimiter, dirname, join } from "node:path";
import { goodFile, goodTiers } from "../../config/testFleet";
import type * as Prove from "./index";
import { provedIds } from "./kept";

process.env["DOCKER_HOST"] = "tcp://127.0.0.1:9"; // nobody listens there
const { proveAll } = jest.requireActual<typeof Prove>("./index"); // loaded after this, so that it asks that engine

let root: string;
beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), "substation-prove-"));
  write("Pulumi.yaml", "name: substation\nstackConfigDir: stacks\n");
  write("stacks/tiers.yaml", goodTiers);
  write("stacks/demo/mengxiang.yaml", goodFile);
  write(
    "stacks/Pulumi.platform.yaml",
    'config: { substation:name: local, substation:ingressAddress: 127.0.0.1, substation:ingressPort: "9" }\n',
  );
  write("bin/pulumi", `#!/bin/sh\ncat ${root}/state.json\n`);
  chmodSync(join(root, "bin/pulumi"), 0o755);
  const urn = (type: string) => `urn:pulumi:demo::substation::${type}::mengxiang`;
  const resources = ["substation:index:Substation", "docker:index/container:Container"].map((type) => ({
    type,
    urn: urn(type),
    id: "c".repeat(64),
    inputs: { name: "local-mengxiang-shop-x", image: "sha256:1" },
    outputs: { url: "http://mengxiang.substation.test:9" },
  }));
  write("state.json", JSON.stringify({ deployment: { resources } }));
});
afterEach(() => rmSync(root, { recursive: true, force: true }));

function write(path: string, text: string): void {
  mkdirSync(dirname(join(root, path)), { recursive: true });
  writeFileSync(join(root, path), text);
}

async function proving(...ids: string[]) {
  const workspace = { root, env: { PATH: [join(root, "bin"), process.env["PATH"]].join(delimiter) } };
  return await proveAll(workspace, ids, (_id, work) => work(() => undefined));
}

test("where another file of its group has a problem, nobody can say what should stand: it is not proved", async () => {
  write("stacks/demo/tianhe.yaml", goodFile); // of the same host
  await expect(proving("mengxiang")).rejects.toThrow(/^the typed files have problems.*host\/taken/s);
  rmSync(join(root, "stacks/demo/tianhe.yaml"));
  write("stacks/two/tianhe.yaml", "title: 5\n"); // of another group
  await expect(proving("mengxiang")).rejects.toThrow("ECONNREFUSED");
});

test("a Docker engine that does not answer is no failure of a shop: nothing is kept, and its proofs hold", async () => {
  await expect(proving("mengxiang")).rejects.toThrow("ECONNREFUSED");
  expect(provedIds(root)).toEqual([]);
});
