import { randomBytes } from "node:crypto";
import { setTimeout as sleep } from "node:timers/promises";
import type { Resources, SubstationSpec } from "../../config/fleet";
import {
  appRole,
  containerName,
  databaseName,
  labels,
  mark,
  migrateRole,
  shortHash,
  userId,
  volumeName,
  type Owner,
} from "../../config/names";
import { mainStationPublicKey, mintToken } from "../../config/main-station-token";
import { sandboxOf, type Platform } from "../../config/platform";
import { shopUrl } from "../../config/urls";
import { channelConfig } from "../../components/channels";
import { formatScopes, orderedScopes } from "../../config/scopes";
import { tarStream } from "../../local/tar";
import { command, said } from "./commands";
import { psql, zoneApi } from "./servers";

/**
 * The baseline: a substation opened by bare `docker`, `psql` and `curl` commands, as a good shell script does it. The objects are those that
 * the Pulumi program makes, in the same order and with the same flags; `same.ts` holds the two against each other.
 */
export interface BareShop {
  readonly owner: Owner;
  /** Of the same file as the program's. */
  readonly spec: SubstationSpec;
  /** By channel and field. */
  readonly channelSecrets: Readonly<Record<string, Readonly<Record<string, string>>>>;
}

const mebibyte = 1024 * 1024;
const secretsFolder = "run/secrets";
const shopSecretsFolder = "srv/shop-secrets";

/** What serves, as a proof wants to know it. */
export interface Served {
  readonly id: string;
  readonly name: string;
}

/** Opens one; it is ready when its container is healthy and its DNS record is there. */
export async function openBare(platform: Platform, shop: BareShop, signal: AbortSignal): Promise<Served> {
  const secrets = createSecrets(platform, shop);
  await createDatabase(platform, shop, secrets, signal);
  const volume = volumeName(shop.owner.platform, shop.owner.id);
  await said(
    "docker",
    ["volume", "create", "--driver", "local", ...ownerLabels(shop.owner, "secrets"), volume],
    { signal },
  );
  await migrate(platform, shop, secrets, signal);
  const served = await serve(platform, shop, signal);
  await createRecord(platform, shop, signal);
  return served;
}

export interface Secrets {
  readonly migratePassword: string;
  readonly appPassword: string;
  readonly sessionKey: string;
  readonly mainStationToken: string;
  readonly callbackSigningKey: string;
}

/** Drawn and signed here at no cost; a shell would start `openssl` six times. */
export function createSecrets(platform: Platform, { owner, spec }: BareShop): Secrets {
  const draw = () => randomBytes(20).toString("hex");
  const claims = { platform: platform.name, id: owner.id, scopes: spec.tier.scopes, jti: draw() };
  return {
    migratePassword: draw(),
    appPassword: draw(),
    sessionKey: draw(),
    mainStationToken: mintToken(claims, platform.mainStationSigningKey),
    callbackSigningKey: draw(),
  };
}

/** One session: roles, the database closed, its marks, PUBLIC sent away, opened, granted. */
export async function createDatabase(
  platform: Platform,
  { owner, spec: { resources } }: BareShop,
  secrets: Secrets,
  signal: AbortSignal,
): Promise<void> {
  const name = databaseName(owner.platform, owner.id);
  const [migrator, app] = [migrateRole(name), appRole(name)];
  const connections = 2 * resources.databaseConnections; // a container and the one that replaces it
  const comment = `'${mark(owner)}'`;
  await psql(
    platform.database,
    `
    CREATE ROLE ${name};
    CREATE ROLE ${migrator} LOGIN CONNECTION LIMIT 2 PASSWORD '${secrets.migratePassword}' IN ROLE ${name};
    CREATE ROLE ${app} LOGIN CONNECTION LIMIT ${connections} PASSWORD '${secrets.appPassword}' IN ROLE ${name};
    ALTER ROLE ${migrator} SET search_path = shop;
    ALTER ROLE ${app} SET search_path = shop;
    ALTER ROLE ${app} SET statement_timeout = ${resources.statementTimeoutMs};
    ALTER ROLE ${app} SET idle_in_transaction_session_timeout = ${resources.idleTransactionTimeoutMs};
    CREATE DATABASE ${name} TEMPLATE template0 ENCODING 'UTF8' ALLOW_CONNECTIONS false CONNECTION LIMIT ${connections + 2};
    BEGIN;
    REVOKE ALL ON DATABASE ${name} FROM PUBLIC;
    COMMENT ON DATABASE ${name} IS ${comment};
    COMMENT ON ROLE ${name} IS ${comment};
    COMMENT ON ROLE ${migrator} IS ${comment};
    COMMENT ON ROLE ${app} IS ${comment};
    ALTER DATABASE ${name} ALLOW_CONNECTIONS true;
    COMMIT;
    GRANT CONNECT ON DATABASE ${name} TO ${name};
    GRANT CREATE ON DATABASE ${name} TO ${migrator};
    `,
    signal,
  );
}

