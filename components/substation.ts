import type * as cloudflare from "@pulumi/cloudflare";
import type * as postgresql from "@pulumi/postgresql";
import * as pulumi from "@pulumi/pulumi";
import type { ChannelSpec } from "../config/channels/types";
import { mainStationPublicKey } from "../config/main-station-token";
import type { Modules } from "../config/modules/types";
import type { InitialData } from "../config/templates/types";
import type { Owner } from "../config/names";
import { sandboxOf, type Platform } from "../config/platform";
import type { Scope } from "../config/scopes";
import { secretVersions, type SecretVersions } from "../config/secret-versions";
import { channelUrls, shopUrl, type ChannelUrls } from "../config/urls";
import { admission } from "./admission";
import type { ChannelSecrets } from "./channels";
import { createTenantDatabase } from "./database";
import { requireShop } from "./adapter-ready";
import { createAddress } from "./dns";
import { guard } from "./guard";
import { createSecrets } from "./secrets";
import { createStorefront, type StorefrontLimits, type Suspended } from "./storefront";

export interface SubstationArgs {
  /** The stack that it belongs to. */
  readonly group: string;
  /** Shown on the shop's pages. */
  readonly title: string;
  /** Name of the tier, e.g. `standard`; what it allows is in `limits`. */
  readonly tier: string;
  /** What its token may do at the main station's API: exactly these. */
  readonly scopes: readonly Scope[];
  /** Fully qualified name of the shop, inside the platform's zone. */
  readonly host: string;
  /** Of the main station's margin, in hundredths of a percent. */
  readonly revenueShareBasisPoints: number;
  /** Added to the main station's prices, in hundredths of a percent. */
  readonly markupBasisPoints: number;
  /** Settings by name, of those that are on and of those whose data is kept. */
  readonly modules: Modules;
  readonly channels: readonly ChannelSpec[];
  /** A value for each secret field of each channel. */
  readonly channelSecrets: ChannelSecrets;
  /** What a new shop begins with: a template, filled. */
  readonly initialData: InitialData;
  /**
   * `name@sha256:…`, or `sha256:…` for an image that is on the host already.
   * @default the platform's storefront image
   */
  readonly image?: string | undefined;
  readonly limits: SubstationLimits;
  /** Why it sells nothing, with the owner's contact. @default it sells */
  readonly suspended?: Suspended | undefined;
  /** @default 1 each */
  readonly secretVersions?: SecretVersions | undefined;
  readonly platform: Platform;
  readonly providers: Providers;
}

export interface SubstationLimits extends StorefrontLimits {
  readonly statementTimeoutMs: number;
  readonly idleTransactionTimeoutMs: number;
}

/** One provider of each kind for a whole stack: every instance is a process. */
export interface Providers {
  readonly database: postgresql.Provider;
  readonly dns: cloudflare.Provider;
}

/**
 * One shop: secrets, a database of its own, a container of its own, and a name.
 *
 * ```ts
 * new Substation("mengxiang", { group: "demo", title: "梦想点卡", tier: "standard", host: "mengxiang.example.com", … });
 * ```
 *
 * Its resource name is the substation's id. What it is made of is made in this order: secrets, database, migration, container, DNS record; and goes in
 * the opposite one. Security-relevant inputs are literals: only secret values are unknown before they exist.
 */
export class Substation extends pulumi.ComponentResource {
  /** Where visitors find it. */
  readonly url: string;
  /** Opaque name of its database. */
  readonly database: string;
  /** What its payment channels' merchants have to be told, by channel. */
  readonly channels: Readonly<Record<string, ChannelUrls>>;

  constructor(id: string, args: SubstationArgs, opts: pulumi.ComponentResourceOptions = {}) {
    const { platform, providers, limits, tier, scopes, host } = args;
    const owner: Owner = { platform: platform.name, group: args.group, id };
    super(
      "substation:index:Substation",
      id,
      { tier, host },
      pulumi.mergeOptions(opts, {
        transformations: [
          guard({ owner, tier, scopes, host, limits, channels: args.channels, platform }),
          admission(owner, platform.dns),
        ],
      }),
    );
    const child = { parent: this };
    this.url = shopUrl(args.host, platform.ingress.port);

    const versions = args.secretVersions ?? secretVersions();
    const secrets = createSecrets(
      owner,
      { versions, scopes, signingKey: platform.mainStationSigningKey },
      child,
    );
    const database = createTenantDatabase(
      {
        owner,
        server: platform.database,
        provider: providers.database,
        secrets,
        connections: limits.databaseConnections,
        statementTimeoutMs: limits.statementTimeoutMs,
        idleTransactionTimeoutMs: limits.idleTransactionTimeoutMs,
      },
      child,
    );
    const { shop, adapters, shopName } = createStorefront(
      {
        owner,
        title: args.title,
        tier,
        scopes,
        mainStationPublicKey: mainStationPublicKey(platform.mainStationSigningKey),
        host: args.host,
        url: this.url,
        revenueShareBasisPoints: args.revenueShareBasisPoints,
        markupBasisPoints: args.markupBasisPoints,
        modules: args.modules,
        channels: args.channels,
        channelSecrets: args.channelSecrets,
        initialData: args.initialData,
        sandbox: sandboxOf(platform),
        ingress: platform.ingress,
        image: args.image ?? platform.storefrontImage,
        edgeNetwork: platform.edgeNetwork,
        server: platform.database,
        database,
        secrets,
        secretVersions: versions,
        limits,
        suspended: args.suspended,
      },
      child,
    );
    createAddress(
      { owner, host: args.host, zone: platform.dns, ingress: platform.ingress, provider: providers.dns },
      {
        ...child,
        dependsOn: [shop, ...adapters],
        ...(adapters.length > 0 ? { hooks: { beforeCreate: [requireShop(owner, shopName)] } } : {}),
      },
    );

    this.database = database.name;
    this.channels = channelUrls(this.url, args.channels);
    this.registerOutputs({ url: this.url, database: this.database, channels: this.channels });
  }
}
