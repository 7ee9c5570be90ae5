import * as fs from "node:fs";
import * as path from "node:path";
import { cloudflareFromEnvironment } from "./cloudflare";
import { runningDns, startDns, stopDns } from "./dns-service";
import { ensureDocker, ownEngine, stopOwnEngine } from "./docker";
import { countObjects, hasContainers, listObjects, removeObjects } from "./docker-objects";
import { UserError } from "../config/error";
import {
  homeFolder,
  openInstance,
  readInstance,
  removeHome,
  secret,
  signingKey,
  type Instance,
} from "./home";
import { runningGateways, startGateways, stopGateways, type SandboxSettings } from "./gateways-service";
import { ensureImages, type ImageNames } from "./images";
import { withLock } from "./lock";
import { removeLoopbackAddress } from "./network";
import { startPostgres } from "./postgres";
import { runningServer, stopPostgres } from "./postgres-process";
import { externalDatabase } from "./postgres-external";
import { type Progress } from "./progress";

export { statusLocal, type LocalStatus, type PartStatus } from "./status";

/** What a platform's stack is told, in Pulumi's config namespace `substation`: every key of it. */
export interface PlatformSettings extends ServerSettings, ImageNames {}

/** The part of it that does not depend on images. */
export interface ServerSettings extends SandboxSettings {
  /** Platform's name; goes into object names and ownership marks. */
  readonly name: string;
  readonly zone: string;
  readonly zoneId: string;
  /** Base URL of the Cloudflare v4 API; absent for the real one. */
  readonly dnsApi?: string;
  /** `address:port` of the DNS server that knows the zone; absent where the system's resolver does. */
  readonly dnsResolver?: string;
  /** Secret. */
  readonly dnsToken: string;
  /** IPv4 address that the substations' records point at, and the port on which the ingress listens there. */
  readonly ingressAddress: string;
  readonly ingressPort: number;
  /** Port on loopback for the ingress's own metrics and health. */
  readonly ingressMetricsPort: number;
  /** CIDR of the edge network. */
  readonly edgeSubnet: string;
  readonly databaseHost: string;
  readonly databasePort: number;
  /** PostgreSQL as containers reach it, on the same port. */
  readonly databaseAddress: string;
  readonly databaseUser: string;
  /** Secret. */
  readonly databasePassword: string;
  /** Path of a PEM file. */
  readonly databaseCaFile: string;
  /** Secret. Signs the substations' tokens for the main station's API. */
  readonly mainStationSigningKey: string;
}

/** The keys of `PlatformSettings` that Pulumi keeps encrypted. */
export const secretSettings: readonly (keyof PlatformSettings)[] = [
  "dnsToken",
  "databasePassword",
  "mainStationSigningKey",
];

export interface StartOptions {
  /** Whether to bring the images onto the Docker engine. @default true */
  readonly images?: boolean;
}

/**
 * Starts all that a platform needs on this machine, or finds it running: Docker, PostgreSQL, a DNS zone, sandbox payment gateways, images. Servers of the operator's own
 * take the place of ours where SUBSTATION_DATABASE_URL, or SUBSTATION_CLOUDFLARE_TOKEN and SUBSTATION_ZONE, name them.
 */
export function startLocal(options: { images?: true }, progress: Progress): Promise<PlatformSettings>;
export function startLocal(options: StartOptions, progress: Progress): Promise<ServerSettings>;
export async function startLocal(
  { images = true }: StartOptions,
  progress: Progress,
): Promise<ServerSettings> {
  if (process.platform !== "linux") throw new UserError("The platform on one machine needs Linux.");
  const root = homeFolder();
  fs.mkdirSync(root, { recursive: true });
  return await exclusively(root, async () => {
    const instance = await openInstance(root);
    const docker = await ensureDocker(instance.home, progress);
    const database = (await externalDatabase()) ?? (await startPostgres(instance, progress));
    const cloudflare = await cloudflareFromEnvironment();
    const dns = cloudflare ?? (await startDns(instance, progress));
    const sandbox = await startGateways(instance, cloudflare ? undefined : instance.dnsPort, progress);
    const names = images ? await ensureImages(docker, instance.home, progress) : {};
    return {
      name: instance.name,
      zone: dns.zone,
      zoneId: dns.zoneId,
      ...(dns.api === undefined ? {} : { dnsApi: dns.api }),
      ...(cloudflare ? {} : { dnsResolver: `127.0.0.1:${instance.dnsPort}` }),
      dnsToken: dns.token,
      ingressAddress: "127.0.0.1",
      ingressPort: instance.ingressPort,
      ingressMetricsPort: instance.ingressMetricsPort,
      edgeSubnet: instance.edgeSubnet,
      databaseHost: database.host,
      databasePort: database.port,
      databaseAddress: database.address,
      databaseUser: database.user,
      databasePassword: database.password,
      databaseCaFile: database.caFile,
      mainStationSigningKey: secret(instance.home, "main-station-signing-key", signingKey),
      ...sandbox,
      ...names,
    };
  });
}