/** `docker create`, `docker cp` of one archive, `docker start --attach`: its exit code is the migration's. */
async function migrate(
  platform: Platform,
  shop: BareShop,
  secrets: Secrets,
  signal: AbortSignal,
): Promise<void> {
  const { owner } = shop;
  const flags = [
    ...limited({ memoryBytes: 256 * mebibyte, cpus: 1, processes: 64, logSizeBytes: 2 * mebibyte }),
    ...["--mount", `type=volume,source=${volumeName(owner.platform, owner.id)},target=/${shopSecretsFolder}`],
    ...["--tmpfs", temporary(16 * mebibyte)],
    ...["--restart", "no"],
    ...ownerLabels(owner, "migrate"),
  ];
  const id = await said(
    "docker",
    ["create", ...common(platform, shop, "migrate", flags), platform.storefrontImage, "migrate"],
    { signal },
  );
  const archive = await archiveOf(filesOf(platform, shop, secrets));
  await command("docker", ["cp", "-", `${id}:/`], { input: archive, signal });
  await command("docker", ["start", "--attach", id], { signal });
}

/** What the migration's container is given before it starts, by path: its own file, and the shop's. */
export function filesOf(
  platform: Platform,
  shop: BareShop,
  { migratePassword, appPassword, ...secrets }: Secrets,
): Readonly<Record<string, string>> {
  const { owner, spec, channelSecrets } = shop;
  const name = databaseName(owner.platform, owner.id);
  return {
    [`${secretsFolder}/substation.json`]: config(platform, shop, migrateRole(name), migratePassword, {
      initialData: spec.initialData,
    }),
    [`${shopSecretsFolder}/substation.json`]: config(platform, shop, appRole(name), appPassword, {
      secrets: { ...secrets, channels: channelSecrets },
    }),
  };
}

/** `docker run --detach`, then `docker inspect` until it is healthy. */
async function serve(platform: Platform, shop: BareShop, signal: AbortSignal): Promise<Served> {
  const { owner, spec } = shop;
  const { resources } = spec;
  const flags = [
    ...limited(resources),
    ...[
      "--mount",
      `type=volume,source=${volumeName(owner.platform, owner.id)},target=/${secretsFolder},readonly`,
    ],
    ...["--tmpfs", temporary(resources.temporaryStorageBytes)],
    ...["--restart", "unless-stopped", "--read-only", "--init"],
    ...["--pids-limit", String(resources.processes)], // which the program sets once the container runs: the provider cannot
    // The command is the image's, since the flag for it would want a shell in the image.
    ...[
      "--health-interval",
      "500ms",
      "--health-timeout",
      "40s",
      "--health-start-period",
      "20s",
      "--health-retries",
      "3",
    ],
    ...shopLabels(platform, shop).flatMap(([key, value]) => label(key, value)),
  ];
  const name = containerName(owner.platform, owner.id, "shop", flags);
  const id = await said(
    "docker",
    ["run", "--detach", ...common(platform, shop, "shop", flags), platform.storefrontImage],
    { signal },
  );
  // The first probe comes after half a second, so there is nothing to see before.
  const end = performance.now() + 60_000;
  for (let pause = 600; ; pause = 200) {
    await sleep(pause, undefined, { signal });
    const health = await said("docker", ["inspect", "--format", "{{.State.Health.Status}}", id], { signal });
    if (health === "healthy") return { id, name };
    if (health === "unhealthy" || performance.now() > end)
      throw new Error(`the bare container of ${owner.id} is ${health}`);
  }
}

export async function createRecord(
  platform: Platform,
  { owner, spec: { host } }: BareShop,
  signal: AbortSignal,
): Promise<void> {
  const record = {
    name: host,
    type: "A",
    content: platform.ingress.address,
    ttl: 60,
    proxied: false,
    comment: mark(owner),
  };
  await zoneApi(platform.dns, "POST", "/dns_records", record, signal);
}

