import { createHash } from "node:crypto";
import { existsSync, mkdirSync, readdirSync, readFileSync, statSync, writeFileSync } from "node:fs";
import { dirname, join, resolve } from "node:path";
import type { Platform } from "../../config/platform";
import { audit } from "../audit/audit";
import type { AuditReport } from "../audit/report";
import type { Workspace } from "../pulumi";
import { readState } from "../standing";

/**
 * Knows a group that needs no engine: all that its plan follows from is, to the byte, what it was when an opening last came to its end; the state is the one which that left;
 * and an audit finds nothing wrong with what is there. An engine takes seconds of every core to say the same.
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

/** Of a group that was left with all its members open: what it followed from, and its state then. */
const markFile = (root: string, group: string): string => join(root, ".substation", "left", group);

const stateHash = async (workspace: Workspace, group: string): Promise<string> =>
  createHash("sha256")
    .update(JSON.stringify(await readState(workspace, group)))
    .digest("hex");

/** Whether nothing has changed since `rememberLeft`, as far as files and state tell. */
export async function isAsLeft(workspace: Workspace, group: string, ground: string): Promise<boolean> {
  const file = markFile(workspace.root, group);
  const [before, state] = existsSync(file) ? readFileSync(file, "utf8").trim().split(" ") : [];
  return before === ground && state === (await stateHash(workspace, group));
}

/** Remembers how a group was left. @param ground as it was before its plan was made */
export async function rememberLeft(workspace: Workspace, group: string, ground: string): Promise<void> {
  const file = markFile(workspace.root, group);
  mkdirSync(dirname(file), { recursive: true });
  writeFileSync(file, `${ground} ${await stateHash(workspace, group)}\n`);
}

/** Looks at what is really there once, for all groups of a platform that ask. */
export function auditOnce(workspace: Workspace): (platform: string) => Promise<AuditReport> {
  const done = new Map<string, Promise<AuditReport>>();
  return (platform) => {
    const found = done.get(platform) ?? audit(workspace, { platform, ids: [] });
    done.set(platform, found);
    return found;
  };
}

/** Whether an audit that saw everything found nothing that concerns a group. What it found of the host, and of strangers, is for others to mend. */
export const isClean = ({ findings, blind }: AuditReport, ids: readonly string[]): boolean =>
  blind.length === 0 &&
  !findings.some(({ owner, file }) => ids.some((id) => owner?.id === id || file?.endsWith(`/${id}.yaml`)));
