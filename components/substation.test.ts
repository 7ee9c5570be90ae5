import { mintToken } from "../config/main-station-token";
import { databaseName, userId } from "../config/names";
import { secretVersions } from "../config/secret-versions";
import { verifyToken } from "../storefront/main-station-token";
import { derive } from "./secrets";
import type { SubstationArgs } from "./substation";
import { lay } from "./testing/lay";
import { image, limits, platform, scopes } from "./testing/sample";

// These tests hold what is asked of the engine. They do not prove that Docker, PostgreSQL or the zone do it: test/e2e does.

const container = "docker:index/container:Container";
const db = databaseName("local", "mengxiang");
const uid = userId("local", "mengxiang");

test("a substation is these resources, and no other", async () => {
  const { resources, url } = await lay();
  expect(resources.map(({ type, name }) => `${type.split(":").at(-1)} ${name}`).sort()).toEqual(
    [
      "Substation mengxiang",
      "RandomPassword mengxiang-root",
      "Role mengxiang-group",
      "Role mengxiang-migrate",
      "Role mengxiang-app",
      "Database mengxiang",
      "Grant mengxiang-public",
      "Grant mengxiang-connect",
      "Grant mengxiang-create",
      "Volume mengxiang",
      "Container mengxiang-migrate",
      "Container mengxiang",
      "DnsRecord mengxiang",
    ].sort(),
  );
  expect(url).toBe("http://mengxiang.substation.test:8080");
});

test("the serving container is confined, and every input of that is known in a preview", async () => {
  for (const preview of [false, true]) {
    const { find } = await lay({}, preview);
    expect(find(container, "mengxiang")).toEqual({
      name: expect.stringMatching(/^local-mengxiang-shop-[a-z2-7]{10}$/) as string,
      image,
      user: `${uid}:${uid}`,
      privileged: false,
      readOnly: true,
      init: true,
      capabilities: { drops: ["ALL"] },
      securityOpts: ["no-new-privileges:true"],
      memory: 128,
      memorySwap: 128,
      cpus: "0.25",
      ulimits: [
        { name: "nproc", soft: 64, hard: 64 },
        { name: "nofile", soft: 4096, hard: 4096 },
      ],
      publishAllPorts: false,
      networkMode: "local-edge",
      networksAdvanced: [{ name: "local-edge" }],
      ipcMode: "private",
      cgroupnsMode: "private",
      shmSize: 16,
      mounts: [{ type: "volume", source: "local-mengxiang-secrets", target: "/run/secrets", readOnly: true }],
      tmpfs: { "/tmp": "rw,noexec,nosuid,nodev,mode=1777,size=16777216" },
      logDriver: "json-file",
      logOpts: { "max-size": "5m", "max-file": "2" },
      removeVolumes: false,
      restart: "unless-stopped",
      mustRun: true,
      tty: false,
      stdinOpen: false,
      healthcheck: {
        tests: ["CMD", "/healthcheck"],
        interval: "500ms",
        timeout: "40s",
        startPeriod: "20s",
        retries: 3,
      },
      wait: true,
      waitTimeout: 60,
      destroyGraceSeconds: 15,
      labels: expect.arrayContaining([
        { label: "substation.mark", value: "substation local/demo/mengxiang" },
        { label: "substation.processes", value: "32" },
        { label: "traefik.enable", value: "true" },
      ]) as unknown,
    });
  }
});

test("secret values go into the two files of the migration's container, and nowhere else", async () => {
  const { resources, find } = await lay();
  const of = (name: string) => derive("secret of mengxiang-root", name);
  const secrets = [
    ...["migrate-password", "app-password", "session-key", "callback-signing-key"].map(of),
    mintToken(
      { platform: "local", id: "mengxiang", scopes, jti: of("main-station-token-id") },
      platform.mainStationSigningKey,
    ),
  ];
  expect(new Set(secrets).size).toBe(5);
  const holds = (value: unknown) => secrets.filter((secret) => JSON.stringify(value).includes(secret)).length;
  expect(find(container, "mengxiang-migrate")["uploads"]).toHaveLength(2);
  expect(holds(find(container, "mengxiang-migrate")["uploads"])).toBe(5);
  for (const { type, name, inputs } of resources) {
    expect(JSON.stringify(inputs)).not.toContain("secret of");
    const password = type.endsWith(":Role") && name !== "mengxiang-group";
    expect([name, holds(type === container ? { ...inputs, uploads: [] } : inputs)]).toEqual([
      name,
      password ? 1 : 0,
    ]);
  }
  expect(JSON.stringify(find(container, "mengxiang"))).not.toContain("uploads");
});

