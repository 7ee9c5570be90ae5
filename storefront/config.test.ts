import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { loadConfig, loadServerSecrets } from "./config";
import { canaries, mainStation, stationToken, writeSecrets } from "./testing/secrets";

let dir: string;
const ca = "-----BEGIN CERTIFICATE-----\nMA==\n-----END CERTIFICATE-----\n";
beforeEach(() => {
  dir = writeSecrets(mkdtempSync(join(tmpdir(), "storefront-config-")), { port: 5432, ca }, "ss_a", "app");
});
afterEach(() => rmSync(dir, { recursive: true }));

const topUp = { enabled: false, carriers: ["mobile"], faceValues: [3000, 5000] };
const channel = {
  kind: "alipay",
  title: "支付宝",
  enabled: true,
  sandbox: true,
  gateway: "http://10.87.255.1:9180/alipay",
  notifyUrl: "http://mengxiang.substation.test:8080/pay/zfb/notify",
  returnUrl: "http://mengxiang.substation.test:8080/pay/zfb/return",
  minimum: 100,
  maximum: 50000,
  feeBasisPoints: 60,
  weight: 1,
  fields: { appId: "2021" },
};

const edit = (change: (config: Record<string, unknown> & { database: Record<string, unknown> }) => void) => {
  const path = join(dir, "substation.json");
  const config = JSON.parse(readFileSync(path, "utf8")) as Parameters<typeof change>[0];
  change(config);
  writeFileSync(path, JSON.stringify(config));
};

test("the file becomes one configuration", () => {
  expect(loadConfig(dir)).toEqual({
    platform: "local",
    group: "demo",
    id: "mengxiang",
    title: "梦想<点>卡",
    tier: "standard",
    host: "mengxiang.substation.test",
    url: "http://mengxiang.substation.test:8080",
    revenueShareBasisPoints: 1250,
    markupBasisPoints: 0, // a file of before there were any
    modules: {},
    initialData: { categories: [], goods: [], notices: [], pages: [] },
    channels: [],
    suspended: undefined,
    mainStation,
    database: {
      host: "127.0.0.1",
      port: 5432,
      name: "ss_a",
      user: "ss_a_app",
      appRole: "ss_a_app",
      schema: "shop",
      maxConnections: 3,
      password: "pw-ss_a_app",
      ca,
    },
  });
  expect(Object.values(loadServerSecrets(dir))).toEqual([...canaries, {}]);
});

test("a later field of the same contract is ignored, another contract is refused", () => {
  edit((c) => (c["regions"] = ["cn"]));
  expect(() => loadConfig(dir)).not.toThrow();
  edit((c) => (c["contract"] = 2));
  expect(() => loadConfig(dir)).toThrow(
    `${dir}/substation.json: contract must be 1, the version that this image speaks, found 2`,
  );
});

test("a shop does not start with a token that is not its own, or that allows other than it was told of", () => {
  const said = (change: (config: Record<string, unknown>) => void) => {
    const before = readFileSync(join(dir, "substation.json"), "utf8");
    edit(change);
    let words = "";
    try {
      loadServerSecrets(dir);
    } catch (error) {
      words = (error as Error).message.replaceAll(`${dir}/substation.json: `, "");
    }
    writeFileSync(join(dir, "substation.json"), before);
    return words;
  };
  const withToken = (token: string) =>
    said((c) => ((c["secrets"] as Record<string, unknown>)["mainStationToken"] = token));
  expect(withToken(stationToken())).toBe("");
  expect(withToken(stationToken({ scope: `${mainStation.scopes.join(" ")} members:write` }))).toBe(
    "secrets.mainStationToken allows goods:read members:write orders:create orders:read, and mainStation.scopes says goods:read orders:create orders:read",
  );
  expect(withToken(stationToken({ sub: "haitang" }))).toBe(
    "secrets.mainStationToken is of the substation haitang, not of mengxiang",
  );
  expect(withToken(`${stationToken({}, { alg: "none" }).split(".").slice(0, 2).join(".")}.`)).toBe(
    "secrets.mainStationToken is not signed by EdDSA",
  );
  expect(withToken("canary-token")).toBe(
    "secrets.mainStationToken is no token: three parts with a dot between them",
  );
  expect(withToken("")).toBe("secrets.mainStationToken is empty");
  expect(said((c) => (c["mainStation"] = { ...mainStation, scopes: ["goods:read"] }))).toBe(
    "secrets.mainStationToken allows goods:read orders:create orders:read, and mainStation.scopes says goods:read",
  );
  expect(said((c) => (c["mainStation"] = { scopes: "goods:read", publicKey: "x" }))).toBe(
    'mainStation.scopes must be a list of texts, found "goods:read"; mainStation.publicKey must match -----BEGIN PUBLIC KEY-----, found "x"',
  );
  expect(said((c) => delete c["mainStation"])).toContain("mainStation must be an object, found nothing");
});

test("modules and channels are read, a module that this image does not know is left out, secrets stay with the server's", () => {
  edit((c) => {
    c["markupBasisPoints"] = 1500;
    c["modules"] = { phoneTopUp: topUp, lottery: { odds: 3 } };
    c["channels"] = { zfb: channel };
    (c["secrets"] as Record<string, unknown>)["channels"] = { zfb: { privateKey: "canary-key" } };
  });
  const config = loadConfig(dir);
  expect(config).toMatchObject({ markupBasisPoints: 1500 });
  expect(config.modules).toEqual({
    phoneTopUp: { enabled: false, categories: ["mobile"], faceValues: [3000, 5000] },
  });
  expect(config.channels).toEqual([{ id: "zfb", dailyCap: undefined, ...channel }]);
  expect(loadServerSecrets(dir).channels).toEqual({ zfb: { privateKey: "canary-key" } });
  expect(JSON.stringify(config)).not.toContain("canary");
});

