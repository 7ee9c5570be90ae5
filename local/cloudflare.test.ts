import * as fs from "node:fs";
import * as os from "node:os";
import * as path from "node:path";
import { cloudflareFromEnvironment, findZone } from "./cloudflare";
import { startDnsEmulator, type DnsEmulator } from "./dns";

/** Against the emulator: it proves the requests and how refusals are told, not that the real service behaves the same. */
describe("a zone at Cloudflare", () => {
  const home = fs.mkdtempSync(path.join(os.tmpdir(), "cloudflare-"));
  const id = "0123456789abcdef0123456789abcdef";
  const token = "t".repeat(40);
  let emulator: DnsEmulator;
  beforeAll(async () => {
    emulator = await startDnsEmulator({
      home,
      apiPort: 0,
      dnsPort: 0,
      zones: [{ name: "shops.test", id }],
      tokens: [{ value: token, zones: [id], access: "edit" }],
    });
  });
  afterAll(async () => {
    await emulator.close();
    fs.rmSync(home, { recursive: true });
  });

  test("is found by its name with a token that may see it", async () => {
    expect(await findZone("shops.test", token, emulator.apiUrl)).toBe(id);
    await expect(findZone("other.test", token, emulator.apiUrl)).rejects.toThrow(
      'sees no zone named "other.test"',
    );
    await expect(findZone("shops.test", "x".repeat(40), emulator.apiUrl)).rejects.toThrow(
      /refuses the token .*HTTP 40[013].*DNS:Edit for shops.test/,
    );
    await expect(findZone("shops.test", token, "http://127.0.0.1:2/client/v4")).rejects.toThrow(
      "does not answer: connect ECONNREFUSED",
    );
  });

  test("is asked for by both variables or by none", async () => {
    expect(await cloudflareFromEnvironment({})).toBeUndefined();
    await expect(cloudflareFromEnvironment({ SUBSTATION_ZONE: "shops.test" })).rejects.toThrow(
      "belong together",
    );
  });
});
