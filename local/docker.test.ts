import * as fs from "node:fs";
import * as http from "node:http";
import * as os from "node:os";
import * as path from "node:path";
import { Readable } from "node:stream";
import { ensureDocker } from "./docker";
import { Docker } from "../inventory/docker-api";
import { homeAt } from "./home";
import { parseLibraries } from "./image-recipes";
import { pull } from "./images";
import { silent } from "./progress";

describe("a Docker engine behind DOCKER_HOST", () => {
  const folder = fs.mkdtempSync(path.join(os.tmpdir(), "docker-"));
  const socket = path.join(folder, "docker.sock");
  const before = process.env["DOCKER_HOST"];
  let answer: (request: http.IncomingMessage, response: http.ServerResponse) => void;
  const server = http.createServer((request, response) => answer(request, response));
  beforeAll(() => new Promise<void>((resolve) => server.listen(socket, resolve)));
  beforeEach(() => (process.env["DOCKER_HOST"] = `unix://${socket}`));
  afterAll(async () => {
    if (before === undefined) delete process.env["DOCKER_HOST"];
    else process.env["DOCKER_HOST"] = before;
    await new Promise((resolve) => server.close(resolve));
    fs.rmSync(folder, { recursive: true });
  });
  const says = (version: object) => (answer = (_request, response) => response.end(JSON.stringify(version)));
  const ensure = () => ensureDocker(homeAt(folder), silent);

  test("is used as it is, unless it is too old or runs no Linux containers", async () => {
    says({ Version: "20.10.24", ApiVersion: "1.41", Os: "linux" });
    await expect(ensure()).resolves.toBeInstanceOf(Docker);
    says({ Version: "19.3", ApiVersion: "1.40", Os: "linux" });
    await expect(ensure()).rejects.toThrow("Docker 19.3 is too old: 20.10 or later is needed.");
    says({ Version: "27", ApiVersion: "1.47", Os: "windows" });
    await expect(ensure()).rejects.toThrow("runs windows containers");
  });

  test("that does not answer is the operator's to mend: no other is started in its place", async () => {
    process.env["DOCKER_HOST"] = `unix://${folder}/none.sock`;
    await expect(ensure()).rejects.toThrow(`DOCKER_HOST names (unix://${folder}/none.sock) does not answer`);
  });

  test("tells a failure in the middle of a build, and says what it refuses", async () => {
    answer = (_request, response) => response.end('{"stream":"Step 1"}\n{"error":"COPY failed"}\n');
    await expect(new Docker().build("a:b", Readable.from([]), {}, () => undefined)).rejects.toThrow(
      "COPY failed",
    );
    answer = (_request, response) => response.writeHead(409).end('{"message":"name is in use"}');
    await expect(new Docker().delete("/networks/x")).rejects.toMatchObject({
      message: "name is in use",
      status: 409,
    });
  });

  test("that cannot pull is not asked again for a day, whether it says so or just hangs", async () => {
    const cache = process.env["XDG_CACHE_HOME"];
    process.env["XDG_CACHE_HOME"] = folder;
    const said: string[] = [];
    const progress = { ...silent, info: (text: string) => said.push(text) };
    let asked = 0;
    const attempt = (name: string) => pull(new Docker(), name, progress, { first: 500, next: 100 });
    try {
      answer = (_request, response) => {
        asked++;
        response.write('{"status":"Pulling"}\n'); // and then nothing
      };
      expect([await attempt("slow.test/a:1"), await attempt("slow.test/b:1"), asked]).toEqual([
        false,
        false,
        1,
      ]);
      answer = () => asked++;
      expect([await attempt("silent.test/a:1"), asked]).toEqual([false, 2]);
      answer = (_request, response) => response.writeHead(500).end('{"message":"no such host"}');
      expect(await attempt("absent.test/a:1")).toBe(false);
      answer = (_request, response) => response.end('{"status":"Downloaded"}\n');
      expect(await attempt("fine.test/a:1")).toBe(true);
      expect(said).toEqual([
        "slow.test cannot be pulled from (no answer in time): building on the spot",
        "silent.test cannot be pulled from (no answer in time): building on the spot",
        "absent.test cannot be pulled from (no such host): building on the spot",
      ]);
    } finally {
      if (cache === undefined) delete process.env["XDG_CACHE_HOME"];
      else process.env["XDG_CACHE_HOME"] = cache;
    }
  });

  test("receives queries in the address and bodies as JSON", async () => {
    let seen = "";
    answer = (request, response) => {
      seen = `${request.method} ${decodeURIComponent(request.url ?? "")} `;
      request.on("data", (chunk: Buffer) => (seen += chunk.toString()));
      request.on("end", () => response.end("{}"));
    };
    await new Docker().post("/containers/create", { name: "x" }, { Image: "y" });
    expect(seen).toBe('POST /containers/create?name=x {"Image":"y"}');
    await new Docker().get("/networks", { filters: { label: ["a=b"] } });
    expect(seen).toBe('GET /networks?filters={"label":["a=b"]} ');
  });
});

test("the libraries of a program are read from what ldd says", () => {
  const said =
    "\tlinux-vdso.so.1 (0x00007ffd)\n\tlibm.so.6 => /lib/x86_64-linux-gnu/libm.so.6 (0x00007f1)\n\t/lib64/ld-linux-x86-64.so.2 (0x00007f2)\n";
  expect(parseLibraries(said)).toEqual(["/lib/x86_64-linux-gnu/libm.so.6", "/lib64/ld-linux-x86-64.so.2"]);
});
