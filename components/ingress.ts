import * as docker from "@pulumi/docker";
import type * as pulumi from "@pulumi/pulumi";
import { labels } from "../config/names";
import type { Ingress } from "../config/platform";
import { processLabel, processLimit } from "./process-limit";

export interface IngressArgs {
  /** The platform's name. */
  readonly platform: string;
  readonly listen: Ingress;
  /** Port on loopback for metrics and the health probe. */
  readonly metricsPort: number;
  /** Ids (`sha256:…`) of the images. */
  readonly image: pulumi.Input<string>;
  readonly socketProxyImage: pulumi.Input<string>;
  /** Path of the engine's socket on the Docker host. @default "/var/run/docker.sock" */
  readonly dockerSocket?: string;
}

const socketFolder = "/run/docker-proxy";

/**
 * What the ingress asks of the engine, and nothing else: its version, which containers there are, and what happens to them.
 * Regular expressions of the proxy, anchored by it.
 */
const allowedRequests = String.raw`(/v1\.\d{1,3})?/(_ping|version|events|containers/json|containers/[a-f0-9]{64}/json)`;

/** Threads of the two, generously: a Go program that gets none ends. */
const proxyProcesses = 128;
const ingressProcesses = 512;

const confined = {
  readOnly: true,
  capabilities: { drops: ["ALL"] },
  securityOpts: ["no-new-privileges:true"],
  privileged: false,
  publishAllPorts: false,
  removeVolumes: false,
  ipcMode: "private",
  cgroupnsMode: "private", // an engine on cgroup v1 would give the host's
  shmSize: 16,
  restart: "unless-stopped",
  logDriver: "json-file",
  logOpts: { "max-size": "10m", "max-file": "2" },
} satisfies Partial<docker.ContainerArgs>;

/**
 * The one door to all substations of a host: Traefik, on the host's network, which learns its routes from the labels of the containers. It does not hold the
 * engine's socket; a proxy does, and lets through the few requests that read.
 */
export function createIngress(args: IngressArgs, opts: pulumi.CustomResourceOptions): docker.Container {
  const socket = new docker.Volume(
    "docker-proxy",
    {
      name: `${args.platform}-docker-proxy`,
      driver: "local",
      labels: platformLabels(args.platform, "docker-proxy"),
    },
    opts,
  );
  const proxy = createSocketProxy(args, { ...opts, dependsOn: socket });
  return createTraefik(args, { ...opts, dependsOn: [socket, proxy] });
}

function createSocketProxy(args: IngressArgs, opts: pulumi.CustomResourceOptions): docker.Container {
  const inputs = {
    ...confined,
    // Root without capabilities: the owner of the engine's socket, and nothing more.
    user: "0:0",
    networkMode: "none",
    memory: 64,
    memorySwap: 64,
    cpus: "0.5",
    command: [
      "-loglevel=warn",
      "-socketpath=/var/run/docker.sock",
      `-proxysocketendpoint=${socketFolder}/docker.sock`,
      "-proxysocketendpointfilemode=0666", // in a volume that only the ingress shares
      `-allowGET=${allowedRequests}`,
      "-allowHEAD=/_ping",
    ],
    volumes: [
      {
        hostPath: args.dockerSocket ?? "/var/run/docker.sock",
        containerPath: "/var/run/docker.sock",
        readOnly: true,
      },
    ],
    mounts: [{ type: "volume", source: `${args.platform}-docker-proxy`, target: socketFolder }],
    labels: [...platformLabels(args.platform, "docker-proxy"), processLabel(proxyProcesses)],
  };
  return new docker.Container(
    "docker-proxy",
    { ...inputs, name: containerNameOf(args.platform, "docker-proxy"), image: args.socketProxyImage },
    { ...opts, hooks: { afterCreate: [processLimit("docker-proxy", proxyProcesses)] } },
  );
}

function createTraefik(args: IngressArgs, opts: pulumi.CustomResourceOptions): docker.Container {
  const inputs = {
    ...confined,
    user: "65532:65532",
    networkMode: "host",
    memory: 256,
    memorySwap: 256,
    cpus: "1.0", // as the provider reads it back
    command: [
      "--global.checknewversion=false",
      "--global.sendanonymoususage=false",
      "--log.level=WARN",
      `--entrypoints.web.address=${args.listen.address}:${args.listen.port}`,
      `--entrypoints.operations.address=127.0.0.1:${args.metricsPort}`,
      "--ping=true",
      "--ping.entrypoint=operations",
      "--metrics.prometheus=true",
      "--metrics.prometheus.entrypoint=operations",
      "--metrics.prometheus.addrouterslabels=true",
      "--providers.docker=true",
      `--providers.docker.endpoint=unix://${socketFolder}/docker.sock`,
      "--providers.docker.exposedbydefault=false",
      `--providers.docker.constraints=Label(\`${labels.platform}\`,\`${args.platform}\`)`,
      "--providers.providersthrottleduration=200ms",
      // A container that was just removed does not answer: ask the next one soon, and let nobody wait.
      "--serverstransport.forwardingtimeouts.dialtimeout=1s",
    ],
    mounts: [
      { type: "volume", source: `${args.platform}-docker-proxy`, target: socketFolder, readOnly: true },
    ],
    tmpfs: { "/tmp": "rw,noexec,nosuid,nodev,size=16777216" },
    labels: [...platformLabels(args.platform, "ingress"), processLabel(ingressProcesses)],
    healthcheck: {
      tests: [
        "CMD",
        "/usr/local/bin/traefik",
        "healthcheck",
        "--ping=true",
        "--ping.entrypoint=operations",
        `--entrypoints.operations.address=127.0.0.1:${args.metricsPort}`,
      ],
      interval: "5s",
      timeout: "5s",
      retries: 3,
    },
    wait: true,
    waitTimeout: 60,
    destroyGraceSeconds: 15,
  };
  return new docker.Container(
    "ingress",
    { ...inputs, name: containerNameOf(args.platform, "ingress"), image: args.image },
    { ...opts, hooks: { afterCreate: [processLimit("ingress", ingressProcesses)] } },
  );
}

/** Two of these cannot run side by side (one port, one socket), so their names are fixed. */
const containerNameOf = (platform: string, role: string): string => `${platform}-${role}`;

const platformLabels = (platform: string, role: string): docker.types.input.ContainerLabel[] => [
  { label: labels.platform, value: platform },
  { label: labels.role, value: role },
];
