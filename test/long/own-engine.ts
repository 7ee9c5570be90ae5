import { execFileSync, spawn, type ChildProcess } from "node:child_process";
import { once } from "node:events";
import { closeSync, mkdirSync, mkdtempSync, openSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { ask } from "../../local/docker";
import { tail } from "../../local/files";
import { commandOf, until } from "../../local/process";
import { Docker, DockerError } from "../../inventory/docker-api";

/**
 * A Docker engine of its own beside the machine's, for tests that take it away. It has a mount namespace in which `/run` is its own, so that containers that mount
 * `/var/run/docker.sock` get its socket; and it keeps its hands off the machine's packet filter. Needs root.
 */
class OwnEngine {
  readonly folder = mkdtempSync(join(tmpdir(), "substation-engine-"));
  readonly host = `unix://${join(this.folder, "run", "docker.sock")}`;
  /** Holds the mount namespace: what a killed engine leaves running, and the engine after it, must see the same mounts. */
  #rooms: ChildProcess | undefined;
  #daemon: ChildProcess | undefined;
  /** Without one, the daemon would take away `docker0`, which is the machine's engine's. */
  readonly #bridge = `sb${process.pid}`;

  async start(): Promise<void> {
    const rooms = (this.#rooms ??= await this.#makeRooms());
    const places = [`--data-root=${join(this.folder, "data")}`, `--exec-root=${join(this.folder, "exec")}`];
    const filter = ["--iptables=false", "--ip6tables=false", "--ip-forward=false", "--ip-masq=false"];
    const log = openSync(join(this.folder, "log"), "a");
    const daemon = spawn(
      "nsenter",
      [
        ...[
          `--mount=/proc/${rooms.pid}/ns/mnt`,
          "dockerd",
          "--host=unix:///run/docker.sock",
          `--bridge=${this.#bridge}`,
        ],
        ...[...places, ...filter],
      ],
      { stdio: ["ignore", log, log] },
    );
    closeSync(log);
    this.#daemon = daemon;
    const docker = new Docker();
    const answers = async () => !((await ask(docker)) instanceof DockerError);
    const isUp = await until(async () => daemon.exitCode !== null || (await answers()), 60_000, 100);
    if (!isUp || daemon.exitCode !== null)
      throw new Error(
        `dockerd does not answer (exit code ${daemon.exitCode}):${tail(join(this.folder, "log"))}`,
      );
  }

  async #makeRooms(): Promise<ChildProcess> {
    const run = join(this.folder, "run");
    mkdirSync(run, { recursive: true });
    const ip = (...args: readonly string[]) => execFileSync("ip", args);
    ip("link", "add", this.#bridge, "type", "bridge");
    ip("addr", "add", "198.18.213.1/28", "dev", this.#bridge); // a range for benchmarks, which nobody's network has
    ip("link", "set", this.#bridge, "up");
    const mount = 'mount --bind "$0" /run && exec sleep infinity';
    const rooms = spawn("unshare", ["--mount", "--propagation", "private", "sh", "-c", mount, run], {
      stdio: "ignore",
    });
    if (!(await until(() => commandOf(rooms.pid!)[0] === "sleep", 10_000)))
      throw new Error("there is no mount namespace");
    return rooms;
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
    // Its containerd dies with it, and where nobody buries the dead, the next engine takes the number in this file for a living one.
    if (signal === "SIGKILL") rmSync(join(this.folder, "exec/containerd/containerd.pid"), { force: true });
  }

  async remove(): Promise<void> {
    this.signal("SIGCONT");
    await this.end("SIGTERM");
    if (this.#rooms) {
      this.#rooms.kill("SIGKILL");
      execFileSync("ip", ["link", "delete", this.#bridge]);
    }
    rmSync(this.folder, { recursive: true, force: true });
  }
}

/** The engine that everything talks to that is loaded after this file. */
export const engine = new OwnEngine();
process.env["DOCKER_HOST"] = engine.host;
