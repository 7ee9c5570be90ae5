import { spawnSync } from "node:child_process";
import * as fs from "node:fs";
import * as path from "node:path";
import { aptInstall, hasApt, onPath } from "./apt";
import { Docker, DockerError } from "../inventory/docker-api";
import { UserError } from "../config/error";
import { errorText, readIfPresent, tail } from "./files";
import { type Home } from "./home";
import { isAlive, type ProcessIdentity } from "../inventory/process";
import { startDaemon, stopProcess, until } from "./process";
import { type Progress } from "./progress";
import { forgetProcess, readProcess, writeProcess } from "./process-record";

/** Docker's API as of engine 20.10, the oldest that is supported. */
const oldestApi = [1, 41] as const;

interface Version {
  readonly Version: string;
  readonly ApiVersion: string;
  readonly Os: string;
}

/** Finds a Docker engine that answers; installs and starts one where that can be done without asking: on Debian, as root, with none there. */
export async function ensureDocker(home: Home, progress: Progress): Promise<Docker> {
  const docker = new Docker();
  const first = await ask(docker);
  if (!(first instanceof DockerError)) return checked(docker, first);
  explainUnreachable(first);
  await install(home, progress);
  await progress.step("Starting Docker", () => startEngine(home, docker));
  const second = await ask(docker);
  if (second instanceof DockerError)
    throw new UserError(`Docker was started but does not answer: ${second.message}`);
  return checked(docker, second);
}

/** What the engine says of itself, or why it cannot be asked. */
export async function ask(docker: Docker): Promise<Version | DockerError> {
  try {
    return await docker.get<Version>("/version");
  } catch (error) {
    if (error instanceof DockerError) return error;
    throw error;
  }
}

/** The daemon that we started ourselves, if it still runs. */
export function ownEngine(home: Home): ProcessIdentity | undefined {
  const identity = readProcess(home, "docker");
  return identity && isAlive(identity) ? identity : undefined;
}

/** Stops the daemon where we started it. Every container on it stops as well. */
export async function stopOwnEngine(home: Home): Promise<boolean> {
  const identity = ownEngine(home);
  const stopped = identity ? await stopProcess(identity, "Docker", [["SIGTERM", 60_000]]) : false;
  forgetProcess(home, "docker");
  return stopped;
}

function checked(docker: Docker, version: Version): Docker {
  const [major = 0, minor = 0] = version.ApiVersion.split(".").map(Number);
  if (major < oldestApi[0] || (major === oldestApi[0] && minor < oldestApi[1])) {
    throw new UserError(`Docker ${version.Version} is too old: 20.10 or later is needed.`);
  }
  if (version.Os !== "linux")
    throw new UserError(
      `The Docker engine runs ${version.Os} containers, and substations are Linux containers.`,
    );
  return docker;
}

/** Returns only where there is no engine at all on this machine's own socket: then one may be started. */
function explainUnreachable(error: DockerError): void {
  const chosen = process.env["DOCKER_HOST"];
  if (chosen)
    throw new UserError(
      `The Docker engine that DOCKER_HOST names (${chosen}) does not answer: ${error.message}. Correct DOCKER_HOST, or unset it to use this machine's own.`,
    );
  if (error.code === "EACCES") {
    throw new UserError(
      "This user may not talk to Docker. Join the group and log in again: sudo usermod -aG docker $USER",
    );
  }
  if (error.code !== "ENOENT" && error.code !== "ECONNREFUSED")
    throw new UserError(`Docker does not answer as it should: ${error.message}`);
  if (process.platform !== "linux" || process.getuid?.() !== 0) {
    throw new UserError(
      "No Docker engine runs on this machine. Start it (sudo systemctl start docker), or install it first: https://docs.docker.com/engine/install/",
    );
  }
}

async function install(home: Home, progress: Progress): Promise<void> {
  if (onPath("dockerd")) return;
  if (!hasApt()) {
    throw new UserError(
      "Docker is not installed. Install it and try again: https://docs.docker.com/engine/install/",
    );
  }
  // Without systemd nothing else mounts the control groups that Docker needs.
  await aptInstall(["docker.io", "iptables", ...(hasSystemd() ? [] : ["cgroupfs-mount"])], home, progress);
}

async function startEngine(home: Home, docker: Docker): Promise<void> {
  const answers = async () => !((await ask(docker)) instanceof DockerError);
  if (hasSystemd()) {
    const result = spawnSync("systemctl", ["start", "docker"], { encoding: "utf8" });
    if (result.status !== 0) throw new UserError(`systemctl start docker failed: ${result.stderr.trim()}`);
    if (!(await until(answers, 30_000, 100)))
      throw new UserError("Docker was started by systemd but does not answer. See: journalctl -u docker");
    return;
  }
  mountControlGroups();
  const log = path.join(home.log, "docker.log");
  const daemon = await startDaemon({ command: "dockerd", args: [], log, cwd: "/", env: environment() });
  writeProcess(home, "docker", daemon);
  if (!(await until(async () => !isAlive(daemon) || (await answers()), 60_000, 100)) || !isAlive(daemon)) {
    throw new UserError(`Docker did not start.\n  ${log}:${tail(log)}`);
  }
}

/** On a machine without systemd, perhaps nobody has yet. The script leaves alone what is mounted. */
function mountControlGroups(): void {
  if (readIfPresent("/proc/self/mounts")?.includes(" /sys/fs/cgroup") || !onPath("cgroupfs-mount")) return;
  const result = spawnSync("cgroupfs-mount", [], { encoding: "utf8" });
  if (result.status !== 0)
    throw new UserError(
      `Control groups could not be mounted: ${result.error ? errorText(result.error) : result.stderr.trim()}`,
    );
}

/** The caller's environment, for a proxy or the like may be set there, without what is ours: it may hold secrets, and the daemon outlives us. */
const environment = (): NodeJS.ProcessEnv =>
  Object.fromEntries(Object.entries(process.env).filter(([name]) => !/^(SUBSTATION|PULUMI)_/.test(name)));

const hasSystemd = (): boolean => fs.existsSync("/run/systemd/system");
