import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { loadConfig, loadServerSecrets } from "./config";
import { canaries, writeSecrets } from "./testing/secrets";

let dir: string;
const ca = "-----BEGIN CERTIFICATE-----\nMA==\n-----END CERTIFICATE-----\n";
beforeEach(() => {
  dir = writeSecrets(mkdtempSync(join(tmpdir(), "storefront-config-")), { port: 5432, ca }, "ss_a", "app");
});
afterEach(() => rmSync(dir, { recursive: true }));

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
  expect(Object.values(loadServerSecrets(dir))).toEqual(canaries);
});

test("a later field of the same contract is ignored, another contract is refused", () => {
  edit((c) => (c["modules"] = ["topup"]));
  expect(() => loadConfig(dir)).not.toThrow();
  edit((c) => (c["contract"] = 2));
  expect(() => loadConfig(dir)).toThrow(
    `${dir}/substation.json: contract must be 1, the version that this image speaks, found 2`,
  );
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
