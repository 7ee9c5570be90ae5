import * as docker from "@pulumi/docker";
import * as pulumi from "@pulumi/pulumi";
import { shopShare } from "../config/channels/adapters";
import type { ChannelSpec } from "../config/channels/types";
import type { Modules } from "../config/modules/types";
import { containerName, userId, volumeName, type Owner } from "../config/names";
import type { Suspension } from "../config/lifecycle/suspension";
import type { DatabaseServer, Ingress, Sandbox } from "../config/platform";
import { migrationLimits } from "../config/migration-limits";
import type { InitialData } from "../config/templates/types";
import { orderedScopes, type Scope } from "../config/scopes";
import type { SecretVersions } from "../config/secret-versions";
import { channelConfig, channelSecretValues, channelSecretVersions, type ChannelSecrets } from "./channels";
import { awaitRoute } from "./await-route";
import { adapterInputs, adapterUploads, createAdapters, createAdapterVolumes } from "./adapter";
import { confined, limited, mebibyte, temporary, type ContainerLimits } from "./confinement";
import { schema, type TenantDatabase } from "./database";
import { keepingLabels, ownerLabels, routeLabels, scopeLabel, secretLabels, suspendedLabels } from "./labels";
import { makeRoom, makeRoomForShop } from "./make-room";
import { reportMigration, requireMigration } from "./migration";
import { processLabel, processLimit } from "./process-limit";
import type { Secrets } from "./secrets";

/** Version of docs/image-contract.md that is spoken to images. */
const contract = 1;

/** Where the image contract puts config and secrets. */
const secretsFolder = "/run/secrets";

/** Where the migration's container mounts the shop's secrets, only to have them written there. */
const shopSecretsFolder = "/srv/shop-secrets";

export interface StorefrontArgs {
  readonly owner: Owner;
  readonly title: string;
  readonly tier: string;
  /** Of its token for the main station's API. */
  readonly scopes: readonly Scope[];
  /** PEM: verifies that token. */
  readonly mainStationPublicKey: string;
  readonly host: string;
  /** As visitors see it, e.g. `https://mengxiang.example.com`. */
  readonly url: string;
  readonly revenueShareBasisPoints: number;
  /** Added to the main station's prices, in hundredths of a percent. */
  readonly markupBasisPoints: number;
  readonly modules: Modules;
  readonly channels: readonly ChannelSpec[];
  readonly channelSecrets: ChannelSecrets;
  /** What a new shop begins with; what was loaded once is never loaded again. */
  readonly initialData: InitialData;
  /** The platform's sandbox gateways; undefined where it has none. */
  readonly sandbox: Sandbox | undefined;
  readonly ingress: Ingress;
  /** `name@sha256:…` or `sha256:…`; never a tag. */
  readonly image: string;
  readonly edgeNetwork: string;
  readonly server: DatabaseServer;
  readonly database: TenantDatabase;
  readonly secrets: Secrets;
  readonly secretVersions: SecretVersions;
  readonly limits: StorefrontLimits;
  /** Undefined while the shop is to sell. */
  readonly suspended?: Suspended | undefined;
}

/** What a suspended shop tells its visitors. */
export interface Suspended extends Suspension {
  /** How to reach who answers for it. */
  readonly contact: string;
}

/** Of the shop and its adapters together. */
export interface StorefrontLimits extends ContainerLimits {
  readonly databaseConnections: number;
  readonly temporaryStorageBytes: number;
}

/** The containers that serve: visitors are let in when the last of them is there. */
export interface Storefront {
  readonly shop: docker.Container;
  readonly adapters: readonly docker.Container[];
  /** Of the shop's container, on the Docker host. */
  readonly shopName: string;
}

/**
 * The shop: a volume with its secrets, a container that migrates its database and then is done, the container that serves, and beside it an
 * adapter for each custom channel.
 *
 * The migration's container also carries the files into the volume: the engine's API can copy files into a container that was not started yet,
 * but refuses that for one with a read-only root, which the serving container has.
 */
