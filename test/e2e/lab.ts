import { execFile, type ExecFileOptions } from "node:child_process";
import { randomBytes } from "node:crypto";
import * as fs from "node:fs";
import * as http from "node:http";
import * as os from "node:os";
import * as path from "node:path";
import { Client } from "pg";
import { runCli, type Ran } from "../../cli/testing";
import type { Platform } from "../../config/platform";
import { pulumi, pulumiOk, type Finished, type RunOptions, type Workspace } from "../../fleet/pulumi";
import { repairStack, type StackRepair } from "../../fleet/repair-stack";
import { prepareEngine } from "../../local/engine";
import type { GatewayControl } from "../../local/gateways/client";
import { gatewayControl } from "../../local/gateways-service";
import { readInstance } from "../../local/home";
import { resetLocal, startLocal } from "../../local/instance";
import { mainStation } from "../../config/main-station";
import { labels } from "../../config/names";
import { mainStationChecksum } from "../../local/main-station-checksum";
import { socketClient } from "../../local/postgres-process";
import { until } from "../../local/process";
import { consoleProgress, silent, type Progress } from "../../local/progress";
import { setUpSandbox, type SandboxReport } from "../../local/sandbox";
import { configurePlatform, ensureStack, openWorkspace, stackConfigFile } from "../../local/workspace";
import { layProject } from "./project";

/** What is asked for through the ingress. */
export interface Asked {
  readonly method: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
  /** IPv4 address on loopback that the request comes from: visitors are told apart by it. */
  readonly from: string;
}

export interface Answer {
  readonly status: number;
  readonly body: string;
  readonly headers: http.IncomingHttpHeaders;
}

export interface LabOptions {
  /** What the platform's name begins with; six random digits follow. @default "e2e" */
  readonly prefix?: string;
  /** @default silent, except in CI */
  readonly progress?: Progress;
  /** Makes another backend than the folder of the instance's home, once the servers run. @returns what `pulumi` is told of it */
  readonly backend?: (home: string) => Promise<Readonly<Record<string, string>>>;
}

/**
 * A whole platform of its own for one test file, on the real engine: servers, network and ingress with names and ports that no other has, and a project folder whose
 * `stacks/` the tests write. Everything is removed at the end, also after failures. Whatever the tests did, the main station must be untouched then.
 */
export class Lab {
  /** All that the runs of `pulumi` printed, for the search for secrets. */
  readonly output: string[] = [];
  #platform: Promise<Platform> | undefined;

  private constructor(
    readonly name: string,
    readonly home: string,
    /** The project folder. */
    readonly root: string,
    readonly workspace: Workspace,
    readonly dnsPort: number,
    readonly ingressPort: number,
    /** The main station's checksum before anything was done. */
    readonly mainStation: string,
  ) {}

  /** Sets up servers and the platform's stack. */
  static async open({
    prefix = "e2e",
    progress = process.env["CI"] ? consoleProgress() : silent,
    backend,
  }: LabOptions = {}): Promise<Lab> {
    const name = `${prefix}${randomBytes(3).toString("hex")}`;
    const home = path.join(os.tmpdir(), `substation-${name}`);
    process.env["SUBSTATION_HOME"] = home;
    process.env["SUBSTATION_NAME"] = name;
    try {
      return await Lab.setUp(name, home, progress, backend);
    } catch (error) {
      await removeAll(name, home);
      throw error;
    }
  }

  private static async setUp(
    name: string,
    home: string,
    progress: Progress,
    backend: LabOptions["backend"],
  ): Promise<Lab> {
    const engine = await prepareEngine(progress);
    const settings = await startLocal({}, progress);
    const root = path.join(home, "project");
    layProject(root);
    const { env } = openWorkspace(home, engine, root);
    const workspace = { root, env: { ...env, ...(await backend?.(home)) } };
    const instance = readInstance(home);
    if (!instance) throw new Error("the instance was not written down");
    const { dnsPort, ingressPort } = instance;
    const untouched = await checkMainStation(home);
    const lab = new Lab(name, home, root, workspace, dnsPort, ingressPort, untouched);
    await ensureStack(workspace, "platform");
    await configurePlatform(workspace, "platform", settings);
    shareMachine(workspace);
    await lab.up("platform");
    return lab;
  }

  /**
   * Removes everything: Docker objects by label, servers, files.
   * @throws where the main station's database is not what it was, or cannot be looked at
   */
  async close(): Promise<void> {
    try {
      const found = await checkMainStation(this.home);
      if (found !== this.mainStation) {
        throw new Error(
          `the main station's database was changed.\nBefore:\n${this.mainStation}\nNow:\n${found}`,
        );
      }
    } finally {
      await removeAll(this.name, this.home);
    }
  }

