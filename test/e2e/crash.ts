import { readFileSync } from "node:fs";
import * as path from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { derive } from "../../components/secrets";
import { appRole, databaseName, labels, mark, migrateRole, parseMark } from "../../config/names";
import type { Platform } from "../../config/platform";
import type { Checkpoint } from "../../fleet/checkpoint";
import { readLocks, type Lock } from "../../fleet/lock";
import { pulumiOk, type EngineEvent, type Finished } from "../../fleet/pulumi";
import type { StackRepair } from "../../fleet/repair-stack";
import { stateFolders } from "../../fleet/state-files";
import { stateStore, type StackName } from "../../fleet/state-store";
import { carryOut } from "../../fleet/up";
import { liveDatabases } from "../../inventory/database";
import { liveRecords } from "../../inventory/dns";
import { liveContainers } from "../../inventory/docker";
import { commandOf } from "../../local/process";
import { kill, processesOf, type Victim } from "./killing";
import { inspect, type Lab } from "./lab";

/** A step of the engine by its type and the name of its resource. */
export const steps = {
  root: ["random:index/randomPassword:RandomPassword", "-root"],
  groupRole: ["postgresql:index/role:Role", "-group"],
  appRole: ["postgresql:index/role:Role", "-app"],
  database: ["postgresql:index/database:Database", ""],
  seal: ["postgresql:index/grant:Grant", "-public"],
  create: ["postgresql:index/grant:Grant", "-create"],
  volume: ["docker:index/volume:Volume", ""],
  migration: ["docker:index/container:Container", "-migrate"],
  shop: ["docker:index/container:Container", ""],
  record: ["cloudflare:index/dnsRecord:DnsRecord", ""],
} as const;

export interface Moment {
  readonly step: keyof typeof steps;
  /** Once the engine has written down that it begins the step; once the step has made its object, which the engine does not know yet; or once the engine reports its end. */
  readonly when: "begun" | "made" | "recorded";
  readonly victim: Victim;
}

/** One group of a lab, and what is looked at there after a crash. */
export class Scene {
  private readonly stack: StackName;
  private unmended: string | undefined;

  constructor(
    readonly lab: Lab,
    readonly group: string,
    private readonly platform: Platform,
  ) {
    this.stack = { project: "substation", stack: group };
  }

  /** Its stack, with the files of these substations. */
  static async of(lab: Lab, group: string, ...ids: readonly string[]): Promise<Scene> {
    await lab.ensureStack(group);
    for (const id of ids) lab.write(group, id);
    return new Scene(lab, group, await lab.platform());
  }

  /** What is tried at one moment. Where it fails, nothing can be said of the moments after it. */
  async mends({ step, when }: Moment, work: () => Promise<void>): Promise<void> {
    if (this.unmended)
      throw new Error(`nothing can be said of it: the kill at "${this.unmended}" was not mended`);
    this.unmended = `${step} ${when}`;
    await work();
    this.unmended = undefined;
  }

  /** Runs an update and kills it at the moment. */
  private async killedUpdate(id: string, { step, when, victim }: Moment): Promise<Finished> {
    const [type, suffix] = steps[step];
    const isStep = (metadata: { type: string; urn: string } | undefined) =>
      metadata?.type === type && metadata.urn.endsWith(`::${id}${suffix}`);
    let engine = 0;
    let hits: Promise<number> | undefined;
    const onEvent = ({ resOutputsEvent }: EngineEvent) => {
      if (when !== "recorded" || !isStep(resOutputsEvent?.metadata)) return;
      hits ??= Promise.resolve(kill(engine, victim));
    };
    // What begins is looked for in the state from the start on: its event comes too late to catch a step of some milliseconds.
    const onSpawn = (pid: number) => {
      engine = pid;
      if (when === "recorded") return;
      const moment =
        when === "begun" ? this.begun(isStep) : this.begun(isStep).then(() => this.made(engine, id, step));
      hits = moment.then(() => kill(engine, victim));
      hits.catch(() => process.kill(engine, "SIGINT")); // the update must end for the error to be told
    };
    const done = await this.lab.pulumi(["up", "-s", this.group, "--yes", "--skip-preview"], {
      onSpawn,
      onEvent,
    });
    if (!hits) throw new Error(`the update never came to ${step} of ${id}:\n${done.stdout}${done.stderr}`);
    expect(await hits).toBeGreaterThan(0);
    return done;
  }

