import { noFacts, type FactKind, type Facts } from "../rules/facts";
import { planFacts, type PlannedResource } from "./plan";
import { asInPreview } from "../testing";

// As the policy SDK has them: what stands for a value that is not known in a preview.
const unknownText = "04da6b54-80e4-46f7-96ec-b56ff0331ba9";
const unknownNumber = "3eeb2bf0-c639-47a8-9e75-3b44932eb421";
const unknownList = "6a19a0b0-7e62-4c92-b797-7f8e31da9cc2";
const unknownObject = "dd056dcd-154b-4c76-9bd3-c8f88648b5ff";

const owner = { platform: "local", group: "demo", id: "mengxiang" };

/** Facts of a resource as the policy pack meets it. */
const planned = (type: string, props: object, change: Partial<PlannedResource> = {}): Facts =>
  planFacts({
    type,
    name: "mengxiang",
    props: asInPreview(props),
    opts: {},
    owner,
    ...change,
  });

const one = <K extends FactKind>(facts: Facts, kind: K): Facts[K][number] => {
  expect(facts[kind]).toHaveLength(1);
  return facts[kind][0] as Facts[K][number];
};

const container = "docker:index/container:Container";
const containerOf = (props: object) => one(planned(container, props), "container");
const resourceOf = (type: string, props: object, change: Partial<PlannedResource> = {}) =>
  one(planned(type, props, change), "resource");

test("a container's inputs are told in the engine's units and words", () => {
  expect(
    containerOf({
      name: "c",
      image: "sha256:a",
      memory: 128,
      memorySwap: -1,
      cpus: "0.25",
      capabilities: { adds: ["CAP_NET_ADMIN"], drops: ["ALL"] },
      envs: ["A=1"],
      entrypoints: ["/bin/sh"],
      command: ["-c", "true"],
      labels: [
        { label: "substation.mark", value: "substation local/demo/haitang" },
        { label: "substation.role", value: "shop" },
      ],
      ports: [{ internal: 80, external: 8080, ip: "127.0.0.1", protocol: "tcp" }],
      devices: [{ hostPath: "/dev/kvm" }],
      gpus: "all",
      volumes: [
        { hostPath: "/var/run/docker.sock", containerPath: "/s", readOnly: true },
        { fromContainer: "other", containerPath: "/o" },
      ],
      mounts: [{ type: "bind", source: "/", target: "/h", bindOptions: { propagation: "shared" } }],
      uploads: [{ file: "/x", content: "secret" }],
    }),
  ).toMatchObject({
    name: "c",
    owner: { ...owner, id: "haitang" }, // by its mark, before whose part it is
    role: "shop",
    memoryBytes: 128 * 2 ** 20,
    memorySwapBytes: -1,
    cpus: 0.25,
    capabilities: { add: ["NET_ADMIN"], drop: ["ALL"] },
    environment: ["A=1"],
    command: ["/bin/sh", "-c", "true"],
    ports: [{ address: "127.0.0.1", host: 8080, container: 80 }],
    devices: ["/dev/kvm::", "gpus all"],
    mounts: [
      { type: "bind", source: "/", target: "/h", readOnly: false, propagation: "shared" },
      { type: "bind", source: "/var/run/docker.sock", target: "/s", readOnly: true, propagation: "" },
      { type: "from", source: "other", target: "/o", readOnly: false, propagation: "" },
    ],
    plan: { uploads: true },
    unknown: [],
  });
});

test("where an input of a container is absent, the provider's default is the fact", () => {
  expect(containerOf({ name: "c" })).toMatchObject({
    owner,
    privileged: false,
    readOnlyRoot: false,
    memoryBytes: undefined,
    restart: { policy: "no", maximumRetries: 0 },
    networks: ["bridge"],
    plan: { wait: false, removeVolumes: true, destroyGraceSeconds: undefined, uploads: false },
  });
  const networks = (props: object) => containerOf(props).networks;
  expect(networks({ networkMode: "host" })).toEqual([]);
  expect(networks({ networkMode: "container:x" })).toEqual([]);
  expect(networks({ networkMode: "edge" })).toEqual(["edge"]);
  expect(networks({ networkMode: "edge", networksAdvanced: [{ name: "edge" }, { name: "main" }] })).toEqual([
    "edge",
    "main",
  ]);
});

