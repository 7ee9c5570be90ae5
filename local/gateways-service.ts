import { createPublicKey } from "node:crypto";
import * as path from "node:path";
import { errorText } from "./files";
import { GatewayControl } from "./gateways/client";
import { type GatewaysConfig } from "./gateways/main";
import { newPrivateKey } from "./gateways/merchants";
import { secret, type Home, type Instance } from "./home";
import { ensureLoopbackAddress } from "./network";
import type { ProcessIdentity } from "../inventory/process";
import { type Progress } from "./progress";
import { runningService, startService, stopService, type Service } from "./service";

/** A minute of the gateways' intervals between two callbacks passes in a second. */
const speed = 60;

const service: Service = {
  name: "gateways",
  title: "the sandbox gateways",
  main: path.join(__dirname, "gateways/main.ts"),
  folder: (home) => home.gateways,
};

/** Base URL of the gateways as containers, and this machine's browsers, reach them; a gateway stands at `/<kind>` below it. */
export const gatewaysUrl = ({ databaseAddress, gatewaysPort }: Instance): string =>
  `http://${databaseAddress}:${gatewaysPort}`;

/** The gateways' control interface: their payer, their misbehaviour, their log. */
export const gatewayControl = ({ home, gatewaysPort }: Instance): GatewayControl =>
  new GatewayControl(`http://127.0.0.1:${gatewaysPort}`, secret(home, "gateways-token"));

/** What a platform's stack is told of its sandbox. */
export interface SandboxSettings {
  /** Base URL, as `gatewaysUrl` says it. */
  readonly sandboxGateway: string;
  /** The other half of the key by which the gateways sign for every merchant: one line of base64, as merchants' consoles show such keys. */
  readonly sandboxPublicKey: string;
}

/**
 * Starts the instance's sandbox gateways, or finds them running, with the configuration that they should have.
 *
 * @param dnsPort of the DNS server on 127.0.0.1 that knows the shops; undefined for the system's resolver
 */
export async function startGateways(
  instance: Instance,
  dnsPort: number | undefined,
  progress: Progress,
): Promise<SandboxSettings> {
  const { home, databaseAddress, gatewaysPort, edgeSubnet, ingressPort } = instance;
  ensureLoopbackAddress(databaseAddress);
  const platformPrivateKey = secret(home, "gateways-key", newPrivateKey);
  const config: GatewaysConfig = {
    address: databaseAddress,
    port: gatewaysPort,
    controlToken: secret(home, "gateways-token"),
    reach: { ...(dnsPort === undefined ? {} : { dnsPort }), edgeSubnet, ports: [ingressPort] },
    speed,
    platformPrivateKey,
  };
  const ask = () => askGateways(instance);
  await startService(service, home, { config, ports: [gatewaysPort], ask }, progress);
  const der = createPublicKey(platformPrivateKey).export({ type: "spki", format: "der" });
  return { sandboxGateway: gatewaysUrl(instance), sandboxPublicKey: der.toString("base64") };
}

/** Stops them. Returns false where they were not running. */
export const stopGateways = (home: Home): Promise<boolean> => stopService(service, home);

export const runningGateways = (home: Home): ProcessIdentity | undefined => runningService(service, home);

/** Whether the gateways answer and know our token; undefined if so, else what is wrong. */
export async function askGateways(instance: Instance): Promise<string | undefined> {
  try {
    await gatewayControl(instance).check();
    return undefined;
  } catch (error) {
    return errorText(error);
  }
}
