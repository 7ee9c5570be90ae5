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
  const path = join(dir, "config.json");
  const config = JSON.parse(readFileSync(path, "utf8")) as Parameters<typeof change>[0];
  change(config);
  writeFileSync(path, JSON.stringify(config));
};

test("the files become one configuration, without the line end of a secret's file", () => {
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
      ca: ca.trimEnd(),
    },
  });
  expect(Object.values(loadServerSecrets(dir))).toEqual(canaries);
});

test("a later field of the same contract is ignored, another contract is refused", () => {
  edit((c) => (c["modules"] = ["topup"]));
  expect(() => loadConfig(dir)).not.toThrow();
  edit((c) => (c["contract"] = 2));
  expect(() => loadConfig(dir)).toThrow(
    `${dir}/config.json: contract must be 1, the version that this image speaks, found 2`,
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
  });
  writeFileSync(join(dir, "database-password"), "\n");
  writeFileSync(join(dir, "database-ca.crt"), "secret-looking text");
  let message = "";
  try {
    loadConfig(dir);
  } catch (error) {
    message = (error as Error).message;
  }
  const file = `${dir}/config.json`;
  expect(message.split("; " + dir).map((part, i) => (i > 0 ? dir + part : part))).toEqual([
    `${file}: title must be a text that is not empty, found " "`,
    `${file}: tier must be a text that is not empty, found nothing`,
    `${file}: url must be an http or https address, found "javascript:alert(1)"`,
    `${file}: revenueShareBasisPoints must be a whole number from 0 to 10000, found 12.5`,
    `${file}: database.port must be a whole number from 1 to 65535, found "5432"`,
    `${file}: database.appRole must match ^[a-z_][a-z0-9_]{0,62}$, found "x\\"; DROP TABLE y"`,
    `${file}: database.schema must match ^shop$, found "public"`,
    `${dir}/database-password: is empty`,
    `${dir}/database-ca.crt: must match -----BEGIN CERTIFICATE-----`,
  ]);
});

test("a missing file, a file that is not JSON and JSON that is no object each say so", () => {
  rmSync(join(dir, "session-key"));
  expect(() => loadServerSecrets(dir)).toThrow(`${dir}/session-key: is missing`);
  writeFileSync(join(dir, "config.json"), "[]");
  expect(() => loadConfig(dir)).toThrow(`${dir}/config.json: must be a JSON object`);
  writeFileSync(join(dir, "config.json"), "{");
  expect(() => loadConfig(dir)).toThrow(`${dir}/config.json: is not JSON:`);
});