/** The flags of both containers. */
function common(
  platform: Platform,
  { owner }: BareShop,
  role: "shop" | "migrate",
  flags: readonly string[],
): string[] {
  const user = userId(owner.platform, owner.id);
  return [
    ...["--name", containerName(owner.platform, owner.id, role, flags)],
    ...["--user", `${user}:${user}`],
    ...["--network", platform.edgeNetwork],
    ...[
      "--cap-drop",
      "ALL",
      "--security-opt",
      "no-new-privileges:true",
      "--ipc",
      "private",
      "--cgroupns",
      "private",
      "--shm-size",
      "16m",
    ],
    ...["--log-driver", "json-file"],
    ...flags,
  ];
}

const limited = (
  limits: Pick<Resources, "memoryBytes" | "cpus" | "processes" | "logSizeBytes">,
): string[] => [
  ...[
    "--memory",
    String(limits.memoryBytes),
    "--memory-swap",
    String(limits.memoryBytes),
    "--cpus",
    String(limits.cpus),
  ],
  ...["--ulimit", `nproc=${limits.processes * 2}:${limits.processes * 2}`, "--ulimit", "nofile=4096:4096"],
  ...["--log-opt", `max-size=${Math.ceil(limits.logSizeBytes / mebibyte)}m`, "--log-opt", "max-file=2"],
];

const temporary = (bytes: number): string => `/tmp:rw,noexec,nosuid,nodev,mode=1777,size=${bytes}`;

const label = (key: string, value: string): string[] => ["--label", `${key}=${value}`];

const ownerLabels = (owner: Owner, role: string): string[] =>
  ownerLabelsOf(owner, role).flatMap(([key, value]) => label(key, value));

/** Keys and values. */
export type Labels = readonly (readonly [string, string])[];

export const ownerLabelsOf = (owner: Owner, role: string): Labels => [
  [labels.mark, mark(owner)],
  [labels.platform, owner.platform],
  [labels.group, owner.group],
  [labels.id, owner.id],
  [labels.role, role],
];

export function shopLabels(platform: Platform, { owner, spec }: BareShop): Labels {
  const { host, tier, resources } = spec;
  const name = `${owner.id}-${shortHash([host])}`;
  const [router, service, middleware] = ["routers", "services", "middlewares"].map(
    (part) => `traefik.http.${part}.${name}`,
  );
  return [
    ...ownerLabelsOf(owner, "shop"),
    [labels.scopes, formatScopes(tier.scopes)],
    [labels.processes, String(resources.processes)],
    ["traefik.enable", "true"],
    ["traefik.docker.network", platform.edgeNetwork],
    [`${router}.rule`, `Host(\`${host}\`)`],
    [`${router}.entrypoints`, "web"],
    [`${router}.service`, name],
    [`${router}.middlewares`, name],
    [`${middleware}.retry.attempts`, "3"],
    [`${middleware}.retry.initialinterval`, "50ms"],
    [`${service}.loadbalancer.server.port`, "8080"],
    [`${service}.loadbalancer.healthcheck.path`, "/healthz"],
    [`${service}.loadbalancer.healthcheck.port`, "9090"],
    [`${service}.loadbalancer.healthcheck.interval`, "1s"],
    [`${service}.loadbalancer.healthcheck.timeout`, "2s"],
  ];
}

/** substation.json of docs/image-contract.md. */
function config(
  platform: Platform,
  { owner, spec }: BareShop,
  user: string,
  password: string,
  more: { readonly secrets: object } | Pick<SubstationSpec, "initialData">,
): string {
  const name = databaseName(owner.platform, owner.id);
  const { address, port, ca } = platform.database;
  const url = shopUrl(spec.host, platform.ingress.port);
  return JSON.stringify({
    contract: 1,
    ...owner,
    title: spec.title,
    tier: spec.tier.name,
    mainStation: {
      scopes: orderedScopes(spec.tier.scopes),
      publicKey: mainStationPublicKey(platform.mainStationSigningKey),
    },
    host: spec.host,
    url,
    revenueShareBasisPoints: spec.revenueShareBasisPoints,
    markupBasisPoints: spec.markupBasisPoints,
    modules: spec.modules,
    channels: channelConfig(url, spec.channels, sandboxOf(platform)),
    database: {
      host: address,
      port,
      name,
      user,
      appRole: appRole(name),
      schema: "shop",
      maxConnections: spec.resources.databaseConnections,
      ca,
      password,
    },
    ...more,
  });
}

/** A tar archive of files as the storefront's contract wants them. Made here at no cost; a shell would start `tar`. */
async function archiveOf(files: Readonly<Record<string, string>>): Promise<Buffer> {
  const entries = Object.entries(files).map(([name, content]) => ({ name, mode: 0o444, content }));
  return Buffer.concat((await tarStream(entries).toArray()) as Buffer[]);
}
