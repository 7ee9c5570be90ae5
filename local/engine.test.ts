import { execFileSync } from "node:child_process";
import { createHash } from "node:crypto";
import * as fs from "node:fs";
import { createServer, type RequestListener, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import * as os from "node:os";
import * as path from "node:path";

import { chooseEngine, type EngineChoice } from "./engine";
import { silent } from "./progress";

// These prove which engine is chosen and why. They do not prove that the vendor's site looks as the server here does.

let root: string;
const servers: Server[] = [];
beforeEach(() => {
  root = fs.mkdtempSync(path.join(os.tmpdir(), "engine-"));
});
afterEach(() => {
  for (const server of servers.splice(0)) {
    server.closeAllConnections();
    server.close();
  }
  fs.rmSync(root, { recursive: true });
});

/** A `pulumi` that knows its version, and that installs every plugin it is asked for, unless it is offline. */
function fakePulumi(folder: string, version: string, online = true): string {
  fs.mkdirSync(folder, { recursive: true });
  const install = online
    ? 'd="$PULUMI_HOME/plugins/resource-$4-$5"; mkdir -p "$d"; : >"$d/pulumi-resource-$4"'
    : 'echo "no route to host" >&2; exit 1';
  fs.writeFileSync(
    path.join(folder, "pulumi"),
    `#!/bin/sh\necho "$*" >>"${root}/calls"\nif [ "$1" = version ]; then echo ${version}; exit; fi\n${install}\n`,
    { mode: 0o755 },
  );
  return folder;
}

const calls = () => fs.readFileSync(path.join(root, "calls"), "utf8").trim().split("\n");

async function serve(answer: RequestListener): Promise<string> {
  const server = createServer(answer);
  servers.push(server);
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
}

/** A choice on a machine without Pulumi and without the vendor's site, but for what `changes` says. */
function choice(changes: Partial<EngineChoice> = {}): EngineChoice & { build: jest.Mock } {
  return {
    path: "/usr/bin:/bin",
    cache: path.join(root, "cache"),
    userHome: path.join(root, "user"),
    releases: "http://127.0.0.1:9",
    firstAnswer: 200,
    version: "3.259.0",
    plugins: { docker: "5.2.0" },
    ...changes,
    build: jest.fn().mockResolvedValue("/built"),
  };
}

test("a pulumi on PATH is taken when it is new enough, with the plugins in its user's home", async () => {
  const folder = fakePulumi(path.join(root, "bin"), "v3.260.1");
  const asked = choice({ path: `${folder}:/usr/bin:/bin` });
  const engine = await chooseEngine(asked, silent);
  expect(engine).toMatchObject({ origin: "path", pulumi: path.join(folder, "pulumi") });
  expect(engine.env).toMatchObject({ PULUMI_HOME: asked.userHome, PULUMI_SKIP_UPDATE_CHECK: "true" });
  expect(engine.env).not.toHaveProperty("PULUMI_DISABLE_AUTOMATIC_PLUGIN_ACQUISITION");
  expect(engine.env["PATH"]?.split(":").slice(0, 2)).toEqual([folder, path.dirname(process.execPath)]);
  await chooseEngine(asked, silent);
  expect(calls()).toEqual(["version", "plugin install resource docker v5.2.0"]); // asked once, not twice
  expect(asked.build).not.toHaveBeenCalled();
});

test.each(["v3.258.9", "v4.0.0", "garbage"])("a pulumi %s on PATH is passed over", async (version) => {
  const folder = fakePulumi(path.join(root, "bin"), version);
  expect((await chooseEngine(choice({ path: `${folder}:/usr/bin:/bin` }), silent)).origin).toBe("build");
});

test("a pulumi whose plugins cannot be had gives way to the build, and is not asked again each time", async () => {
  const folder = fakePulumi(path.join(root, "bin"), "v3.259.0", false);
  const asked = choice({ path: `${folder}:/usr/bin:/bin` });
  expect((await chooseEngine(asked, silent)).origin).toBe("build");
  expect((await chooseEngine(asked, silent)).origin).toBe("build");
  expect(calls()).toEqual(["version", "plugin install resource docker v5.2.0"]);
});

test("our own build on PATH is not taken for the user's", async () => {
  const asked = choice();
  const folder = fakePulumi(path.join(asked.cache, "home-1", "bin"), "v3.259.0");
  expect(await chooseEngine({ ...asked, path: `${folder}:/usr/bin:/bin` }, silent)).toMatchObject({
    origin: "build",
    pulumi: "/built/bin/pulumi",
    env: { PULUMI_HOME: "/built", PULUMI_DISABLE_AUTOMATIC_PLUGIN_ACQUISITION: "true" },
  });
});

/** The vendor's site with one release, whose checksum is of what is sent, or is not. */
function site(honest: boolean): Promise<string> {
  const pulumi = path.join(fakePulumi(path.join(root, "release", "pulumi"), "v3.259.0"), "pulumi");
  const archive = execFileSync("tar", ["-cz", "-C", path.join(root, "release"), "pulumi"]);
  fs.rmSync(path.dirname(pulumi), { recursive: true });
  const name = `pulumi-v3.259.0-${process.platform}-${process.arch === "x64" ? "x64" : "arm64"}.tar.gz`;
  const sum = createHash("sha256")
    .update(honest ? archive : "something else")
    .digest("hex");
  return serve((request, response) => {
    if (request.url === "/pulumi-3.259.0-checksums.txt")
      response.end(`${"0".repeat(64)}  other\n${sum}  ${name}\n`);
    else if (request.url === `/${name}`) response.end(archive);
    else response.writeHead(404).end();
  });
}

test("the vendor's release is fetched, checked and unpacked", async () => {
  const asked = choice({ releases: await site(true) });
  const engine = await chooseEngine(asked, silent);
  const home = path.join(asked.cache, "official-3.259.0");
  expect(engine).toMatchObject({ origin: "download", pulumi: path.join(home, "bin", "pulumi") });
  expect(engine.env["PULUMI_HOME"]).toBe(home);
  expect(fs.existsSync(path.join(home, "plugins", "resource-docker-v5.2.0", "pulumi-resource-docker"))).toBe(
    true,
  );
  expect(fs.readdirSync(path.join(home, "bin"))).toEqual(["pulumi"]);
});

test("a release with a wrong checksum is not unpacked", async () => {
  const asked = choice({ releases: await site(false), forced: "download" });
  await expect(chooseEngine(asked, silent)).rejects.toThrow(
    /cannot be done: pulumi-v3.259.0-.* has the checksum/,
  );
  expect(fs.readdirSync(asked.cache).filter((name) => name.startsWith("official"))).toEqual([]);
});

test("a site that does not answer is waited for once a day", async () => {
  let requests = 0;
  const asked = choice({ releases: await serve(() => requests++) });
  const started = Date.now();
  expect((await chooseEngine(asked, silent)).origin).toBe("build");
  expect(Date.now() - started).toBeGreaterThanOrEqual(190);
  expect((await chooseEngine(asked, silent)).origin).toBe("build");
  expect(requests).toBe(1);
  const [memory] = fs.readdirSync(asked.cache).filter((name) => name.startsWith("memory-"));
  expect(fs.readFileSync(path.join(asked.cache, memory ?? ""), "utf8")).toBe("no answer within 0.2 s");
  const yesterday = new Date(Date.now() - 25 * 3_600_000);
  fs.utimesSync(path.join(asked.cache, memory ?? ""), yesterday, yesterday);
  await chooseEngine(asked, silent);
  expect(requests).toBe(2);
});

test("a forced choice is kept to, and a wrong one is refused", async () => {
  const folder = fakePulumi(path.join(root, "bin"), "v3.259.0");
  const asked = choice({ path: `${folder}:/usr/bin:/bin`, forced: "build" });
  expect((await chooseEngine(asked, silent)).origin).toBe("build");
  await expect(chooseEngine(choice({ forced: "path" }), silent)).rejects.toThrow(
    "SUBSTATION_ENGINE=path cannot be done: there is no pulumi on PATH",
  );
  await expect(chooseEngine(choice({ forced: "best" }), silent)).rejects.toThrow(
    'SUBSTATION_ENGINE is "best"; it must be one of path, download, build',
  );
});
