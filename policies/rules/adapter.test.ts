import { adapterName, adapterVolumeName, labels } from "../../config/names";
import { adapterRules } from "./adapter";
import { reachRules } from "./container-reach";
import { limitRules } from "./container-limits";
import { runRules } from "./container-run";
import { labelRules } from "./container-labels";
import { volumeRules } from "./volume";
import type { ContainerFact } from "./facts";
import type { Rule } from "./rule";
import {
  container,
  expected,
  image,
  neighbour,
  owner,
  ownerLabels,
  plannedContainer,
  platform,
  runningContainer,
  volume,
} from "./testing";
import { finds, passes, testCases } from "./testing-cases";

const mebibyte = 1024 * 1024;
const shop = container().name;
const name = adapterName(platform, owner.id, "hema", []);
const asked = { channel: "hema", image, memoryBytes: 64 * mebibyte, cpus: 0.1, processes: 16 };
const substations = new Map([
  [owner.id, expected(owner, { adapters: [asked] })],
  [neighbour.id, expected(neighbour)],
]);
const files = { substations };

/** An adapter that is right in every way. */
const adapter = (change: Partial<ContainerFact> = {}, base = container()): ContainerFact => ({
  ...base,
  name,
  role: "adapter",
  memoryBytes: asked.memoryBytes,
  memorySwapBytes: asked.memoryBytes,
  cpus: asked.cpus,
  tmpfs: { "/tmp": `rw,noexec,nosuid,nodev,mode=1777,size=${16 * mebibyte}` },
  namespaces: { ...base.namespaces, network: `container:${shop}` },
  networks: [],
  mounts: [
    {
      type: "volume",
      source: adapterVolumeName(platform, owner.id, "hema"),
      target: "/run/secrets",
      readOnly: true,
      propagation: "",
    },
  ],
  healthcheck: [],
  labels: { ...ownerLabels(owner, "adapter"), [labels.channel]: "hema" },
  log: { driver: "json-file", options: { "max-size": "2m", "max-file": "2" } },
  ...change,
});
const planned = (change: Partial<ContainerFact> = {}) =>
  adapter(change, plannedContainer({ wait: false, waitTimeoutSeconds: undefined }));
const at = (startedAt: number) => runningContainer({ startedAt });
const inShop = (network: string) => ({ namespaces: { ...container().namespaces, network } });

testCases(adapterRules, [
  finds(
    "container-adapter",
    "an adapter of no channel of its file",
    { container: [adapter({ labels: { ...ownerLabels(owner, "adapter"), [labels.channel]: "hippo" } })] },
    `Container ${name} must be of a custom channel in its substation's file, but is of hippo`,
    files,
  ),
  finds(
    "container-adapter",
    "another image than the descriptor's",
    { container: [adapter({ image: `sha256:${"b".repeat(64)}` })] },
    `Container ${name} must run the image of its channel's descriptor, ${image}, but names sha256:${"b".repeat(64)}`,
    files,
  ),
  passes("container-adapter", "the descriptor's image", { container: [adapter()] }, files),
  finds(
    "fleet-adapter-namespace",
    "an adapter that is older than its shop's last start",
    { container: [at(2000), adapter({}, at(1000))] },
    `Container ${name} must be in the network namespace that its shop has, but ${shop} was started after it`,
    files,
  ),
  finds(
    "fleet-adapter-namespace",
    "the namespace of a container that is gone",
    { container: [at(1000), adapter(inShop(`container:${"a".repeat(64)}`), at(2000))] },
    `Container ${name} must be in the network namespace that its shop has, but there is no such shop of its substation`,
    files,
  ),
  finds(
    "fleet-adapter-namespace",
    "a plan without the shop",
    { container: [planned()] },
    `Container ${name} must be in the network namespace that its shop has, but there is no such shop of its substation`,
    files,
  ),
  passes(
    "fleet-adapter-namespace",
    "one that came after",
    { container: [at(1000), adapter({}, at(2000))] },
    files,
  ),
  passes(
    "fleet-adapter-namespace",
    "a plan with the shop",
    { container: [plannedContainer(), planned()] },
    files,
  ),
  finds(
    "fleet-adapter-missing",
    "a channel without an adapter",
    { container: [container()] },
    `Substation ${owner.id} must have an adapter for its channel hema, but there is none`,
    files,
  ),
  passes(
    "fleet-adapter-missing",
    "a channel with its adapter",
    { container: [container(), adapter()] },
    files,
  ),
]);