  /**
   * An update, and what is done once when the engine says that it begins a step of a substation. It need not come to a good end.
   * @param at the update must come to it
   */
  async opening(
    id: string,
    at?: keyof typeof steps,
    then: () => void | Promise<void> = () => undefined,
    signal?: AbortSignal,
  ): ReturnType<typeof carryOut> {
    let did: Promise<void> | undefined;
    const onEvent = ({ resourcePreEvent }: EngineEvent) => {
      if (at === undefined || !resourcePreEvent) return;
      const { type, urn } = resourcePreEvent.metadata;
      const [wanted, suffix] = steps[at];
      if (type === wanted && urn.endsWith(`::${id}${suffix}`)) did ??= Promise.resolve().then(then);
    };
    const done = await carryOut(this.lab.workspace, this.group, signal ? { signal } : {}, onEvent);
    this.lab.output.push(done.output);
    if (at !== undefined && !did) throw new Error(`the update never came to ${at}:\n${done.output}`);
    await did;
    return done;
  }

  /** Nobody works on the group any more, and nothing that was begun is without an end. */
  async expectAtRest(): Promise<void> {
    expect(this.processes).toEqual([]);
    expect(await this.locks()).toEqual([]);
    expect(await this.pendingOperations()).toEqual([]);
  }

  /** Kills an update at the moment, and repairs what it left. What was found and done is told on standard error. */
  async killAndRepair(id: string, moment: Moment): Promise<{ killed: Finished; repair: StackRepair }> {
    const killed = await this.killedUpdate(id, moment);
    expect(killed.code).not.toBe(0);
    const locks = (await this.locks()).length;
    const pending = await this.pendingOperations().catch((error: Error) => [
      `an unreadable state (${error.message.split("\n").at(-1)})`,
    ]);
    const repair = await this.lab.repair(this.group);
    const did = Object.entries(repair).flatMap(([what, list]: [string, readonly unknown[]]) =>
      list.length > 0 ? [`${what} ${list.join(", ")}`] : [],
    );
    const { step, when, victim } = moment;
    process.stderr.write(
      `${step} ${when}, ${victim} killed. Pending: ${pending.join(", ") || "nothing"}. Repair: ${did.join("; ") || "nothing"}\n`,
    );
    expect(repair.brokenLocks).toHaveLength(locks);
    return { killed, repair };
  }

  /** Waits until the state on disk says that the step is under way, or done already, where that was too quick to be seen. */
  private async begun(isStep: (resource: { type: string; urn: string }) => boolean): Promise<void> {
    const folder = stateFolders(this.backend, this.stack)?.stacks ?? "";
    for (const end = Date.now() + 60_000; Date.now() < end; await sleep(1)) {
      const { checkpoint } = JSON.parse(readFileSync(path.join(folder, `${this.group}.json`), "utf8")) as {
        checkpoint: { latest?: Checkpoint["deployment"] };
      };
      const { pending_operations: pending = [], resources = [] } = checkpoint.latest ?? {};
      if (pending.some(({ resource }) => isStep(resource)) || resources.some(isStep)) return;
    }
    throw new Error("the engine did not write down within 60 s what it began");
  }

  /**
   * Waits until the object that a step makes is there, with the engine stopped at that moment: its plugins go on, and it learns nothing of what they did. It runs for some
   * milliseconds at a time, since it may not have asked for the object yet.
   */
  private async made(engine: number, id: string, step: Moment["step"]): Promise<void> {
    const name = databaseName(this.platform.name, id);
    const isThere = async () => {
      if (step === "record")
        return (await liveRecords(this.platform.dns)).some((r) => r.name === `${id}.substation.test`);
      if (step === "shop" || step === "migration") {
        const role = step === "shop" ? "shop" : "migrate";
        return (await liveContainers()).some(
          ({ Labels }) => Labels[labels.mark] === this.owner(id) && Labels[labels.role] === role,
        );
      }
      const { databases, roles } = await liveDatabases(this.platform.database);
      return (step === "database" ? databases : roles).some((found) => found.name === name);
    };
    for (const end = Date.now() + 30_000; Date.now() < end; await sleep(5)) {
      process.kill(engine, "SIGSTOP");
      for (let look = 0; look < 20; look++, await sleep(10)) if (await isThere()) return;
      process.kill(engine, "SIGCONT");
    }
    throw new Error(`no ${step} of ${id} within 30 s`);
  }

  private owner(id: string): string {
    return mark({ platform: this.platform.name, group: this.group, id });
  }

