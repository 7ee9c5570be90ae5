import { createHash } from "node:crypto";

/**
 * Names and ownership marks of everything that is made for a substation. They follow from the platform's name and the substation's id
 * alone, so that after a crash "already exists" can be answered: ours, or whose.
 */

export interface Owner {
  readonly platform: string;
  readonly group: string;
  readonly id: string;
}

/** What every object carries: a Docker label, a `COMMENT ON DATABASE` or `ROLE`, the comment of a DNS record. */
export const mark = ({ platform, group, id }: Owner): string => `substation ${platform}/${group}/${id}`;

/** The owner that a mark names, or undefined where the text is no mark of ours. */
export function parseMark(text: string | null | undefined): Owner | undefined {
  const found = /^substation ([a-z0-9-]+)\/([a-z0-9-]+(?:>[a-z0-9-]+)?)\/([a-z0-9-]+)$/.exec(text ?? "");
  if (!found) return undefined;
  const [, platform = "", group = "", id = ""] = found;
  return { platform, group, id };
}

/** What stands for the group in the mark of a database whose substation is between two: it is no group's name, so that neither can be updated with it. */
export const between = (from: string, to: string): string => `${from}>${to}`;

/** The group of a mark; both, where it stands for two. */
export const groupsIn = ({ group }: Pick<Owner, "group">): readonly string[] => group.split(">");

/**
 * Whether both are one substation, in whatever group. Its group is where it is just now: what cannot be marked anew, such as a volume, keeps the mark of the group that it
 * was made in.
 */
export const isSameSubstation = (a: Owner | undefined, b: Owner | undefined): boolean =>
  a !== undefined && a.platform === b?.platform && a.id === b.id;

/** Docker labels, beside those that the ingress reads. */
export const labels = {
  mark: "substation.mark",
  platform: "substation.platform",
  group: "substation.group",
  id: "substation.id",
  role: "substation.role",
  /** Custom channel that an adapter is of. */
  channel: "substation.channel",
  /** Name of the shop's container whose namespace an adapter shares. */
  beside: "substation.beside",
  /** Processes and threads that a container may have, where it stays. */
  processes: "substation.processes",
  /** What the shop's token may do at the main station's API, parted by spaces. */
  scopes: "substation.scopes",
  /** Versions of the secrets that a container was made with, where any was renewed. */
  secrets: "substation.secrets",
  /** Of a shop's container that sells nothing: the day since when. */
  suspended: "substation.suspended",
} as const;

/**
 * Name of a substation's database and of its group role: opaque, because every tenant can read `pg_database` and `pg_roles`.
 * 80 bits of a hash: no two substations of one server meet by chance.
 */
export const databaseName = (platform: string, id: string): string =>
  `ss_${base32(sha256(`database/${platform}/${id}`)).slice(0, 16)}`;

/** The two roles that log in: one owns the schema, the other has rights on data only. */
export const migrateRole = (database: string): string => `${database}_migrate`;
export const appRole = (database: string): string => `${database}_app`;

/** The private volume in which secrets and config reach the container. */
export const volumeName = (platform: string, id: string): string => `${platform}-${id}-secrets`;

/**
 * Name of a container: the substation's, its role, and a hash of what it is made from. A changed container has another name, so that it can
 * be made before the old one goes; the same container has the same name, so that a crash leaves no second copy.
 */
export const containerName = (
  platform: string,
  id: string,
  role: "shop" | "migrate",
  inputs: unknown,
): string => `${platform}-${id}-${role}-${shortHash(inputs)}`;

/**
 * The same of an adapter, and of its private volume. In neither does a channel's part hold a "-", so that no id and channel together make
 * another id's names.
 */
export const adapterName = (platform: string, id: string, channel: string, inputs: unknown): string =>
  `${platform}-${id}-adapter-${withoutDashes(channel)}_${shortHash(inputs)}`;
export const adapterVolumeName = (platform: string, id: string, channel: string): string =>
  `${platform}-${id}-${withoutDashes(channel)}_secrets`;

const withoutDashes = (channel: string): string => channel.replaceAll("-", "_");

/**
 * Numeric user of a substation's processes, its own on this host: limits that the kernel counts by user, and files, are then not shared.
 * Range 1,000,000 to 999,999,999: above the users of any system, below what subordinate-id tools hand out.
 */
export const userId = (platform: string, id: string): number =>
  1_000_000 + (sha256(`user/${platform}/${id}`).readUInt32BE(0) % 999_000_000);

/** First 10 characters of a hash of plain data. */
export const shortHash = (data: unknown): string => base32(sha256(JSON.stringify(data))).slice(0, 10);

const sha256 = (text: string): Buffer => createHash("sha256").update(text).digest();

function base32(bytes: Buffer): string {
  const alphabet = "abcdefghijklmnopqrstuvwxyz234567";
  let out = "";
  let bits = 0;
  let value = 0;
  for (const byte of bytes) {
    value = ((value << 8) | byte) & 0xffff;
    for (bits += 8; bits >= 5; bits -= 5) out += alphabet[(value >>> (bits - 5)) & 31];
  }
  return out;
}