  /** Writes a substation's file. */
  write(group: string, id: string, change: Partial<SubstationFields> = {}): void {
    fs.mkdirSync(path.join(this.root, "stacks", group), { recursive: true });
    fs.writeFileSync(this.file(group, id), substationText(id, change));
  }

  file(group: string, id: string): string {
    return path.join(this.root, "stacks", group, `${id}.yaml`);
  }

  ensureStack(name: string): Promise<void> {
    return ensureStack(this.workspace, name);
  }

  async pulumi(args: readonly string[], options?: RunOptions): Promise<Finished> {
    const done = await pulumi(this.workspace, args, options);
    this.output.push(done.stdout, done.stderr);
    return done;
  }

  /** The same, for what shows secrets: it is not kept in `output`. */
  pulumiUnrecorded(args: readonly string[]): Promise<Finished> {
    return pulumi(this.workspace, args);
  }

  /** An update that is expected to succeed, as an operator runs it; then all that it made is reached through the ingress. */
  async up(stack: string, options?: RunOptions): Promise<string> {
    const out = await this.update(stack, options);
    if (stack !== "platform") await this.#routed(stack);
    return out;
  }

  /** The same without any waiting: the update alone, which is what a benchmark measures. */
  async update(stack: string, options?: RunOptions): Promise<string> {
    if (stack === "platform") this.#platform = undefined;
    const out = await pulumiOk(this.workspace, ["up", "-s", stack, "--yes", "--skip-preview"], options);
    this.output.push(out);
    return out;
  }

