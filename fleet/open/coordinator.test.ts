import * as fs from "node:fs";
import { connect, type Socket } from "node:net";
import { once } from "node:events";
import { setTimeout as sleep } from "node:timers/promises";
import { admissionVariable, onLines, type Ask, type Go } from "../../config/admission";
import type { EngineEvent } from "../pulumi";
import { Coordinator, type CoordinatorOptions } from "./coordinator";

// That the engine's hooks ask, and wait for the answer, is held on the real engine in test/e2e/overload.test.ts.

const open: Program[] = [];
let coordinator: Coordinator;

/** An engine's program, as components/admission.ts has it, that notes what it was let go on with. */
class Program {
  readonly went: number[] = [];
  #asks = 0;
  private constructor(readonly socket: Socket) {
    onLines<Go>(socket, ({ go }) => this.went.push(go));
    open.push(this);
  }
  static async start(): Promise<Program> {
    const socket = connect(coordinator.env[admissionVariable]!);
    await once(socket, "connect");
    return new Program(socket);
  }
  ask(ask: Ask): number {
    this.socket.write(`${JSON.stringify({ ...ask, number: ++this.#asks })}\n`);
    return this.#asks;
  }
  enter = (id: string) => this.ask({ ask: "enter", group: "a", id });
  dns = (id: string) => this.ask({ ask: "dns", id });
}

const settled = () => sleep(50);
const starting = async (options: CoordinatorOptions) => {
  coordinator = await Coordinator.open({ look: () => Promise.resolve([]), ...options });
};
afterEach(async () => {
  for (const { socket } of open.splice(0)) socket.destroy();
  await coordinator.close();
});

const ended = (group: string, id: string, type: string, failed = false): EngineEvent => {
  const parent = `urn:pulumi:${group}::substation::substation:index:Substation::${id}`;
  const metadata = {
    op: "create",
    urn: `urn:pulumi:${group}::substation::x$${type}::${id}`,
    type,
    new: { parent },
  };
  return failed ? { resOpFailedEvent: { metadata } } : { resOutputsEvent: { metadata } };
};
const record = "cloudflare:index/dnsRecord:DnsRecord";
const container = "docker:index/container:Container";

test("as many substations as the limit are in; the next enters when one has its record, fails, or its program ends; one that is in need not wait again", async () => {
  await starting({ limit: { start: 2, most: 2 } });
  expect(fs.statSync(coordinator.env[admissionVariable]!).mode & 0o777).toBe(0o600);
  const [first, second] = [await Program.start(), await Program.start()];
  for (const id of ["jia", "yi", "jia"]) first.enter(id);
  second.enter("bing");
  second.enter("ding");
  await settled();
  expect([first.went, second.went]).toEqual([[1, 2, 3], []]);
  coordinator.heard("a", ended("a", "jia", container));
  await settled();
  expect(second.went).toEqual([]);
  coordinator.heard("a", ended("a", "jia", record));
  await settled();
  expect(second.went).toEqual([1]);
  coordinator.heard("a", ended("a", "yi", container, true));
  await settled();
  expect(second.went).toEqual([1, 2]);
  first.enter("wu");
  await settled();
  expect(first.went).toEqual([1, 2, 3]);
  second.socket.destroy();
  await settled();
  expect(first.went).toEqual([1, 2, 3, 4]);
});

test("who waits is known by group: for a place, and for a turn at the DNS API", async () => {
  await starting({ limit: { start: 1, most: 1 }, dns: { rate: 100, underWay: 1 } });
  const program = await Program.start();
  program.enter("jia");
  program.enter("yi");
  program.ask({ ask: "enter", group: "b", id: "bing" });
  for (const group of ["a", "a", "ab"]) program.dns(`urn:pulumi:${group}::substation::x$${record}::jia`);
  await settled();
  expect(["a", "b", "ab", "c"].map((group) => coordinator.waiting(group))).toEqual([2, 1, 1, 0]);
});

