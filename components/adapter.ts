import * as docker from "@pulumi/docker";
import * as pulumi from "@pulumi/pulumi";
import { adaptersOf, type PlacedAdapter } from "../config/channels/adapters";
import type { ChannelSpec } from "../config/channels/types";
import { adapterName, adapterVolumeName, labels, userId, type Owner } from "../config/names";
import { channelUrlsOf } from "../config/urls";
import type { Ingress } from "../config/platform";
import { awaitShop } from "./adapter-ready";
import { awaitRoute } from "./await-route";
import type { ChannelSecrets } from "./channels";
import { confined, limited, mebibyte, temporary, type ContainerLimits } from "./confinement";
import { keepingLabels, ownerLabels } from "./labels";
import { makeRoom } from "./make-room";
import { processLabel, processLimit } from "./process-limit";

/** Version of docs/channel-adapter.md that is spoken to images. */
const contract = 1;

/** Where that page puts the adapter's file. */
const secretsFolder = "/run/secrets";

/** Beside memory, cores and processes, which its descriptor says. */
const fixedLimits = { temporaryStorageBytes: 16 * mebibyte, logSizeBytes: 2 * mebibyte };

export interface AdapterArgs {
  readonly owner: Owner;
  readonly url: string;
  readonly channels: readonly ChannelSpec[];
  readonly channelSecrets: ChannelSecrets;
  /** Of the substation as a whole. */
  readonly limits: ContainerLimits;
  readonly host: string;
  readonly ingress: Ingress;
}

/** What decides, beside secrets, how each adapter is made. */
export const adapterInputs = ({ channels, url }: AdapterArgs): object[] =>
  adaptersOf(channels).map((placed) => [
    placed.adapter.image,
    placed.adapter.needs,
    channelFile(placed, url),
  ]);

/** One for each, so that no adapter reads what another one has, or the shop. */
export const createAdapterVolumes = (
  { owner, channels }: AdapterArgs,
  opts: pulumi.CustomResourceOptions,
): docker.Volume[] =>
  adaptersOf(channels).map(
    ({ channel }) =>
      new docker.Volume(
        partName(owner, channel.id),
        {
          name: adapterVolumeName(owner.platform, owner.id, channel.id),
          driver: "local",
          labels: adapterLabels(owner, channel.id, "secrets"),
        },
        keepingLabels(opts),
      ),
  );

/** How each adapter's file reaches its volume: by the container that migrates, as the shop's does. */
export function adapterUploads(args: AdapterArgs) {
  const { owner, channels, url, channelSecrets } = args;
  return adaptersOf(channels).map((placed) => {
    const { id } = placed.channel;
    const target = `/srv/adapter-secrets/${id}`;
    const secrets = Object.entries(channelSecrets[id] ?? {}).map(([field, { value }]) => [field, value]);
    const content = pulumi
      .output(Object.fromEntries(secrets) as Record<string, pulumi.Output<string>>)
      .apply((values) => JSON.stringify({ ...channelFile(placed, url), secrets: values }));
    return {
      mount: { type: "volume", source: adapterVolumeName(owner.platform, owner.id, id), target },
      upload: { file: `${target}/channel.json`, content, permissions: "0444" },
    };
  });
}

/** `channel.json` of docs/channel-adapter.md, without what is secret in it. */
function channelFile({ channel, adapter, port, merchant }: PlacedAdapter, url: string) {
  const { id, sandbox, gateway, fields } = channel;
  const own = gateway === "" ? {} : { gateway };
  return {
    contract,
    id,
    adapter: adapter.name,
    port,
    sandbox,
    ...own,
    ...channelUrlsOf(url, id),
    merchant,
    fields,
  };
}

/**
 * The adapters of custom channels, in the network namespace of the shop's container: nothing else reaches them, and they reach what the shop
 * does. Each is made after the one before, and the last waits until the shop is ready, which it is not without all of them.
 * @param beside the shop's container, and its name on the Docker host
 */
export function createAdapters(
  args: AdapterArgs,
  beside: { readonly shop: docker.Container; readonly name: string },
  opts: pulumi.CustomResourceOptions,
): docker.Container[] {
  const { owner, channels, channelSecrets, limits } = args;
  const user = userId(owner.platform, owner.id);
  const placed = adaptersOf(channels);
  const names: string[] = [];
  const made: docker.Container[] = [];
  for (const [at, { channel, adapter }] of placed.entries()) {
    const inputs = {
      ...confined,
      ...limited({ ...adapter.needs, processes: limits.processes, logSizeBytes: fixedLimits.logSizeBytes }),
      image: adapter.image,
      user: `${user}:${user}`,
      mounts: [
        {
          type: "volume",
          source: adapterVolumeName(owner.platform, owner.id, channel.id),
          target: secretsFolder,
          readOnly: true,
        },
      ],
      tmpfs: temporary(fixedLimits.temporaryStorageBytes),
      labels: [
        ...adapterLabels(owner, channel.id, "adapter"),
        { label: labels.beside, value: beside.name },
        processLabel(adapter.needs.processes),
      ],
      restart: "unless-stopped",
      readOnly: true,
      init: true,
      mustRun: true,
      destroyGraceSeconds: 15,
    };
    const name = adapterName(owner.platform, owner.id, channel.id, inputs);
    names.push(name);
    const limit = processLimit(`${owner.id}.${channel.id}`, adapter.needs.processes);
    const last = at === placed.length - 1;
    const container = new docker.Container(
      partName(owner, channel.id),
      // By its id, which is what the engine keeps: another container of the shop is another one here, also after an update that failed.
      { ...inputs, name, networkMode: pulumi.interpolate`container:${beside.shop.id}` },
      {
        ...opts,
        dependsOn: [beside.shop, ...made],
        deleteBeforeReplace: false,
        hooks: {
          beforeCreate: [makeRoom(`${owner.id}.${channel.id}`, name)],
          afterCreate: last
            ? [
                limit,
                awaitShop(owner, beside.name, [...names], channelSecrets),
                awaitRoute(owner, args, beside.name),
              ]
            : [limit],
        },
      },
    );
    made.push(container);
  }
  return made;
}

/** No id holds a dot, so that no other substation has a resource of that name. */
const partName = ({ id }: Owner, channel: string): string => `${id}.${channel}`;

const adapterLabels = (owner: Owner, channel: string, role: string) => [
  ...ownerLabels(owner, role),
  { label: labels.channel, value: channel },
];