  /** The ingress follows the engine's events, and an update may be ahead of it (README): waits until it routes to every healthy shop of the group. */
  async #routed(group: string): Promise<void> {
    const shown = await command("docker", [
      "ps",
      ...[
        `label=${labels.platform}=${this.name}`,
        `label=${labels.group}=${group}`,
        `label=${labels.role}=shop`,
        "health=healthy",
      ].flatMap((filter) => ["--filter", filter]),
      "--format",
      "{{.Labels}}",
    ]);
    const hosts = new Set([...shown.matchAll(/Host\(`([^`]+)`\)/g)].map(([, host]) => host!));
    for (const host of hosts) {
      const routed = async () => {
        const { status, body } = await this.get(host); // docs/image-contract.md
        return status === 200 || (status === 503 && body.includes("data-suspended"));
      };
      if (!(await until(routed, 30_000)))
        throw new Error(`${host} does not answer as it should through the ingress after 30 s`);
    }
  }

  /** Runs the command to its end, as an operator does in the project's folder. */
  substation(...args: string[]): Promise<Ran> {
    return runCli(args, { cwd: this.root, env: { ...this.workspace.env, NO_COLOR: "1" } });
  }

  repair(stack: string): Promise<StackRepair> {
    return repairStack(this.workspace, stack);
  }

  /** What the platform's stack exported with its last update. */
  async platform(): Promise<Platform> {
    this.#platform ??= pulumiOk(this.workspace, [
      "stack",
      "output",
      "-s",
      "platform",
      "--json",
      "--show-secrets",
    ]).then((out) => JSON.parse(out) as Platform);
    return await this.#platform;
  }

  /** Registers a substation's sandbox merchants and stores their secrets. */
  sandbox(id: string): Promise<SandboxReport> {
    return setUpSandbox(this.workspace, id);
  }

  /** The sandbox gateways' payer, misbehaviours and log. */
  get gateways(): GatewayControl {
    return gatewayControl(readInstance(this.home)!);
  }

  get(host: string, target = "/"): Promise<Answer> {
    return this.request(host, target);
  }

  /** One request through the ingress, on a connection of its own. */
  request(
    host: string,
    target: string,
    { method = "GET", headers = {}, body = "", from = "127.0.0.1" }: Partial<Asked> = {},
  ): Promise<Answer> {
    return new Promise((resolve, reject) => {
      const options = {
        host: "127.0.0.1",
        localAddress: from,
        port: this.ingressPort,
        method,
        path: target,
        headers: { host, "content-length": Buffer.byteLength(body), ...headers },
        agent: false,
        timeout: 10_000,
      };
      const request = http.request(options, (response) => {
        const chunks: Buffer[] = [];
        response.on("data", (chunk: Buffer) => chunks.push(chunk));
        response.on("end", () =>
          resolve({
            status: response.statusCode ?? 0,
            body: Buffer.concat(chunks).toString(),
            headers: response.headers,
          }),
        );
        response.on("error", reject);
      });
      request.on("timeout", () => request.destroy(new Error("no answer within 10 s")));
      request.on("error", reject);
      request.end(body);
    });
  }

  /** Runs `work` on a database of the platform's server, as any role. */
  async sql<T>(
    login: { database: string; user: string; password: string },
    work: (client: Client) => Promise<T>,
  ): Promise<T> {
    const { database } = await this.platform();
    const client = new Client({
      host: database.host,
      port: database.port,
      ...login,
      ssl: { ca: database.ca },
    });
    await client.connect();
    try {
      return await work(client);
    } finally {
      await client.end();
    }
  }
}

/** Labs share the machine with each other, and none of them is to be refused for what the others promise. */
function shareMachine(workspace: Workspace): void {
  const file = stackConfigFile(workspace, "platform");
  const plenty = ["Cpus", "Memory"].map((what) => `  substation:capacity${what}: "1000"\n`).join("");
  fs.writeFileSync(file, fs.readFileSync(file, "utf8").replace(/^config:\n/m, `$&${plenty}`));
}

async function checkMainStation(home: string): Promise<string> {
  const instance = readInstance(home);
  if (!instance) throw new Error(`${home} holds no instance any more`);
  const client = socketClient(instance)(mainStation.database);
  try {
    await client.connect();
    return await mainStationChecksum(client);
  } finally {
    await client.end();
  }
}

async function removeAll(name: string, home: string): Promise<void> {
  await resetLocal({ confirm: () => Promise.resolve(name), dockerObjects: true }, silent);
  fs.rmSync(home, { recursive: true, force: true });
}

/** A substation's file; `change` overrides single lines of a valid one, which sells nothing, or adds to it. */
export function substationText(id: string, change: Partial<SubstationFields>): string {
  const fields = {
    title: `店铺 ${id}`,
    tier: "trial",
    host: `${id}.substation.test`,
    revenueShare: "12.5%",
    ...change,
  };
  const lines = [
    `title: ${fields.title}`,
    `tier: ${fields.tier}`,
    `owner: { name: 测试, contact: "QQ 10001" }`,
    `domain: { host: ${fields.host} }`,
    `revenueShare: "${fields.revenueShare}"`,
    ...(fields.image ? [`image: "${fields.image}"`] : []),
    // JSON is YAML.
    ...(["modules", "channels"] as const)
      .filter((key) => fields[key])
      .map((key) => `${key}: ${JSON.stringify(fields[key])}`),
  ];
  return `${lines.join("\n")}\n`;
}

export interface SubstationFields {
  readonly title: string;
  readonly tier: string;
  readonly host: string;
  readonly revenueShare: string;
  readonly image: string;
  /** As they stand in the file. */
  readonly modules: Readonly<Record<string, object>>;
  /** As they stand in the file; buyer.ts makes those of the sandbox. */
  readonly channels: Readonly<Record<string, object>>;
}

/** Runs a program to its end and returns its standard output. */
export function command(
  program: string,
  args: readonly string[],
  options: ExecFileOptions & { input?: string } = {},
): Promise<string> {
  const { input, ...rest } = options;
  return new Promise((resolve, reject) => {
    const child = execFile(
      program,
      [...args],
      { ...rest, maxBuffer: 64 * 1024 * 1024, encoding: "utf8" },
      (error, stdout, stderr) =>
        error
          ? reject(new Error(`${program} ${args.join(" ")}: ${error.message}\n${stderr}`, { cause: error }))
          : resolve(stdout),
    );
    child.stdin?.end(input);
  });
}

/** The id of an image that the engine builds, by its own builder: BuildKit would look every base up in a registry. */
export async function buildImage(args: readonly string[], input?: string): Promise<string> {
  const env = { ...process.env, DOCKER_BUILDKIT: "0" };
  const options = input === undefined ? { env } : { env, input };
  return (await command("docker", ["build", "--quiet", ...args], options)).trim();
}

/** Containers of one substation, as `docker inspect` shows them. */
export async function inspect(mark: string, role: string): Promise<readonly Inspected[]> {
  const ids = await command("docker", [
    "ps",
    "-aq",
    "--filter",
    `label=substation.mark=${mark}`,
    "--filter",
    `label=substation.role=${role}`,
  ]);
  const list = ids.split("\n").filter(Boolean);
  return list.length === 0 ? [] : (JSON.parse(await command("docker", ["inspect", ...list])) as Inspected[]);
}

/** `substation.json` as it lies in a serving container, secrets included. */
export async function shopFile(container: Inspected): Promise<ShopFile> {
  return JSON.parse(
    await command("docker", ["exec", container.Id, "/bin/busybox", "cat", "/run/secrets/substation.json"]),
  ) as ShopFile;
}

export interface ShopFile {
  readonly database: { readonly password: string; readonly ca: string };
  readonly secrets: Readonly<Record<"sessionKey" | "mainStationToken" | "callbackSigningKey", string>>;
}

export interface Inspected {
  readonly Id: string;
  readonly Name: string;
  readonly Image: string;
  readonly State: { readonly Running: boolean; readonly Health?: { readonly Status: string } };
  readonly HostConfig: { readonly Memory: number; readonly NanoCpus: number };
  readonly NetworkSettings: { readonly Networks: Readonly<Record<string, { readonly IPAddress: string }>> };
}
