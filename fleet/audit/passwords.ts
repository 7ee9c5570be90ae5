import { fitsVerifier, isScramVerifier } from "../../config/scram";
import type { RoleFact } from "../../policies/rules/facts";
import type { ExpectedSubstation } from "../../policies/rules/intent";
import { pulumiOk, type Workspace } from "../pulumi";

/** Passwords that were given out, compared with what the server keeps of them. They never leave memory, and the server is not asked. */

export interface Given {
  /** By role. */
  readonly passwords: ReadonlyMap<string, string>;
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

interface StateRole {
  readonly type: string;
  readonly inputs?: { readonly name?: unknown; readonly password?: { readonly plaintext?: string } };
}

/**
 * The passwords that a stack gave to roles, by role.
 * @throws PulumiFailed where its state cannot be read or decrypted
 */
export async function givenPasswords(
  workspace: Workspace,
  stack: string,
): Promise<ReadonlyMap<string, string>> {
  const exported = JSON.parse(
    await pulumiOk(workspace, ["stack", "export", "-s", stack, "--show-secrets"]),
  ) as { deployment: { resources?: readonly StateRole[] } };
  const given = new Map<string, string>();
  for (const { type, inputs } of exported.deployment.resources ?? []) {
    const password = inputs?.password?.plaintext;
    if (type === "postgresql:index/role:Role" && password !== undefined)
      given.set(String(inputs?.name), JSON.parse(password) as string);
  }
  return given;
}
