import { pulumiOk, type Workspace } from "./pulumi";

/** The stacks of the project in the workspace's backend. @throws PulumiFailed */
export async function stackNames(workspace: Workspace): Promise<readonly string[]> {
  const stacks = JSON.parse(await pulumiOk(workspace, ["stack", "ls", "--json"])) as { name: string }[];
  return stacks.map(({ name }) => name.split("/").at(-1) ?? name);
}
