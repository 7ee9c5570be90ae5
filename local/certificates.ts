import { X509Certificate, createPrivateKey, generateKeyPairSync } from "node:crypto";
import * as net from "node:net";
import * as path from "node:path";
import { readIfPresent, secretMode, writeFileAtomic } from "./files";
import { type Home } from "./home";
import { type SystemUser } from "./system-user";
import { writeCertificate } from "./x509";

const day = 86_400_000;
const authority = "Substation database authority";

export interface CertificateFiles {
  /** PEM of the certificate authority: public, what clients verify with. */
  readonly caFile: string;
  readonly certificateFile: string;
  readonly keyFile: string;
}

/** Where the certificate lies; `folder` is the server's own. */
export const certificateFiles = (home: Home, folder: string): CertificateFiles => ({
  caFile: path.join(home.root, "database-ca.pem"),
  certificateFile: path.join(folder, "server.crt"),
  keyFile: path.join(folder, "server.key"),
});

/**
 * The database server's certificate for `names` (host names and IPv4 addresses), signed by the instance's own authority. Both are made where
 * they are missing; the certificate again where it does not cover the names or ends within 30 days. The authority lasts 10 years: its file is
 * what every substation holds, so it does not change. Returns whether a certificate was made, which a running server has to be told.
 */
export function ensureCertificate(
  home: Home,
  folder: string,
  names: readonly string[],
  owner: SystemUser,
): boolean {
  const { caFile, certificateFile, keyFile } = certificateFiles(home, folder);
  const caKeyFile = path.join(home.secrets, "database-ca-key.pem");
  let ca = readIfPresent(caFile);
  let caKey = readIfPresent(caKeyFile);
  const known = { certificate: readIfPresent(certificateFile), key: readIfPresent(keyFile) };
  if (ca && caKey && known.certificate && known.key && isGood(known.certificate, known.key, ca, names))
    return false;

  const notBefore = new Date(Date.now() - 3_600_000); // an hour ago: a clock that is slightly behind accepts it
  const until = (days: number) => new Date(Date.now() + days * day);
  if (!ca || !caKey) {
    const { publicKey, privateKey } = newKeys();
    caKey = privateKey.export({ type: "pkcs8", format: "pem" }) as string;
    ca = writeCertificate({
      subject: authority,
      publicKey,
      issuer: { subject: authority, privateKey },
      notBefore,
      notAfter: until(3650),
    });
    writeFileAtomic(caKeyFile, caKey, secretMode);
    writeFileAtomic(caFile, ca);
  }
  const { publicKey, privateKey } = newKeys();
  const issuer = { subject: authority, privateKey: createPrivateKey(caKey) };
  const certificate = writeCertificate({
    subject: "Substation database",
    publicKey,
    issuer,
    notBefore,
    notAfter: until(397),
    names,
  });
  // After a crash between these the pair does not match, and the check above makes another.
  writeFileAtomic(keyFile, privateKey.export({ type: "pkcs8", format: "pem" }) as string, secretMode, owner);
  writeFileAtomic(certificateFile, certificate, 0o644, owner);
  return true;
}

function isGood(certificate: string, key: string, ca: string, names: readonly string[]): boolean {
  const read = new X509Certificate(certificate);
  return (
    read.verify(new X509Certificate(ca).publicKey) &&
    read.checkPrivateKey(createPrivateKey(key)) &&
    Date.parse(read.validTo) - Date.now() > 30 * day &&
    names.every((name) => (net.isIP(name) ? read.checkIP(name) : read.checkHost(name)) !== undefined)
  );
}

const newKeys = () => generateKeyPairSync("ec", { namedCurve: "P-256" });
