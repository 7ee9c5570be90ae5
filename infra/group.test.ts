import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import * as pulumi from "@pulumi/pulumi";
import { register } from "../components/testing/mocks";
import { goodFile, goodTiers } from "../config/testFleet";
import { group } from "./group";

test("a plain `pulumi up` refuses terms that sell at a loss, with their place, before it asks for anything", async () => {
  const root = mkdtempSync(join(tmpdir(), "substation-group-"));
  try {
    mkdirSync(join(root, "stacks/demo"), { recursive: true });
    writeFileSync(join(root, "stacks/tiers.yaml"), goodTiers);
    const channel = `channels:\n  ee: { kind: epay, version: v1, gateway: "https://pay.example.com", merchantId: "7", type: alipay, secrets: { key: k }, fee: 2% }\n`;
    writeFileSync(join(root, "stacks/demo/mengxiang.yaml"), `${goodFile}markup: 1%\n${channel}`);
    let said: unknown;
    const heard = await register(
      async () => {
        said = await group("demo", root).then(
          () => undefined,
          (error: unknown) => error,
        );
      },
      ({ inputs }) => ({ id: "x", state: inputs as Record<string, unknown> }),
    );
    expect(said).toBeInstanceOf(pulumi.RunError);
    expect((said as Error).message).toBe(
      `1 problem; nothing was changed.\n${root}/stacks/demo/mengxiang.yaml:11:127  terms/floor  channels.ee.fee is 2%: with markup 1%, goods that cost 100.00 are sold for 101.00, of which the fee takes 2.02 and revenueShare 12.5% of the margin 0.12; 98.86 is left, less than they cost; raise markup to 2.34% or more, or lower revenueShare.`,
    );
    expect(heard).toEqual([]);
  } finally {
    rmSync(root, { recursive: true, force: true });
  }
});