  /** What there is of a substation, as Docker, the database server and the zone see it. */
  async objects(id: string) {
    const name = databaseName(this.platform.name, id);
    const [containers, { databases, roles }, records] = await Promise.all([
      liveContainers(),
      liveDatabases(this.platform.database),
      liveRecords(this.platform.dns),
    ]);
    return {
      containers: containers
        .filter(({ Labels }) => Labels[labels.mark] === this.owner(id))
        .map(({ Labels, State }) => `${Labels[labels.role]} ${State}`)
        .sort(),
      database: [
        ...databases.filter((d) => d.name === name).map((d) => `database ${d.name}`),
        ...roles.filter((r) => r.name.startsWith(name)).map((r) => r.name),
      ].sort(),
      marks: [...databases, ...roles].filter((d) => d.name.startsWith(name) && d.mark === this.owner(id))
        .length,
      records: records.filter((r) => r.name === `${id}.substation.test`).map((r) => r.content),
    };
  }

  /** What there must be of one that is open. */
  whole(id: string): Awaited<ReturnType<Scene["objects"]>> {
    const name = databaseName(this.platform.name, id);
    return {
      containers: ["migrate exited", "shop running"],
      database: [`database ${name}`, name, appRole(name), migrateRole(name)].sort(),
      marks: 4,
      records: ["127.0.0.1"],
    };
  }

  /** Operations that a killed update was not seen to end. */
  async pendingOperations(): Promise<string[]> {
    const { deployment } = (await this.exported()) as {
      deployment: { pending_operations?: { type: string; resource: { urn: string } }[] };
    };
    return (deployment.pending_operations ?? []).map(
      ({ type, resource }) => `${type} ${resource.urn.split("::").at(-1)}`,
    );
  }

  get backend(): string {
    return this.lab.workspace.env["PULUMI_BACKEND_URL"] ?? "";
  }

  locks(): Promise<readonly Lock[]> {
    return readLocks(stateStore(this.lab.workspace.env, this.stack));
  }

  /** Processes that work for this backend. */
  get processes(): readonly number[] {
    return processesOf(this.backend);
  }

  /** Neither the program nor what is live differs from the state. */
  async expectNoChange(): Promise<void> {
    const args = ["preview", "-s", this.group, "--refresh", "--expect-no-changes", "--diff"];
    const { code, stdout } = await this.lab.pulumi(args);
    expect({ code, stdout: code === 0 ? "" : stdout }).toEqual({ code: 0, stdout: "" });
  }

  /** Engines that work for this backend. */
  get engines(): readonly number[] {
    return this.processes.filter((pid) => commandOf(pid)[0]?.split("/").at(-1) === "pulumi");
  }

  /** Names of the group's databases that are there. */
  databases = async (): Promise<readonly string[]> => {
    const { databases } = await liveDatabases(this.platform.database);
    return databases.filter((found) => parseMark(found.mark)?.group === this.group).map(({ name }) => name);
  };

  async exported(...more: string[]): Promise<unknown> {
    return JSON.parse(await pulumiOk(this.lab.workspace, ["stack", "export", "-s", this.group, ...more]));
  }

  /** Writes data of an open substation, as its shop would; what it returns tells how its container and its data are from then on. */
  async fill(id: string): Promise<() => Promise<Standing>> {
    const { deployment } = (await this.exported("--show-secrets")) as {
      deployment: { resources: { urn: string; outputs?: { result?: { plaintext: string } } }[] };
    };
    const root = deployment.resources.find(({ urn }) => urn.endsWith(`::${id}-root`))?.outputs?.result
      ?.plaintext;
    const database = databaseName(this.platform.name, id);
    const login = {
      database,
      user: appRole(database),
      password: derive(JSON.parse(root ?? "") as string, "app-password"),
    };
    await this.lab.sql(login, (client) =>
      client.query("INSERT INTO shop.notice (body) SELECT md5(n::text) FROM generate_series(1, 2000) n"),
    );
    return async () => {
      const [shop] = await inspect(this.owner(id), "shop");
      const { rows } = await this.lab.sql(login, (client) =>
        client.query<{ rows: number; sum: string }>(
          "SELECT count(*)::int AS rows, md5(string_agg(id || body || published_at, ',' ORDER BY id)) AS sum FROM shop.notice",
        ),
      );
      return { container: shop?.Id ?? "none", ...(rows[0] ?? { rows: 0, sum: "" }) };
    };
  }
}

export interface Standing {
  readonly container: string;
  readonly rows: number;
  readonly sum: string;
}
