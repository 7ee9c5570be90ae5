import { containerName, labels, mark, userId, volumeName, type Owner } from "../../config/names";
import type { ContainerFact, HostFact, NetworkFact, VolumeFact } from "./facts";
import { edgeNetwork, hostOf, image, limits, neighbour, owner, platform } from "./testing-intent";

export * from "./testing-intent";

/**
 * What tests of rules start from: a platform named "local" with the substations mengxiang and haitang in group "demo", and facts of them that are right
 * in every way. A test changes one thing. Databases, roles, records and secrets are in testing-database.ts.
 */

const mebibyte = 1024 * 1024;

const hash = "abcdefghij";

const proxySocket = {
  type: "volume",
  source: `${platform}-docker-proxy`,
  target: "/run/docker-proxy",
  propagation: "",
};

const namespaces = (network: string): ContainerFact["namespaces"] => ({
  network,
  pid: undefined,
  ipc: "private",
  uts: undefined,
  user: undefined,
  cgroup: "private",
});

/** Container that serves a substation, as far as a plan and an engine tell the same of it. */
export function container(change: Partial<ContainerFact> = {}, of = owner): ContainerFact {
  const user = userId(of.platform, of.id);
  return {
    name: `${of.platform}-${of.id}-shop-${hash}`,
    owner: of,
    unknown: [],
    platform: of.platform,
    role: "shop",
    image,
    user: `${user}:${user}`,
    groups: [],
    privileged: false,
    capabilities: { add: [], drop: ["ALL"] },
    securityOptions: ["no-new-privileges:true"],
    readOnlyRoot: true,
    tmpfs: { "/tmp": `rw,noexec,nosuid,nodev,mode=1777,size=${limits.temporaryStorageBytes}` },
    memoryBytes: limits.memoryBytes,
    memorySwapBytes: limits.memoryBytes,
    cpus: limits.cpus,
    ulimits: [
      { name: "nproc", soft: 2 * limits.processes, hard: 2 * limits.processes },
      { name: "nofile", soft: 4096, hard: 4096 },
    ],
    namespaces: namespaces(edgeNetwork),
    networks: [edgeNetwork],
    mounts: [
      {
        type: "volume",
        source: volumeName(of.platform, of.id),
        target: "/run/secrets",
        readOnly: true,
        propagation: "",
      },
    ],
    devices: [],
    ports: [],
    publishAllPorts: false,
    restart: { policy: "unless-stopped", maximumRetries: 0 },
    healthcheck: ["CMD", "/healthcheck"],
    environment: [],
    command: [],
    labels: {
      ...ownerLabels(of, "shop"),
      [labels.scopes]: "goods:read orders:create orders:read balance:read",
      ...routeLabels(of),
    },
    cgroupParent: undefined,
    log: { driver: "json-file", options: { "max-size": "10m", "max-file": "2" } },
    sysctls: {},
    tty: false,
    stdinOpen: false,
    ...change,
  };
}

/** The same in a plan. */
export const plannedContainer = (
  change: Partial<NonNullable<ContainerFact["plan"]>> = {},
  of = owner,
): ContainerFact =>
  container(
    {
      plan: {
        wait: true,
        waitTimeoutSeconds: 60,
        destroyGraceSeconds: 15,
        removeVolumes: false,
        uploads: false,
        secretOutputs: [],
        ...change,
      },
    },
    of,
  );

const imageEnvironment = ["PATH=/usr/local/bin:/usr/bin:/bin", "NODE_VERSION=24.11.1"];

/** The same as it runs. */
export const runningContainer = (
  change: Partial<NonNullable<ContainerFact["live"]>> = {},
  of = owner,
): ContainerFact =>
  container(
    {
      environment: imageEnvironment,
      command: ["node", "/app/main.js"],
      cgroupParent: "",
      live: {
        state: "running",
        health: "healthy",
        restartCount: 0,
        startedAt: Date.UTC(2026, 10, 23),
        imageId: image,
        cgroup: { pidsMax: limits.processes, memoryMax: limits.memoryBytes },
        pidsLimit: limits.processes,
        imageEnvironment,
        ...change,
      },
    },
    of,
  );

/** Container that migrates a substation's database, written to and then started, in a plan. */
export function migration(change: Partial<ContainerFact> = {}, of = owner): ContainerFact {
  const memory = 256 * mebibyte;
  return container(
    {
      name: containerName(of.platform, of.id, "migrate", []),
      role: "migrate",
      readOnlyRoot: false,
      tmpfs: { "/tmp": `rw,noexec,nosuid,nodev,mode=1777,size=${16 * mebibyte}` },
      memoryBytes: memory,
      memorySwapBytes: memory,
      cpus: 1,
      ulimits: [
        { name: "nproc", soft: 128, hard: 128 },
        { name: "nofile", soft: 4096, hard: 4096 },
      ],
      mounts: [
        {
          type: "volume",
          source: volumeName(of.platform, of.id),
          target: "/srv/shop-secrets",
          readOnly: false,
          propagation: "",
        },
      ],
      restart: { policy: "no", maximumRetries: 0 },
      healthcheck: [],
      command: ["migrate"],
      labels: ownerLabels(of, "migrate"),
      log: { driver: "json-file", options: { "max-size": "2m", "max-file": "2" } },
      plan: {
        wait: false,
        waitTimeoutSeconds: undefined,
        destroyGraceSeconds: undefined,
        removeVolumes: false,
        uploads: true,
        secretOutputs: ["uploads"],
      },
      ...change,
    },
    of,
  );
}

