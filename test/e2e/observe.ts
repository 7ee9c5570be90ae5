import { randomInt } from "node:crypto";
import * as dgram from "node:dgram";
import * as net from "node:net";
import * as dnsPacket from "dns-packet";
import type { Client } from "pg";
import { appRole, databaseName, labels, mark } from "../../config/names";
import type { EngineEvent } from "../../fleet/pulumi";
import { liveRecords, type LiveRecord } from "../../inventory/dns";
import { readInstance } from "../../local/home";
import { socketClient } from "../../local/postgres-process";
import { command, inspect, shopFile, type Inspected, type Lab } from "./lab";

/** Looks at what is really there, past Substation's own code where that could hide something. */

/** `<operation> <type> <name>` of each finished step that was no "same" or "refresh", sorted. */
export function changes(events: readonly EngineEvent[]): string[] {
  return events
    .flatMap(({ resOutputsEvent: ended }) => ended?.metadata ?? [])
    .filter(({ op }) => op !== "same" && op !== "refresh" && op !== "read")
    .map(({ op, type, urn }) => `${op} ${type.split(":").at(-1)} ${urn.split("::").at(-1)}`)
    .sort();
}

/** The update of a group, and what it changed. */
export async function changesOfUpdate(lab: Lab, group: string): Promise<string[]> {
  const events: EngineEvent[] = [];
  await lab.up(group, { onEvent: (event) => events.push(event) });
  return changes(events);
}

/** The one container that a shop serves by. */
export async function serving(lab: Lab, group: string, id: string): Promise<Inspected> {
  const [shop, ...others] = await inspect(mark({ platform: lab.name, group, id }), "shop");
  if (!shop?.State.Running || others.length > 0)
    throw new Error(`${id} serves by ${shop?.State.Running ? others.length + 1 : "no"} container`);
  return shop;
}

/** Runs SQL in the shop's database as the shop itself does, with the password that lies in its container. */
export async function asShop<T extends object>(
  lab: Lab,
  group: string,
  id: string,
  sql: string,
): Promise<T[]> {
  const { password } = (await shopFile(await serving(lab, group, id))).database;
  const database = databaseName(lab.name, id);
  return await lab.sql(
    { database, user: appRole(database), password },
    async (client) => (await client.query<T>(sql)).rows,
  );
}

/** The part of `pulumi stack export` that tells what there is; all else is written anew each time (times, ciphers), and the stack itself with the first try. */
interface State {
  readonly deployment: { readonly resources?: readonly { readonly urn: string; readonly id?: string }[] };
}

/** Runs `work` as PostgreSQL's superuser, who sees everything. */
export async function asSuperuser<T>(
  lab: Lab,
  work: (client: Client) => Promise<T>,
  database = "postgres",
): Promise<T> {
  const client = socketClient(readInstance(lab.home)!)(database);
  await client.connect();
  try {
    return await work(client);
  } finally {
    await client.end();
  }
}

/** Everything of a platform that an update could make, change or remove, so that two pictures can be compared. */
export async function picture(lab: Lab, stacks: readonly string[]) {
  const platform = await lab.platform();
  const mine = ["--filter", `label=${labels.platform}=${lab.name}`];
  const lines = async (...args: string[]) =>
    (await command("docker", args)).split("\n").filter(Boolean).sort();
  const states = await Promise.all(stacks.map((stack) => lab.pulumi(["stack", "export", "-s", stack])));
  return {
    containers: await lines("ps", "-a", "--no-trunc", ...mine, "--format", "{{.Names}} {{.ID}} {{.State}}"),
    volumes: await lines("volume", "ls", ...mine, "--format", "{{.Name}}"),
    networks: await lines("network", "ls", "--no-trunc", ...mine, "--format", "{{.Name}} {{.ID}}"),
    records: [...(await liveRecords(platform.dns))].sort((a, b) => a.id.localeCompare(b.id)),
    resources: states.flatMap(({ stdout }) =>
      ((JSON.parse(stdout) as State).deployment.resources ?? [])
        .filter(({ urn }) => !urn.includes("::pulumi:pulumi:Stack::"))
        .map(({ urn, id }) => `${urn} ${id ?? ""}`)
        .sort(),
    ),
    ...(await asSuperuser(lab, async (client) => {
      const all = async (sql: string) => (await client.query<Record<string, unknown>>(sql)).rows;
      return {
        // xmin changes with every change of a row, whatever was changed.
        databases: await all(
          "SELECT datname, xmin, shobj_description(oid, 'pg_database') AS comment FROM pg_database ORDER BY 1",
        ),
        roles: await all(
          "SELECT rolname, xmin, shobj_description(oid, 'pg_authid') AS comment FROM pg_authid ORDER BY 1",
        ),
        settings: await all("SELECT * FROM pg_db_role_setting ORDER BY 1, 2"),
        members: await all("SELECT roleid::regrole, member::regrole FROM pg_auth_members ORDER BY 1, 2"),
      };
    })),
  };
}

export async function recordsOf(lab: Lab, host: string): Promise<LiveRecord[]> {
  return (await liveRecords((await lab.platform()).dns)).filter(({ name }) => name === host);
}

/** Asks the zone's server for the addresses of a name, as any resolver would; the answer's code and its addresses. */
export function resolve(
  port: number,
  name: string,
  transport: "udp" | "tcp",
): Promise<{ rcode: string; addresses: string[] }> {
  const query: dnsPacket.Packet = { type: "query", id: randomInt(65_536), questions: [{ type: "A", name }] };
  return new Promise((done, reject) => {
    const finish = (packet: dnsPacket.Packet) => {
      const addresses = (packet.answers ?? []).flatMap((answer) =>
        answer.type === "A" ? [answer.data] : [],
      );
      done({ rcode: (packet as unknown as { rcode: string }).rcode, addresses });
    };
    if (transport === "udp") {
      const socket = dgram.createSocket("udp4").on("error", reject);
      const timer = setTimeout(
        () => socket.close(() => reject(new Error("no answer over UDP within 5 s"))),
        5_000,
      );
      socket.on("message", (message) => {
        clearTimeout(timer);
        socket.close(() => finish(dnsPacket.decode(message)));
      });
      socket.send(dnsPacket.encode(query), port, "127.0.0.1");
      return;
    }
    let received = Buffer.alloc(0);
    const socket = net.connect({ port, host: "127.0.0.1", timeout: 5_000 }, () =>
      socket.write(dnsPacket.streamEncode(query)),
    );
    socket
      .on("timeout", () => socket.destroy(new Error("no answer over TCP within 5 s")))
      .on("error", reject);
    socket.on("data", (chunk) => {
      received = Buffer.concat([received, chunk]);
      if (received.length < 2 || received.length < 2 + received.readUInt16BE(0)) return;
      socket.destroy();
      finish(dnsPacket.streamDecode(received));
    });
  });
}
