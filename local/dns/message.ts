import * as dnsPacket from "dns-packet";
import { resolve, type Resolution, type ResourceRecord } from "./resolve";
import type { Zone } from "./zone";

/** The codecs of one type's data and of names: dns-packet has them, its type definitions do not. */
const { record: codec, name: nameCodec } = dnsPacket as unknown as {
  record: (type: string) => { encode(data: unknown): Buffer };
  name: { encode(name: string): Buffer };
};

const headerLength = 12;
/** Octets that go through every network in one piece (the DNS flag day of 2020); also what the emulator advertises. */
const udpMost = 1232;
const tcpMost = 65_535;
const rcodes = {
  NOERROR: 0,
  FORMERR: 1,
  SERVFAIL: 2,
  NXDOMAIN: 3,
  NOTIMP: 4,
  REFUSED: 5,
  BADVERS: 16,
} as const;
const typeNumbers = {
  A: 1,
  NS: 2,
  CNAME: 5,
  SOA: 6,
  PTR: 12,
  HINFO: 13,
  MX: 15,
  TXT: 16,
  AAAA: 28,
  SRV: 33,
  CAA: 257,
} as const;

interface Question {
  /** Lower case; octets that no record's name can hold are backslashes. */
  readonly name: string;
  readonly type: string;
  readonly class: number;
  /** As it was asked, to be sent back to the letter (clients may check the case: draft-vixie-dnsext-dns0x20). */
  readonly octets: Buffer;
}

/**
 * Answers one DNS message; undefined where silence is right (no query, or too short to answer).
 * `udp` limits the answer to what the client can take in one datagram.
 */
export function answer(
  message: Buffer,
  zones: readonly Zone[],
  transport: "udp" | "tcp",
): Buffer | undefined {
  if (message.length < headerLength || message.readUInt8(2) & 0x80) return undefined;
  const opcode = (message.readUInt8(2) >> 3) & 0x0f;
  if (opcode !== 0) return assemble(message, { rcode: "NOTIMP" });
  let question: Question;
  let edns: dnsPacket.OptAnswer | undefined;
  try {
    question = readQuestion(message);
    edns = dnsPacket.decode(message).additionals?.find((a): a is dnsPacket.OptAnswer => a.type === "OPT");
  } catch {
    return assemble(message, { rcode: "FORMERR" }); // whatever the decoder stumbled over is the sender's
  }

  const limit =
    transport === "tcp" ? tcpMost : edns ? Math.min(Math.max(edns.udpPayloadSize, 512), udpMost) : 512;
  const extra = { question: question.octets, edns: edns !== undefined };
  if (edns && edns.ednsVersion !== 0) return assemble(message, { ...extra, rcode: "BADVERS" });
  if (question.class !== 1 || question.type === "AXFR" || question.type === "IXFR")
    return assemble(message, { ...extra, rcode: "REFUSED" });
  const resolution = resolve(zones, question.name, question.type);
  const whole = assemble(message, { ...extra, rcode: resolution.rcode, resolution });
  return whole.length <= limit
    ? whole
    : assemble(message, { ...extra, rcode: resolution.rcode, truncated: true });
}

/** Reads the only question of a query. Names in it are never compressed: there is nothing before it to point at. */
function readQuestion(message: Buffer): Question {
  if (message.readUInt16BE(4) !== 1) throw new RangeError("not one question");
  const labels: string[] = [];
  let at = headerLength;
  for (let length = message.readUInt8(at); length !== 0; length = message.readUInt8(at)) {
    if (length > 63 || at - headerLength > 254) throw new RangeError("bad label");
    const label = message.toString("latin1", at + 1, at + 1 + length);
    // A dot inside a label must not look like the end of one.
    labels.push(label.replaceAll(/[^\x21-\x7e]|\./g, "\\").toLowerCase());
    at += 1 + length;
  }
  at += 1;
  const type = message.readUInt16BE(at);
  const names: Record<number, string> = { 251: "IXFR", 252: "AXFR", 255: "ANY" };
  for (const [text, number] of Object.entries(typeNumbers)) names[number] = text;
  return {
    name: labels.join("."),
    type: names[type] ?? `TYPE${type}`,
    class: message.readUInt16BE(at + 2),
    octets: message.subarray(headerLength, at + 4),
  };
}

interface Parts {
  readonly rcode: keyof typeof rcodes;
  readonly question?: Buffer;
  readonly edns?: boolean;
  readonly resolution?: Resolution;
  readonly truncated?: boolean;
}

function assemble(query: Buffer, parts: Parts): Buffer {
  const { question, resolution } = parts;
  const sections = [
    resolution?.answers ?? [],
    resolution?.authorities ?? [],
    resolution?.additionals ?? [],
  ] as const;
  const rcode = rcodes[parts.rcode];
  const header = Buffer.alloc(headerLength);
  query.copy(header, 0, 0, 2);
  const authoritative = resolution?.authoritative && parts.rcode !== "REFUSED" ? 0x04 : 0;
  header.writeUInt8(0x80 | (query.readUInt8(2) & 0x79) | authoritative | (parts.truncated ? 0x02 : 0), 2);
  header.writeUInt8(rcode & 0x0f, 3);
  header.writeUInt16BE(question ? 1 : 0, 4);
  header.writeUInt16BE(sections[0].length, 6);
  header.writeUInt16BE(sections[1].length, 8);
  header.writeUInt16BE(sections[2].length + (parts.edns ? 1 : 0), 10);
  const opt = Buffer.from([0, 0, 41, udpMost >> 8, udpMost & 0xff, rcode >> 4, 0, 0, 0, 0, 0]);
  return Buffer.concat([
    header,
    ...(question ? [question] : []),
    ...sections.flatMap((section) => section.map(encode)),
    ...(parts.edns ? [opt] : []),
  ]);
}

function encode({ name, type, ttl, data }: ResourceRecord): Buffer {
  // The name that was asked for is pointed at where it stands, right after the header.
  const owner = name === undefined ? Buffer.from([0xc0, headerLength]) : nameCodec.encode(name);
  const fixed = Buffer.alloc(8);
  fixed.writeUInt16BE(typeNumbers[type], 0);
  fixed.writeUInt16BE(1, 2);
  fixed.writeUInt32BE(ttl, 4);
  return Buffer.concat([owner, fixed, codec(type).encode(data)]);
}
