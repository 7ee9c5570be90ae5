import * as http from "node:http";
import type { AddressInfo } from "node:net";
import { untilRouted, type Door } from "./await-route";

let server: http.Server;
afterEach(() => new Promise((resolve) => server.close(resolve)));

/** An ingress that answers the nth request of a host as it is told, and goes on with the last. */
async function ingress(...answers: readonly { status: number; instance?: string }[]): Promise<Door> {
  let asked = 0;
  server = http.createServer((request, response) => {
    const { status, instance } = answers[Math.min(asked++, answers.length - 1)]!;
    const isOurs = request.headers.host === "jia.example.com";
    response.writeHead(
      isOurs ? status : 404,
      instance === undefined ? {} : { "x-substation-instance": instance },
    );
    response.end();
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const { address, port } = server.address() as AddressInfo;
  return { host: "jia.example.com", ingress: { address, port } };
}

test("the old container is asked for until the new one answers", async () => {
  const door = await ingress(
    { status: 200, instance: "old" },
    { status: 503 },
    { status: 200, instance: "new" },
  );
  expect(await untilRouted(door, "new", 5_000)).toBe(true);
});

test("one that is never reached is not waited for without end", async () => {
  const door = await ingress({ status: 200, instance: "old" });
  expect(await untilRouted(door, "new", 300)).toBe(false);
});

test("an ingress that nobody answers at is no new container", async () => {
  const door = await ingress({ status: 200 });
  const gone: Door = { ...door, ingress: { ...door.ingress, port: 1 } };
  expect(await untilRouted(gone, "new", 300)).toBe(false);
});

test("an image that does not tell its containers apart is given a moment", async () => {
  const door = await ingress({ status: 200 });
  const started = performance.now();
  expect(await untilRouted(door, "new", 200)).toBe(true);
  expect(performance.now() - started).toBeGreaterThanOrEqual(190);
});
