import * as path from "node:path";
import { z } from "zod";
import { UserError } from "../config/error";
import { errorText, readIfPresent, secretMode, writeFileAtomic } from "./files";
import { GatewayControl } from "./gateways/client";
import { type GatewaysConfig } from "./gateways/main";
import {
  materialSchema,
  merchantTypes,
  newMerchant,
  registrationSchema,
  type Material,
  type MerchantType,
} from "./gateways/merchants";
import { secret, type Home, type Instance } from "./home";
import { ensureLoopbackAddress } from "./network";
import { type ProcessIdentity } from "./process";
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

/** Name and type of each: one at every kind of gateway, and a second one at Alipay. */
const demo: readonly (readonly [name: string, type: MerchantType])[] = [
  ...merchantTypes.map((type) => [type, type] as const),
  ["alipay2", "alipay"],
];

/**
 * The merchants that every instance's gateways know, by name: what their channels' fields are, and their secrets' values.
 *
 * @throws UserError before the instance's first start
 */
export function demoMerchants(home: Home): Readonly<Record<string, Material>> {
  const known = readDemoMerchants(home);
  if (!known)
    throw new UserError(
      `${home.root} has no sandbox merchants yet. Start the platform first: npm run substation -- local start`,
    );
  return Object.fromEntries(Object.entries(known).map(([name, { material }]) => [name, material]));
}

/**
 * Starts the instance's sandbox gateways, or finds them running, with the configuration that they should have.
 *
 * @param dnsPort of the DNS server on 127.0.0.1 that knows the shops; undefined for the system's resolver
 * @returns their base URL
 */
export async function startGateways(
  instance: Instance,
  dnsPort: number | undefined,
  progress: Progress,
): Promise<string> {
  const { home, databaseAddress, gatewaysPort, edgeSubnet, ingressPort } = instance;
  ensureLoopbackAddress(databaseAddress);
  const merchants = await ensureDemoMerchants(home);
  const config: GatewaysConfig = {
    address: databaseAddress,
    port: gatewaysPort,
    controlToken: secret(home, "gateways-token"),
    reach: { ...(dnsPort === undefined ? {} : { dnsPort }), edgeSubnet, ports: [ingressPort] },
    speed,
    merchants: Object.values(merchants).map(({ registration }) => registration),
  };
  const ask = () => askGateways(instance);
  await startService(service, home, { config, ports: [gatewaysPort], ask }, progress);
  return gatewaysUrl(instance);
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

const demoSchema = z.record(
  z.string(),
  z.strictObject({ registration: registrationSchema, material: materialSchema }),
);
type DemoMerchants = z.infer<typeof demoSchema>;

const demoFile = (home: Home): string => path.join(home.secrets, "sandbox-merchants.json");

function readDemoMerchants(home: Home): DemoMerchants | undefined {
  const text = readIfPresent(demoFile(home));
  return text === undefined ? undefined : demoSchema.parse(JSON.parse(text));
}

/** Keys take a second to make, and shops are configured with them: they are made once. */
async function ensureDemoMerchants(home: Home): Promise<DemoMerchants> {
  const known = readDemoMerchants(home);
  if (known) return known;
  const fresh = Object.fromEntries(
    await Promise.all(demo.map(async ([name, type]) => [name, await newMerchant(type)] as const)),
  );
  writeFileAtomic(demoFile(home), JSON.stringify(fresh, null, 2), secretMode);
  return fresh;
}
