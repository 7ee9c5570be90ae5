import { fitsVerifier, isScramVerifier } from "../../config/scram";
import type { RoleFact } from "../../policies/rules/facts";
import type { ExpectedSubstation } from "../../policies/rules/intent";
import { noStack, PulumiFailed, pulumiOk, type Workspace } from "../pulumi";

/** Passwords and tokens that were given out, compared with what the server keeps, and with what the tiers say. They never leave memory, and no server is asked. */

export interface Given {
  /** By role. */
  readonly passwords: ReadonlyMap<string, string>;
  /** Tokens for the main station's API, by substation. */
  readonly tokens: ReadonlyMap<string, string>;
  /** Those whose stacks could be read. */
  readonly substations: readonly ExpectedSubstation[];
}

/** The kind of what PostgreSQL keeps of a password. `undefined` is "nobody could look", null "there is none". */
export function verifierKind(verifier: string | null | undefined): NonNullable<RoleFact["live"]>["password"] {
  if (verifier === undefined) return undefined;
  if (verifier === null) return "none";
  if (isScramVerifier(verifier)) return "scram-sha-256";
  return /^md5[0-9a-f]{32}$/.test(verifier) ? "md5" : "other";
}

/** For each role that has a verifier and was given a password: whether the one is of the other. */
export async function compare(
  given: ReadonlyMap<string, string>,
  verifiers: ReadonlyMap<string, string | null>,
): Promise<ReadonlyMap<string, boolean>> {
  const compared = [...given].map(async ([role, password]) => {
    const verifier = verifiers.get(role);
    return verifier === undefined
      ? []
      : [[role, verifier !== null && (await fitsVerifier(password, verifier))] as const];
  });
  return new Map((await Promise.all(compared)).flat());
}

interface StateResource {
  readonly type: string;
  readonly urn: string;
  /** Replaced already, and not removed yet. */
  readonly delete?: boolean;
  readonly inputs?: {
    readonly name?: unknown;
    readonly password?: { readonly plaintext?: string };
    readonly uploads?: { readonly plaintext?: string };
  };
}

/** What a stack gave out, by its state. */
export interface GivenByStack {
  /** By role. */
  readonly passwords: ReadonlyMap<string, string>;
  /** Tokens for the main station's API, by substation; "" where a shop was given none. */
  readonly tokens: ReadonlyMap<string, string>;
}

/** Nothing for a stack that was never made. @throws PulumiFailed where the state cannot be read or decrypted */
export async function givenByStack(workspace: Workspace, stack: string): Promise<GivenByStack> {
  try {
    const exported = await pulumiOk(workspace, ["stack", "export", "-s", stack, "--show-secrets"]);
    const { deployment } = JSON.parse(exported) as { deployment: { resources?: readonly StateResource[] } };
    return givenIn(deployment.resources ?? []);
  } catch (error) {
    if (error instanceof PulumiFailed && noStack(error)) return givenIn([]);
    throw error;
  }
}

/** @param resources of a state, with its secrets in plain text */
export function givenIn(resources: readonly StateResource[]): GivenByStack {
  const passwords = new Map<string, string>();
  const tokens = new Map<string, string>();
  for (const { type, urn, inputs } of resources.filter((resource) => !resource.delete)) {
    const [password, uploads] = [inputs?.password?.plaintext, inputs?.uploads?.plaintext];
    if (type === "postgresql:index/role:Role" && password !== undefined)
      passwords.set(String(inputs?.name), JSON.parse(password) as string);
    const [, id] = /::([^:]+)-migrate$/.exec(urn) ?? []; // the container that brings the shop's file
    if (type === "docker:index/container:Container" && id !== undefined && uploads !== undefined)
      tokens.set(id, tokenIn(JSON.parse(uploads) as readonly Upload[]));
  }
  return { passwords, tokens };
}

interface Upload {
  readonly content?: string;
}

/** Of the file for the shop: those for the migration and for adapters have none. */
function tokenIn(uploads: readonly Upload[]): string {
  const files = uploads.map(({ content = "{}" }) => JSON.parse(content) as ShopFile);
  const [token] = files.flatMap(({ secrets }) => secrets?.mainStationToken ?? []);
  return typeof token === "string" ? token : "";
}

interface ShopFile {
  readonly secrets?: { readonly mainStationToken?: unknown };
}

/**
 * The passwords that a stack gave to roles, by role.
 * @throws PulumiFailed where its state cannot be read or decrypted
 */
export const givenPasswords = async (
  workspace: Workspace,
  stack: string,
): Promise<ReadonlyMap<string, string>> => (await givenByStack(workspace, stack)).passwords;
