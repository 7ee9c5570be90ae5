import { spawnSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, statSync } from "node:fs";
import { isBuiltin } from "node:module";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { bundleStorefront, nodeFlags } from "./build";

const dir = mkdtempSync(join(tmpdir(), "storefront-build-"));
const file = join(dir, "storefront.cjs");
beforeAll(() => bundleStorefront(file));
afterAll(() => rmSync(dir, { recursive: true }));

test("the bundle is one small file that asks for nothing but node's own modules", () => {
  const asked = [...readFileSync(file, "utf8").matchAll(/\brequire\("([^"]+)"\)/g)].map((match) => match[1]!);
  expect(asked.length).toBeGreaterThan(5);
  const foreign = asked.filter((name) => !isBuiltin(name));
  expect(new Set(foreign)).toEqual(new Set(["pg-native"])); // inside a getter that nothing calls
  expect(statSync(file).size).toBeLessThan(170_000); // each start of each shop reads and compiles it
});

test("a start loads nothing that only channels need", () => {
  const look =
    'process.on("exit", () => console.log(["http", "https"].map((name) => process.moduleLoadList.includes(`NativeModule ${name}`))));';
  const { status, stdout } = spawnSync(
    process.execPath,
    [...nodeFlags, "-e", `${look} require(process.argv[1])`, file, "no-such-command"],
    { encoding: "utf8" },
  );
  expect([status, stdout]).toEqual([2, "[ true, false ]\n"]); // after all that stands at the top has run
});

test("the Dockerfile starts node with the same flags", () => {
  const entry = /^ENTRYPOINT (.+)$/m.exec(readFileSync(join(__dirname, "Dockerfile"), "utf8"))![1]!;
  expect(JSON.parse(entry)).toEqual(["/usr/local/bin/node", ...nodeFlags, "/app/storefront.cjs"]);
});
