import * as fs from "node:fs";
import * as path from "node:path";
import type { Client } from "pg";
import { databaseName, migrateRole } from "../../config/names";
import { openReportSchema, type OpenReport, type OpenStep } from "../../config/open-report";
import { liveContainers } from "../../inventory/docker";
import { readInstance } from "../../local/home";
import { socketClient } from "../../local/postgres-process";
import { until } from "../../local/process";
import { sandboxChannel } from "./buyer";
import { emulator } from "./dns-faults";
import { buildImage, type Lab, type SubstationFields } from "./lab";
import { asSuperuser, serving } from "./observe";

/** What keeps a member of a batch from being opened. */
export type Poison =
  | "bad image"
  | "name taken by a stranger"
  | "DNS refusing"
  | "database full"
  | "never healthy"
  | "secret missing"
  | "over tier";

/** Where each ends, and in which words. */
export const explained: Readonly<Record<Poison, { readonly step: OpenStep; readonly cause: RegExp }>> = {
  "bad image": { step: "migration", cause: /^Unable to create container with image sha256:0000/ },
  "name taken by a stranger": { step: "preflight", cause: /which belongs to marketing campaign/ },
  "DNS refusing": { step: "name", cause: /DNS name is invalid\./ },
  "database full": { step: "migration", cause: /too many connections for database/ },
  "never healthy": { step: "container", cause: /container failed to be in healthy state/ },
  "secret missing": { step: "check", cause: /no secret of that name is stored/ },
  "over tier": { step: "check", cause: /^revenueShare is 99%: the tier trial/ },
};

/** Members of several groups of a lab, some of them poisoned. Each sells a game card, through a sandbox of its own. */
export class PoisonedBatch {
  readonly #channels = new Map<string, object>();
  readonly #mends: (() => Promise<unknown>)[] = [];
  readonly images: string[] = [];

  /** @param groups ids by group */
  constructor(
    private readonly lab: Lab,
    private readonly groups: Readonly<Record<string, readonly string[]>>,
    readonly poisoned: ReadonlyMap<string, Poison>,
  ) {}

  get ids(): readonly string[] {
    return Object.values(this.groups).flat();
  }

  get good(): readonly string[] {
    return this.ids.filter((id) => !this.poisoned.has(id));
  }

