import { createHash, createPublicKey, randomBytes, sign, type KeyObject } from "node:crypto";
import * as net from "node:net";

/**
 * Writes X.509 certificates (RFC 5280) for P-256 keys: just what a private authority and its server certificates need. Node.js reads
 * certificates but writes none; this is the DER around a signature that node:crypto makes.
 */
export interface CertificateRequest {
  /** Common name. */
  readonly subject: string;
  readonly publicKey: KeyObject;
  readonly issuer: { readonly subject: string; readonly privateKey: KeyObject };
  readonly notBefore: Date;
  readonly notAfter: Date;
  /** Host names and IP addresses that a server certificate is for; absent for an authority. */
  readonly names?: readonly string[];
}

/** The signed certificate, PEM. */
export function writeCertificate(request: CertificateRequest): string {
  const { issuer, names } = request;
  const key = request.publicKey.export({ type: "spki", format: "der" });
  const extensions = names
    ? [
        extension("2.5.29.19", sequence(), true), // basic constraints: no authority
        extension("2.5.29.15", bitString(Buffer.from([0x80]), 7), true), // key usage: digitalSignature
        extension("2.5.29.37", sequence(oid("1.3.6.1.5.5.7.3.1"))), // extended key usage: serverAuth
        extension("2.5.29.17", sequence(...names.map(generalName))),
        extension("2.5.29.35", sequence(tlv(0x80, keyId(createPublicKey(issuer.privateKey))))),
      ]
    : [
        extension("2.5.29.19", sequence(tlv(0x01, Buffer.from([0xff])), integer(Buffer.from([0]))), true), // an authority, for end entities
        extension("2.5.29.15", bitString(Buffer.from([0x06]), 1), true), // key usage: keyCertSign, cRLSign
        extension("2.5.29.14", tlv(0x04, keyId(request.publicKey))),
      ];
  const algorithm = sequence(oid("1.2.840.10045.4.3.2")); // ecdsa-with-SHA256
  const serial = randomBytes(16);
  serial[0] = (serial[0]! & 0x7f) | 0x40; // positive, and always 16 bytes long
  const body = sequence(
    tlv(0xa0, integer(Buffer.from([2]))), // version 3
    integer(serial),
    algorithm,
    commonName(issuer.subject),
    sequence(time(request.notBefore), time(request.notAfter)),
    commonName(request.subject),
    key,
    tlv(0xa3, sequence(...extensions)),
  );
  const certificate = sequence(body, algorithm, bitString(sign("sha256", body, issuer.privateKey), 0));
  return `-----BEGIN CERTIFICATE-----\n${certificate.toString("base64").replace(/.{64}(?=.)/g, "$&\n")}\n-----END CERTIFICATE-----\n`;
}

// --- DER ---

function tlv(tag: number, ...content: readonly Buffer[]): Buffer {
  const value = Buffer.concat(content);
  if (value.length < 0x80) return Buffer.concat([Buffer.from([tag, value.length]), value]);
  const length = Buffer.from(value.length.toString(16).padStart(value.length > 0xff ? 4 : 2, "0"), "hex");
  return Buffer.concat([Buffer.from([tag, 0x80 | length.length]), length, value]);
}

const sequence = (...content: readonly Buffer[]): Buffer => tlv(0x30, ...content);
const integer = (bytes: Buffer): Buffer => tlv(0x02, bytes);
const bitString = (bytes: Buffer, unused: number): Buffer => tlv(0x03, Buffer.from([unused]), bytes);

function oid(dotted: string): Buffer {
  const [first = 0, second = 0, ...rest] = dotted.split(".").map(Number);
  const bytes = rest.flatMap((part) => {
    const groups = [part & 0x7f];
    for (let left = part >>> 7; left > 0; left >>>= 7) groups.unshift((left & 0x7f) | 0x80);
    return groups;
  });
  return tlv(0x06, Buffer.from([first * 40 + second, ...bytes]));
}

const commonName = (text: string): Buffer =>
  sequence(tlv(0x31, sequence(oid("2.5.4.3"), tlv(0x0c, Buffer.from(text)))));

/** UTCTime up to 2049, GeneralizedTime from then on, as RFC 5280 demands. */
function time(date: Date): Buffer {
  const digits = date.toISOString().replace(/\.\d+|[-:T]/g, "");
  return date.getUTCFullYear() < 2050
    ? tlv(0x17, Buffer.from(digits.slice(2)))
    : tlv(0x18, Buffer.from(digits));
}

const extension = (id: string, value: Buffer, critical = false): Buffer =>
  sequence(oid(id), ...(critical ? [tlv(0x01, Buffer.from([0xff]))] : []), tlv(0x04, value));

const generalName = (name: string): Buffer =>
  net.isIPv4(name)
    ? tlv(0x87, Buffer.from(name.split(".").map(Number)))
    : tlv(0x82, Buffer.from(name, "ascii"));

/** RFC 7093: the first 160 bits of the key's SHA-256. */
const keyId = (key: KeyObject): Buffer =>
  createHash("sha256")
    .update(key.export({ type: "spki", format: "der" }))
    .digest()
    .subarray(0, 20);