test("a sign halves the limit for those who come after", async () => {
  await starting({ limit: { start: 4, most: 4 } });
  const program = await Program.start();
  for (const id of ["jia", "yi", "bing"]) program.enter(id);
  program.ask({ ask: "sign", sign: "connections" });
  program.enter("ding");
  await settled();
  expect(program.went).toEqual([1, 2, 3]);
  expect(coordinator.summary).toEqual({ signs: { connections: 1 }, limit: 2, lowestLimit: 2 });
  coordinator.leave("a", "jia");
  await settled();
  expect(program.went).toEqual([1, 2, 3]); // two are in, and no more may be
  coordinator.leave("a", "yi");
  await settled();
  expect(program.went).toEqual([1, 2, 3, 5]);
});

test("one of which something failed before it asked takes no place, nor does one that fails while it waits", async () => {
  await starting({ limit: { start: 1, most: 1 } });
  const program = await Program.start();
  coordinator.heard("a", ended("a", "jia", "docker:index/volume:Volume", true));
  program.enter("jia");
  program.enter("yi");
  program.enter("bing");
  program.enter("ding");
  await settled();
  expect(program.went).toEqual([1, 2]);
  coordinator.heard("a", ended("a", "bing", "docker:index/volume:Volume", true));
  await settled();
  expect(program.went).toEqual([1, 2, 3]);
  coordinator.leave("a", "yi");
  await settled();
  expect(program.went).toEqual([1, 2, 3, 4]);
});

test("records are asked for a few at a time, over all programs; a place is free when the engine has ended the step, or its hook was refused", async () => {
  await starting({ dns: { rate: 1000, underWay: 2 } });
  const [first, second] = [await Program.start(), await Program.start()];
  const urn = (id: string) => `urn:pulumi:a::substation::x$${record}::${id}`;
  first.dns(urn("jia"));
  first.dns(urn("yi"));
  await settled();
  for (const id of ["bing", "ding", "wu"]) second.dns(urn(id));
  await settled();
  expect([first.went, second.went]).toEqual([[1, 2], []]);
  coordinator.heard("a", ended("a", "jia", record));
  coordinator.heard("a", ended("a", "jia", record));
  await settled();
  expect(second.went).toEqual([1]);
  coordinator.heard("a", ended("a", "bing", record, true));
  await settled();
  expect(second.went).toEqual([1, 2]);
  first.ask({ ask: "answered", id: urn("yi") });
  await settled();
  expect(second.went).toEqual([1, 2, 3]);
});

test("a record that is refused frees its place and makes all others wait, longer each time until one is made", async () => {
  await starting({ dns: { rate: 1000, underWay: 4 } });
  const program = await Program.start();
  const refusedThenAsked = async (id: string) => {
    program.ask({ ask: "answered", id: "before" }); // as the hook tells it: first that, then why
    program.ask({ ask: "sign", sign: "rate" });
    const asked = performance.now();
    const number = program.dns(id);
    while (!program.went.includes(number)) await sleep(5);
    return performance.now() - asked;
  };
  expect(await refusedThenAsked("jia")).toBeGreaterThan(490);
  expect(await refusedThenAsked("yi")).toBeGreaterThan(990);
  expect(coordinator.summary).toMatchObject({ signs: { rate: 2 } });
});

test("what is no question ends its connection, and a coordinator that closes lets those go on who wait", async () => {
  await starting({ limit: { start: 1, most: 1 } });
  const [first, second] = [await Program.start(), await Program.start()];
  first.socket.write("open the gates\n");
  await once(first.socket, "close");
  second.enter("jia");
  second.enter("yi");
  await settled();
  expect(second.went).toEqual([1]);
  const folder = coordinator.env[admissionVariable]!;
  await coordinator.close();
  await settled();
  expect(second.went).toEqual([1, 2]);
  expect(fs.existsSync(folder)).toBe(false);
});
