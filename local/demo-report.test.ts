import { readFileSync } from "node:fs";
import { join } from "node:path";
import { demoReport, type Row } from "./demo-report";

const row: Row = {
  id: "haitang",
  url: "http://haitang.test:8080/",
  tier: "trial",
  changes: 0,
  seconds: {},
  total: 0,
};
const commandsIn = (text: string): readonly string[] =>
  [...text.matchAll(/^ *(npm run .*?)(?: +#.*)?$/gm)].map(([, command = ""]) => command);

test("what the demo says to try next are commands that README.md shows, in its order", () => {
  const readme = commandsIn(readFileSync(join(__dirname, "../README.md"), "utf8")).map((command) =>
    command.replaceAll("mengxiang", row.id),
  );
  const said = commandsIn(demoReport([row], [], { group: "demo", dnsPort: 5353 }));
  const open = said.slice(2, -1); // of one's own
  expect(open).toHaveLength(5);
  expect(readme.join("\n")).toContain(open.join("\n"));
  expect(readme).toEqual(expect.arrayContaining(said.slice(0, 2)));
  expect(said.at(-1)).toBe("npm run demo -- --down");
});