export interface StopOptions {
  /** Stop Docker too, and with it every container, where we started it. @default false */
  readonly docker?: boolean;
}

/** Stops what `startLocal` started; data and settings stay. Returns the names of what was stopped now. */
export async function stopLocal(
  { docker = false }: StopOptions,
  progress: Progress,
): Promise<readonly string[]> {
  const instance = readInstance();
  if (!instance) return [];
  return await exclusively(instance.home.root, () => stopParts(instance, docker, progress));
}

export interface ResetOptions {
  /** Asked before anything is removed; what it returns must be the platform's name. */
  readonly confirm: (question: string) => Promise<string>;
  /** Also remove containers, networks and volumes that carry this platform's label. @default false */
  readonly dockerObjects?: boolean;
}

/** Removes the instance with all its data. Returns false where there was none. */
export async function resetLocal(
  { confirm, dockerObjects = false }: ResetOptions,
  progress: Progress,
): Promise<boolean> {
  const instance = readInstance();
  if (!instance) return false;
  const { home, name } = instance;
  const answer = await confirm(
    `This removes ${home.root} with every substation's database and the DNS zone. There is no way back.\nType the platform's name (${name}) to go on: `,
  );
  if (answer.trim() !== name)
    throw new UserError(`"${answer.trim()}" is not the platform's name (${name}): nothing was removed.`);
  await exclusively(home.root, async () => {
    const objects = await listObjects(name);
    if (objects && countObjects(objects) > 0) {
      if (!dockerObjects) {
        throw new UserError(
          `Docker still holds ${objects.containers.length} containers, ${objects.networks.length} networks and ${objects.volumes.length} volumes of the platform "${name}". Remove them first with \`pulumi destroy\` on its stacks, or here with --docker-objects, after which the stacks' state no longer tells the truth.`,
        );
      }
      await progress.step("Removing Docker objects", () => removeObjects(objects));
    }
    const others = await hasContainers();
    if (others && ownEngine(home))
      progress.info("Docker keeps running, since containers that are not this platform's are on it.");
    await stopParts(instance, !others, progress);
    if (!removeLoopbackAddress(instance.databaseAddress)) {
      progress.info(
        `The address ${instance.databaseAddress} stays on the loopback interface until the next boot; only root can remove it.`,
      );
    }
    removeHome(home);
  });
  // Another's files may lie in it (Pulumi's state, for one); then it stays.
  if (fs.readdirSync(home.root).length === 0) fs.rmdirSync(home.root);
  return true;
}

async function stopParts(
  { home }: Instance,
  docker: boolean,
  progress: Progress,
): Promise<readonly string[]> {
  const parts = [
    { title: "Gateways", running: runningGateways(home), stop: stopGateways },
    { title: "DNS", running: runningDns(home), stop: stopDns },
    { title: "PostgreSQL", running: runningServer(home), stop: stopPostgres },
    { title: "Docker", running: docker && ownEngine(home), stop: stopOwnEngine },
  ].filter(({ running }) => running);
  for (const { title, stop } of parts) await progress.step(`Stopping ${title}`, () => stop(home));
  return parts.map(({ title }) => title);
}

/** One command at a time changes an instance. */
const exclusively = <T>(root: string, work: () => Promise<T>): Promise<T> =>
  withLock(path.join(root, "lock"), work);
