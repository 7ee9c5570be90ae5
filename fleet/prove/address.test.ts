import { generateKeyPairSync } from "node:crypto";
import { once } from "node:events";
import type { AddressInfo } from "node:net";
import * as tls from "node:tls";
import { testBed, type TestBed } from "../../local/dns/testing";
import { writeCertificate } from "../../local/x509";
import { checkCertificate, checkName } from "./address";

const host = "mengxiang.substation.test";

describe("a shop's name", () => {
  let bed: TestBed;
  beforeAll(async () => {
    bed = await testBed();
    await bed.cloudflare.dns.records.create({
      zone_id: bed.zoneId,
      type: "A",
      name: host,
      content: "127.0.0.1",
      ttl: 60,
    });
  });
  afterAll(() => bed.end());
  const check = (name: string, address: string) =>
    checkName(
      name,
      {
        name: "local",
        ingress: { address, port: 8080 },
        resolver: `127.0.0.1:${bed.emulator.dnsPort}`,
        sandboxGateway: undefined,
      },
      { wait: 0 },
    );

  test("must be known, and be the ingress's address and no other", async () => {
    const by = `127.0.0.1:${bed.emulator.dnsPort}`;
    expect(await check(host, "127.0.0.1")).toEqual({ what: `${host} is 127.0.0.1, by ${by}` });
    await expect(check(host, "127.0.0.2")).rejects.toThrow(
      `${host} is 127.0.0.1, by ${by}; the platform's ingress is 127.0.0.2`,
    );
    await expect(check(`no.${host}`, "127.0.0.1")).rejects.toThrow(
      `no.${host} is not known to ${by} (ENOTFOUND)`,
    );
    await bed.cloudflare.dns.records.create({
      zone_id: bed.zoneId,
      type: "A",
      name: host,
      content: "127.0.0.9",
      ttl: 60,
    });
    await expect(check(host, "127.0.0.1")).rejects.toThrow(/127\.0\.0\.\d, 127\.0\.0\.\d/); // half of the buyers would go elsewhere
  });
});

describe("a shop's certificate", () => {
  const pair = () => generateKeyPairSync("ec", { namedCurve: "P-256" });
  const day = 86_400_000;
  const authority = pair();
  const issuer = { subject: "an authority", privateKey: authority.privateKey };
  const sign = (publicKey: typeof authority.publicKey, days: number, names?: readonly string[]) =>
    writeCertificate({
      subject: names?.[0] ?? issuer.subject,
      publicKey,
      issuer,
      notBefore: new Date(Date.now() - day),
      notAfter: new Date(Date.now() + days * day + 60_000),
      ...(names ? { names } : {}),
    });
  const ca = sign(authority.publicKey, 100);

  async function shown(days: number, name: string, trusted: { ca?: string }): Promise<string> {
    const { publicKey, privateKey } = pair();
    const key = privateKey.export({ type: "pkcs8", format: "pem" }).toString();
    const server = tls.createServer({ key, cert: sign(publicKey, days, [name]) }, (socket) => socket.end());
    server.on("tlsClientError", () => undefined);
    server.listen(0, "127.0.0.1");
    await once(server, "listening");
    const url = new URL(`https://${host}:${(server.address() as AddressInfo).port}`);
    try {
      return (await checkCertificate(url, "127.0.0.1", trusted)).what;
    } catch (error) {
      return (error as Error).message;
    } finally {
      server.close();
    }
  }

  test("must be for its name, of an authority that is trusted, and for a week to come", async () => {
    expect(await shown(90, host, { ca })).toBe(`the certificate is valid for ${host}, and for 90 days more`);
    expect(await shown(6, host, { ca })).toMatch(
      new RegExp(`^the certificate of ${host} ends in 6 days, on `),
    );
    expect(await shown(90, "other.substation.test", { ca })).toContain(
      "does not match certificate's altnames",
    );
    expect(await shown(90, host, {})).toMatch(/^no trusted TLS connection for .*: (?:unable to|self.signed)/);
  });
});