export function createStorefront(args: StorefrontArgs, opts: pulumi.CustomResourceOptions): Storefront {
  const secretsVolume = createVolume(args, opts);
  const adapterVolumes = createAdapterVolumes(args, opts);
  const migration = createMigration(args, [secretsVolume, ...adapterVolumes], opts);
  const { shop, name } = createShop(args, secretsVolume, migration, opts);
  const adapters = createAdapters(args, { shop, name }, opts);
  return { shop, adapters, shopName: name };
}

function createVolume({ owner }: StorefrontArgs, opts: pulumi.CustomResourceOptions): docker.Volume {
  return new docker.Volume(
    owner.id,
    { name: volumeName(owner.platform, owner.id), driver: "local", labels: ownerLabels(owner, "secrets") },
    keepingLabels(opts),
  );
}

interface Migration {
  readonly container: docker.Container;
  /** On the Docker host. */
  readonly name: string;
}

function createMigration(
  args: StorefrontArgs,
  volumes: readonly docker.Volume[],
  opts: pulumi.CustomResourceOptions,
): Migration {
  const { owner, database, secrets } = args;
  const user = userId(owner.platform, owner.id);
  const ofAdapters = adapterUploads(args);
  const file = (folder: string, content: pulumi.Input<string>): docker.types.input.ContainerUpload => ({
    file: `${folder}/substation.json`,
    content,
    // Readable by the one user that this container and this volume have. An owner cannot be given: the engine then looks the container's user up
    // in the host's passwd file, where a substation's user is not.
    permissions: "0444",
  });
  const inputs = {
    ...confined,
    ...limited(migrationLimits),
    image: args.image,
    command: ["migrate"],
    user: `${user}:${user}`,
    networkMode: args.edgeNetwork,
    networksAdvanced: [{ name: args.edgeNetwork }],
    mounts: [
      { type: "volume", source: volumeName(owner.platform, owner.id), target: shopSecretsFolder },
      ...ofAdapters.map(({ mount }) => mount),
    ],
    tmpfs: temporary(16 * mebibyte),
    labels: [...ownerLabels(owner, "migrate"), ...secretLabels(args.secretVersions)],
    restart: "no",
    readOnly: false,
    // Created, filled, started, awaited: its exit code is known when the provider answers.
    mustRun: false,
    attach: true,
  };
  const migrating = { ...config(args, database.migrateRole), initialData: args.initialData };
  // What the files hold is in the names too, so that a change of it makes new containers; of secrets, their versions.
  const name = containerName(owner.platform, owner.id, "migrate", [
    inputs,
    migrating,
    channelSecretVersions(args.channelSecrets),
    ...adapterInputs(args),
  ]);
  const { migratePassword, appPassword, ...shopSecrets } = secrets;
  const ofChannels = Object.values(args.channelSecrets).flatMap((fields) => Object.values(fields));
  const given = [
    ...Object.values<pulumi.Output<string>>({ ...secrets }),
    ...ofChannels.map(({ value }) => value),
  ];
  const container = new docker.Container(
    `${owner.id}-migrate`,
    {
      ...inputs,
      name,
      // One file for each: every upload is a request for which the engine starts a process.
      uploads: [
        file(secretsFolder, withSecrets(migrating, migratePassword)),
        file(
          shopSecretsFolder,
          withSecrets(
            config(args, database.appRole),
            appPassword,
            pulumi.output({
              ...shopSecrets,
              channels: channelSecretValues(args.channels, args.channelSecrets),
            }),
          ),
        ),
        ...ofAdapters.map(({ upload }) => upload),
      ],
    },
    {
      ...opts,
      dependsOn: [...database.ready, ...volumes],
      additionalSecretOutputs: ["uploads"],
      hooks: { afterCreate: [reportMigration(owner, given)] },
    },
  );
  return { container, name };
}