test("the database is created closed, and its roles can do nothing beyond it", async () => {
  const { find } = await lay();
  expect(find("postgresql:index/database:Database", "mengxiang")).toEqual({
    name: db,
    allowConnections: false,
    connectionLimit: 8,
    template: "template0",
    encoding: "UTF8",
  });
  const powerless = { superuser: false, createDatabase: false, createRole: false, replication: false };
  expect(find("postgresql:index/role:Role", "mengxiang-group")).toEqual({
    name: db,
    login: false,
    ...powerless,
  });
  expect(find("postgresql:index/role:Role", "mengxiang-app")).toMatchObject({
    name: `${db}_app`,
    login: true,
    roles: [db],
    connectionLimit: 6,
    statementTimeout: 5000,
    idleInTransactionSessionTimeout: 10_000,
    ...powerless,
  });
  const grants = ["public", "connect", "create"].map((name) =>
    find("postgresql:index/grant:Grant", `mengxiang-${name}`),
  );
  expect(grants).toEqual([
    { database: db, objectType: "database", role: "public", privileges: [] },
    { database: db, objectType: "database", role: db, privileges: ["CONNECT"] },
    { database: db, objectType: "database", role: `${db}_migrate`, privileges: ["CREATE"] },
  ]);
});

test("a change of memory keeps the container's name; a change of image, title or cores gives it another", async () => {
  const name = async (change: Partial<SubstationArgs>) =>
    (await lay(change)).find(container, "mengxiang")["name"];
  const before = await name({});
  expect(await name({ limits: { ...limits, memoryBytes: 256 * 1024 * 1024 } })).toBe(before);
  const others = [
    { image: `sha256:${"b".repeat(64)}` },
    { title: "别的" },
    { limits: { ...limits, cpus: 0.5 } },
  ];
  const names = [before];
  for (const change of others) names.push(await name(change)); // one after the other: mocks are global
  expect(new Set(names).size).toBe(4);
});

test("changed initial data makes another migration, which alone is given it, and leaves the shop's container as it is", async () => {
  const initialData = { categories: [], goods: [], notices: [{ key: "hours", text: "新公告" }], pages: [] };
  const [before, after] = [await lay(), await lay({ initialData })];
  const names = ({ find }: typeof before) =>
    ["mengxiang-migrate", "mengxiang"].map((name) => find(container, name)["name"]);
  const [[oldMigrate, oldShop], [newMigrate, newShop]] = [names(before), names(after)];
  expect(newMigrate).not.toBe(oldMigrate);
  expect(newShop).toBe(oldShop);
  const files = (after.find(container, "mengxiang-migrate")["uploads"] as { content: string }[]).map(
    ({ content }) => (JSON.parse(content) as { initialData?: unknown }).initialData,
  );
  expect(files).toEqual([initialData, undefined]);
});

test("a new version of a secret is another secret in other containers; nothing else changes, and version 1 is what was there before", async () => {
  const secrets = (found: Awaited<ReturnType<typeof lay>>) => {
    const [migrate, shop] = (
      found.find(container, "mengxiang-migrate")["uploads"] as { content: string }[]
    ).map(({ content }) => JSON.parse(content) as { database: { password: string }; secrets?: object });
    return { migrate: migrate!.database.password, app: shop!.database.password, ...shop!.secrets };
  };
  const of = (name: string, version?: number) => derive("secret of mengxiang-root", name, version);
  const token = (version?: number) =>
    mintToken(
      { platform: "local", id: "mengxiang", scopes, jti: of("main-station-token-id", version) },
      platform.mainStationSigningKey,
    );
  const before = await lay();
  const same = await lay({ secretVersions: secretVersions() });
  expect(same.resources).toEqual(before.resources);
  const old = {
    migrate: of("migrate-password"),
    app: of("app-password"),
    sessionKey: of("session-key"),
    mainStationToken: token(),
    callbackSigningKey: of("callback-signing-key"),
    channels: {},
  };
  expect(secrets(before)).toEqual(old);

  const after = await lay({ secretVersions: secretVersions({ appPassword: 2 }) });
  expect(secrets(after)).toEqual({ ...old, app: of("app-password", 2) });
  expect(of("app-password", 2)).not.toBe(of("app-password"));
  const password = (name: string) =>
    (after.find("postgresql:index/role:Role", name)["password"] as { value: string }).value;
  expect([password("mengxiang-app"), password("mengxiang-migrate")]).toEqual([
    secrets(after).app,
    old.migrate,
  ]);
  const changed = after.resources
    .filter(({ type, name, inputs }) => JSON.stringify(inputs) !== JSON.stringify(before.find(type, name)))
    .map(({ type, name }) => `${type.split(":").at(-1)} ${name}`);
  expect(changed.sort()).toEqual([
    "Container mengxiang",
    "Container mengxiang-migrate",
    "Role mengxiang-app",
  ]);
  for (const name of ["mengxiang", "mengxiang-migrate"]) {
    expect(after.find(container, name)["name"]).not.toBe(before.find(container, name)["name"]);
    expect(after.find(container, name)["labels"]).toContainEqual({
      label: "substation.secrets",
      value: "appPassword=2",
    });
  }
  const keepers = async (root: number) =>
    (await lay({ secretVersions: secretVersions({ root }) })).find(
      "random:index/randomPassword:RandomPassword",
      "mengxiang-root",
    )["keepers"];
  expect([await keepers(1), await keepers(2)]).toEqual([undefined, { version: "2" }]);
});

