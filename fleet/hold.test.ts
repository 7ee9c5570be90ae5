import { mkdirSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { heldOptions } from "./hold";
import { thisProcess } from "./owner";

test("whatever the caller's environment names, only what this run holds is held, in this run's name", async () => {
  const root = mkdtempSync(join(tmpdir(), "substation-hold-"));
  try {
    mkdirSync(join(root, "stacks"));
    const { at, exclude } = await heldOptions({ root, env: { SUBSTATION_HOLD: "jia" } }, "demo", new Set());
    const { pid, start } = thisProcess();
    expect(at.env).toEqual({ SUBSTATION_HOLD: "", SUBSTATION_HOLD_BY: `${pid}.${start}` });
    expect(exclude).toEqual([]);
  } finally {
    rmSync(root, { recursive: true });
  }
});
