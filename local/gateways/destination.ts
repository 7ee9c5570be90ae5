import { Resolver } from "node:dns/promises";
import * as net from "node:net";
import * as os from "node:os";
import { overlaps, parseRange } from "../network";

/** Where callbacks may go: to this machine and the edge network, never to the internet. */
export interface Reach {
  /** Port on 127.0.0.1 of the DNS server that knows the shops. @default the system's resolver */
  readonly dnsPort?: number;
  /** CIDR of the edge network. */
  readonly edgeSubnet: string;
  /** The ingress's: a shop must not make the gateways speak to whatever else listens on this machine. @default any */
  readonly ports?: readonly number[];
}

interface Destination {
  /** IPv4. */
  readonly address: string;
  readonly port: number;
}

/** What a URL leads to. @throws where that is nowhere, or not ours */
export async function destinationOf(url: URL, { dnsPort, edgeSubnet, ports }: Reach): Promise<Destination> {
  const { hostname } = url;
  const port = Number(url.port) || (url.protocol === "https:" ? 443 : 80);
  if (ports && !ports.includes(port))
    throw new Error(`callbacks go to port ${ports.join(" or ")}, not to ${port}`);
  if (hostname.startsWith("[")) throw new Error(`${hostname} is not called: only IPv4 addresses are`);
  // What is refused is found out before anything is connected to, and what is connected to is what was looked at.
  const [address] = net.isIPv4(hostname) ? [hostname] : await resolve(hostname, dnsPort);
  if (address === undefined) throw new Error(`${hostname} has no IPv4 address`);
  if (!isOurs(address, edgeSubnet))
    throw new Error(`${hostname} is ${address}, which is neither this machine's nor the edge network's`);
  return { address, port };
}

async function resolve(hostname: string, dnsPort: number | undefined): Promise<readonly string[]> {
  const resolver = new Resolver({ timeout: 2_000, tries: 2 });
  if (dnsPort !== undefined) resolver.setServers([`127.0.0.1:${dnsPort}`]);
  return await resolver.resolve4(hostname);
}

function isOurs(address: string, edgeSubnet: string): boolean {
  const ours = Object.values(os.networkInterfaces()).flatMap((list) => list ?? []);
  return (
    ours.some((one) => one.address === address) ||
    ["127.0.0.0/8", edgeSubnet].some((range) => overlaps(parseRange(range), parseRange(address)))
  );
}
