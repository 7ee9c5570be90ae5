import type { Attempt } from "../attempt";
import type { Facts } from "../facts";
import type { Question } from "../questions";

/** Nobody there, nobody who answers, no way there. */
const unreachable = ["ECONNREFUSED", "ETIMEDOUT", "EHOSTUNREACH", "ENETUNREACH"];

/** Ports of the image contract: the shop's pages, its metrics. */
const shopPorts = { pages: 8080, metrics: 9090 } as const;

/** Doors that are not its own: its neighbour's, the host's, the cloud's. */
export function network({ neighbour, hostAddresses, hostPorts, target }: Facts): Attempt[] {
  const dial = (hosts: readonly string[], port: number): Question[] =>
    hosts.map((host) => ({ kind: "tcp", host, port }));
  const neighbours = Object.entries(shopPorts).flatMap(([what, port]): Attempt[] => [
    {
      id: `network/neighbour-${what}-by-address`,
      title: `its neighbour's ${what}, by address`,
      expected: ["ETIMEDOUT"],
      neighbour: true,
      questions: dial(neighbour.addresses, port),
    },
    {
      id: `network/neighbour-${what}-by-name`,
      title: `its neighbour's ${what}, by name`,
      expected: ["ETIMEDOUT", "ENOTFOUND", "EAI_AGAIN"],
      neighbour: true,
      questions: dial(neighbour.names, port),
    },
  ]);
  return [
    ...neighbours,
    ...Object.entries(hostPorts).map(([title, port]) => ({
      id: `network/${slug(title)}`,
      title: `the host's port ${port}: ${title}`,
      expected: unreachable,
      questions: dial(hostAddresses, port),
    })),
    {
      id: "network/database-elsewhere",
      title: "the database server at another of the host's addresses",
      expected: unreachable,
      questions: dial(
        hostAddresses.filter((address) => address !== target.platform.database.address),
        target.platform.database.port,
      ),
    },
    {
      id: "network/metadata",
      title: "the cloud's metadata of the host",
      expected: unreachable,
      // The first 256 link-local addresses are reserved (RFC 3927, 2.1).
      questions: [{ kind: "tcp", host: "169.254.169.254", port: 80, control: "169.254.0.1" }],
    },
  ];
}

const slug = (title: string): string =>
  title
    .toLowerCase()
    .replace(/'s\b/g, "")
    .replace(/[^a-z0-9]+/g, "-");
