import { askDns, runningDns } from "./dns-service";
import { ask, ownEngine } from "./docker";
import { askGateways, gatewaysUrl, runningGateways } from "./gateways-service";
import { Docker, DockerError } from "../inventory/docker-api";
import { homeFolder, readInstance, type Instance } from "./home";
import { askPostgres, postgresWasKilled, runningServer } from "./postgres-process";
import type { ProcessIdentity } from "../inventory/process";
import { startedAt } from "./process";
import { readProcess } from "./process-record";

export interface PartStatus {
  readonly part: "docker" | "database" | "dns" | "gateways";
  /** "broken": it should run, but has ended by itself or does not answer. `start` mends it. */
  readonly state: "running" | "stopped" | "broken";
  /** One line for people. */
  readonly detail: string;
  readonly pid?: number;
  /** TCP port on 127.0.0.1; for DNS the one that answers queries (UDP and TCP). */
  readonly port?: number;
  /** ISO 8601, when the process was started. */
  readonly since?: string;
}

export interface LocalStatus {
  readonly home: string;
  /** Absent before the first start. */
  readonly name?: string;
  readonly parts: readonly PartStatus[];
}

/** How each part of this machine's instance is. Looks only; changes nothing. */
export async function statusLocal(env: NodeJS.ProcessEnv = process.env): Promise<LocalStatus> {
  const home = homeFolder(env);
  const instance = readInstance(home);
  const docker = await dockerStatus(instance);
  if (!instance) {
    const never = { state: "stopped", detail: "never started" } as const;
    const others = (["database", "dns", "gateways"] as const).map((part) => ({ part, ...never }));
    return { home, parts: [docker, ...others] };
  }
  const database: PartStatus = env["SUBSTATION_DATABASE_URL"]
    ? {
        part: "database",
        state: "running",
        detail: "a server of your own (SUBSTATION_DATABASE_URL); checked at the start",
      }
    : await databaseStatus(instance);
  const dns: PartStatus = env["SUBSTATION_CLOUDFLARE_TOKEN"]
    ? {
        part: "dns",
        state: "running",
        detail: `Cloudflare, zone ${env["SUBSTATION_ZONE"] ?? "(none)"}; checked at the start`,
      }
    : await dnsStatus(instance);
  return { home, name: instance.name, parts: [docker, database, dns, await gatewaysStatus(instance)] };
}

async function dockerStatus(instance: Instance | undefined): Promise<PartStatus> {
  const own = instance && ownEngine(instance.home);
  const version = await ask(new Docker());
  const process = own ? described(own) : {};
  if (version instanceof DockerError) {
    const ended = instance && readProcess(instance.home, "docker"); // forgotten only by a stop
    return { part: "docker", state: ended ? "broken" : "stopped", detail: version.message, ...process };
  }
  return {
    part: "docker",
    state: "running",
    detail: `engine ${version.Version}${own ? ", started by Substation" : ""}`,
    ...process,
  };
}

async function databaseStatus(instance: Instance): Promise<PartStatus> {
  const part = "database";
  const server = runningServer(instance.home);
  const port = instance.databasePort;
  if (!server) {
    return postgresWasKilled(instance.home)
      ? { part, state: "broken", detail: "PostgreSQL ended without shutting down; a start recovers it" }
      : { part, state: "stopped", detail: "PostgreSQL" };
  }
  const said = await askPostgres(instance);
  const detail =
    said === undefined
      ? `PostgreSQL, for containers at ${instance.databaseAddress}`
      : `PostgreSQL does not answer: ${said}`;
  return { part, state: said === undefined ? "running" : "broken", detail, port, ...described(server) };
}

const dnsStatus = (instance: Instance): Promise<PartStatus> =>
  serviceStatus(instance, {
    part: "dns",
    what: "emulator",
    at: `API at http://127.0.0.1:${instance.dnsApiPort}/client/v4`,
    port: instance.dnsPort,
    running: runningDns(instance.home),
    ask: askDns,
  });

const gatewaysStatus = (instance: Instance): Promise<PartStatus> =>
  serviceStatus(instance, {
    part: "gateways",
    what: "sandboxes of Alipay, WeChat Pay and epay",
    at: `for containers at ${gatewaysUrl(instance)}`,
    port: instance.gatewaysPort,
    running: runningGateways(instance.home),
    ask: askGateways,
  });

interface ServiceFacts {
  readonly part: "dns" | "gateways";
  readonly what: string;
  /** Where it answers, in words. */
  readonly at: string;
  readonly port: number;
  readonly running: ProcessIdentity | undefined;
  /** What is wrong with its answer, if anything. */
  readonly ask: (instance: Instance) => Promise<string | undefined>;
}

/** A process of ours that is forgotten only by a stop. */
async function serviceStatus(
  instance: Instance,
  { part, what, at, port, running, ask: asked }: ServiceFacts,
): Promise<PartStatus> {
  if (!running) {
    return readProcess(instance.home, part)
      ? { part, state: "broken", detail: `${what}: ended by itself; a start brings it back` }
      : { part, state: "stopped", detail: what };
  }
  const said = await asked(instance);
  return {
    part,
    state: said === undefined ? "running" : "broken",
    detail: said === undefined ? `${what}, ${at}` : `${what}: no answer: ${said}`,
    port,
    ...described(running),
  };
}

const described = (identity: ProcessIdentity) => ({
  pid: identity.pid,
  since: startedAt(identity).toISOString(),
});
