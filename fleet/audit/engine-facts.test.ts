import type { InspectedContainer } from "../../inventory/containers";
import { mark } from "../../config/names";
import { owner, ownerLabels } from "../../policies/rules/testing";
import { containerFact } from "./engine-facts";

/** As an engine tells of a container that was asked for with nothing: many lists are null. */
const bare: InspectedContainer = {
  Id: "4f2c",
  Name: "/local-mengxiang-shop-abcdefghij",
  Image: "sha256:aa",
  Path: "node",
  Args: ["main.js"],
  RestartCount: 0,
  State: { Status: "running", Pid: 7, StartedAt: "2026-11-23T04:00:00.5Z" },
  Config: {
    Image: "shop:latest",
    User: "",
    Env: null,
    Labels: null,
    Healthcheck: null,
    Tty: false,
    OpenStdin: false,
  },
  HostConfig: {
    Privileged: false,
    CapAdd: null,
    CapDrop: null,
    SecurityOpt: null,
    GroupAdd: null,
    ReadonlyRootfs: false,
    Memory: 0,
    MemorySwap: 0,
    NanoCpus: 0,
    CpuQuota: 0,
    CpuPeriod: 0,
    PidsLimit: null,
    Ulimits: null,
    NetworkMode: "default",
    PidMode: "",
    IpcMode: "private",
    UTSMode: "",
    UsernsMode: "",
    CgroupParent: "",
    Devices: [],
    DeviceRequests: null,
    DeviceCgroupRules: null,
    PortBindings: null,
    PublishAllPorts: false,
    RestartPolicy: { Name: "", MaximumRetryCount: 0 },
    LogConfig: { Type: "json-file", Config: null },
  },
  Mounts: [],
  NetworkSettings: { Networks: { bridge: {} } },
};

test("what a container was not given is absent, and never a limit", () => {
  expect(containerFact(bare, undefined, undefined)).toMatchObject({
    ...{ name: "local-mengxiang-shop-abcdefghij", owner: undefined, platform: undefined, user: undefined },
    ...{ memoryBytes: 0, cpus: undefined, ulimits: [], networks: ["bridge"], healthcheck: [] },
    restart: { policy: "no", maximumRetries: 0 },
    live: { pidsLimit: undefined, cgroup: undefined, imageEnvironment: undefined, health: undefined },
  });
});

test("what it was given is told in a rule's words", () => {
  const { HostConfig: host } = bare;
  const given = {
    ...bare,
    Config: { ...bare.Config, Labels: ownerLabels(owner, "shop"), User: "7:7" },
    HostConfig: {
      ...host,
      CapAdd: ["CAP_NET_ADMIN"],
      CpuQuota: 50_000,
      PidsLimit: 64,
      Devices: [{ PathOnHost: "/dev/kvm", PathInContainer: "/dev/kvm", CgroupPermissions: "rwm" }],
      DeviceCgroupRules: ["c 1:1 rwm"],
      PortBindings: { "8080/tcp": [{ HostIp: "", HostPort: "80" }], "9090/tcp": null },
    },
    Mounts: [
      { Type: "volume", Name: "v", Source: "/var/lib/docker/volumes/v/_data", Destination: "/v", RW: false },
      { Type: "bind", Source: "/etc", Destination: "/host", RW: true, Propagation: "rshared" },
    ],
    NetworkSettings: { Networks: { host: {} } },
  };
  const fact = containerFact(given, { pidsMax: "max", memoryMax: 1 }, ["PATH=/bin"]);
  expect(mark(fact.owner!)).toBe(mark(owner));
  expect(fact).toMatchObject({
    ...{ platform: "local", role: "shop", user: "7:7", cpus: 0.5, networks: [] },
    capabilities: { add: ["NET_ADMIN"], drop: [] },
    devices: ["/dev/kvm:/dev/kvm:rwm", "rule c 1:1 rwm"],
    ports: [{ address: "", host: 80, container: 8080 }],
    mounts: [
      { type: "volume", source: "v", target: "/v", readOnly: true, propagation: "" },
      { type: "bind", source: "/etc", target: "/host", readOnly: false, propagation: "rshared" },
    ],
    live: { pidsLimit: 64, cgroup: { pidsMax: "max", memoryMax: 1 }, imageEnvironment: ["PATH=/bin"] },
  });
});
