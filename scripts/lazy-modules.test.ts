import { execFileSync } from "node:child_process";
import { join } from "node:path";

const run = (code: string): string =>
  execFileSync(process.execPath, ["--require", join(__dirname, "lazy-modules.cjs"), "--print", code], {
    cwd: __dirname,
    encoding: "utf8",
  }).trim();

const isLoaded = (name: string) =>
  `Object.keys(require.cache).some((file) => file.includes("/node_modules/${name}/"))`;

test("Pulumi's SDK is loaded without the compiler and npm's arborist", () => {
  expect(
    run(
      `require("@pulumi/pulumi"); require("@pulumi/pulumi/automation"); [${isLoaded("typescript")}, ${isLoaded("@npmcli/arborist")}, ${isLoaded("@pulumi/pulumi")}].join()`,
    ),
  ).toBe("false,false,true");
});

test("who asks for something in them gets it, and who asks for what is not there is told", () => {
  expect(run(`require("typescript").version`)).toMatch(/^\d+\.\d+\.\d+$/);
  expect(run(`typeof require("@npmcli/arborist").Arborist`)).toBe("function");
  expect(
    run(`"SyntaxKind" in require("typescript") && Object.keys(require("typescript")).length > 1000`),
  ).toBe("true");
  expect(
    run(
      `try { module.constructor._load("typescript", { paths: [], filename: "/nowhere/x.js", id: "x" }); } catch ({ code }) { code }`,
    ),
  ).toBe("MODULE_NOT_FOUND");
});