describe("what other rules say of adapters", () => {
  const others: readonly Rule[] = [...reachRules, ...limitRules, ...runRules, ...labelRules, ...volumeRules];
  const only = (id: string) => others.filter((rule) => rule.id === id);
  const of = (id: string, cases: Parameters<typeof testCases>[1]) => testCases(only(id), cases);

  of("container-network", [
    finds(
      "container-network",
      "an adapter in a neighbour's namespace",
      { container: [adapter(inShop(`container:${platform}-${neighbour.id}-shop-abcdefghij`))] },
      `Container ${name} must have the network mode container:${platform}-${owner.id}-shop-…, but has container:${platform}-${neighbour.id}-shop-abcdefghij`,
      files,
    ),
    finds(
      "container-network",
      "an id that nothing of ours has",
      { container: [adapter(inShop(`container:${"a".repeat(64)}`), runningContainer())] },
      `Container ${name} must have the network mode container:${platform}-${owner.id}-shop-…, but has container:${"a".repeat(64)}`,
      files,
    ),
    finds(
      "container-network",
      "a shop in another container's namespace",
      { container: [container({ ...inShop(`container:${shop}`), networks: [] })] },
      [
        `Container ${shop} must have the network mode local-edge, but has container:${shop}`,
        `Container ${shop} must be on the network local-edge`,
      ],
      files,
    ),
    finds(
      "container-network",
      "an adapter that is on a network too",
      { container: [adapter({ networks: ["local-edge"] })] },
      `Container ${name} must be on no network but its shop's, but is on local-edge`,
      files,
    ),
    passes("container-network", "its own shop's", { container: [adapter()] }, files),
  ]);
  of("container-mounts", [
    finds(
      "container-mounts",
      "an adapter that reads the shop's secrets",
      { container: [adapter({ mounts: container().mounts })] },
      `Container ${name} must not mount volume ${platform}-${owner.id}-secrets at /run/secrets`,
      files,
    ),
    passes("container-mounts", "its own", { container: [adapter()] }, files),
  ]);
  of("container-memory", [
    finds(
      "container-memory",
      "an adapter with more than its descriptor asks for, and a shop that leaves it nothing",
      { container: [adapter({ memoryBytes: 128 * mebibyte }), container()] },
      [
        `Container ${name} must have at most 64 MB of memory, but has 128 MB`,
        `Container ${shop} must have at most 128 MB of memory, but has 192 MB`,
      ],
      files,
    ),
    passes(
      "container-memory",
      "a tier's memory, shared out",
      { container: [adapter(), container({ memoryBytes: 128 * mebibyte })] },
      files,
    ),
  ]);
  of("container-wait", [
    finds(
      "container-wait",
      "a shop without adapters",
      { container: [plannedContainer({ wait: false })] },
      `Container ${shop} must be waited for until it is healthy, for 300 seconds at most`,
    ),
    passes(
      "container-wait",
      "a shop with adapters",
      { container: [plannedContainer({ wait: false })] },
      files,
    ),
  ]);
  of("container-routes", [
    finds(
      "container-routes",
      "an adapter that the ingress shall know",
      { container: [adapter({ labels: { ...adapter().labels, "traefik.enable": "true" } })] },
      `Container ${name} must not tell the ingress traefik.enable=true`,
      files,
    ),
    passes("container-routes", "one without routes", { container: [adapter()] }, files),
  ]);
  of("volume-owner", [
    finds(
      "volume-owner",
      "an adapter's volume of no channel",
      { volume: [volume({ name: adapterVolumeName(platform, owner.id, "hippo") })] },
      `Volume ${platform}-${owner.id}-hippo_secrets of ${owner.id} must be named ${platform}-${owner.id}-secrets or ${platform}-${owner.id}-hema_secrets`,
      files,
    ),
    passes(
      "volume-owner",
      "an adapter's volume",
      { volume: [volume({ name: adapterVolumeName(platform, owner.id, "hema") })] },
      files,
    ),
  ]);
});
