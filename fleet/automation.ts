import { LocalWorkspace, Stack, type PulumiCommand } from "@pulumi/pulumi/automation";
import { version } from "@pulumi/pulumi/version";
import { pulumi, PulumiFailed, type Workspace } from "./pulumi";

/**
 * A stack in the hands of Pulumi's Automation API, with three of its habits changed:
 *
 * - It selects the stack that it works on, for everybody on the machine (pulumi/pulumi#8186). Here nothing is ever selected: every command names its stack.
 * - Its processes share our terminal's group, so that a Ctrl-C reaches the engine twice, which kills it. Ours reach it once, by the signal.
 * - Where a command fails, its exit code and output are lost. Here they are in the error.
 *
 * @param onSpawn is given the pid of each command as it begins
 * @param ofUpdates arguments of `pulumi up` that the API knows none for
 * @throws PulumiFailed by each operation whose command ends with another exit code than 0
 */
export async function stackOf(
  workspace: Workspace,
  name: string,
  onSpawn: (pid: number) => void = () => undefined,
  ofUpdates: readonly string[] = [],
): Promise<Stack> {
  const found = await LocalWorkspace.create({
    workDir: workspace.root,
    envVars: { PULUMI_AUTOMATION_API: "true" },
    pulumiCommand: commandOf(workspace, onSpawn, ofUpdates),
  });
  // What there is no stack of is told by the first operation.
  found.selectStack = () => Promise.resolve();
  return await Stack.select(name, found);
}

type Listener = (text: string) => void;

/** The class has a private constructor; of its members, the API uses these. */
const commandOf = (
  workspace: Workspace,
  onSpawn: (pid: number) => void,
  ofUpdates: readonly string[],
): PulumiCommand =>
  ({
    command: "pulumi",
    version, // of the engine that package.json pins: the API asks only whether events can be sent over a socket
    async run(
      args: readonly string[],
      _folder: string,
      env: Readonly<Record<string, string>>,
      onOutput?: Listener,
      onError?: Listener,
      signal?: AbortSignal,
    ) {
      const at = { ...workspace, env: { ...workspace.env, ...env } };
      const { code, stdout, stderr } = await pulumi(at, args[0] === "up" ? [...args, ...ofUpdates] : args, {
        signal,
        onSpawn,
      });
      onOutput?.(stdout);
      onError?.(stderr);
      if (code !== 0) throw new PulumiFailed(args, code, stdout, stderr);
      return { stdout, stderr, code };
    },
  }) as unknown as PulumiCommand;
