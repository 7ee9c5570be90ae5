import { createHash, generateKeyPairSync, randomBytes } from "node:crypto";
import * as fs from "node:fs";
import * as os from "node:os";
import * as path from "node:path";
import { z } from "zod";
import { UserError } from "../config/error";
import { ensureFolder, readIfPresent, secretMode, writeFileAtomic } from "./files";
import { chooseEdgeNetwork, freePort, rangesInUse } from "./network";

/** Where one instance keeps everything: settings, secrets, data, logs, the pids of what it started. */
export interface Home {
  readonly root: string;
  /** Mode 0700; each file 0600. */
  readonly secrets: string;
  /** Owned by the user that PostgreSQL runs as. */
  readonly postgres: string;
  readonly dns: string;
  /** Mode 0700. */
  readonly gateways: string;
  readonly log: string;
  /** Identities of the processes that we started. */
  readonly run: string;
}

/** What is chosen once, at the first start, and then kept: everything that later states and containers refer to. */
const record = z.strictObject({
  version: z.literal(1),
  name: z.string(),
  zoneId: z.string(),
  edgeSubnet: z.string(),
  databaseAddress: z.string(),
  databasePort: z.int(),
  dnsApiPort: z.int(),
  dnsPort: z.int(),
  ingressPort: z.int(),
  ingressMetricsPort: z.int(),
  /** 0 in a record from before there were gateways: the next start chooses one. */
  gatewaysPort: z.int().default(0),
});
export type Instance = z.infer<typeof record> & { readonly home: Home };

export const zone = "substation.test";

const isRoot = (): boolean => process.getuid?.() === 0;

/** The folder of the instance: SUBSTATION_HOME, else the system's place for root and the user's own otherwise. */
export function homeFolder(env: NodeJS.ProcessEnv = process.env): string {
  const chosen = env["SUBSTATION_HOME"];
  if (chosen) {
    if (!path.isAbsolute(chosen))
      throw new UserError(`SUBSTATION_HOME must be an absolute path, but is "${chosen}".`);
    const folder = path.resolve(chosen);
    if ([path.parse(folder).root, os.homedir(), os.tmpdir()].includes(folder)) {
      throw new UserError(
        `SUBSTATION_HOME is "${folder}", which is not a folder of its own. Name one below it, such as ${path.join(folder, "substation")}.`,
      );
    }
    return folder;
  }
  return isRoot() ? "/var/lib/substation" : path.join(os.homedir(), ".local/share/substation");
}

export function homeAt(root: string): Home {
  const at = (name: string) => path.join(root, name);
  return {
    root,
    secrets: at("secrets"),
    postgres: at("postgres"),
    dns: at("dns"),
    gateways: at("gateways"),
    log: at("log"),
    run: at("run"),
  };
}

/** The platform's name that the environment asks for: SUBSTATION_NAME, "local" by default. */
export function chosenName(env: NodeJS.ProcessEnv = process.env): string {
  const name = env["SUBSTATION_NAME"] || "local";
  if (!/^[a-z][a-z0-9-]{0,19}$/.test(name)) {
    throw new UserError(
      `SUBSTATION_NAME is "${name}", but a platform's name is 1 to 20 of a-z, 0-9 and "-", a letter first.`,
    );
  }
  return name;
}

/** The instance as it was first started, or undefined before that. */
export function readInstance(root: string = homeFolder()): Instance | undefined {
  const file = path.join(root, "instance.json");
  const text = readIfPresent(file);
  if (text === undefined) return undefined;
  try {
    return { ...record.parse(JSON.parse(text)), home: homeAt(root) };
  } catch (error) {
    throw new UserError(`${file} is damaged or of another version: ${(error as Error).message}`);
  }
}

/** The instance; at the first start its ports and its network are chosen among the free ones and written down. */
export async function openInstance(
  root: string = homeFolder(),
  env: NodeJS.ProcessEnv = process.env,
): Promise<Instance> {
  const home = homeAt(root);
  // PostgreSQL runs as another user when we are root, and must be able to pass through; what is secret lies deeper.
  ensureFolder(root, isRoot() ? 0o711 : 0o700);
  for (const folder of [home.secrets, home.dns, home.gateways, home.run]) ensureFolder(folder, 0o700);
  ensureFolder(home.log, 0o750);
  const known = readInstance(root);
  const wanted = chosenName(env);
  const spread = portSpread(known?.name ?? wanted);
  const gatewaysPort = () => freePort(9580 + spread);
  if (known) {
    if (env["SUBSTATION_NAME"] && known.name !== wanted) {
      throw new UserError(
        `${root} holds the platform "${known.name}", but SUBSTATION_NAME is "${wanted}". Give another platform a folder of its own by SUBSTATION_HOME.`,
      );
    }
    return known.gatewaysPort === 0 ? writeInstance({ ...known, gatewaysPort: await gatewaysPort() }) : known;
  }
  const databasePort = await freePort(5440 + spread);
  const dnsApiPort = await freePort(8053 + spread);
  const dnsPort = await freePort(1053 + spread);
  const ingressPort = await freePort(8080 + spread, new Set([dnsApiPort]));
  const ingressMetricsPort = await freePort(9100 + spread);
  const network = chooseEdgeNetwork(wanted, rangesInUse());
  return writeInstance({
    home,
    version: 1,
    name: wanted,
    zoneId: randomBytes(16).toString("hex"),
    edgeSubnet: network.subnet,
    databaseAddress: network.databaseAddress,
    databasePort,
    dnsApiPort,
    dnsPort,
    ingressPort,
    ingressMetricsPort,
    gatewaysPort: await gatewaysPort(),
  });
}

function writeInstance(instance: Instance): Instance {
  const { home, ...fresh } = instance;
  writeFileAtomic(path.join(home.root, "instance.json"), `${JSON.stringify(fresh, null, 2)}\n`);
  return instance;
}

/**
 * The default platform has the usual ports. Any other looks for its own from another place on, so that two that are first started side by side
 * do not both find the same ones free.
 */
const portSpread = (name: string): number =>
  name === "local" ? 0 : 1 + (createHash("sha256").update(name).digest().readUInt16BE(2) % 400);

/** A secret of the instance, made up at its first use. @param make what it is then, one line: 32 random bytes, unless it must be something else */
export function secret(home: Home, name: string, make: () => string = randomWord): string {
  const file = path.join(home.secrets, name);
  const known = readIfPresent(file);
  if (known) return known;
  const fresh = make();
  writeFileAtomic(file, fresh, secretMode);
  return fresh;
}

/** 43 characters that need no quoting anywhere. */
const randomWord = (): string => randomBytes(32).toString("base64url");

/** A new key of Ed25519: PKCS #8, as base64. */
export const signingKey = (): string =>
  generateKeyPairSync("ed25519").privateKey.export({ type: "pkcs8", format: "der" }).toString("base64");

/** Everything in the folder that is ours: what a reset removes. */
export function removeHome(home: Home): void {
  // The record goes last: as long as it is there, an interrupted reset can be asked for again.
  const ours = [
    home.postgres,
    home.dns,
    home.gateways,
    home.secrets,
    home.log,
    home.run,
    path.join(home.root, "database-ca.pem"),
  ];
  for (const place of [...ours, path.join(home.root, "instance.json")])
    fs.rmSync(place, { recursive: true, force: true });
}
