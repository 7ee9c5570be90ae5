import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";

import { jsonSchemas } from "./jsonSchema";

interface Schema {
  readonly description?: string;
  readonly additionalProperties?: false | Schema;
  readonly properties?: Record<string, Schema>;
  readonly pattern?: string;
  readonly examples?: string[];
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
    if (schema.properties) expect([path, schema.additionalProperties]).toEqual([path, false]);
    for (const [key, value] of Object.entries(schema.properties ?? {})) visit(value, `${path}.${key}`);
    if (typeof schema.additionalProperties === "object") visit(schema.additionalProperties, `${path}.*`);
    keys++;
  };
  for (const [name, text] of jsonSchemas()) visit(JSON.parse(text) as Schema, name);
  expect(keys).toBeGreaterThan(25);
});
