import * as os from "node:os";
import { UserError } from "../../config/error";
import type { Platform } from "../../config/platform";
import { pulumiOk, type Workspace } from "../../fleet/pulumi";
import { said } from "./commands";
import { psql } from "./servers";

/** What the figures were measured on. */
export interface Machine {
  readonly cores: number;
  readonly processor: string;
  readonly memoryMiB: number;
  readonly kernel: string;
  readonly docker: string;
  readonly dockerClient: string;
  readonly postgresql: string;
  readonly node: string;
  readonly pulumi: string;
  /** Load averages of 1, 5 and 15 minutes before anything was started: well above 0, the figures are no good. */
  readonly loadBefore: readonly number[];
}

export async function machineFacts(
  platform: Platform,
  workspace: Workspace,
  loadBefore: readonly number[],
): Promise<Machine> {
  const processor = os.cpus()[0]?.model.trim() ?? "unknown";
  const [docker = "", dockerClient = ""] = (
    await said("docker", ["version", "--format", "{{.Server.Version}} {{.Client.Version}}"])
  ).split(" ");
  return {
    cores: os.availableParallelism(),
    processor,
    memoryMiB: Math.round(os.totalmem() / 1024 / 1024),
    kernel: os.release(),
    docker,
    dockerClient,
    postgresql: await psql(platform.database, "SHOW server_version;"),
    node: process.versions.node,
    pulumi: (await pulumiOk(workspace, ["version"])).trim(),
    loadBefore,
  };
}

/** One line for people. */
export const machineLine = (m: Machine): string =>
  `${m.cores} × ${m.processor}, ${m.memoryMiB} MiB, Linux ${m.kernel}, Docker ${m.docker} (client ${m.dockerClient}), ` +
  `PostgreSQL ${m.postgresql}, Node ${m.node}, pulumi ${m.pulumi}; load before: ${m.loadBefore.map((load) => load.toFixed(2)).join(" ")}`;

/** The commands of the baseline, with the Debian packages that bring them. */
const tools: Readonly<Record<string, string>> = {
  docker: "docker.io",
  psql: "postgresql-client",
  curl: "curl",
};

/** @throws UserError where one cannot be run */
export async function requireTools(): Promise<void> {
  for (const [program, name] of Object.entries(tools)) {
    try {
      await said(program, ["--version"]);
    } catch (error) {
      throw new UserError(
        `The bench compares with bare commands, and "${program}" cannot be run (${(error as Error).message}). On Debian: apt-get install ${name}`,
      );
    }
  }
}
