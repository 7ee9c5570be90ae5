import { readFileSync } from "node:fs";
import { join } from "node:path";
import { explain, type Explanation } from "../config/explain";
import { explanationText } from "./explain";
import { main } from "./main";

const at = (line: number, column: number) => ({ file: "stacks/demo/mengxiang.yaml", line, column });
const markup: Explanation["fields"][number] = {
  field: "markup",
  value: "15%",
  source: "file",
  at: at(26, 9),
  bounds: [
    { text: "0% to 30%, by the tier standard", at: { file: "stacks/tiers.yaml", line: 43, column: 13 } },
    { text: "at least 0.7%" },
  ],
  otherwise: "the tier's 10%, where the file says nothing; the file wins",
};
const key: Explanation["fields"][number] = {
  field: "channels.alipay.alipayPublicKey",
  value: undefined,
  source: "file",
  at: at(43, 22),
  why: "written, and not shown here",
  bounds: [],
  otherwise: "nothing",
};
const explanation: Explanation = {
  id: "mengxiang",
  group: "demo",
  file: "stacks/demo/mengxiang.yaml",
  fields: [markup, key],
  problems: [],
};

test("a few fields are told in full, with every place", () => {
  expect(explanationText(explanation)).toBe(`markup = 15%
  from    stacks/demo/mengxiang.yaml:26:9
  may be  0% to 30%, by the tier standard (stacks/tiers.yaml:43:13)
  may be  at least 0.7%
  or by   the tier's 10%, where the file says nothing; the file wins
channels.alipay.alipayPublicKey = (not shown)
  from    stacks/demo/mengxiang.yaml:43:22: written, and not shown here
  or by   nothing
`);
});

test("many are told in a table, and problems after it", () => {
  const fields = [
    markup,
    key,
    {
      ...markup,
      field: "scopes",
      value: "goods:read",
      source: "tier" as const,
      bounds: [],
      why: "exactly these",
    },
    { ...key, field: "image", source: "platform" as const, at: undefined, why: "not here" },
    {
      ...key,
      field: "owner.crmId",
      source: "nowhere" as const,
      at: undefined,
      why: "the file does not say it",
    },
    { ...key, field: "url", source: "derived" as const, at: undefined, why: "no port" },
  ] as Explanation["fields"];
  const problems = [{ ...at(2, 7), code: "tier/unknown" as const, message: "tier is wrong." }];
  expect(explanationText({ ...explanation, fields, problems }))
    .toBe(`mengxiang of group demo, stacks/demo/mengxiang.yaml

field                            value             from                                  may be, or why
markup                           15%               stacks/demo/mengxiang.yaml:26:9       0% to 30%, by the tier standard; at least 0.7%
channels.alipay.alipayPublicKey  (not shown)       stacks/demo/mengxiang.yaml:43:22      written, and not shown here
scopes                           goods:read        tier stacks/demo/mengxiang.yaml:26:9  exactly these
image                            (not known here)  platform                              not here
owner.crmId                      (none)            nowhere                               the file does not say it
url                              (not known here)  derived                               no port

1 problem: nothing is opened or changed until they are mended
stacks/demo/mengxiang.yaml:2:7  tier/unknown  tier is wrong.
`);
});

test("the example of docs/substation-file.md is what is printed", () => {
  const stacks = join(__dirname, "../stacks");
  const printed = explanationText({ ...explain(stacks, "mengxiang", "markup"), problems: [] });
  expect(printed).toMatch(/^markup = /);
  expect(readFileSync(join(__dirname, "../docs/substation-file.md"), "utf8")).toContain(
    `\`\`\`\n${printed}\`\`\`\n`,
  );
});

test("the repository's own substations are explained; an unknown one, and an unknown field, are the user's mistake", async () => {
  const said: string[] = [];
  const keep = (text: unknown) => said.push(String(text)) > 0;
  const writes = [process.stdout, process.stderr].map((to) =>
    jest.spyOn(to, "write").mockImplementation(keep),
  );
  try {
    await main(["explain", "mengxiang", "markup", "--json"]);
    expect((JSON.parse(said.splice(0).join("")) as Explanation).fields[0]).toMatchObject({
      field: "markup",
      value: "15%",
      at: { file: "stacks/demo/mengxiang.yaml" },
    });
    expect(await main(["explain", "mengxian"])).toBe(1);
    expect(said.splice(0).join("")).toContain('did you mean "mengxiang"?');
    expect(await main(["explain", "mengxiang", "mark"])).toBe(1);
    expect(said.splice(0).join("")).toBe('substation: there is no field "mark": did you mean "markup"?\n');
  } finally {
    for (const write of writes) write.mockRestore();
    process.exitCode = undefined;
  }
});