test("the token has exactly the scopes of the tier, which the shop's label and file tell; other scopes make both containers anew", async () => {
  const shopFile = ({ find }: Awaited<ReturnType<typeof lay>>) => {
    const [, shop] = find(container, "mengxiang-migrate")["uploads"] as { content: string }[];
    return JSON.parse(shop!.content) as {
      mainStation: { scopes: string[]; publicKey: string };
      secrets: { mainStationToken: string };
    };
  };
  const before = await lay();
  const { mainStation, secrets } = shopFile(before);
  expect(mainStation.scopes).toEqual(scopes);
  expect(verifyToken(secrets.mainStationToken, mainStation.publicKey)).toMatchObject({
    iss: "local",
    sub: "mengxiang",
    scope: "goods:read orders:create orders:read",
  });
  const label = { label: "substation.scopes", value: "goods:read orders:create orders:read" };
  expect(before.find(container, "mengxiang")["labels"]).toContainEqual(label);
  expect(before.find(container, "mengxiang-migrate")["labels"]).not.toContainEqual(label);

  const names = ({ find }: Awaited<ReturnType<typeof lay>>) =>
    ["mengxiang-migrate", "mengxiang"].map((name) => find(container, name)["name"]);
  const reordered = await lay({ scopes: [...scopes].reverse() });
  expect(names(reordered)).toEqual(names(before));
  const more = await lay({ scopes: [...scopes, "balance:read"] });
  for (const [at, name] of names(more).entries()) expect(name).not.toBe(names(before)[at]);
  const token = shopFile(more);
  expect(verifyToken(token.secrets.mainStationToken, mainStation.publicKey).scope).toBe(
    "goods:read orders:create orders:read balance:read",
  );

  const renewed = shopFile(await lay({ secretVersions: secretVersions({ mainStationToken: 2 }) }));
  const jti = ({ secrets }: typeof renewed) =>
    verifyToken(secrets.mainStationToken, mainStation.publicKey).jti;
  expect(jti(renewed)).not.toBe(jti(shopFile(before)));
  expect(jti(token)).toBe(jti(shopFile(before)));
  // The platform's key is in no part of a substation.
  expect(JSON.stringify(before.resources)).not.toContain(platform.mainStationSigningKey);
});

test("the DNS record carries the ownership mark and points at the ingress", async () => {
  const { find } = await lay();
  expect(find("cloudflare:index/dnsRecord:DnsRecord", "mengxiang")).toEqual({
    zoneId: "zone-1",
    name: "mengxiang.substation.test",
    type: "A",
    content: "127.0.0.1",
    ttl: 60,
    proxied: false,
    comment: "substation local/demo/mengxiang",
  });
});

test("order, protection and replacement are asked for as options", async () => {
  const { get, resources } = await lay();
  for (const { type, name, options } of resources) {
    const data = type.startsWith("postgresql:index/role") || type.startsWith("postgresql:index/database");
    expect([name, options.protect, options.retainOnDelete]).toEqual([name, data, data]);
    expect(options.parent).toBe(type === "substation:index:Substation" ? "" : "mengxiang");
  }
  const grant = (name: string) => get("postgresql:index/grant:Grant", `mengxiang-${name}`).options;
  expect(grant("public")).toMatchObject({
    beforeCreate: ["mengxiang-seal"],
    deletedWith: "mengxiang",
    dependsOn: ["mengxiang"],
  });
  expect([grant("connect").dependsOn, grant("create").dependsOn]).toEqual([
    ["mengxiang-public"],
    ["mengxiang-connect"],
  ]);
  const migration = get(container, "mengxiang-migrate").options;
  expect(migration.afterCreate).toEqual(["mengxiang-migrated"]);
  expect(migration.dependsOn).toEqual(expect.arrayContaining(["mengxiang-create", "mengxiang"]));
  expect(get(container, "mengxiang").options).toMatchObject({
    deleteBeforeReplace: false,
    beforeCreate: ["mengxiang-enter", "mengxiang-requires-migration", "mengxiang-room"],
    afterCreate: ["mengxiang-process-limit", "mengxiang-route"],
    dependsOn: ["mengxiang", "mengxiang-migrate"],
  });
  expect(get("cloudflare:index/dnsRecord:DnsRecord", "mengxiang").options.dependsOn).toEqual(["mengxiang"]);
  expect(get("postgresql:index/database:Database", "mengxiang").options.ignoreChanges).toContain(
    "allowConnections",
  );
});