/** The platform's ingress, in a plan. */
export const ingress = (change: Partial<ContainerFact> = {}): ContainerFact => ({
  ...plannedContainer(),
  name: `${platform}-ingress`,
  owner: undefined,
  role: "ingress",
  user: "65532:65532",
  tmpfs: { "/tmp": "rw,noexec,nosuid,nodev,size=16777216" },
  memoryBytes: 256 * mebibyte,
  memorySwapBytes: 256 * mebibyte,
  cpus: 1,
  ulimits: [],
  namespaces: namespaces("host"),
  networks: [],
  mounts: [{ ...proxySocket, readOnly: true }],
  command: [
    "--providers.docker=true",
    `--providers.docker.constraints=Label(\`${labels.platform}\`,\`${platform}\`)`,
  ],
  labels: { [labels.platform]: platform, [labels.role]: "ingress" },
  ...change,
});

/** The platform's filter before the engine's socket, in a plan. */
export const dockerProxy = (change: Partial<ContainerFact> = {}): ContainerFact => ({
  ...ingress(),
  name: `${platform}-docker-proxy`,
  role: "docker-proxy",
  user: "0:0",
  tmpfs: {},
  memoryBytes: 64 * mebibyte,
  memorySwapBytes: 64 * mebibyte,
  cpus: 0.5,
  namespaces: namespaces("none"),
  mounts: [
    {
      type: "bind",
      source: "/var/run/docker.sock",
      target: "/var/run/docker.sock",
      readOnly: true,
      propagation: "",
    },
    { ...proxySocket, readOnly: false },
  ],
  healthcheck: [],
  command: ["-loglevel=warn", "-socketpath=/var/run/docker.sock", "-allowHEAD=/_ping"],
  labels: { [labels.platform]: platform, [labels.role]: "docker-proxy" },
  plan: {
    wait: false,
    waitTimeoutSeconds: undefined,
    destroyGraceSeconds: undefined,
    removeVolumes: false,
    uploads: false,
    secretOutputs: [],
  },
  ...change,
});

/** All kinds of containers that there are, for the two substations, planned and running. The migration has ended by then. */
export const goodContainers: readonly ContainerFact[] = [
  ...[owner, neighbour].flatMap((of) => [
    plannedContainer({}, of),
    runningContainer({}, of),
    migration({}, of),
    asLive(migration({}, of), "exited"),
  ]),
  ...[ingress(), dockerProxy()].flatMap((planned) => [planned, asLive(planned)]),
];

/** A planned container as an engine tells of it. */
export function asLive({ plan: _plan, ...fact }: ContainerFact, state = "running"): ContainerFact {
  const { network = "" } = fact.namespaces;
  return {
    ...fact,
    networks: [network],
    mounts: fact.mounts.map((mount) => ({ ...mount, propagation: mount.type === "bind" ? "rprivate" : "" })),
    cgroupParent: "",
    namespaces: { ...fact.namespaces, pid: "", uts: "", user: "" },
    live: {
      state,
      health: fact.healthcheck.length > 0 ? "healthy" : undefined,
      restartCount: 0,
      startedAt: Date.UTC(2026, 10, 23),
      imageId: image,
      cgroup: undefined,
      pidsLimit:
        fact.role === "migrate"
          ? 0
          : fact.role === "ingress"
            ? 512
            : fact.role === "docker-proxy"
              ? 128
              : limits.processes,
      imageEnvironment: [],
    },
  };
}

/** The edge network. */
export const network = (change: Partial<NetworkFact> = {}): NetworkFact => ({
  name: edgeNetwork,
  owner: undefined,
  unknown: [],
  platform,
  driver: "bridge",
  interContainer: false,
  attachable: false,
  ...change,
});

/** A substation's volume for its secrets. */
export const volume = (change: Partial<VolumeFact> = {}, of = owner): VolumeFact => ({
  name: volumeName(of.platform, of.id),
  owner: of,
  unknown: [],
  platform: of.platform,
  driver: "local",
  driverOptions: {},
  ...change,
});

export const host = (name: string, value: string): HostFact => ({
  name,
  value,
  owner: undefined,
  unknown: [],
});

export function ownerLabels(of: Owner, role: string): Record<string, string> {
  return {
    [labels.mark]: mark(of),
    [labels.platform]: of.platform,
    [labels.group]: of.group,
    [labels.id]: of.id,
    [labels.role]: role,
  };
}

/** What the ingress reads of a shop. */
function routeLabels(of: Owner): Record<string, string> {
  const name = `${of.id}-${hash}`;
  const router = `traefik.http.routers.${name}`;
  const server = `traefik.http.services.${name}.loadbalancer`;
  return {
    "traefik.enable": "true",
    "traefik.docker.network": edgeNetwork,
    [`${router}.rule`]: `Host(\`${hostOf(of)}\`)`,
    [`${router}.entrypoints`]: "web",
    [`${router}.service`]: name,
    [`${router}.middlewares`]: name,
    [`traefik.http.middlewares.${name}.retry.attempts`]: "3",
    [`traefik.http.middlewares.${name}.retry.initialinterval`]: "50ms",
    [`${server}.server.port`]: "8080",
    [`${server}.healthcheck.path`]: "/healthz",
    [`${server}.healthcheck.port`]: "9090",
    [`${server}.healthcheck.interval`]: "1s",
    [`${server}.healthcheck.timeout`]: "2s",
  };
}
