import { appendFileSync, cpSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { stateFolder } from "../../fleet/state-files";
import { Scene, type Standing } from "../e2e/crash";
import { command, Lab } from "../e2e/lab";

/** The disk that holds the state gets full in mid-opening: a small file system in the state's place. Needs root. */
jest.setTimeout(600_000);

let lab: Lab;
let scene: Scene;
let neighbour: () => Promise<Standing>;
let before: Standing;
let state: string;

beforeAll(async () => {
  lab = await Lab.open({ prefix: "full" });
  scene = await Scene.of(lab, "shops", "standing");
  await lab.up(scene.group);
  neighbour = await scene.fill("standing");
  before = await neighbour();
  state = stateFolder(scene.backend)!;
  const aside = mkdtempSync(join(tmpdir(), "substation-state-"));
  cpSync(state, aside, { recursive: true });
  await command("mount", ["-t", "tmpfs", "-o", "size=16m,mode=700", "tmpfs", state]);
  cpSync(aside, state, { recursive: true });
  rmSync(aside, { recursive: true });
});

afterAll(async () => {
  if (state) await command("umount", [state]);
  await lab?.close();
});

test("F25: what was recorded before the disk was full stays readable, nothing is lost, and with room again one run opens", async () => {
  lab.write(scene.group, "haitang");
  const filler = join(state, "filler");
  const { kind, output } = await scene.opening("haitang", "volume", () => fill(filler));
  expect(kind).toBe("failed");
  expect(output).toContain("no space left on device");
  expect(scene.processes).toEqual([]);
  const known = JSON.stringify(await scene.exported());
  expect(known).toContain("::standing");
  expect(known).toContain("::haitang-root");
  expect(await neighbour()).toEqual(before);

  rmSync(filler);
  const { brokenLocks, adopted, removed, forgotten } = await lab.repair(scene.group);
  process.stderr.write(
    `after the full disk: ${JSON.stringify({ brokenLocks, adopted, removed, forgotten })}\n`,
  );
  await lab.up(scene.group);
  expect(await scene.objects("haitang")).toEqual(scene.whole("haitang"));
  expect(await neighbour()).toEqual(before);
  await scene.expectAtRest();
  await scene.expectNoChange();
});

function fill(file: string): void {
  for (let size = 1024 * 1024; size >= 1;)
    try {
      appendFileSync(file, Buffer.alloc(size));
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== "ENOSPC") throw error;
      size = Math.floor(size / 2);
    }
}
