import { spawn, type ChildProcess } from "node:child_process";
import { once } from "node:events";
import { mkdirSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { ask } from "../../local/docker";
import { until } from "../../local/process";
import { Docker, DockerError } from "../../inventory/docker-api";

/**
 * A Docker engine of its own beside the machine's, for tests that take it away. It has a mount namespace in which `/run` is its own, so that containers that mount
 * `/var/run/docker.sock` get its socket; and it keeps its hands off the machine's packet filter. Needs root.
 */
class OwnEngine {
  readonly folder = mkdtempSync(join(tmpdir(), "substation-engine-"));
  readonly host = `unix://${join(this.folder, "run", "docker.sock")}`;
  #daemon: ChildProcess | undefined;

  async start(): Promise<void> {
    const run = join(this.folder, "run");
    mkdirSync(run, { recursive: true });
    const places = [`--data-root=${join(this.folder, "data")}`, `--exec-root=${join(this.folder, "exec")}`];
    const filter = ["--iptables=false", "--ip6tables=false", "--ip-forward=false", "--ip-masq=false"];
    const daemon = spawn(
      "unshare",
      [
        ...["--mount", "--propagation", "private", "sh", "-c", 'mount --bind "$0" /run && exec "$@"', run],
        ...["dockerd", "--host=unix:///run/docker.sock", "--bridge=none", ...places, ...filter],
      ],
      { stdio: "ignore" },
    );
    this.#daemon = daemon;
    const docker = new Docker();
    const answers = async () => !((await ask(docker)) instanceof DockerError);
    if (!(await until(async () => daemon.exitCode !== null || (await answers()), 60_000, 100)))
      throw new Error("the engine does not answer within 60 s");
    if (daemon.exitCode !== null) throw new Error(`dockerd ended with ${daemon.exitCode}`);
  }

  /** SIGTERM ends it with its containers, SIGKILL without a word; after SIGSTOP it takes connections and never answers, until SIGCONT. */
  signal(signal: NodeJS.Signals): void {
    this.#daemon?.kill(signal);
  }

  async end(signal: "SIGTERM" | "SIGKILL"): Promise<void> {
    const daemon = this.#daemon;
    if (!daemon || daemon.exitCode !== null || daemon.signalCode !== null) return;
    const ended = once(daemon, "exit");
    this.signal(signal);
    await ended;
  }

  async remove(): Promise<void> {
    this.signal("SIGCONT");
    await this.end("SIGTERM");
    rmSync(this.folder, { recursive: true, force: true });
  }
}

/** The engine that everything talks to that is loaded after this file. */
export const engine = new OwnEngine();
process.env["DOCKER_HOST"] = engine.host;
