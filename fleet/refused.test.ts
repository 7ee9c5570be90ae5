import { chmodSync, existsSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { delimiter, dirname, join } from "node:path";
import { UserError } from "../config/error";
import { atALoss, goodTiers } from "../config/testFleet";
import { up } from "./up";

// Files that would lose money never reach the engine. What it then makes of good ones, test/e2e shows.

let root: string;
let ran: string;
beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), "substation-refused-"));
  ran = join(root, "pulumi-ran");
  const pulumi = join(root, "bin/pulumi");
  write("bin/pulumi", `#!/bin/sh\necho "$@" >> ${ran}\nexit 1\n`);
  chmodSync(pulumi, 0o755);
  write("Pulumi.yaml", "name: substation\nstackConfigDir: stacks\n");
  write("stacks/tiers.yaml", goodTiers);
  write(
    "stacks/Pulumi.platform.yaml",
    "config: { substation:name: local, substation:zone: substation.test, substation:ingressAddress: 127.0.0.1, substation:databaseUser: provisioner }\n",
  );
});
afterEach(() => rmSync(root, { recursive: true, force: true }));

function write(file: string, text: string): void {
  mkdirSync(dirname(join(root, file)), { recursive: true });
  writeFileSync(join(root, file), text);
}

const begin = () => {
  const env = { ...process.env, PATH: `${join(root, "bin")}${delimiter}${process.env["PATH"]}` };
  return up({ root, env }, "demo", { confirm: () => Promise.resolve(true) });
};

test("`npm run up` refuses terms that sell at a loss, with their place, before there is so much as a preview", async () => {
  write("stacks/demo/mengxiang.yaml", atALoss.file);
  const refused = begin();
  await expect(refused).rejects.toThrow(UserError);
  await expect(refused).rejects.toThrow(`${root}/stacks/demo/mengxiang.yaml:${atALoss.said}`);
  expect(existsSync(ran)).toBe(false);

  // The same command does begin where the terms are right.
  write("stacks/demo/mengxiang.yaml", atALoss.file.replace("markup: 1%", "markup: 2.34%"));
  expect((await begin()).kind).toBe("refused"); // the stand-in for Pulumi fails
  expect(existsSync(ran)).toBe(true);
});
