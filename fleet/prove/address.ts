import { Resolver } from "node:dns/promises";
import { setTimeout as sleep } from "node:timers/promises";
import * as tls from "node:tls";
import { Failed, type Seen } from "./ledger";
import type { PlatformAddress } from "./target";

/** Milliseconds within which a new record must be known; records live 60 s, and nothing else is cached by us. */
const patience = 30_000;
const between = 1_000;

/**
 * Resolves a shop's name as a buyer's resolver would, and compares with what its platform says.
 * @throws Failed where it is unknown, or leads elsewhere
 */
export async function checkName(
  host: string,
  { resolver: server, ingress }: PlatformAddress,
  { wait = patience }: { readonly wait?: number } = {},
): Promise<Seen> {
  const resolver = new Resolver({ timeout: 2_000, tries: 2 });
  if (server !== undefined) resolver.setServers([server]);
  const by = server ?? "the system's resolver";
  for (const end = Date.now() + wait; ; await sleep(between)) {
    const found = await resolver.resolve4(host).catch((error: NodeJS.ErrnoException) => error);
    const right = Array.isArray(found) && found.length === 1 && found[0] === ingress.address;
    if (right) return { what: `${host} is ${ingress.address}, by ${by}` };
    if (Date.now() + between > end)
      throw new Failed(
        Array.isArray(found)
          ? `${host} is ${found.join(", ")}, by ${by}; the platform's ingress is ${ingress.address}`
          : `${host} is not known to ${by} (${found.code ?? found.message})`,
        `See the record of ${host} in the zone, and that its name servers are asked: "substation audit" tells what differs.`,
      );
  }
}

/**
 * Looks at the certificate that the ingress shows for a host.
 * @throws Failed where no browser would trust it, or it ends within a week
 */
export async function checkCertificate(
  url: URL,
  address: string,
  { ca }: { readonly ca?: string } = {},
): Promise<Seen> {
  const host = url.hostname;
  const port = Number(url.port || 443);
  const certificate = await new Promise<tls.PeerCertificate>((resolve, reject) => {
    const socket = tls.connect({
      host: address,
      port,
      servername: host,
      timeout: 10_000,
      ...(ca ? { ca } : {}),
    });
    const refuse = (why: string): void => {
      socket.destroy();
      reject(untrusted(host, why));
    };
    socket.once("secureConnect", () => {
      resolve(socket.getPeerCertificate());
      socket.destroy();
    });
    socket.once("timeout", () => refuse("no TLS handshake within 10 s"));
    socket.once("error", ({ message }: Error) => refuse(message));
  });
  const days = Math.floor((Date.parse(certificate.valid_to) - Date.now()) / 86_400_000);
  if (days < 7)
    throw new Failed(
      `the certificate of ${host} ends in ${days} days, on ${certificate.valid_to}`,
      "Renew it at the ingress.",
    );
  return { what: `the certificate is valid for ${host}, and for ${days} days more` };
}

const untrusted = (host: string, why: string): Failed =>
  new Failed(
    `no trusted TLS connection for ${host}: ${why}`,
    `Give the ingress a certificate for ${host} from an authority that browsers know.`,
  );
