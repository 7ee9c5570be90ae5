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

/** Takes one setting of a stack away. */
export async function removeConfig(workspace: Workspace, stack: string, key: string): Promise<void> {
  await pulumiOk(workspace, ["config", "rm", "-s", stack, key]);
}
