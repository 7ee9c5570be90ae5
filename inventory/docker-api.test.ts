import { mkdtempSync, rmSync } from "node:fs";
import { createServer } from "node:http";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Docker } from "./docker-api";

const folder = mkdtempSync(join(tmpdir(), "substation-docker-api-"));
const socket = join(folder, "docker.sock");
const before = process.env["DOCKER_HOST"];
process.env["DOCKER_HOST"] = `unix://${socket}`;
afterAll(() => {
  rmSync(folder, { recursive: true });
  if (before === undefined) delete process.env["DOCKER_HOST"];
  else process.env["DOCKER_HOST"] = before;
});

test("an engine that takes the connection and never answers is told as one that does not answer", async () => {
  const server = createServer(() => undefined);
  await new Promise<void>((resolve) => server.listen(socket, resolve));
  try {
    await expect(new Docker(100).get("/containers/json")).rejects.toMatchObject({
      name: "DockerError",
      message: "no answer within 0.1 s",
      status: undefined,
      code: "ETIMEDOUT",
    });
  } finally {
    server.closeAllConnections();
    server.close();
  }
});
