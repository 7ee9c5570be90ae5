import { engine } from "./own-engine"; // the first: what is loaded after it finds this engine
import { openFleet } from "../../fleet/open/open";
import { Scene, type Standing } from "../e2e/crash";
import { Lab } from "../e2e/lab";

/** A Docker engine that is killed, stopped and hangs in mid-opening. It is one of its own, with a platform of its own on it. */
jest.setTimeout(900_000);

let lab: Lab;
let scene: Scene;
let neighbour: () => Promise<Standing>;
let before: Standing;

beforeAll(async () => {
  await engine.start();
  lab = await Lab.open({ prefix: "dkr" });
  scene = await Scene.of(lab, "shops", "standing");
  await lab.up(scene.group);
  neighbour = await scene.fill("standing");
  before = await neighbour();
});

afterAll(async () => {
  await lab?.close();
  await engine.remove();
});

async function expectOpen(id: string): Promise<void> {
  await lab.repair(scene.group);
  await lab.up(scene.group);
  expect(await scene.objects(id)).toEqual(scene.whole(id));
  await scene.expectAtRest();
  expect(await neighbour()).toEqual(before);
}

test.each(["SIGTERM", "SIGKILL"] as const)(
  "F08: Docker is ended by %s and started again in mid-opening: one more run opens it, and the neighbour is back by itself",
  async (signal) => {
    const id = signal.toLowerCase();
    lab.write(scene.group, id);
    const { kind, output } = await scene.opening(id, "shop", async () => {
      await engine.end(signal);
      await engine.start();
    });
    process.stderr.write(`Docker ended by ${signal} and started again: ${kind}\n`);
    if (kind === "failed") expect(output).toMatch(/docker/i);
    await expectOpen(id);
  },
);

test("F09: without Docker nothing is begun, and it is said; with it again, the next run opens", async () => {
  lab.write(scene.group, "down");
  await engine.end("SIGTERM");
  const { kind, output } = await scene.opening("down");
  await engine.start();
  expect(kind).toBe("failed");
  expect(output).toMatch(/docker\.sock|Docker/);
  expect((await scene.objects("down")).database).toEqual([]);
  await expectOpen("down");
});

test("F09: a Docker that takes connections and never answers is given up after a minute, before anything is begun", async () => {
  lab.write(scene.group, "hangs");
  engine.signal("SIGSTOP");
  const { groups, counts } = await openFleet(lab.workspace, { ids: ["hangs"] }, { prove: false });
  engine.signal("SIGCONT");
  expect(groups).toMatchObject([
    { outcome: "refused", why: expect.stringContaining("no answer within 60 s") as string },
  ]);
  expect(counts).toMatchObject({ "not-tried": 1 });
  expect((await scene.objects("hangs")).database).toEqual([]);
  await expectOpen("hangs");
});

test("F09: a Docker that begins to hang under an engine: that is told and ended, and the next run opens", async () => {
  lab.write(scene.group, "hung");
  const told: string[] = [];
  const patience = { tell: 5_000, stop: 20_000, kill: 10_000 };
  const { members } = await openFleet(
    lab.workspace,
    { ids: ["hung"] },
    { prove: false, patience },
    (event) => {
      if (event.event === "step" && event.step === "container") engine.signal("SIGSTOP");
      if (event.event === "group" && event.phase === "opening" && event.what !== undefined)
        told.push(event.what);
    },
  );
  engine.signal("SIGCONT");
  expect(members).toMatchObject([
    {
      ...{ outcome: "failed", id: "hung", step: "container" },
      cause: expect.stringMatching(
        /^the engine said nothing for 2\d s while it waited for Container hung/,
      ) as string,
    },
  ]);
  expect(told).toContainEqual(
    expect.stringMatching(/^the engine said nothing for \d s while it waited for Container hung/),
  );
  const { counts } = await openFleet(lab.workspace, { ids: ["hung"] }, { prove: false });
  expect(counts).toMatchObject({ open: 1, failed: 0, "not-tried": 0 });
  await expectOpen("hung");
});
