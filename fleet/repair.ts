import { UserError } from "../local/error";
import { labels, parseMark } from "../config/names";
import type { Platform } from "../config/platform";
import { liveDatabases } from "../inventory/database";
import { liveRecords } from "../inventory/dns";
import { liveContainers, removeContainer } from "../inventory/docker";
import { breakLock, readLocks } from "./lock";
import { pulumiOk, type Workspace } from "./pulumi";

/** What a repair did, for people to read. */
export interface Repair {
  readonly brokenLocks: readonly string[];
  /** Objects that were made and not recorded, and now are. */
  readonly adopted: readonly string[];
  /** Half-made containers, which carry no data, and were removed. */
  readonly removed: readonly string[];
  /** Creations that were begun and made nothing. */
  readonly forgotten: readonly string[];
}

interface Pending {
  readonly type: string;
  readonly resource: { readonly urn: string; readonly type: string; readonly inputs?: Readonly<Record<string, unknown>> };
}

interface Checkpoint {
  readonly deployment: { readonly pending_operations?: readonly Pending[] };
}

/**
 * Makes a stack whose update was killed ready for the next one. Nothing with data in it is removed.
 *
 * 1. A lock is broken where its owner is proved dead.
 * 2. The engine writes down each creation before it begins. Those that it did not see end are looked up under their deterministic names: what is there and
 *    bears our mark is adopted into the state; a container, which holds no data, is removed to be made anew; what is not there is forgotten.
 *
 * @throws UserError where the owner of a lock may be alive, or an object under one of our names is not ours
 */
export async function repair(workspace: Workspace, project: string, stack: string, platform: () => Promise<Platform>): Promise<Repair> {
  const brokenLocks = breakStaleLocks(workspace, project, stack);
  const checkpoint = JSON.parse(await pulumiOk(workspace, ["stack", "export", "-s", stack])) as Checkpoint;
  const pending = (checkpoint.deployment.pending_operations ?? []).filter(({ type }) => type === "creating");
  if (pending.length === 0) return { brokenLocks, adopted: [], removed: [], forgotten: [] };

  const find = await finder(pending, platform);
  const adopt: string[] = [];
  const adopted: string[] = [];
  const removed: string[] = [];
  const forgotten: string[] = [];
  for (const { resource } of pending) {
    const { urn } = resource;
    const found = find(resource.type, resource.inputs ?? {});
    const title = `${resource.type.split(":").at(-1)} ${urn.split("::").at(-1)}`;
    if (!found) forgotten.push(title);
    else if (found.remove) {
      await removeContainer(found.id);
      removed.push(title);
    } else {
      adopt.push(urn, found.id);
      adopted.push(title);
    }
  }
  const imports = adopt.length > 0 ? ["--import-pending-creates", adopt.join(" ")] : [];
  await pulumiOk(workspace, ["refresh", "-s", stack, "--yes", "--skip-preview", "--clear-pending-creates", ...imports]);
  return { brokenLocks, adopted, removed, forgotten };
}

function breakStaleLocks(workspace: Workspace, project: string, stack: string): string[] {
  const backend = workspace.env["PULUMI_BACKEND_URL"] ?? "";
  return readLocks(backend, project, stack).map((lock) => {
    const who = `process ${lock.pid} of ${lock.user}@${lock.host}, since ${lock.since}`;
    if (lock.owner === "alive") {
      throw new UserError(`stack ${stack} is locked by a running update: ${who}. Wait for it, or stop it with Ctrl-C where it runs.`);
    }
    if (lock.owner === "elsewhere") {
      throw new UserError(
        `stack ${stack} is locked from another machine: ${who}. Whether that update is dead can only be seen there: run this command on ${lock.host}.`,
      );
    }
    breakLock(lock);
    return who;
  });
}

interface Found {
  /** The provider's id. */
  readonly id: string;
  readonly remove?: boolean;
}

type Finder = (type: string, inputs: Readonly<Record<string, unknown>>) => Found | undefined;

/** Looks up what is live, only of the kinds that are in question. */
async function finder(pending: readonly Pending[], platform: () => Promise<Platform>): Promise<Finder> {
  const kinds = new Set(pending.map(({ resource }) => resource.type.split(":")[0]));
  const docker = kinds.has("docker") ? await liveContainers() : [];
  const database = kinds.has("postgresql") ? await liveDatabases((await platform()).database) : { databases: [], roles: [] };
  const records = kinds.has("cloudflare") ? await liveRecords((await platform()).dns) : [];
  const provisioner = kinds.has("postgresql") ? (await platform()).database.user : "";

  const named = (list: typeof database.roles, name: unknown): Found | undefined => {
    const found = list.find((item) => item.name === name);
    if (!found) return undefined;
    if (!parseMark(found.mark) && found.owner !== provisioner) throw foreign(`${found.name} of ${found.owner ?? "a superuser"}`);
    return { id: found.name };
  };
  return (type, inputs) => {
    const name = inputs["name"];
    switch (type) {
      case "docker:index/container:Container": {
        const found = docker.find((c) => c.Names.includes(`/${String(name)}`));
        if (!found) return undefined;
        if (!found.Labels[labels.platform]) throw foreign(`container ${String(name)}`);
        return { id: found.Id, remove: true };
      }
      case "postgresql:index/database:Database":
        return named(database.databases, name);
      case "postgresql:index/role:Role":
        return named(database.roles, name);
      case "cloudflare:index/dnsRecord:DnsRecord": {
        const found = records.find((r) => r.name === name && r.type === inputs["type"] && r.comment === inputs["comment"]);
        return found && { id: found.id };
      }
      // Creating these again is harmless: volumes and grants are what they were, passwords were used by nobody yet.
      default:
        return undefined;
    }
  };
}

const foreign = (what: string): UserError =>
  new UserError(`an object under one of our names is not ours: ${what}. It was not touched. Have its owner remove it, or give the substation another id.`);
