import * as path from "node:path";
import { UserError } from "../config/error";
import { groupOf } from "../config/find-file";
import type { SubstationSpec } from "../config/fleet";
import {
  adapterVolumeName,
  appRole,
  databaseName,
  groupsIn,
  isSameSubstation,
  labels,
  mark,
  migrateRole,
  parseMark,
  volumeName,
  type Owner,
} from "../config/names";
import { sandboxOf, type Platform } from "../config/platform";
import type { Problem } from "../config/problem";
import { liveDatabases, type LiveDatabases } from "./database";
import { liveRecords, type LiveRecord } from "./dns";
import { liveContainers, liveVolumes, type LiveContainer, type LiveVolume } from "./docker";

/** What is really there, under whatever name. */
export interface Live extends LiveDatabases {
  readonly containers: readonly LiveContainer[];
  readonly volumes: readonly LiveVolume[];
  readonly records: readonly LiveRecord[];
}

/**
 * Looks, before anything is planned, at what is really there: one request to Docker for each kind, one query, one list of the zone.
 * @param held substations that are left as they are, so that their files are not missed
 * @throws UserError where a server cannot be looked at
 */
export async function preflight(
  group: string,
  specs: readonly SubstationSpec[],
  platform: Platform,
  stacks: string,
  held: ReadonlySet<string> = new Set(),
): Promise<readonly Problem[]> {
  const { database, dns } = platform;
  const [databases, containers, volumes, records] = await Promise.all([
    look(`the database server at ${database.host}:${database.port}`, liveDatabases(database)),
    look("the Docker engine", liveContainers()),
    look("the Docker engine", liveVolumes()),
    look(`the DNS zone ${dns.name}`, liveRecords(dns)),
  ]);
  const live = { ...databases, containers, volumes, records };
  return [
    ...outsideZone(specs, platform),
    ...withoutSandbox(specs, platform),
    ...foreign(group, specs, platform, live),
    ...gone(group, [...specs.map(({ id }) => id), ...held], platform, stacks, live, specs),
  ];
}

/** A server that cannot be looked at is a mistake that somebody can mend: a sentence, not a stack trace. */
async function look<T>(what: string, answer: Promise<T>): Promise<T> {
  try {
    return await answer;
  } catch (error) {
    const said = error instanceof Error ? error.message : String(error);
    throw new UserError(`${what} cannot be looked at, so nothing was changed: ${said}`);
  }
}

/** Hosts that the platform's zone cannot hold. */
export function outsideZone(specs: readonly SubstationSpec[], { dns }: Platform): Problem[] {
  return specs
    .filter((spec) => !spec.host.endsWith(`.${dns.name}`))
    .map((spec) => ({
      ...spec.at(["domain", "host"]),
      code: "host/zone",
      message: `domain.host is "${spec.host}": not inside the platform's zone; write a name that ends with ".${dns.name}"`,
    }));
}

/** Sandbox channels on a platform that has no sandbox gateways. */
export function withoutSandbox(specs: readonly SubstationSpec[], platform: Platform): Problem[] {
  if (sandboxOf(platform)) return [];
  return specs.flatMap((spec) =>
    spec.channels
      .filter(({ sandbox, kind }) => sandbox && kind !== "custom") // an adapter knows its own sandbox
      .map(({ id }) => ({
        ...spec.at(["channels", id, "sandbox"]),
        code: "channel/sandbox" as const,
        message:
          `channels.${id}.sandbox is true: the platform has no sandbox gateways; write false for the real one, ` +
          `or give the platform's stack the settings sandboxGateway and sandboxPublicKey (docs/platform.md)`,
      })),
  );
}

