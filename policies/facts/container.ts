import { labels, parseMark } from "../../config/names";
import type { ContainerFact, Mount, Port } from "../rules/facts";
import type { Inputs } from "./inputs";
import type { PlannedResource } from "./resource";

const mebibyte = 1024 * 1024;

/** A `docker:index/container:Container`. Where an input is absent, the provider's default counts: it is what Docker will be told. */
export function containerFact(inputs: Inputs, { name, opts, owner }: PlannedResource): ContainerFact {
  const labelled = labelsOf(inputs);
  const memory = inputs.number("memory");
  const swap = inputs.number("memorySwap");
  const networkMode = networkModeOf(inputs, labelled);
  const capabilities = inputs.object("capabilities");
  return {
    name: inputs.string("name") ?? name,
    owner: parseMark(labelled[labels.mark]) ?? owner,
    platform: labelled[labels.platform],
    role: labelled[labels.role],
    image: inputs.string("image"),
    user: inputs.string("user"),
    groups: inputs.strings("groupAdds"),
    privileged: inputs.booleanOr("privileged", false),
    capabilities: {
      add: capabilities?.strings("adds").map(withoutPrefix) ?? [],
      drop: capabilities?.strings("drops").map(withoutPrefix) ?? [],
    },
    securityOptions: inputs.strings("securityOpts"),
    readOnlyRoot: inputs.booleanOr("readOnly", false),
    tmpfs: inputs.map("tmpfs"),
    memoryBytes: memory && memory * mebibyte,
    memorySwapBytes: swap && (swap < 0 ? swap : swap * mebibyte),
    cpus: cores(inputs.string("cpus")),
    ulimits: inputs.objects("ulimits").map((limit) => ({
      name: limit.string("name") ?? "",
      soft: limit.number("soft") ?? -1,
      hard: limit.number("hard") ?? -1,
    })),
    namespaces: {
      network: networkMode,
      pid: inputs.string("pidMode"),
      ipc: inputs.string("ipcMode"),
      uts: undefined, // the provider has no input for it
      user: inputs.string("usernsMode"),
      cgroup: inputs.string("cgroupnsMode"),
    },
    networks: networksOf(inputs, networkMode),
    mounts: [...inputs.objects("mounts").map(mountOf), ...inputs.objects("volumes").map(volumeMount)],
    devices: devicesOf(inputs),
    ports: inputs.objects("ports").map(portOf),
    publishAllPorts: inputs.booleanOr("publishAllPorts", false),
    restart: {
      policy: inputs.string("restart") ?? "no",
      maximumRetries: inputs.number("maxRetryCount") ?? 0,
    },
    healthcheck: inputs.object("healthcheck")?.strings("tests") ?? [],
    environment: inputs.strings("envs"),
    command: [...inputs.strings("entrypoints"), ...inputs.strings("command")],
    labels: labelled,
    cgroupParent: inputs.string("cgroupParent"),
    log: { driver: inputs.string("logDriver"), options: inputs.map("logOpts") },
    sysctls: inputs.map("sysctls"),
    tty: inputs.booleanOr("tty", false),
    stdinOpen: inputs.booleanOr("stdinOpen", false),
    plan: {
      wait: inputs.boolean("wait") ?? false,
      waitTimeoutSeconds: inputs.number("waitTimeout"),
      destroyGraceSeconds: inputs.number("destroyGraceSeconds"),
      removeVolumes: inputs.booleanOr("removeVolumes", true),
      uploads: inputs.has("uploads"),
      secretOutputs: opts.additionalSecretOutputs ?? [],
    },
    unknown: inputs.unknown().filter((path) => path !== "networkMode" || networkMode === undefined),
  };
}

/**
 * An adapter names its shop's container by an id, which no plan can know before that is made, and nobody tell from it whose it is. So its label
 * counts: that the id is of that very container a hook sees to (components/adapter-ready.ts), and the audit.
 */
