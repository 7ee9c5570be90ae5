import { pulumiOk, type Workspace } from "./pulumi";

/** Sets one setting of a stack; the value goes in by standard input, never on the command line. */
export async function setConfig(
  workspace: Workspace,
  stack: string,
  key: string,
  value: string,
  secret: boolean,
): Promise<void> {
  await pulumiOk(workspace, ["config", "set", "-s", stack, secret ? "--secret" : "--plaintext", key], {
    input: value,
  });
}

/** Sets several settings of a stack at once. Their values stand on a command line: for none that is secret. */
export async function setPlainConfig(
  workspace: Workspace,
  stack: string,
  values: readonly (readonly [key: string, value: string])[],
): Promise<void> {
  if (values.length === 0) return;
  const pairs = values.flatMap(([key, value]) => ["--plaintext", `${key}=${value}`]);
  await pulumiOk(workspace, ["config", "set-all", "-s", stack, ...pairs]);
}

/** Takes settings of a stack away. */
export async function removeConfig(
  workspace: Workspace,
  stack: string,
  ...keys: readonly string[]
): Promise<void> {
  await pulumiOk(workspace, ["config", "rm-all", "-s", stack, ...keys]);
}

/** All settings of a stack by their names in the project's namespace, the encrypted ones decrypted. */
export async function settingsOf(workspace: Workspace, stack: string): Promise<ReadonlyMap<string, string>> {
  const shown = await pulumiOk(workspace, ["config", "-s", stack, "--json", "--show-secrets"]);
  const settings = JSON.parse(shown) as Record<string, { readonly value?: string }>;
  return new Map(
    Object.entries(settings).flatMap(([key, { value }]) =>
      value === undefined ? [] : [[key.slice(key.indexOf(":") + 1), value] as const],
    ),
  );
}