/** Objects that bear one of our names, and somebody else's mark or none. */
export function foreign(
  group: string,
  specs: readonly SubstationSpec[],
  platform: Platform,
  live: Live,
): Problem[] {
  const containersOf = groupBy(live.containers, (c) => c.Names[0]?.slice(1) ?? "");
  const volumes = new Map(live.volumes.map((v) => [v.Name, v]));
  const databases = new Map(live.databases.map((d) => [d.name, d]));
  const roles = new Map(live.roles.map((r) => [r.name, r]));
  const records = groupBy(live.records, (r) => r.name);

  return specs.flatMap((spec): Problem[] => {
    const owner: Owner = { platform: platform.name, group, id: spec.id };
    const found: string[] = [];
    const database = databaseName(platform.name, spec.id);

    // A crash may leave what we made before its mark was written: then its maker tells.
    const ours = (object: { mark: string | null; owner: string | null }) =>
      object.mark === null ? object.owner === platform.database.user : object.mark === mark(owner);
    const whose = (object: { mark: string | null; owner: string | null }) =>
      `${object.owner ?? "a superuser"}${object.mark === null ? "" : ` ("${object.mark}")`}`;
    const db = databases.get(database);
    const marked = parseMark(db?.mark);
    if (marked && marked.group !== group && isSameSubstation(marked, owner))
      return [{ ...spec.at([]), code: "file/moved", message: movedMessage(marked, group) }];
    // Of one that was moved, the database says so, and is marked before the others are.
    const isMark = (text: string | null | undefined) =>
      text === mark(owner) || (db?.mark === mark(owner) && isSameSubstation(parseMark(text), owner));
    if (db && !ours(db)) found.push(`database ${database}, which belongs to ${whose(db)}`);
    for (const name of [database, migrateRole(database), appRole(database)]) {
      const role = roles.get(name);
      if (role && !ours(role)) found.push(`role ${name}, which was made by ${whose(role)}`);
    }
    const prefixes = ["shop", "migrate", "adapter"].map((role) => `${platform.name}-${spec.id}-${role}-`);
    for (const [name, [container]] of containersOf) {
      if (
        !container ||
        !prefixes.some((prefix) => name.startsWith(prefix) && !name.slice(prefix.length).includes("-"))
      )
        continue;
      if (!isMark(container.Labels[labels.mark])) {
        found.push(`container ${name}, which belongs to ${dockerOwner(container.Labels, container.Image)}`);
      }
    }
    const volumeNames = [
      volumeName(platform.name, spec.id),
      ...spec.channels
        .filter(({ adapter }) => adapter)
        .map((channel) => adapterVolumeName(platform.name, spec.id, channel.id)),
    ];
    for (const volume of volumeNames.flatMap((name) => volumes.get(name) ?? [])) {
      if (isMark(volume.Labels?.[labels.mark])) continue;
      found.push(`volume ${volume.Name}, which belongs to ${dockerOwner(volume.Labels ?? {}, undefined)}`);
    }
    for (const record of records.get(spec.host) ?? []) {
      if (isMark(record.comment)) continue;
      found.push(
        `DNS record ${record.name} ${record.type} ${record.content}, which belongs to ${record.comment ?? "an unknown owner (it has no comment)"}`,
      );
    }
    return found.map((what) => ({
      ...spec.at([]),
      code: "live/foreign" as const,
      message: `${spec.id} cannot be opened: there is already a ${what}; nothing of it is touched: have its owner remove it, or give the substation another id or host`,
    }));
  });
}

/**
 * Substations that have data but no file any more. Nothing is ever closed by a missing file.
 * @param specs among which a renamed one may be found: it has the host that the other had
 */
export function gone(
  group: string,
  ids: readonly string[],
  platform: Platform,
  stacks: string,
  live: Live,
  specs: readonly SubstationSpec[] = [],
): Problem[] {
  const known = new Set(ids);
  return live.databases.flatMap(({ mark: text }): Problem[] => {
    const owner = parseMark(text);
    if (!owner || owner.platform !== platform.name || known.has(owner.id)) return [];
    if (!groupsIn(owner).includes(group)) return [];
    const file = path.relative(process.cwd(), path.join(stacks, group, `${owner.id}.yaml`));
    const to = groupOf(stacks, owner.id);
    if (to !== undefined && to !== group)
      return [{ file, line: 1, column: 1, code: "file/moved", message: movedMessage(owner, to) }];
    const hosts = live.records.filter(({ comment }) => comment === text).map(({ name }) => name);
    const renamed = specs.find(({ host }) => hosts.includes(host));
    const also: Problem[] = renamed
      ? [
          {
            ...renamed.at([]),
            code: "file/renamed",
            message:
              `this seems to be ${owner.id} under another name, and its data would stay behind: an id is part of the names of database, roles and volumes, and is never changed. ` +
              `Rename it back with "git mv ${renamed.file} ${file}"; title and host may be changed in the file`,
          },
        ]
      : [];
    return [
      ...also,
      {
        file,
        line: 1,
        column: 1,
        code: "file/gone",
        message:
          `the file of an open substation is missing, and its data with it would be lost: nothing is closed by removing a file. ` +
          `Bring it back with "git checkout HEAD~1 -- ${file}"; a closing is asked for with a closing order (docs/closing.md)`,
      },
    ];
  });
}

/** @param marked what its database says @param to the group of its file */
function movedMessage(marked: Owner, to: string): string {
  const { id } = marked;
  const groups = groupsIn(marked);
  const where =
    groups.length > 1 ? `is on its way between ${groups.join(" and ")}` : `stands in the group ${groups[0]}`;
  return `${id} ${where}, and its file is in ${to}: "npm run substation -- move ${id}" brings all of it there, with its data`;
}

function dockerOwner(held: Readonly<Record<string, string>>, image: string | undefined): string {
  const told = held[labels.mark] ?? held["com.docker.compose.project"] ?? held["maintainer"];
  if (told) return `"${told}"`;
  return image
    ? `an unknown owner (image ${image}, no label of ours)`
    : "an unknown owner (it has no label of ours)";
}

function groupBy<T>(items: readonly T[], key: (item: T) => string): Map<string, T[]> {
  const groups = new Map<string, T[]>();
  for (const item of items) {
    const list = groups.get(key(item));
    if (list) list.push(item);
    else groups.set(key(item), [item]);
  }
  return groups;
}
