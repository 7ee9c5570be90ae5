import { spawnSync } from "node:child_process";
import { createHash } from "node:crypto";
import * as fs from "node:fs";
import * as net from "node:net";
import * as os from "node:os";
import { UserError } from "../config/error";
import { readIfPresent } from "./files";
import { findProcesses, commandOf } from "./process";

/** An IPv4 range: `address` as an unsigned 32-bit number, `bits` of prefix. */
export interface Range {
  readonly address: number;
  readonly bits: number;
}

export interface EdgeNetwork {
  /** CIDR of the network on which substations live: "10.87.0.0/20", room for 4,093 of them. */
  readonly subnet: string;
  /** Where containers reach PostgreSQL: beside that network, so that it exists before the network does. */
  readonly databaseAddress: string;
}

/**
 * Chooses 10.x.0.0/20 for a platform of this name: always the same x where it is free, else the next free one.
 * A whole 10.x.0.0/16 must be clear of `taken`; ranges wider than /10 (a company's 10.0.0.0/8) are behind a gateway and
 * give way to a narrower route, so they only count while there is another choice.
 */
export function chooseEdgeNetwork(name: string, taken: readonly Range[]): EdgeNetwork {
  const start = createHash("sha256").update(name).digest().readUInt16BE(0);
  for (const obstacles of [taken, taken.filter((range) => range.bits >= 10)]) {
    for (let i = 0; i < 192; i++) {
      const x = 64 + ((start + i) % 192);
      const candidate = { address: (10 * 2 ** 24 + x * 2 ** 16) >>> 0, bits: 16 };
      if (!obstacles.some((range) => overlaps(range, candidate)))
        return { subnet: `10.${x}.0.0/20`, databaseAddress: `10.${x}.255.1` };
    }
  }
  throw new UserError(
    "No free range 10.64.0.0/16 … 10.255.0.0/16 for the edge network: this machine's routes cover them all. Remove one (see: ip route).",
  );
}

export function overlaps(a: Range, b: Range): boolean {
  const size = 2 ** (32 - Math.min(a.bits, b.bits));
  return Math.floor(a.address / size) === Math.floor(b.address / size);
}

/** "10.87.0.0/20" or "10.87.255.1" as a range. */
export function parseRange(cidr: string): Range {
  const [address = "", bits = "32"] = cidr.split("/");
  if (net.isIPv4(address) && /^\d+$/.test(bits) && Number(bits) <= 32) {
    return {
      address: address.split(".").reduce((sum, part) => sum * 256 + Number(part), 0),
      bits: Number(bits),
    };
  }
  throw new UserError(`"${cidr}" is no IPv4 range such as 10.87.0.0/20.`);
}

/** What this machine's routes and addresses take up, the default route aside. */
export function rangesInUse(): Range[] {
  const routes = parseRoutes(readIfPresent("/proc/net/route") ?? "");
  const addresses = Object.values(os.networkInterfaces()).flatMap((list) => list ?? []);
  return [
    ...routes,
    ...addresses.filter((a) => a.family === "IPv4" && a.cidr).map((a) => parseRange(a.cidr!)),
  ];
}

/** /proc/net/route: little-endian hexadecimal, destination in the second column and mask in the eighth. */
export function parseRoutes(text: string): Range[] {
  const number = (hex: string) => Buffer.from(hex, "hex").readUInt32LE(0);
  return text
    .trim()
    .split("\n")
    .slice(1)
    .map((line) => line.split("\t"))
    .map((column) => ({
      address: number(column[1]!),
      bits: number(column[7]!).toString(2).replaceAll("0", "").length,
    }))
    .filter((range) => range.bits > 0);
}

/** The first port from `preferred` on that nothing listens on, on any address, over TCP (and UDP where asked). */
export async function freePort(preferred: number, avoid: ReadonlySet<number> = new Set()): Promise<number> {
  for (let port = preferred; port < preferred + 500; port++) {
    if (!avoid.has(port) && (await isFree(port))) return port;
  }
  throw new UserError(`No free port between ${preferred} and ${preferred + 499}.`);
}

/** Whether a server could listen on this TCP port on all addresses now. */
export async function isFree(port: number): Promise<boolean> {
  const server = net.createServer();
  return await new Promise<boolean>((resolve) => {
    server.once("error", () => resolve(false));
    server.listen({ port, host: "0.0.0.0", exclusive: true }, () => server.close(() => resolve(true)));
  });
}

/** Who listens on a TCP port, for an error's text: "process 123 (nginx)", or "another program" where it cannot be seen. */
export function listenerOn(port: number): string {
  const hex = port.toString(16).toUpperCase().padStart(4, "0");
  const inodes = ["/proc/net/tcp", "/proc/net/tcp6"]
    .flatMap((file) => (readIfPresent(file) ?? "").split("\n"))
    .map((line) => line.trim().split(/\s+/))
    .filter((column) => column[3] === "0A" && column[1]?.endsWith(`:${hex}`))
    .map((column) => `socket:[${column[9]}]`);
  const [pid] = findProcesses((candidate) => socketsOf(candidate).some((socket) => inodes.includes(socket)));
  return pid === undefined ? "another program" : `process ${pid} (${commandOf(pid)[0] ?? "?"})`;
}

function socketsOf(pid: number): string[] {
  try {
    return fs.readdirSync(`/proc/${pid}/fd`).map((fd) => fs.readlinkSync(`/proc/${pid}/fd/${fd}`));
  } catch {
    return []; // it ended while we looked, or belongs to someone else: then it is not the one that we can name
  }
}

const onLoopback = (address: string): boolean =>
  (os.networkInterfaces()["lo"] ?? []).some((a) => a.address === address);

/**
 * Puts `address` on the loopback interface, so that a server can listen there before any network of Docker exists and
 * containers reach it through their gateway, with their own source address.
 */
export function ensureLoopbackAddress(address: string): void {
  if (onLoopback(address)) return;
  if (process.getuid?.() !== 0) {
    throw new UserError(
      `Containers reach this machine at ${address}, which this machine does not have yet, and only root can add it. Run once after each boot:\n  sudo ip address add ${address}/32 dev lo`,
    );
  }
  const said = ip("address", "add", `${address}/32`, "dev", "lo");
  if (!onLoopback(address))
    throw new UserError(
      `The address ${address} could not be put on the loopback interface: ${said || "no reason given"}`,
    );
}

/** Takes the address off the loopback interface again. Returns whether it is gone. */
export function removeLoopbackAddress(address: string): boolean {
  if (onLoopback(address) && process.getuid?.() === 0) ip("address", "delete", `${address}/32`, "dev", "lo");
  return !onLoopback(address);
}

/** Runs iproute2's `ip`, or busybox's where that is missing; returns what it complained about. */
function ip(...args: string[]): string {
  for (const command of [["ip"], ["busybox", "ip"]]) {
    const result = spawnSync(command[0]!, [...command.slice(1), ...args], { encoding: "utf8" });
    if (!result.error) return result.stderr.trim();
  }
  return "the command `ip` is missing (on Debian: apt-get install iproute2)";
}