test("an unknown input is noted by its path, wherever it stands, and is read as nothing", () => {
  const { unknown, memoryBytes, privileged, networks, mounts, plan } = containerOf({
    privileged: "1c4a061d-8072-4f0a-a4cb-0ff528b18fe7",
    memory: unknownNumber,
    image: unknownText,
    capabilities: unknownObject,
    networksAdvanced: [{ name: unknownText }],
    mounts: [{ type: "volume", source: unknownText, target: "/t" }],
    securityOpts: unknownList,
    envs: ["A=1", unknownText],
    labels: [{ label: "a", value: unknownText }],
    tmpfs: { "/tmp": unknownText },
    uploads: unknownList,
  });
  expect([...unknown].sort()).toEqual([
    "capabilities",
    "envs.1",
    "image",
    "labels.0.value",
    "memory",
    "mounts.0.source",
    "networksAdvanced.0.name",
    "privileged",
    "securityOpts",
    "tmpfs./tmp",
  ]);
  expect([memoryBytes, privileged, networks, mounts[0]?.source]).toEqual([undefined, undefined, [""], ""]);
  expect(plan?.uploads).toBe(true); // a secret's presence is known even where its value is not
});

test("an output or a promise of a program is unknown, and so is a value of another kind than it must be", () => {
  const output = { apply: () => undefined };
  const facts = planFacts({
    type: container,
    name: "mengxiang",
    props: {
      memory: output,
      user: Promise.resolve("1:1"),
      privileged: "yes",
      securityOpts: [output],
      uploads: output,
    },
    opts: {},
    owner,
  });
  expect([...one(facts, "container").unknown].sort()).toEqual([
    "memory",
    "privileged",
    "securityOpts.0",
    "user",
  ]);
  expect(one(facts, "container")).toMatchObject({
    user: undefined,
    privileged: undefined,
    memoryBytes: undefined,
  });
});

test("databases, roles, memberships and grants of a plan; passwords are told by their presence alone", () => {
  const role = planned(
    "postgresql:index/role:Role",
    {
      name: "ss_app",
      login: true,
      password: unknownText,
      roles: ["ss"],
      statementTimeout: 5000,
      encryptedPassword: true,
    },
    { opts: { protect: true } },
  );
  expect(one(role, "role")).toEqual({
    name: "ss_app",
    owner,
    login: true,
    superuser: false,
    createDatabase: false,
    createRole: false,
    replication: false,
    bypassRowSecurity: false,
    connectionLimit: -1,
    statementTimeoutMs: 5000,
    idleTransactionTimeoutMs: 0,
    searchPath: [],
    plan: { protected: true, password: true, passwordSecret: undefined },
    unknown: [],
  });
  const granted = { name: "ss_app", role: "ss", admin: false, inherit: true, set: true, through: [] };
  expect(one(role, "membership")).toEqual({ ...granted, owner, unknown: [] });
  expect(one(role, "resource").unread).toEqual([]);
  const grantRole = { role: "ss_app", grantRole: "pg_read_all_data", withAdminOption: true };
  expect(one(planned("postgresql:index/grantRole:GrantRole", grantRole), "membership")).toMatchObject({
    name: "ss_app",
    role: "pg_read_all_data",
    admin: true,
  });
  const database = { name: "ss", owner: "ss", connectionLimit: 5, template: "template0" };
  const opts = { protect: true, ignoreChanges: ["template"] };
  expect(one(planned("postgresql:index/database:Database", database, { opts }), "database")).toMatchObject({
    ownedBy: "ss",
    connectionLimit: 5,
    allowConnections: true,
    plan: { protected: true, ignored: ["template"], template: "template0" },
  });
});

test("a grant is told object by object", () => {
  const grant = (props: object) => planned("postgresql:index/grant:Grant", props).grant;
  const base = { database: "ss", role: "public" };
  expect(grant({ ...base, objectType: "database", privileges: [] })).toMatchObject([
    { name: "public", on: "database", object: "ss", privileges: [], grantable: false },
  ]);
  const tables = {
    ...base,
    objectType: "table",
    schema: "shop",
    objects: ["a", "b"],
    privileges: ["select"],
  };
  expect(grant(tables)).toMatchObject([
    { on: "table", object: "shop.a", privileges: ["SELECT"] },
    { on: "table", object: "shop.b", privileges: ["SELECT"] },
  ]);
  expect(
    grant({ ...base, objectType: "foreign_server", objects: ["x"], withGrantOption: true }),
  ).toMatchObject([{ on: "other", grantable: true }]);
  expect(grant({ ...base, objectType: "database", privileges: unknownList })[0]?.unknown).toEqual([
    "privileges",
  ]);
});

