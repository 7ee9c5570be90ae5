import { join, relative } from "node:path";
import { UserError } from "../config/error";
import { findFile, readDocument } from "../config/find-file";
import { loadFleet } from "../config/fleet";
import { secretSetting, storedSecrets } from "../config/stack-secrets";
import { others } from "../config/suggest";
import { asUser, type Workspace } from "./pulumi";
import { checkSecret } from "./secret-value";
import { removeConfig, setConfig, settingsOf } from "./stack-settings";

/** The secrets of one substation. Values are never among it. */
export interface SecretList {
  readonly id: string;
  /** Its stack, whose settings hold the values, encrypted. */
  readonly group: string;
  /** The substation's file. */
  readonly file: string;
  /** By name. */
  readonly secrets: readonly SecretEntry[];
}

/** A secret that channels name, or that is stored, or both. */
export interface SecretEntry {
  readonly name: string;
  /** "plain": it stands in the settings file unencrypted. */
  readonly state: "set" | "missing" | "plain";
  readonly uses: readonly SecretUse[];
}

/** A channel's field whose value it is. */
export interface SecretUse {
  readonly channel: string;
  /** As the file says it. */
  readonly kind: string;
  /** Of a custom channel: the payment system that it names. */
  readonly adapter?: string;
  readonly field: string;
}

/**
 * Which secrets a substation has and lacks. Its file may have problems, of which a missing secret is one.
 * @throws UserError where there is no such substation, or its file cannot be read
 */
export function listSecrets({ root }: Pick<Workspace, "root">, id: string): SecretList {
  const stacks = join(root, "stacks");
  const { group, path } = findFile(stacks, id);
  const file = relative("", path);
  const uses = usesIn(file, path);
  const stored = (storedSecrets(stacks, group) ?? []).filter((one) => one.id === id);
  const names = [...new Set([...uses.keys(), ...stored.map(({ name }) => name)])].sort();
  const secrets = names.map((name): SecretEntry => {
    const found = stored.find((one) => one.name === name);
    const state = found ? (found.ciphertext === undefined ? "plain" : "set") : "missing";
    return { name, state, uses: uses.get(name) ?? [] };
  });
  return { id, group, file, secrets };
}

/**
 * Stores a secret, encrypted, in the settings of the substation's stack; what was stored before is replaced.
 * Running shops have it after the next update.
 * @returns what it is used for
 * @throws UserError where there is no such substation, the value cannot be what a channel's field wants, or Pulumi refuses
 */
export async function setSecret(
  workspace: Workspace,
  id: string,
  name: string,
  written: string,
): Promise<SecretList & { readonly secret: SecretEntry }> {
  const { group, secrets } = listSecrets(workspace, id);
  const uses = secrets.find((one) => one.name === name)?.uses ?? [];
  const adapters = uses.some(({ adapter }) => adapter !== undefined)
    ? loadFleet(join(workspace.root, "stacks")).adapters.byName
    : undefined;
  const value = checkSecret(name, written, uses, adapters);
  await asUser(`${name} of ${id} was not set`, group, () =>
    setConfig(workspace, group, secretSetting(id, name), value, true),
  );
  const now = listSecrets(workspace, id);
  const secret = now.secrets.find((one) => one.name === name);
  if (secret?.state !== "set") throw new Error(`${name} of ${id} is ${secret?.state} after it was set`);
  return { ...now, secret };
}

/**
 * The values of the secrets that a substation has, by name. Of use to machines alone: never shown.
 * @throws UserError where there is no such substation, or Pulumi refuses
 */
export async function readSecrets(workspace: Workspace, id: string): Promise<ReadonlyMap<string, string>> {
  const { group, secrets } = listSecrets(workspace, id);
  const names = secrets.filter(({ state }) => state !== "missing").map(({ name }) => name);
  if (names.length === 0) return new Map();
  const values = await asUser(`the secrets of ${id} were not read`, group, () =>
    settingsOf(workspace, group),
  );
  return new Map(
    names.flatMap((name) => {
      const value = values.get(secretSetting(id, name));
      return value === undefined ? [] : [[name, value] as const];
    }),
  );
}

/**
 * Takes a secret away that no channel names any more.
 * @throws UserError where a channel names it, or there is none
 */
export async function removeSecret(workspace: Workspace, id: string, name: string): Promise<SecretList> {
  const { group, file, secrets } = listSecrets(workspace, id);
  const secret = secrets.find((one) => one.name === name);
  if (secret && secret.uses.length > 0) {
    const fields = secret.uses.map((use) => `channels.${use.channel}.secrets.${use.field}`).join(", ");
    throw new UserError(
      `${name} of ${id} is in use by ${fields} of ${file}: take that away first. Nothing was removed.`,
    );
  }
  if (!secret) {
    const stored = secrets.filter(({ state }) => state !== "missing").map((one) => one.name);
    throw new UserError(`${id} has no secret "${name}": ${others(name, stored)} Nothing was removed.`);
  }
  await asUser(`${name} of ${id} was not removed`, group, () =>
    removeConfig(workspace, group, secretSetting(id, name)),
  );
  return listSecrets(workspace, id);
}

/** The names of secrets in a substation's file, with the fields that name them; of what is not as it must be, nothing. */
function usesIn(file: string, path: string): ReadonlyMap<string, SecretUse[]> {
  const uses = new Map<string, SecretUse[]>();
  for (const [channel, value] of entries(entries(readDocument(path, file).value).get("channels"))) {
    const { kind, adapter } = (value ?? {}) as { kind?: unknown; adapter?: unknown };
    const custom = kind === "custom" && typeof adapter === "string" ? { adapter } : {};
    for (const [field, name] of entries(entries(value).get("secrets"))) {
      if (typeof name !== "string") continue;
      uses.set(name, [
        ...(uses.get(name) ?? []),
        { channel, kind: typeof kind === "string" ? kind : "", ...custom, field },
      ]);
    }
  }
  return uses;
}

const entries = (value: unknown): ReadonlyMap<string, unknown> =>
  new Map(typeof value === "object" && value !== null && !Array.isArray(value) ? Object.entries(value) : []);
