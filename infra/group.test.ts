import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import * as pulumi from "@pulumi/pulumi";
import { register } from "../components/testing/mocks";
import { atALoss, goodTiers } from "../config/testFleet";
import { identify } from "../inventory/process";
import { group, isHolderAlive } from "./group";

test("a plain `pulumi up` refuses terms that sell at a loss, with their place, before it asks for anything", async () => {
  const root = mkdtempSync(join(tmpdir(), "substation-group-"));
  try {
    mkdirSync(join(root, "stacks/demo"), { recursive: true });
    writeFileSync(join(root, "stacks/tiers.yaml"), goodTiers);
    writeFileSync(join(root, "stacks/demo/mengxiang.yaml"), atALoss.file);
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
      `1 problem; nothing was changed.\n${root}/stacks/demo/mengxiang.yaml:${atALoss.said}`,
    );
    expect(heard).toEqual([]);
  } finally {
    rmSync(root, { recursive: true, force: true });
  }
});

test("names in SUBSTATION_HOLD without a living run behind them stop the program before it asks for anything", async () => {
  const { pid, startTicks } = identify(process.pid)!;
  const by = (text: string) => isHolderAlive({ SUBSTATION_HOLD_BY: text });
  expect([by(`${pid}.${startTicks}`), by(`${pid}.${startTicks - 1}`), by(`0.${startTicks}`), by("")]).toEqual(
    [true, false, false, false],
  );
  process.env["SUBSTATION_HOLD"] = "mengxiang";
  try {
    await expect(group("demo", "/nowhere")).rejects.toThrow(
      "SUBSTATION_HOLD names mengxiang, and no run of substation stands behind it",
    );
  } finally {
    delete process.env["SUBSTATION_HOLD"];
  }
});
