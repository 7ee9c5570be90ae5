import * as path from "node:path";
import { type DnsEmulatorConfig } from "./dns/main";
import { UserError } from "../config/error";
import { errorText, secretMode, tail, writeFileAtomic } from "./files";
import { secret, zone, type Home, type Instance } from "./home";
import { isFree, listenerOn } from "./network";
import {
  commandOf,
  findProcesses,
  identify,
  isAlive,
  startDaemon,
  stopProcess,
  until,
  type ProcessIdentity,
} from "./process";
import { readProcess, writeProcess, forgetProcess } from "./process-record";
import { type Progress } from "./progress";

/** A DNS zone that substations' records are written to. */
export interface DnsAccess {
  readonly zone: string;
  readonly zoneId: string;
  /** May edit the records of this zone. */
  readonly token: string;
  /** Base URL of the Cloudflare v4 API; absent for the real one. */
  readonly api?: string;
}

export const accessToDns = (instance: Instance): DnsAccess & { readonly api: string } => ({
  zone,
  zoneId: instance.zoneId,
  token: secret(instance.home, "dns-token"),
  api: `http://127.0.0.1:${instance.dnsApiPort}/client/v4`,
});

/** Starts the instance's DNS emulator, or finds it running, with the configuration that it should have. */
export async function startDns(instance: Instance, progress: Progress): Promise<DnsAccess> {
  const { home, dnsApiPort, dnsPort, zoneId } = instance;
  const access = accessToDns(instance);
  const config: DnsEmulatorConfig = {
    apiPort: dnsApiPort,
    dnsPort,
    zones: [{ name: zone, id: zoneId }],
    tokens: [{ value: access.token, zones: [zoneId], access: "edit" }],
  };
  const changed = writeFileAtomic(
    path.join(home.dns, "config.json"),
    `${JSON.stringify(config, null, 2)}\n`,
    secretMode,
  );
  const running = runningDns(home);
  if (running && !changed && (await askDns(instance)) === undefined) return access;
  await progress.step("Starting the DNS emulator", async () => {
    await stopDns(home);
    for (const port of [dnsApiPort, dnsPort]) {
      if (!(await isFree(port))) {
        throw new UserError(
          `Port ${port} of the DNS emulator is taken by ${listenerOn(port)}. Stop that, or change the port in ${home.root}/instance.json.`,
        );
      }
    }
    const log = path.join(home.log, "dns.log");
    const [command = "", ...args] = commandLine(home);
    const emulator = await startDaemon({ command, args, log, cwd: "/", env: environment() });
    writeProcess(home, "dns", emulator);
    let said: string | undefined;
    await until(async () => (said = await askDns(instance)) === undefined || !isAlive(emulator), 20_000, 50);
    if (said !== undefined)
      throw new UserError(
        `The DNS emulator ${isAlive(emulator) ? "does not answer" : "ended while it started"}: ${said}\n  ${log}:${tail(log)}`,
      );
  });
  return access;
}

/** Stops the emulator. Returns false where it was not running. */
export async function stopDns(home: Home): Promise<boolean> {
  const running = runningDns(home);
  const stopped = running
    ? await stopProcess(running, "The DNS emulator", [
        ["SIGTERM", 10_000],
        ["SIGKILL", 5_000], // loses nothing: what it has acknowledged is on disk
      ])
    : false;
  forgetProcess(home, "dns");
  return stopped;
}

/** The emulator's process: the one that we remember, or one with its command line where we were killed before we could. */
export function runningDns(home: Home): ProcessIdentity | undefined {
  const remembered = readProcess(home, "dns");
  if (remembered && isAlive(remembered)) return remembered;
  const wanted = commandLine(home).slice(-3).join("\0");
  const [pid] = findProcesses((candidate) => commandOf(candidate).slice(-3).join("\0") === wanted);
  return pid === undefined ? undefined : identify(pid);
}

/** Whether the emulator answers and knows our token; undefined if so, else what is wrong. */
export async function askDns(instance: Instance): Promise<string | undefined> {
  const { api, token, zoneId } = accessToDns(instance);
  try {
    const answer = await fetch(`${api}/zones/${zoneId}`, {
      headers: { authorization: `Bearer ${token}` },
      signal: AbortSignal.timeout(3_000),
    });
    return answer.ok ? undefined : `HTTP ${answer.status} from ${api}`;
  } catch (error) {
    return errorText(error);
  }
}

const commandLine = (home: Home): string[] => [
  process.execPath,
  "--require",
  path.join(__dirname, "../scripts/typescript.cjs"),
  path.join(__dirname, "dns/main.ts"),
  "--home",
  home.dns,
];

/** Nothing of the caller's environment but where to find things: it may hold secrets, and the emulator outlives the caller. */
const environment = (): NodeJS.ProcessEnv =>
  Object.fromEntries(
    ["PATH", "HOME", "XDG_CACHE_HOME", "NODE_COMPILE_CACHE", "LANG"].flatMap((name) =>
      process.env[name] ? [[name, process.env[name]]] : [],
    ),
  );
