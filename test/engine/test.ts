/** Vets and tests the Go programs of this folder: `bash scripts/run test/engine/test.ts [program…]`. */
import { spawn } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { consoleProgress } from "../../local/progress";
import { startPostgres } from "../../storefront/testing/postgres";
import { cacheFolder } from "../../local/cache";
import { findGo } from "./go";

const programs = ["langhost", "providers", "socketproxy"];

export interface Count {
  readonly passed: number;
  readonly failed: number;
}

/** Prints what `go` prints. The stand-in for PostgreSQL is tried on a real server: the one that SUBSTATION_TEST_POSTGRES names, else one of its own. */
export async function testPrograms(chosen: readonly string[] = programs): Promise<Count> {
  const given = process.env["SUBSTATION_TEST_POSTGRES"];
  if (given || !chosen.includes("providers")) return await run(chosen, given);
  return await withServer((url) => run(chosen, url));
}

async function run(chosen: readonly string[], postgres: string | undefined): Promise<Count> {
  let passed = 0;
  let failed = 0;
  for (const program of chosen) {
    const folder = join(__dirname, program);
    const needed = /^go (\S+)$/m.exec(readFileSync(join(folder, "go.mod"), "utf8"))?.[1] ?? "1.25.0";
    const go = await findGo(needed, cacheFolder(), consoleProgress());
    const env = { ...process.env, CGO_ENABLED: "0", GOFLAGS: "-mod=readonly", GOWORK: "off", ...go.env, SUBSTATION_TEST_POSTGRES: postgres };
    for (const command of [
      // The flags are those of the build, so that what that has compiled is not compiled again.
      ["vet", "-trimpath", "-tags", "no_compose", "./..."],
      ["test", "-trimpath", "-tags", "no_compose", "-count=1", "-v", "./..."],
    ]) {
      const count = { passed: 0, failed: 0 };
      const code = await lines(go.command, command, { cwd: folder, env }, (line) => {
        if (line.startsWith("--- PASS")) count.passed++;
        if (line.startsWith("--- FAIL")) count.failed++;
      });
      passed += count.passed;
      failed += count.failed === 0 && code !== 0 ? 1 : count.failed; // what did not compile has no tests that fail
    }
  }
  return { passed, failed };
}

function lines(command: string, args: readonly string[], options: { cwd: string; env: NodeJS.ProcessEnv }, seen: (line: string) => void): Promise<number> {
  return new Promise((resolve, reject) => {
    const child = spawn(command, args, { ...options, stdio: ["ignore", "pipe", "inherit"] });
    createInterface({ input: child.stdout }).on("line", (line) => {
      seen(line);
      process.stdout.write(`${line}\n`);
    });
    child.on("error", reject);
    child.on("close", (code) => resolve(code ?? 1));
  });
}

/** A PostgreSQL of its own, with a provisioner that is no superuser and may use the roles that it makes. */
async function withServer<T>(work: (url: string) => Promise<T>): Promise<T> {
  const server = await startPostgres();
  const folder = mkdtempSync(join(tmpdir(), "substation-engine-"));
  try {
    const admin = await server.admin();
    await admin.query("CREATE ROLE provisioner LOGIN CREATEDB CREATEROLE PASSWORD 'provisioner'");
    await admin.query("GRANT CREATE ON DATABASE postgres TO provisioner");
    await admin.query("GRANT pg_signal_backend TO provisioner");
    await admin.query("ALTER ROLE provisioner SET createrole_self_grant = 'set, inherit'");
    await admin.end();
    const caFile = join(folder, "ca.pem");
    writeFileSync(caFile, server.ca);
    const query = new URLSearchParams({ sslmode: "verify-full", sslrootcert: caFile });
    return await work(`postgres://provisioner:provisioner@127.0.0.1:${server.port}/postgres?${query.toString()}`);
  } finally {
    await server.dispose();
    rmSync(folder, { recursive: true, force: true });
  }
}

async function main(): Promise<void> {
  const { passed, failed } = await testPrograms(process.argv.length > 2 ? process.argv.slice(2) : undefined);
  process.stdout.write(`${passed} passed, ${failed} failed\n`);
  process.exitCode = failed === 0 ? 0 : 1;
}

if (require.main === module) void main();
