import { X509Certificate } from "node:crypto";
import * as fs from "node:fs";
import * as os from "node:os";
import * as path from "node:path";
import * as tls from "node:tls";
import { certificateFiles, ensureCertificate } from "./certificates";
import { ensureFolder } from "./files";
import { homeAt } from "./home";

describe("the database server's certificate", () => {
  const home = homeAt(fs.mkdtempSync(path.join(os.tmpdir(), "certificates-")));
  const folder = path.join(home.root, "tls");
  const { caFile, certificateFile, keyFile } = certificateFiles(home, folder);
  const { uid, gid, username } = os.userInfo();
  const ensure = (...names: string[]) => ensureCertificate(home, folder, names, { uid, gid, name: username });
  const read = (file: string) => fs.readFileSync(file, "utf8");
  beforeAll(() => [home.secrets, folder].forEach((place) => ensureFolder(place, 0o700)));
  afterAll(() => fs.rmSync(home.root, { recursive: true }));

  test("is made once, for these names and no other, and its key is for its owner alone", () => {
    expect(ensure("localhost", "127.0.0.1", "10.87.255.1")).toBe(true);
    const first = read(certificateFile);
    expect(ensure("localhost", "127.0.0.1", "10.87.255.1")).toBe(false);
    expect(read(certificateFile)).toBe(first);
    const certificate = new X509Certificate(first);
    expect(certificate.subjectAltName).toBe("DNS:localhost, IP Address:127.0.0.1, IP Address:10.87.255.1");
    expect([certificate.ca, new X509Certificate(read(caFile)).ca]).toEqual([false, true]);
    expect(certificate.checkIssued(new X509Certificate(read(caFile)))).toBe(true);
    expect(
      [keyFile, path.join(home.secrets, "database-ca-key.pem")].map((file) => fs.statSync(file).mode & 0o777),
    ).toEqual([0o600, 0o600]);
  });

  test("is made again for another name, or where key and certificate do not belong together; the authority stays", () => {
    const ca = read(caFile);
    const key = read(keyFile);
    expect(ensure("localhost", "10.88.255.1")).toBe(true);
    fs.writeFileSync(keyFile, key);
    expect(ensure("localhost", "10.88.255.1")).toBe(true);
    expect(read(caFile)).toBe(ca);
  });

  test("is accepted by a client that knows the authority, and by no other", async () => {
    ensure("127.0.0.1");
    const server = tls.createServer({ cert: read(certificateFile), key: read(keyFile) }, (socket) =>
      socket.end("hello"),
    );
    const port = await new Promise<number>((resolve) =>
      server.listen(0, "127.0.0.1", () => resolve((server.address() as { port: number }).port)),
    );
    const dial = (options: tls.ConnectionOptions) =>
      new Promise<string>((resolve, reject) => {
        const socket = tls.connect({ port, host: "127.0.0.1", ...options }, () =>
          resolve(socket.getProtocol() ?? ""),
        );
        socket.once("error", reject).resume();
      });
    server.on("tlsClientError", () => undefined); // the refusals below
    try {
      expect(await dial({ ca: read(caFile) })).toBe("TLSv1.3");
      await expect(dial({})).rejects.toThrow(/unable to verify|self-signed/);
      await expect(
        dial({ ca: read(caFile), host: "127.0.0.1", servername: "elsewhere.test" }),
      ).rejects.toThrow(/does not match|not in the cert/);
    } finally {
      await new Promise((resolve) => server.close(resolve));
    }
  });
});
