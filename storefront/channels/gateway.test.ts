import { once } from "node:events";
import type { RequestListener } from "node:http";
import { createServer } from "node:https";
import { type AddressInfo, createServer as createRawServer } from "node:net";
import { selfSigned } from "../testing/certificate";
import { ask } from "./gateway";
import { configOf, listening } from "./testing";

const secretPath = "/api.php?key=the-secret";
const channel = configOf("epay", "unused", {}, {});

async function asking(
  listener: RequestListener,
  path = secretPath,
): Promise<{ answer?: string; error: string }> {
  const gateway = await listening(listener);
  try {
    const { body } = await ask(channel, { method: "GET", url: gateway.url + path });
    return { answer: body.toString(), error: "" };
  } catch (error) {
    return { error: (error as Error).message.replace(/127\.0\.0\.1:\d+/, "HOST") };
  } finally {
    await gateway.close();
  }
}

const advice = "see that the gateway's address is right and reachable from the shop";

test("an answer of 64 KiB is read, a longer one refused", async () => {
  expect((await asking((_, res) => res.end("x".repeat(65_536)))).answer).toHaveLength(65_536);
  expect(await asking((_, res) => res.end("x".repeat(65_537)))).toEqual({
    error: `channel main (epay): HOST: an answer of more than 65536 bytes; ${advice}`,
  });
});

test("a redirect is an answer, and not followed", async () => {
  const paths: string[] = [];
  await asking((req, res) => {
    paths.push(req.url!);
    res.writeHead(302, { location: "/elsewhere" }).end();
  });
  expect(paths).toEqual([secretPath]);
});

test("a gateway that drips its answer is left after 5 s, and the error does not show the address's key", async () => {
  const drip: RequestListener = (_, res) => {
    const timer = setInterval(() => res.write("."), 200);
    res.on("close", () => clearInterval(timer));
  };
  expect(await asking(drip)).toEqual({
    error: `channel main (epay): HOST: no answer within 5 s; ${advice}`,
  });
}, 20_000);

test("a cut connection and a closed port are told by the system's word", async () => {
  expect((await asking((req) => req.socket.destroy())).error).toBe(
    `channel main (epay): HOST: ECONNRESET; ${advice}`,
  );
  const server = createRawServer().listen(0, "127.0.0.1");
  await once(server, "listening");
  const { port } = server.address() as AddressInfo;
  server.close();
  await once(server, "close");
  await expect(ask(channel, { method: "GET", url: `http://127.0.0.1:${port}/` })).rejects.toThrow(
    `127.0.0.1:${port}: ECONNREFUSED`,
  );
});

test("a certificate that nobody vouches for is refused, also where the environment says otherwise", async () => {
  const { certificate, key } = selfSigned("127.0.0.1");
  let reached = false;
  const server = createServer({ cert: certificate, key }, (_, res) => {
    reached = true;
    res.end();
  }).listen(0, "127.0.0.1");
  await once(server, "listening");
  process.env["NODE_TLS_REJECT_UNAUTHORIZED"] = "0";
  try {
    const url = `https://127.0.0.1:${(server.address() as AddressInfo).port}/`;
    await expect(ask(channel, { method: "GET", url })).rejects.toThrow("DEPTH_ZERO_SELF_SIGNED_CERT");
    expect(reached).toBe(false);
  } finally {
    delete process.env["NODE_TLS_REJECT_UNAUTHORIZED"];
    server.close();
  }
});
