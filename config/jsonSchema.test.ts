import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";

import { jsonSchemas } from "./jsonSchema";

interface Schema {
  readonly description?: string;
  readonly additionalProperties?: false | Schema;
  readonly properties?: Record<string, Schema>;
  readonly const?: string;
  readonly pattern?: string;
  readonly examples?: string[];
  readonly items?: Schema;
  readonly oneOf?: Schema[];
  readonly not?: object;
}

const folder = join(__dirname, "..", "schemas");

test("the committed schemas are those of the code (if not: npm run substation -- schema)", () => {
  const committed = readdirSync(folder).map((name) => [name, readFileSync(join(folder, name), "utf8")]);
  expect(Object.fromEntries(committed)).toEqual(Object.fromEntries(jsonSchemas()));
});

test("every key is described, no other key is allowed, and every pattern takes its examples", () => {
  let keys = 0;
  const visit = (schema: Schema, path: string): void => {
    expect([path, typeof schema.description]).toEqual([path, "string"]);
    for (const example of schema.pattern ? (schema.examples ?? [path]) : []) {
      expect(example).toMatch(new RegExp(schema.pattern ?? "", "u"));
    }
    // A custom channel's own keys are its descriptor's, which no editor knows.
    const open = schema.properties?.["kind"]?.const === "custom";
    if (schema.properties && !open) expect([path, schema.additionalProperties]).toEqual([path, false]);
    for (const [key, value] of Object.entries(schema.properties ?? {})) visit(value, `${path}.${key}`);
    if (typeof schema.additionalProperties === "object") visit(schema.additionalProperties, `${path}.*`);
    if (schema.items) visit(schema.items, `${path}[]`);
    for (const [i, option] of (schema.oneOf ?? []).entries()) visit(option, `${path}|${i}`);
    keys++;
  };
  for (const [name, text] of jsonSchemas()) visit(JSON.parse(text) as Schema, name);
  expect(keys).toBeGreaterThan(100);
});

test("an editor offers each kind of channel its own fields, and refuses a secret in plain", () => {
  const { properties } = JSON.parse(jsonSchemas().get("substation.schema.json") ?? "") as Schema;
  const channel = properties?.["channels"]?.additionalProperties as Schema;
  const kinds = (channel.oneOf ?? []).map(
    (option) => option.properties as Record<string, Schema & { const?: string }>,
  );
  expect(kinds.map(({ kind }) => kind?.const)).toEqual(["alipay", "wechatPay", "epay", "custom"]);
  expect(kinds.slice(0, 3).map((kind) => Object.keys(kind["secrets"]?.properties ?? {}))).toEqual([
    ["privateKey"],
    ["privateKey", "apiV3Key"],
    ["key", "privateKey"],
  ]);
  // What only a descriptor and its adapter know, the schema does not promise.
  const { sandbox, minimum } = kinds[3]!;
  expect([sandbox?.description, minimum?.description]).toEqual([
    "Told to the adapter, which knows what it means; the platform's sandbox has no part in it.",
    "The least that one payment may be, in yuan. The descriptor's limit where it is absent. From 0.01 to 50000.00.",
  ]);
  for (const kind of kinds) {
    for (const secret of Object.keys(kind["secrets"]?.properties ?? {}))
      expect(kind[secret]?.not).toEqual({});
  }
});
