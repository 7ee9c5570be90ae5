import { spawn } from "node:child_process";
import { once } from "node:events";
import { rmSync, statSync } from "node:fs";
import { join } from "node:path";
import { text } from "node:stream/consumers";
import { setTimeout as sleep } from "node:timers/promises";
import { labels } from "../../config/names";
import { stateFolders } from "../../fleet/state-files";
import { Docker } from "../../inventory/docker-api";
import { readInstance } from "../../local/home";
import { socketClient } from "../../local/postgres-process";
import { removeObjects } from "../../local/docker-objects";
import { projectRoot } from "../../local/workspace";
import { Scene, type Standing } from "../e2e/crash";
import { kill } from "../e2e/killing";
import { Lab } from "../e2e/lab";

/**
 * `kill -9` at every step of an opening of three: `substation open` is killed each time the engine has written its state once more than the time before, until it comes
 * to its end unharmed. After each kill it is run once more, and that opens all three; nothing is there twice, nothing is unknown to the state, the neighbour notices nothing.
 *
 * KILL_FROM and KILL_STRIDE in the environment choose among the steps: a failure is played again with the number that it tells.
 */
jest.setTimeout(4 * 3600_000);

const from = Number(process.env["KILL_FROM"] ?? 1);
const stride = Number(process.env["KILL_STRIDE"] ?? 1);

/** The command with all that it started; the engine alone; the command alone, while the engine goes on. */
const victims = ["tree", "engine", "command"] as const;
type Victim = (typeof victims)[number];

let lab: Lab;
let neighbour: () => Promise<Standing>;
let before: Standing;

beforeAll(async () => {
  lab = await Lab.open({ prefix: "step" });
  const standing = await Scene.of(lab, "shops", "standing");
  await lab.up(standing.group);
  neighbour = await standing.fill("standing");
  before = await neighbour();
});

afterAll(async () => {
  await lab?.close();
});

test("killed at any step of an opening of three, one more run opens them", async () => {
  let killed = 0;
  for (let step = from; ; step += stride) {
    const victim = victims[step % victims.length]!;
    const ids = ["aa", "bb", "cc"].map((name) => `${name}${step}`);
    const scene = await Scene.of(lab, `all${step}`, ...ids);
    const hit = await killedOpening(scene, ids, step, victim);
    if (!hit) {
      for (const id of ids) expect(await scene.objects(id)).toEqual(scene.whole(id));
      break;
    }
    killed++;
    const again = await lab.substation("open", ...ids, "--no-prove", "--json");
    process.stderr.write(`step ${step}, ${victim} killed: the next run ended with ${again.code}\n`);
    expect({ step, victim, code: again.code, said: again.code === 0 ? "" : again.stdout }).toEqual({
      step,
      victim,
      code: 0,
      said: "",
    });
    for (const id of ids) expect(await scene.objects(id)).toEqual(scene.whole(id));
    expect(await scene.pendingOperations()).toEqual([]);
    expect(await scene.locks()).toEqual([]);
    expect(await neighbour()).toEqual(before);
    await remove(scene);
  }
  process.stderr.write(`killed at ${killed} steps, from ${from} on, every ${stride}\n`);
  expect(killed).toBeGreaterThan(0);
});

/** Whether the command was killed; if not, it came to a good end before the step. */
async function killedOpening(
  scene: Scene,
  ids: readonly string[],
  step: number,
  victim: Victim,
): Promise<boolean> {
  const stacks = stateFolders(scene.backend, { project: "substation", stack: scene.group })?.stacks ?? "";
  const written = () => statSync(join(stacks, `${scene.group}.json`), { bigint: true }).mtimeNs;
  let last = written();
  const child = spawn(
    process.execPath,
    [join(projectRoot, "cli/bin.js"), "open", ...ids, "--no-prove", "--json"],
    { cwd: lab.root, env: lab.workspace.env, stdio: ["ignore", "pipe", "pipe"] },
  );
  const said = Promise.all([text(child.stdout), text(child.stderr)]);
  const ended = once(child, "exit");
  for (let writes = 0; child.exitCode === null; await sleep(1)) {
    const now = written();
    if (now === last) continue;
    last = now;
    if (++writes < step) continue;
    end(scene, child.pid!, victim);
    await ended;
    return true;
  }
  if (child.exitCode !== 0)
    throw new Error(`the opening ended by itself with ${child.exitCode}:\n${(await said).join("\n")}`);
  return false;
}

function end(scene: Scene, pid: number, victim: Victim): void {
  if (victim === "command") return void process.kill(pid, "SIGKILL");
  if (victim === "tree") return void kill(pid, "tree");
  for (const engine of scene.engines) kill(engine, "engine");
}

/** Makes room for the next ones: a group's files, containers, volumes and databases, as no command of the product would. */
async function remove({ group, databases }: Scene): Promise<void> {
  const stacks = join(lab.root, "stacks");
  for (const name of [group, `Pulumi.${group}.yaml`]) rmSync(join(stacks, name), { recursive: true });
  const docker = new Docker();
  const query = { filters: { label: [`${labels.platform}=${lab.name}`, `${labels.group}=${group}`] } };
  const containers = await docker.get<{ Id: string }[]>("/containers/json", { ...query, all: true });
  const { Volumes } = await docker.get<{ Volumes: { Name: string }[] | null }>("/volumes", query);
  await removeObjects({
    containers: containers.map(({ Id }) => Id),
    networks: [],
    volumes: (Volumes ?? []).map(({ Name }) => Name),
  });
  const client = socketClient(readInstance(lab.home)!)("postgres");
  await client.connect();
  try {
    for (const name of await databases()) await client.query(`DROP DATABASE ${name} WITH (FORCE)`);
  } finally {
    await client.end();
  }
}
