import { readFileSync } from "node:fs";
import { join } from "node:path";

import { modules } from "./modules";
import { withReference } from "./reference";

const file = join(__dirname, "../docs/substation-file.md");
const page = readFileSync(file, "utf8");

test("the tables of keys in docs/substation-file.md are those of the code (if not: npm run substation -- schema)", () => {
  expect(withReference(page)).toBe(page);
});

test("the tables have every key, of modules, of each kind of channel and of tiers too, and no place for a secret's value", () => {
  const keys = new Set(Array.from(page.matchAll(/^\| `([^`]+)` \|/gm), ([, key]) => key));
  const wanted = [
    ...[
      "title",
      "tier",
      "owner.contact",
      "domain.host",
      "revenueShare",
      "markup",
      "resources.memory",
      "secretVersions.root",
    ],
    ...Object.entries(modules).flatMap(([name, { settings }]) =>
      ["enabled", ...Object.keys(settings)].map((key) => `modules.${name}.${key}`),
    ),
    ...["kind", "fee", "sandbox", "appId", "secrets.privateKey", "secrets.apiV3Key", "merchantId", "gateway"],
    ...["tiers.<name>.limits.statementTimeout", "tiers.<name>.markup.default", "tiers.<name>.scopes"],
  ];
  expect(wanted.filter((key) => !keys.has(key))).toEqual([]);
  expect([...keys].filter((key) => key === "privateKey" || key === "apiV3Key")).toEqual([]);
});

test("a page without marks is refused", () => {
  expect(() => withReference("# Page\n")).toThrow("the page needs a line <!-- keys");
});