function networkModeOf(inputs: Inputs, labelled: Readonly<Record<string, string>>): string | undefined {
  const mode = inputs.string("networkMode");
  const beside = labelled[labels.role] === "adapter" ? labelled[labels.beside] : undefined;
  if (beside === undefined || (mode !== undefined && !/^container:[0-9a-f]{64}$/.test(mode))) return mode;
  return inputs.has("networkMode") ? `container:${beside}` : undefined;
}

/** Which inputs of a container are left to it. `mustRun`, `start` and `attach` say how the provider runs it, and no more. */
export const harmlessOfContainer = [
  ..."attach containerReadRefreshTimeoutMilliseconds cpuSet cpuShares domainname hostname init logs".split(
    " ",
  ),
  ..."memoryReservation mustRun platform rm shmSize start stopSignal stopTimeout workingDir".split(" "),
  ..."deviceReadBps deviceReadIops deviceWriteBps deviceWriteIops".split(" "), // they limit
  ...["interval", "retries", "startInterval", "startPeriod", "timeout"].map((key) => `healthcheck.${key}`),
  "networksAdvanced.gwPriority",
];

/** Labels of a Docker resource; of two with one name the last counts, as for Docker. */
export const labelsOf = (inputs: Inputs): Record<string, string> =>
  Object.fromEntries(
    inputs.objects("labels").map((label) => [label.string("label") ?? "", label.string("value") ?? ""]),
  );

const withoutPrefix = (capability: string): string => capability.replace(/^CAP_/, "");

function cores(text: string | undefined): number | undefined {
  const value = Number(text ?? NaN);
  return Number.isFinite(value) ? value : undefined;
}

/** What Docker will attach it to: the mode names a network where no networks are named. */
function networksOf(inputs: Inputs, mode: string | undefined): string[] {
  const named = inputs.objects("networksAdvanced").map((network) => network.string("name") ?? "");
  if (named.length > 0 || inputs.has("networksAdvanced")) return named;
  const usual = mode === undefined || mode === "default" || mode === "" ? "bridge" : mode;
  return ["host", "none"].includes(usual) || usual.startsWith("container:") ? [] : [usual];
}

const mountOf = (mount: Inputs): Mount => ({
  type: mount.string("type") ?? "",
  source: mount.string("source") ?? "",
  target: mount.string("target") ?? "",
  readOnly: mount.boolean("readOnly") ?? false,
  propagation: mount.object("bindOptions")?.string("propagation") ?? "",
});

/** The provider's other way to say it: a path of the host, a volume, or another container's volumes. */
function volumeMount(volume: Inputs): Mount {
  const path = volume.string("hostPath");
  const from = volume.string("fromContainer");
  const type = from ? "from" : path ? "bind" : "volume";
  return {
    type,
    source: from || path || volume.string("volumeName") || "",
    target: volume.string("containerPath") ?? "",
    readOnly: volume.boolean("readOnly") ?? false,
    propagation: "",
  };
}

function devicesOf(inputs: Inputs): string[] {
  const gpus = inputs.string("gpus");
  return [
    ...inputs.objects("devices").map((device) => {
      const [host, container, rights] = ["hostPath", "containerPath", "permissions"].map((key) =>
        device.string(key),
      );
      return `${host ?? "?"}:${container ?? ""}:${rights ?? ""}`;
    }),
    ...inputs.objects("deviceRequests").map((request) => {
      const ids = request.strings("deviceIds");
      return `request of ${request.string("driver") || "any driver"}: ${ids.join(", ") || String(request.number("count") ?? "?")}`;
    }),
    ...(gpus ? [`gpus ${gpus}`] : []),
  ];
}

const portOf = (port: Inputs): Port => {
  port.string("protocol");
  return {
    address: port.string("ip") ?? "",
    host: port.number("external"),
    container: port.number("internal") ?? 0,
  };
};
