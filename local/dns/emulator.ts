import { once } from "node:events";
import { createServer as createSocketServer, type AddressInfo, type Server } from "node:net";
import type { Server as HttpServer } from "node:http";
import { mkdir, realpath } from "node:fs/promises";
import { UserError } from "../../config/error";
import { RateLimiter, Tokens, type RateLimit, type TokenSpec } from "./access";
import { createApi } from "./api";
import { Control } from "./control";
import { Faults, type Fault } from "./faults";
import { hostName, zoneIdOf } from "./names";
import { routes } from "./routes";
import { startDnsServer } from "./server";
import { Store } from "./store";
import { plans } from "./types";

export interface ZoneSpec {
  readonly name: string;
  /** 32 hexadecimal digits. @default derived from the name, the same everywhere */
  readonly id?: string;
  /** Most records that the zone may hold. @default no limit */
  readonly recordQuota?: number;
}

export interface DnsEmulatorOptions {
  /** Folder of the durable state; made if need be. One emulator at a time. */
  readonly home: string;
  /** Address to listen at. @default "127.0.0.1" */
  readonly host?: string;
  /** Port of the HTTP API; 0: any free one. @default 0 */
  readonly apiPort?: number;
  /** Port of DNS, for both UDP and TCP; 0: any free one. @default 0 */
  readonly dnsPort?: number;
  /** Zones to open if they are not there yet. */
  readonly zones: readonly ZoneSpec[];
  readonly tokens: readonly TokenSpec[];
  /** Whose limits hold: 100 characters of a comment, no tags and 200 changes a batch, or 500, 20 and 3500. @default "free" */
  readonly plan?: keyof typeof plans;
  /** @default 1200 requests in 300 seconds */
  readonly rateLimit?: RateLimit;
  /** The clock, in milliseconds, for times of records and the rate limit. @default Date.now */
  readonly now?: () => number;
  /** Hears of failures of the emulator itself. @default one line on standard error */
  readonly onError?: (error: Error) => void;
}

export interface DnsEmulator {
  /** Base URL for a client of the Cloudflare API v4. */
  readonly apiUrl: string;
  readonly apiPort: number;
  readonly dnsPort: number;
  /** For tests: makes requests fail; what it returns ends that. */
  inject(fault: Fault): () => void;
  /** Finishes requests under way and stops. */
  close(): Promise<void>;
}

/** Starts the emulator in this process. Throws a `UserError` if a port or the folder is in use. */
export async function startDnsEmulator(options: DnsEmulatorOptions): Promise<DnsEmulator> {
  const { host = "127.0.0.1", apiPort = 0, dnsPort = 0, now = Date.now } = options;
  const onError =
    options.onError ?? ((error: Error) => void process.stderr.write(`dns emulator: ${error.stack}\n`));
  const tokens = new Tokens(options.tokens);
  const undo: (() => Promise<unknown>)[] = [];
  const stop = async () => {
    for (const step of undo.reverse()) await step();
  };
  try {
    const lock = await lockFolder(options.home);
    undo.push(() => closed(lock));
    const store = await Store.open(options.home, { onError });
    undo.push(() => store.close());
    for (const zone of options.zones) await openZone(store, zone, now());

    const faults = new Faults(now);
    const control = new Control(faults, now);
    const limiter = new RateLimiter(options.rateLimit ?? { requests: 1200, windowSeconds: 300 }, now);
    const route = routes({ store, limits: plans[options.plan ?? "free"], now });
    const dns = await startDnsServer({ host, port: dnsPort, zones: () => store.all(), onError }).catch(
      inUse(host, dnsPort),
    );
    undo.push(() => dns.close());
    const api = createApi({ tokens, limiter, faults, control, route, onError });
    api.listen(apiPort, host);
    await once(api, "listening").catch(inUse(host, apiPort));
    undo.push(() => closeApi(api));
    const { port } = api.address() as AddressInfo;
    const authority = host.includes(":") ? `[${host}]` : host;
    return {
      apiUrl: `http://${authority}:${port}/client/v4`,
      apiPort: port,
      dnsPort: dns.port,
      inject: (fault) => faults.inject(fault),
      close: stop,
    };
  } catch (error) {
    await stop();
    throw error;
  }
}

async function openZone(store: Store, spec: ZoneSpec, now: number): Promise<void> {
  const name = hostName(spec.name);
  if (!name?.includes("."))
    throw new UserError(`"${spec.name}" is not the name of a DNS zone; write one like "substation.test".`);
  const id = spec.id ?? zoneIdOf(name);
  const there = store.named(name);
  if (there && there.info.id !== id)
    throw new UserError(
      `The zone ${name} has the id ${there.info.id}; the configuration says ${id}. Correct the configuration.`,
    );
  if (there) return;
  const created_on = new Date(now).toISOString().replace("Z", "000Z");
  await store.openZone({
    id,
    name,
    created_on,
    ...(spec.recordQuota === undefined ? {} : { recordQuota: spec.recordQuota }),
  });
}

/**
 * Two emulators on one journal would ruin it. A socket in Linux's abstract name space is a lock that the kernel gives
 * back when its process dies, however it dies; elsewhere the fixed ports have to do.
 */
async function lockFolder(home: string): Promise<Server> {
  await mkdir(home, { recursive: true, mode: 0o700 });
  const server = createSocketServer();
  if (process.platform !== "linux") return server;
  server.listen(`\0substation-dns-${zoneIdOf(await realpath(home))}`);
  await once(server, "listening").catch((error: NodeJS.ErrnoException) => {
    if (error.code !== "EADDRINUSE") throw error;
    throw new UserError(
      `Another DNS emulator already runs on ${home}. Stop it first, or use another folder.`,
    );
  });
  server.unref();
  return server;
}

function inUse(host: string, port: number): (error: NodeJS.ErrnoException) => never {
  return (error) => {
    if (error.code === "EADDRINUSE")
      throw new UserError(
        `Port ${port} of ${host} is in use by another program. Stop that program, or give the DNS emulator another port.`,
      );
    if (error.code === "EACCES")
      throw new UserError(
        `Port ${port} of ${host} may only be used by root. Give the DNS emulator a port above 1023.`,
      );
    throw error;
  };
}

async function closeApi(server: HttpServer): Promise<void> {
  const done = once(server, "close");
  server.close();
  server.closeIdleConnections();
  // Requests under way take milliseconds; a client that never finishes one does not hold the stop up.
  const timer = setTimeout(() => server.closeAllConnections(), 2_000);
  await done;
  clearTimeout(timer);
}

async function closed(server: Server): Promise<void> {
  if (!server.listening) return;
  const done = once(server, "close");
  server.close();
  await done;
}
