import { createHash } from "node:crypto";
import { existsSync, mkdirSync, readdirSync, readFileSync, statSync, writeFileSync } from "node:fs";
import { dirname, join, resolve } from "node:path";
import { UserError } from "../../config/error";
import type { Owner } from "../../config/names";
import type { Platform } from "../../config/platform";
import { noFacts, type Facts } from "../../policies/rules/facts";
import { audit } from "../audit/audit";
import type { AuditReport } from "../audit/report";
import type { Workspace } from "../pulumi";
import { readState } from "../standing";

/**
 * Knows a group that needs no engine: all that its plan follows from is, to the byte, what it was when an engine last found nothing to do; the state is the one of then; and so
 * is all that an audit sees of its members, in which it finds nothing wrong. An engine takes seconds of every core to say the same.
 */

/** What a plan of some members of a group follows from. */
export interface Ground {
  readonly group: string;
  readonly platform: Platform;
  /** Members that are left as they are. */
  readonly held: ReadonlySet<string>;
}

/** Folders of the program and of its rules, and what they are run with. */
const program = ["infra", "components", "config", "inventory", "policies", "Pulumi.yaml", "package.json"];

/** Files that all groups share, in `stacks/`. */
const shared = ["tiers.yaml", "channels", "templates"];

/** @param root the folder of Pulumi.yaml @returns a hash that is another where any of it is another; secrets are in it, and cannot be had from it */
export function groundHash(root: string, { group, platform, held }: Ground): string {
  const hash = createHash("sha256");
  const stacks = join(root, "stacks");
  const files = [
    ...program.map((name) => join(root, name)),
    ...[group, ...shared].map((name) => join(stacks, name)),
    join(stacks, `Pulumi.${group}.yaml`),
    resolve(__dirname, "../../templates"),
    resolve(__dirname, "../../package-lock.json"),
  ];
  for (const file of files.flatMap(filesIn)) hash.update(`${file}\0`).update(readFileSync(file)).update("\0");
  const rest = {
    platform,
    held: [...held].sort(),
    node: process.version,
    docker: process.env["DOCKER_HOST"],
  };
  return hash.update(JSON.stringify(rest)).digest("hex");
}

function filesIn(path: string): string[] {
  if (!existsSync(path)) return [];
  if (!statSync(path).isDirectory()) return [path];
  return readdirSync(path)
    .sort()
    .flatMap((name) => filesIn(join(path, name)));
}

/** What an audit saw, the same for all groups of a platform. */
export interface Seen {
  readonly report: AuditReport;
  readonly facts: Facts;
}

/**
 * Looks at what is really there once, for all groups of a platform that ask.
 * @param onUnknown hears why that could not be done, once for each platform
 * @returns nothing where it cannot be looked at, or nobody knows what should be there, as with a broken file of any group: that is for the engine to find out, and never a
 * reason not to open
 */
export function auditOnce(
  workspace: Workspace,
  onUnknown: (platform: string, why: string) => void,
): (platform: string) => Promise<Seen | undefined> {
  const done = new Map<string, Promise<Seen | undefined>>();
  const look = async (platform: string): Promise<Seen | undefined> => {
    let facts: Facts = noFacts;
    try {
      const report = await audit(workspace, { platform, ids: [] }, undefined, (seen) => (facts = seen));
      return { report, facts };
    } catch (error) {
      onUnknown(platform, error instanceof Error ? error.message : String(error));
      return undefined;
    }
  };
  return (platform) => {
    const found = done.get(platform) ?? look(platform);
    done.set(platform, found);
    return found;
  };
}

/** Whether an audit that saw everything found nothing that concerns these members. What it found of the host, and of strangers, is for others to mend. */
export const isClean = ({ findings, blind }: AuditReport, ids: readonly string[]): boolean =>
  blind.length === 0 &&
  !findings.some(({ owner, file }) => ids.some((id) => owner?.id === id || file?.endsWith(`/${id}.yaml`)));

/** Kinds of facts that an update makes what they are. */
const made = ["container", "volume", "role", "membership", "database", "grant", "record"] as const;

/** All that was seen of these members but for what changes by itself, such as when a container was started. */
function seenHash({ facts }: Seen, ids: readonly string[]): string {
  const own = made.map((kind) =>
    (facts[kind] as readonly Fact[])
      .filter(({ owner }) => owner && ids.includes(owner.id))
      .map(({ live, ...fact }) => JSON.stringify([fact, lasting(live)]))
      .sort(),
  );
  return sha256(JSON.stringify(own));
}

interface Fact {
  readonly owner: Owner | undefined;
  readonly live?: Readonly<Record<string, unknown>>;
}

const lasting = ({
  state,
  imageId,
  pidsLimit,
  password,
  passwordAsGiven,
}: NonNullable<Fact["live"]> = {}) => [...[state, imageId, pidsLimit, password, passwordAsGiven]];

const sha256 = (text: string): string => createHash("sha256").update(text).digest("hex");

/** Of a group in which an engine found nothing to do: what its plan followed from, its state, and what was seen of it. */
const markFile = (root: string, group: string): string => join(root, ".substation", "left", group);

/** What there is to compare; each a hash. */
export interface Now {
  readonly workspace: Workspace;
  readonly group: string;
  readonly ids: readonly string[];
  /** Of `groundHash`. */
  readonly ground: string;
  /** Nothing where nobody can tell. */
  readonly audited: () => Promise<Seen | undefined>;
}

const stateHash = async ({ workspace, group }: Now): Promise<string> =>
  sha256(JSON.stringify(await readState(workspace, group)));

/** Whether nothing has changed since `rememberLeft`, as far as files, state and an audit tell. What is dear to know is asked last. */
export async function isAsLeft(now: Now): Promise<boolean> {
  const file = markFile(now.workspace.root, now.group);
  const [ground, state, seen] = existsSync(file) ? readFileSync(file, "utf8").trim().split(" ") : [];
  if (ground !== now.ground || state !== (await stateHash(now))) return false;
  const found = await now.audited();
  return found !== undefined && isClean(found.report, now.ids) && seen === seenHash(found, now.ids);
}

/** Remembers a group in which an engine has just found nothing to do. What cannot be remembered is looked at by an engine again. */
export async function rememberLeft(now: Now): Promise<void> {
  const file = markFile(now.workspace.root, now.group);
  const seen = await now.audited();
  if (!seen) return;
  try {
    const mark = `${now.ground} ${await stateHash(now)} ${seenHash(seen, now.ids)}\n`;
    mkdirSync(dirname(file), { recursive: true });
    writeFileSync(file, mark);
  } catch (error) {
    if (error instanceof UserError) return; // the state could not be read
    if (!["ENOSPC", "EROFS", "EACCES"].includes((error as NodeJS.ErrnoException).code ?? "")) throw error;
  }
}
