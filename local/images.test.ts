import * as fs from "node:fs";
import * as http from "node:http";
import * as os from "node:os";
import * as path from "node:path";
import { Docker } from "../inventory/docker-api";
import { ensureStorefront, recipeLabel } from "./images";
import { silent } from "./progress";

/** Does not prove that the image works: the end-to-end tests run it. */
describe("the storefront's image", () => {
  const folder = fs.mkdtempSync(path.join(os.tmpdir(), "images-"));
  const before = process.env["DOCKER_HOST"];
  /** The engine: recipe's key by name of image. */
  const present = new Map<string, string>();
  const built: string[] = [];
  const server = http.createServer((request, response) => {
    const url = new URL(request.url!, "http://engine");
    request.resume().on("end", () => {
      if (url.pathname === "/build") {
        const name = url.searchParams.get("t")!;
        built.push(name);
        const labels = JSON.parse(url.searchParams.get("labels")!) as Record<string, string>;
        present.set(name, labels[recipeLabel]!);
        return response.end('{"stream":"Successfully built"}\n');
      }
      const key = present.get(decodeURIComponent(url.pathname.slice("/images/".length, -"/json".length)));
      if (key === undefined) return response.writeHead(404).end('{"message":"no such image"}');
      return response.end(JSON.stringify({ Id: "sha256:1", Config: { Labels: { [recipeLabel]: key } } }));
    });
  });
  beforeAll(async () => {
    const socket = path.join(folder, "docker.sock");
    await new Promise<void>((resolve) => server.listen(socket, resolve));
    process.env["DOCKER_HOST"] = `unix://${socket}`;
  });
  beforeEach(() => {
    present.clear();
    built.length = 0;
  });
  afterAll(async () => {
    if (before === undefined) delete process.env["DOCKER_HOST"];
    else process.env["DOCKER_HOST"] = before;
    await new Promise((resolve) => server.close(resolve));
    fs.rmSync(folder, { recursive: true });
  });
  const ensure = (key: string) =>
    ensureStorefront(
      new Docker(),
      { key, contents: () => Promise.resolve({ dockerfile: "FROM scratch\n", files: [] }) },
      silent,
    );

  test("keeps its name when another is built from other sources, and is not built twice", async () => {
    const [one, other] = ["a".repeat(32), "b".repeat(32)];
    const name = await ensure(one);
    expect(name).toMatch(/:0\.1\.0-a{12}$/);
    expect(await ensure(other)).not.toBe(name);
    expect(await ensure(one)).toBe(name);
    expect(built).toEqual([name, await ensure(other)]);
    expect(present.get(name)).toBe(one);
  });

  test("is built anew where the name is another's", async () => {
    const key = "c".repeat(32);
    const name = await ensure(key);
    present.set(name, "of something else");
    await ensure(key);
    expect(built).toEqual([name, name]);
  });
});
