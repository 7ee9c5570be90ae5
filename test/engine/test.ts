/** Vets and tests the Go programs of this folder that have tests: `bash scripts/run test/engine/test.ts [module…]`. */
import { spawnSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { join } from "node:path";

import { consoleProgress } from "../../local/progress";
import { cacheFolder } from "./build";
import { findGo } from "./go";

const modules = ["langhost", "providers", "socketproxy"];

async function main(): Promise<number> {
  const chosen = process.argv.slice(2);
  let failed = 0;
  for (const module of chosen.length ? chosen : modules) {
    const folder = join(__dirname, module);
    const needed = /^go (\S+)$/m.exec(readFileSync(join(folder, "go.mod"), "utf8"))?.[1] ?? "1.25.0";
    const go = await findGo(needed, cacheFolder(), consoleProgress());
    const env = { ...process.env, CGO_ENABLED: "0", GOFLAGS: "-mod=readonly", GOWORK: "off", ...go.env };
    for (const command of [
      ["vet", "-tags", "no_compose", "./..."],
      ["test", "-tags", "no_compose", "-count=1", "-v", "./..."],
    ]) {
      const { status, error } = spawnSync(go.command, command, { cwd: folder, env, stdio: "inherit" });
      if (error) throw error;
      if (status !== 0) failed++;
    }
  }
  if (!process.env["SUBSTATION_TEST_POSTGRES"]) {
    console.error("SKIPPED: the tests on PostgreSQL, as SUBSTATION_TEST_POSTGRES names no server");
  }
  return failed ? 1 : 0;
}

main().then(
  (code) => {
    process.exitCode = code;
  },
  (error: unknown) => {
    console.error(error);
    process.exitCode = 1;
  },
);