test("a custom channel has an adapter in place of a gateway", () => {
  const hema = { ...channel, gateway: undefined, kind: "custom", adapter: { port: 9101, merchant: "1001" } };
  edit((c) => (c["channels"] = { hema }));
  expect(loadConfig(dir).channels).toEqual([{ id: "hema", dailyCap: undefined, ...hema, gateway: "" }]);
  edit((c) => (c["channels"] = { hema: { ...hema, adapter: { port: 80 } } }));
  expect(() => loadConfig(dir)).toThrow(
    /channels\.hema\.adapter\.port must be a whole number from 1024 to 65535, found 80; .*channels\.hema\.adapter\.merchant must be a text that is not empty, found nothing/,
  );
});

test("what is wrong with modules and channels is told by its path, and no secret with it", () => {
  edit((c) => {
    c["markupBasisPoints"] = -1;
    c["modules"] = { gameCards: { enabled: "yes", categories: [3] } };
    c["channels"] = {
      "Zfb!": { ...channel, minimum: 1.5, maximum: 0, gateway: "ftp://x", fields: { appId: 7 } },
    };
    (c["secrets"] as Record<string, unknown>)["channels"] = { zfb: { privateKey: 12345 } };
  });
  const problems = (load: () => unknown) => {
    try {
      load();
    } catch (error) {
      return (error as Error).message.replaceAll(`${dir}/substation.json: `, "").split("; ");
    }
    return [];
  };
  expect(problems(() => loadConfig(dir))).toEqual([
    "markupBasisPoints must be a whole number from 0 to 100000, found -1",
    'modules.gameCards.enabled must be true or false, found "yes"',
    "modules.gameCards.categories must be a list of texts, found [3]",
    expect.stringMatching(/^channels\.Zfb! is no channel id: /),
    "channels.Zfb!.minimum must be a whole number from 1 to 100000000, found 1.5",
    'channels.Zfb!.gateway must be an http or https address, found "ftp://x"',
    "channels.Zfb!.maximum must be a whole number from 1 to 100000000, found 0",
    "channels.Zfb!.fields.appId must be a text that is not empty, found 7",
  ]);
  expect(problems(() => loadServerSecrets(dir))).toEqual(["secrets.channels.zfb.privateKey must be a text"]);
});

test("every problem is told at once, with its file, key and the value seen", () => {
  edit((c) => {
    c["title"] = " ";
    c["url"] = "javascript:alert(1)";
    c["revenueShareBasisPoints"] = 12.5;
    delete c["tier"];
    c.database["port"] = "5432";
    c.database["appRole"] = 'x"; DROP TABLE y';
    c.database["schema"] = "public";
    c.database["password"] = " ";
    c.database["ca"] = "secret-looking text";
  });
  let message = "";
  try {
    loadConfig(dir);
  } catch (error) {
    message = (error as Error).message;
  }
  const file = `${dir}/substation.json`;
  expect(message.split("; " + dir).map((part, i) => (i > 0 ? dir + part : part))).toEqual([
    `${file}: title must be a text that is not empty, found " "`,
    `${file}: tier must be a text that is not empty, found nothing`,
    `${file}: url must be an http or https address, found "javascript:alert(1)"`,
    `${file}: revenueShareBasisPoints must be a whole number from 0 to 10000, found 12.5`,
    `${file}: database.port must be a whole number from 1 to 65535, found "5432"`,
    `${file}: database.appRole must match ^[a-z_][a-z0-9_]{0,62}$, found "x\\"; DROP TABLE y"`,
    `${file}: database.schema must match ^shop$, found "public"`,
    `${file}: database.password is empty`,
    `${file}: database.ca must match -----BEGIN CERTIFICATE-----`,
  ]);
});

test("a missing file, a file that is not JSON and JSON that is no object each say so", () => {
  edit((c) => delete (c["secrets"] as Record<string, unknown>)["sessionKey"]);
  expect(() => loadServerSecrets(dir)).toThrow(`${dir}/substation.json: secrets.sessionKey is missing`);
  writeFileSync(join(dir, "substation.json"), "[]");
  expect(() => loadConfig(dir)).toThrow(`${dir}/substation.json: must be a JSON object`);
  writeFileSync(join(dir, "substation.json"), "{");
  expect(() => loadConfig(dir)).toThrow(`${dir}/substation.json: is not JSON`);
  rmSync(join(dir, "substation.json"));
  expect(() => loadConfig(dir)).toThrow(`${dir}/substation.json: is missing`);
});

test("a suspended shop says why and whom to ask, or does not start", () => {
  const suspended = { since: "2026-11-23", reason: "升级中", contact: "QQ 10001" };
  edit((config) => (config["suspended"] = suspended));
  expect(loadConfig(dir).suspended).toEqual(suspended);
  edit((config) => (config["suspended"] = { since: "2026-11-23", reason: " " }));
  expect(() => loadConfig(dir)).toThrow(
    /suspended\.reason must be a text that is not empty, found " "; .*suspended\.contact must be a text that is not empty, found nothing/,
  );
});
