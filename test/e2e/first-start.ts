import { spawn } from "node:child_process";
import { once } from "node:events";
import * as fs from "node:fs";
import * as os from "node:os";
import * as path from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { projectRoot } from "../../local/workspace";

/**
 * Kills an instance's first start so many milliseconds after it began; the next start must complete it. It is an instance of its own, since each round begins anew.
 * @param name of the platform whose tests they are
 */
export async function killedFirstStarts(name: string, delays: readonly number[]): Promise<void> {
  const home = fs.mkdtempSync(path.join(os.tmpdir(), "ss-local-"));
  const env = { ...process.env, SUBSTATION_HOME: home, SUBSTATION_NAME: `${name}-k` };
  const progress = "{ step: (_, work) => work(() => {}), info() {} }";
  const start = `startLocal({ images: false }, ${progress})`;
  const reset = `resetLocal({ confirm: async () => ${JSON.stringify(env.SUBSTATION_NAME)} }, ${progress})`;
  const run = (action: string) => {
    const program = `require(${JSON.stringify(path.join(projectRoot, "local/instance.ts"))}).${action}.catch((e) => { console.error(e); process.exit(1); })`;
    const args = ["--require", path.join(projectRoot, "scripts/typescript.cjs"), "--eval", program];
    return spawn(process.execPath, args, { env, stdio: ["ignore", "inherit", "inherit"] });
  };
  const ended = async (child: ReturnType<typeof run>) => ((await once(child, "exit")) as [number | null])[0];
  for (const delay of delays) {
    const victim = run(start);
    const gone = ended(victim);
    await sleep(delay);
    victim.kill("SIGKILL");
    await gone;
    expect([delay, await ended(run(start))]).toEqual([delay, 0]);
    expect(await ended(run(reset))).toBe(0);
    expect(fs.existsSync(home)).toBe(false);
  }
}