  write(id: string, change: Partial<SubstationFields> = {}): void {
    const alipay = this.#channels.get(id) ?? sandboxChannel.alipay();
    this.#channels.set(id, alipay);
    const goods = { modules: { gameCards: { categories: ["steam"] } }, channels: { alipay } };
    this.lab.write(this.#groupOf(id), id, { ...goods, ...change });
  }

  /** Writes all files, makes the stacks, stores the secrets, and poisons. */
  async prepare(): Promise<void> {
    const { lab, poisoned } = this;
    for (const id of this.ids) this.write(id);
    for (const group of Object.keys(this.groups)) await lab.ensureStack(group);
    for (const id of this.ids) if (poisoned.get(id) !== "secret missing") await lab.sandbox(id);
    for (const [id, poison] of poisoned) this.#mends.push(await this.#poison(id, poison));
  }

  /** Takes the causes away, and writes the files anew. */
  async mend(): Promise<void> {
    for (const mend of this.#mends.splice(0)) await mend();
    for (const id of this.poisoned.keys()) this.write(id);
  }

  /** Ids of the containers that serve. */
  async containers(ids: readonly string[]): Promise<Readonly<Record<string, string>>> {
    const found = ids.map(async (id) => [id, (await serving(this.lab, this.#groupOf(id), id)).Id] as const);
    return Object.fromEntries(await Promise.all(found));
  }

  #groupOf(id: string): string {
    return Object.keys(this.groups).find((group) => this.groups[group]?.includes(id)) ?? "";
  }

  /** @returns what mends it, its file aside */
  async #poison(id: string, poison: Poison): Promise<() => Promise<unknown>> {
    const { lab } = this;
    const nothing = () => Promise.resolve();
    switch (poison) {
      case "bad image":
        this.write(id, { image: `sha256:${"0".repeat(64)}` });
        return nothing;
      case "never healthy":
        this.write(id, { image: await this.#silentImage() });
        return nothing;
      case "over tier":
        this.write(id, { revenueShare: "99%" });
        return nothing;
      case "secret missing":
        return () => lab.sandbox(id);
      case "name taken by a stranger": {
        const record = { type: "A", name: `${id}.substation.test`, content: "192.0.2.7", ttl: 60 };
        const made = await dnsRecord(lab, "POST", "", { ...record, comment: "marketing campaign" });
        return () => dnsRecord(lab, "DELETE", `/${made}`);
      }
      case "DNS refusing": {
        const effect = { kind: "status", status: 400 };
        await emulator(lab, "PUT", "/faults", [{ method: "POST", name: `^${id}\\.`, effect }]);
        return () => emulator(lab, "PUT", "/faults", []);
      }
      case "database full":
        return flood(lab, id, 12);
    }
  }

  /** Migrates as ever, and then never answers. */
  async #silentImage(): Promise<string> {
    const { storefrontImage } = await this.lab.platform();
    const folder = fs.mkdtempSync(path.join(this.lab.home, "image-"));
    const program = `if (process.argv.includes("migrate")) require("/app/storefront.cjs");\nelse setInterval(() => undefined, 1000);\n`;
    fs.writeFileSync(path.join(folder, "silent.cjs"), program);
    fs.writeFileSync(
      path.join(folder, "Dockerfile"),
      `FROM ${storefrontImage}\nCOPY silent.cjs /app/silent.cjs\nENTRYPOINT ["/usr/local/bin/node", "/app/silent.cjs"]\n`,
    );
    const image = await buildImage([folder]);
    this.images.push(image);
    return image;
  }
}

async function dnsRecord(lab: Lab, method: string, at: string, body?: object): Promise<string> {
  const { dns } = await lab.platform();
  const target = new URL(`${dns.api}/zones/${dns.id}/dns_records${at}`).pathname;
  return (await emulator<{ id: string }>(lab, method, target, body)).id;
}

/** Takes every connection of a database as soon as the container of its migration is made, which finds none. @returns what gives them back */
function flood(lab: Lab, id: string, connections: number): () => Promise<void> {
  const database = databaseName(lab.name, id);
  const held: Client[] = [];
  let stopped = false;
  const isGranted = (client: Client) => async () => {
    const acl = "SELECT datacl::text AS acl FROM pg_database WHERE datname = $1";
    const { rows } = await client.query<{ acl: string | null }>(acl, [database]);
    return stopped || (rows[0]?.acl?.includes(`${migrateRole(database)}=C`) ?? false);
  };
  const isMade = async () =>
    stopped ||
    (await liveContainers()).some(({ Names }) => Names[0]?.startsWith(`/${lab.name}-${id}-migrate-`));
  const flooding = asSuperuser(lab, async (watcher) => {
    await until(isGranted(watcher), 600_000, 10);
    await until(isMade, 60_000, 20); // until then the provider logs in there too, and would wait for minutes
    const connect = async () => {
      const client = socketClient(readInstance(lab.home)!)(database);
      await client.connect();
      held.push(client);
    };
    if (!stopped) await Promise.all(Array.from({ length: connections }, connect));
  });
  return async () => {
    stopped = true;
    await flooding;
    await Promise.all(held.map((client) => client.end()));
  };
}

export interface Opening {
  readonly code: number;
  readonly report: OpenReport;
}

/** `substation open … --json` to its end. */
export async function open(lab: Lab, ...args: string[]): Promise<Opening> {
  const { code, stdout, stderr } = await lab.substation("open", ...args, "--json");
  lab.output.push(stdout, stderr);
  const last = stdout.trimEnd().split("\n").at(-1) ?? "";
  if (!last.startsWith('{"event":"report"')) throw new Error(`there is no report:\n${stdout}\n${stderr}`);
  return { code, report: openReportSchema.parse((JSON.parse(last) as { report: unknown }).report) };
}

/** Of those that failed the step and the first line of the cause. */
export const failures = (report: OpenReport): Readonly<Record<string, { step: OpenStep; cause: string }>> =>
  Object.fromEntries(
    report.members.flatMap((member) =>
      member.outcome === "failed" ? [[member.id, { step: member.step, cause: member.cause }]] : [],
    ),
  );

export const outcomesOf = (report: OpenReport): Readonly<Record<string, string>> =>
  Object.fromEntries(report.members.map(({ id, outcome }) => [id, outcome]));

/** What a report must say of a batch: the poisoned failed, each where and in the words that it should; the others are `good`. */
export function expectExplained(report: OpenReport, batch: PoisonedBatch, good: "open" | "unchanged"): void {
  // With their causes: "failed" alone tells nobody why.
  const strays = report.members.filter(({ id, outcome }) => !batch.poisoned.has(id) && outcome !== good);
  expect(strays).toEqual([]);
  const expected = batch.ids.map((id) => [id, batch.poisoned.has(id) ? "failed" : good]);
  expect(outcomesOf(report)).toEqual(Object.fromEntries(expected));
  const found = failures(report);
  for (const [id, poison] of batch.poisoned) {
    const { step, cause } = explained[poison];
    expect([id, found[id]?.step, found[id]?.cause]).toEqual([id, step, expect.stringMatching(cause)]);
  }
}
