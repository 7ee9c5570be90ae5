import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import * as pulumi from "@pulumi/pulumi";
import { register } from "../components/testing/mocks";
import { atALoss, goodTiers } from "../config/testFleet";
import { group } from "./group";

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