test("networks, volumes, records, secrets and providers", () => {
  const icc = { "com.docker.network.bridge.enable_icc": "false" };
  const network = (props: object) => one(planned("docker:index/network:Network", props), "network");
  expect(network({ name: "e", driver: "bridge", options: icc })).toMatchObject({ interContainer: false });
  expect(network({ name: "e", driver: "bridge" })).toMatchObject({ interContainer: true, attachable: false });
  expect(network({ name: "e", options: unknownObject })).toMatchObject({
    unknown: ["options"],
    interContainer: undefined,
  });
  const bind = { name: "v", driver: "local", driverOpts: { type: "none", o: "bind", device: "/" } };
  expect(one(planned("docker:index/volume:Volume", bind), "volume").driverOptions).toEqual(bind.driverOpts);
  const record = {
    name: "www.z",
    type: "CNAME",
    content: "evil.example",
    ttl: 60,
    zoneId: "z",
    comment: "x",
  };
  expect(one(planned("cloudflare:index/dnsRecord:DnsRecord", record), "record")).toMatchObject({
    type: "CNAME",
    content: "evil.example",
    proxied: false,
    owner,
  });
  expect(one(planned("random:index/randomPassword:RandomPassword", { length: 64 }), "secret").length).toBe(
    64,
  );
  const provider = one(
    planned("pulumi:providers:postgresql", {
      superuser: "false",
      maxConnections: "8",
      password: unknownText,
      host: "h",
    }),
    "provider",
  );
  expect(provider.package).toBe("postgresql");
  expect(provider.settings).toEqual({ superuser: false, maxConnections: 8, password: "[secret]", host: "h" });
});

test("what no fact is made of is told: types, inputs, and inputs of inputs", () => {
  for (const type of [
    "docker:index/service:Service",
    "docker:index/serviceConfig:ServiceConfig",
    "postgresql:index/function:Function",
    "postgresql:index/extension:Extension",
    "command:local:Command",
    "pulumi-nodejs:dynamic:Resource",
    "pulumi:providers:command",
    "toString",
  ]) {
    expect(resourceOf(type, {})).toMatchObject({ type, judged: false });
  }
  expect(
    resourceOf(container, {
      name: "c",
      runtime: "sysbox",
      hosts: unknownList,
      dns: [],
      shmSize: 16,
      storageOpts: {},
      __defaults: ["x"],
      networksAdvanced: [{ name: "edge", aliases: ["postgres"] }],
      mounts: [
        { type: "volume", source: "v", target: "/v", volumeOptions: { driverOptions: { o: "bind" } } },
      ],
    }),
  ).toMatchObject({
    judged: true,
    unread: ["runtime", "hosts", "networksAdvanced.0.aliases", "mounts.0.volumeOptions"],
  });
  expect(resourceOf("pulumi:providers:docker", { pluginDownloadURL: "https://evil.example" }).unread).toEqual(
    ["pluginDownloadURL"],
  );
});

test("a mark that is not of the component that the resource is a part of is told", () => {
  const labels = [{ label: "substation.mark", value: "substation local/demo/haitang" }];
  const volume = "docker:index/volume:Volume";
  expect(resourceOf(volume, { labels }).claims).toEqual({ ...owner, id: "haitang" });
  expect(resourceOf(volume, { labels }, { owner: undefined }).claims).toEqual({ ...owner, id: "haitang" });
  expect(resourceOf(volume, { labels }, { owner: { ...owner, id: "haitang" } }).claims).toBeUndefined();
  expect(resourceOf(volume, {}).claims).toBeUndefined();
});

test("facts of a resource hold every kind, so that rules of any kind can be run over them", () => {
  expect(Object.keys(planned("pulumi:pulumi:Stack", {})).sort()).toEqual(Object.keys(noFacts).sort());
});
