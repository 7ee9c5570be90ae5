import { setTimeout as sleep } from "node:timers/promises";
import { labels, parseMark } from "../config/names";
import type { DatabaseServer, Platform } from "../config/platform";
import { asProvisioner, liveDatabases, type LiveDatabases } from "../inventory/database";
import { liveRecords, type LiveRecord } from "../inventory/dns";
import { liveContainers, liveNetworks, type LiveContainer, type LiveNetwork } from "../inventory/docker";
import { UserError } from "../config/error";
import type { Resource } from "./checkpoint";

/** Whose objects are looked at: one group's, or those of the platform itself. */
export interface Scope {
  readonly platform: string;
  readonly group: string | undefined;
}

/** What is really there, of the kinds that a repair adopts or removes. */
export interface Live extends LiveDatabases {
  readonly containers: readonly LiveContainer[];
  readonly networks: readonly LiveNetwork[];
  readonly records: readonly LiveRecord[];
  /** Role as which databases and roles are made. */
  readonly provisioner: string;
}

/** @param platform undefined while it was never set up: then it has neither databases nor records */
export async function lookAround(platform: Platform | undefined): Promise<Live> {
  const [containers, networks, { databases, roles }, records] = await Promise.all([
    liveContainers(),
    liveNetworks(),
    platform ? liveDatabases(platform.database) : { databases: [], roles: [] },
    platform ? liveRecords(platform.dns) : [],
  ]);
  return { containers, networks, databases, roles, records, provisioner: platform?.database.user ?? "" };
}

/** Containers that were made for this scope and that its state does not know: one that was killed while it made them, or whose plugin was. */
export function unknownContainers(
  live: Live,
  scope: Scope,
  known: ReadonlySet<string>,
): readonly LiveContainer[] {
  return live.containers.filter(
    ({ Id, Labels }) =>
      Labels[labels.platform] === scope.platform && Labels[labels.group] === scope.group && !known.has(Id),
  );
}

/** Whether there are databases, roles or records that may be this scope's, and that its state does not know. */
export function hasUnknown(live: Live, scope: Scope, known: ReadonlySet<string>): boolean {
  const ours = (text: string | null) => {
    const owner = parseMark(text);
    return owner?.platform === scope.platform && owner.group === scope.group;
  };
  const unmarked = (item: { name: string; mark: string | null; owner: string | null }) =>
    item.mark === null && item.owner === live.provisioner && item.name.startsWith("ss_");
  return (
    [...live.databases, ...live.roles].some(
      (item) => (ours(item.mark) || unmarked(item)) && !known.has(item.name),
    ) || live.records.some((record) => ours(record.comment) && !known.has(record.id))
  );
}

/**
 * The id under which the object of a resource that was to be created can be imported, or undefined where there is none. What is made anew without harm (volumes,
 * grants, secrets that nobody used yet) counts as none; so do containers, which are removed instead.
 * @throws UserError where it is somebody else's
 */
export function importId(live: Live, { type, inputs = {} }: Resource): string | undefined {
  const name = inputs["name"];
  switch (type) {
    case "postgresql:index/database:Database":
      return named(live, live.databases, name);
    case "postgresql:index/role:Role":
      return named(live, live.roles, name);
    case "cloudflare:index/dnsRecord:DnsRecord": {
      const found = live.records.find(
        (r) => r.name === name && r.type === inputs["type"] && r.comment === inputs["comment"],
      );
      return found && `${String(inputs["zoneId"])}/${found.id}`;
    }
    case "docker:index/network:Network": {
      const found = live.networks.find((network) => network.Name === name);
      if (found && !found.Labels?.[labels.platform]) throw foreign(`network ${found.Name}`);
      return found?.Id;
    }
    default:
      return undefined;
  }
}

function named(live: Live, list: Live["roles"], name: unknown): string | undefined {
  const found = list.find((item) => item.name === name);
  if (found && !parseMark(found.mark) && found.owner !== live.provisioner) {
    throw foreign(`${found.name} of ${found.owner ?? "a superuser"}`);
  }
  return found?.name;
}

const foreign = (what: string): UserError =>
  new UserError(
    `an object under one of our names is not ours: ${what}. It was not touched. Have its owner remove it, or give the substation another id.`,
  );

/**
 * Waits until the database server is done with what a killed plugin had asked of it: it does not notice that nobody listens any more, and finishes.
 * @throws UserError where that takes more than a minute
 */
export async function untilSettled(server: DatabaseServer, names: readonly string[]): Promise<void> {
  for (const end = Date.now() + 60_000; ; await sleep(100)) {
    const { rows } = await asProvisioner(server, (client) =>
      client.query<{ pid: number; query: string }>(
        "SELECT pid, query FROM pg_stat_activity WHERE state <> 'idle' AND pid <> pg_backend_pid() AND EXISTS (SELECT FROM unnest($1::text[]) name WHERE strpos(query, name) > 0)",
        [names],
      ),
    );
    const [busy] = rows;
    if (!busy) return;
    if (Date.now() > end) {
      throw new UserError(
        `the database server is still at work for the killed update, as process ${busy.pid}: ${busy.query.slice(0, 60)} … Wait for it, and run this again.`,
      );
    }
  }
}
