import { execFileSync } from "node:child_process";
import * as fs from "node:fs";
import * as os from "node:os";
import * as path from "node:path";
import type { planFleet } from "../plan/fleet";
import type { FleetPlan } from "../plan/types";
import { review } from "./review";

test("a change may touch every substation: people see which, and rings keep it from reaching all at once", async () => {
  const root = fs.mkdtempSync(path.join(os.tmpdir(), "review-"));
  const git = (...args: string[]) =>
    execFileSync("git", ["-C", root, "-c", "user.name=w", "-c", "user.email=w@example.com", ...args]);
  try {
    fs.mkdirSync(path.join(root, "stacks"));
    fs.writeFileSync(path.join(root, "Pulumi.yaml"), "name: substation\nstackConfigDir: stacks\n");
    git("init", "--quiet", "--initial-branch=main");
    git("add", "--all");
    git("commit", "--quiet", "--message", "first");
    const asked: unknown[] = [];
    const planned: typeof planFleet = (...all) => {
      asked.push(all);
      return Promise.resolve({ groups: [], capacity: [] } as unknown as FleetPlan);
    };
    await review({ root, env: process.env }, { base: "main" }, planned);
    expect(asked).toMatchObject([[{ root }, {}, { maxTouched: 10_000 }]]);
  } finally {
    fs.rmSync(root, { recursive: true });
  }
});