function createShop(
  args: StorefrontArgs,
  volume: docker.Volume,
  migration: Migration,
  opts: pulumi.CustomResourceOptions,
): { readonly shop: docker.Container; readonly name: string } {
  const { owner } = args;
  const limits = shopShare(args.limits, args.channels);
  const adapters = adapterInputs(args);
  const user = userId(owner.platform, owner.id);
  const inputs = {
    ...confined,
    ...limited({ ...limits, processes: args.limits.processes }),
    image: args.image,
    user: `${user}:${user}`,
    networkMode: args.edgeNetwork,
    networksAdvanced: [{ name: args.edgeNetwork }],
    mounts: [
      { type: "volume", source: volumeName(owner.platform, owner.id), target: secretsFolder, readOnly: true },
    ],
    tmpfs: temporary(limits.temporaryStorageBytes),
    labels: [
      ...ownerLabels(owner, "shop"),
      processLabel(limits.processes),
      scopeLabel(args.scopes),
      ...secretLabels(args.secretVersions),
      ...suspendedLabels(args.suspended),
      ...routeLabels(owner, args.host, args.edgeNetwork),
    ],
    restart: "unless-stopped",
    readOnly: true,
    // The engine's own process 1 passes signals on and buries orphans. A shop that is process 1 itself does not, and dead processes count against its limit.
    init: true,
    mustRun: true,
    // The image's own probe decides when it is ready; docs/image-contract.md says how it stays cheap at this interval.
    healthcheck: {
      tests: ["CMD", "/healthcheck"],
      interval: "500ms",
      timeout: "40s",
      startPeriod: "20s",
      retries: 3,
    },
    // Beside adapters it is not ready before they are, and they cannot be made before it is there: then the last of them is waited for.
    wait: adapters.length === 0,
    waitTimeout: 60,
    destroyGraceSeconds: 15,
  };
  const { memory, memorySwap, ...replacing } = inputs; // these two change in place
  const name = containerName(owner.platform, owner.id, "shop", [
    replacing,
    config(args, args.database.appRole),
    channelSecretVersions(args.channelSecrets),
    ...adapters, // they are made anew with it, and it with them: two of one channel cannot listen on one port
  ]);
  const shop = new docker.Container(
    owner.id,
    { ...replacing, memory, memorySwap, name },
    {
      ...opts,
      dependsOn: [volume, migration.container],
      hooks: {
        beforeCreate: [
          requireMigration(owner, migration.name),
          // With adapters, what failed is gone already (awaitShop).
          adapters.length > 0 ? makeRoom(owner.id, name) : makeRoomForShop(owner, name),
        ],
        // With adapters, visitors are let in when the last of these is there.
        afterCreate: [
          processLimit(owner.id, limits.processes),
          ...(adapters.length > 0 ? [] : [awaitRoute(owner, args, name)]),
        ],
      },
      // The provider's own default is to delete first: visitors would wait. The new one is healthy before the old one goes.
      deleteBeforeReplace: false,
    },
  );
  return { shop, name };
}

/** `substation.json` of the image contract, as the given role sees it, without what is secret in it. */
function config(args: StorefrontArgs, user: string) {
  const { owner, server, database } = args;
  return {
    contract,
    platform: owner.platform,
    group: owner.group,
    id: owner.id,
    title: args.title,
    tier: args.tier,
    mainStation: { scopes: orderedScopes(args.scopes), publicKey: args.mainStationPublicKey },
    host: args.host,
    url: args.url,
    revenueShareBasisPoints: args.revenueShareBasisPoints,
    markupBasisPoints: args.markupBasisPoints,
    modules: args.modules,
    ...(args.suspended ? { suspended: args.suspended } : {}),
    channels: channelConfig(args.url, args.channels, args.sandbox),
    database: {
      host: server.address,
      port: server.port,
      name: database.name,
      user,
      appRole: database.appRole,
      schema,
      maxConnections: args.limits.databaseConnections,
      ca: server.ca,
    },
  };
}

/** The file itself: secret. */
function withSecrets(
  plain: ReturnType<typeof config>,
  password: pulumi.Output<string>,
  secrets?: pulumi.Output<object>,
): pulumi.Output<string> {
  return pulumi.all([password, secrets]).apply(([password, secrets]) =>
    // Without line ends: the engine writes it into its state several times with every step.
    JSON.stringify({ ...plain, database: { ...plain.database, password }, ...(secrets ? { secrets } : {}) }),
  );
}
