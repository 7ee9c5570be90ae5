import type { Sign } from "../config/admission";

/** What is done about an error of a provider. */
export interface Patience {
  /** What it says of the world; undefined where it is only two that met. */
  readonly sign: Sign | undefined;
  /** Tries in all. */
  readonly tries: number;
  /** Milliseconds in which another try may begin: from the beginning of the first one, where that is seen, or else from its error on. */
  readonly within: number;
}

const minute = 60_000;
const meeting: Patience = { sign: undefined, tries: 6, within: minute };
const full: Patience = { sign: "connections", tries: 30, within: 10 * minute };
/** Cloudflare refuses for 5 minutes. Its client waits and asks again by itself for 3 and a half before it gives up. */
const refused: Patience = { sign: "rate", tries: 30, within: 15 * minute };
const away: Patience = { sign: "timeout", tries: 10, within: 3 * minute };

/**
 * What is tried again, by the words of the providers: those of `test/engine/providers`, and of the official ones, whose drivers are lib/pq, cloudflare-go and the Docker client.
 * Never what another try cannot mend, or what a try may have done already.
 */
const causes: readonly {
  readonly of: (type: string) => boolean;
  /** Its SQLSTATE, where the words tell one: then nothing else counts. */
  readonly state?: RegExp;
  readonly says: RegExp;
  readonly patience: Patience;
}[] = [
  // Of the whole server, one database or one role.
  {
    of: (type) => type.startsWith("postgresql:"),
    state: /^53300$/,
    says: /too many clients already|too many connections for (?:role|database)|remaining connection slots are reserved/,
    patience: full,
  },
  // Deadlock, serialization, and two that changed one row of the catalog.
  {
    of: (type) => type.startsWith("postgresql:"),
    state: /^(?:40P01|40001)$/,
    says: /deadlock detected|tuple concurrently updated/,
    patience: meeting,
  },
  // Shut down, starting up, not reachable. Transactions are rolled back then.
  {
    of: (type) => type.startsWith("postgresql:"),
    state: /^(?:57P0[123]|08(?:000|001|003|004|006))$/,
    says: /the database system is|terminating connection due to|connection refused|connection reset|broken pipe|unexpected EOF|i\/o timeout|driver: bad connection|conn closed/,
    patience: away,
  },
  {
    of: (type) => type.startsWith("cloudflare:"),
    says: /\b429 Too Many Requests\b/,
    patience: refused,
  },
  {
    of: (type) => type.startsWith("cloudflare:"),
    says: /\b(?:408 Request Timeout|5\d\d (?:Internal Server Error|Bad Gateway|Service Unavailable|Gateway Timeout))\b|: 52\d |connection refused|connection reset|: EOF|unexpected EOF|i\/o timeout|TLS handshake|Client\.Timeout|context deadline exceeded|no such host|server misbehaving/,
    patience: away,
  },
  // A container that was made and then not seen is for the next run to find: only where the engine was not reached at all is nothing made.
  {
    of: (type) => type === "docker:index/container:Container",
    says: /Cannot connect to the Docker daemon|dial (?:unix|tcp) \S+ connect: /,
    patience: away,
  },
  // A volume that is there already is answered like one that was made.
  {
    of: (type) => type === "docker:index/volume:Volume",
    says: /Cannot connect to the Docker daemon|connection refused|connection reset|: EOF|unexpected EOF|i\/o timeout|context deadline exceeded/,
    patience: away,
  },
];

/**
 * @param type of the resource, as Pulumi has it
 * @param error newest words of its provider
 * @returns undefined where another try is of no use, or not safe
 */
export function patienceFor(type: string, error: string): Patience | undefined {
  const told = sqlState(error);
  const fits = ({ state, says }: (typeof causes)[number]) =>
    state && told !== undefined ? state.test(told) : says.test(error);
  return causes.find((cause) => cause.of(type) && fits(cause))?.patience;
}

/**
 * What PostgreSQL called it: pgx writes "(SQLSTATE 53300)", a newer lib/pq "pq: … (53300)", and an older one only the words. XX000 stands for all that has no state of its own, such as
 * "tuple concurrently updated".
 */
function sqlState(error: string): string | undefined {
  const [, pgx, pq] = /\(SQLSTATE ([0-9A-Z]{5})\)|\bpq: .*\(([0-9A-Z]{5})\)/.exec(error) ?? [];
  const state = pgx ?? pq;
  return state === "XX000" ? undefined : state;
}

/** Whether the API says that there is such a record: 81053 and 81054 for another type, 81057 and 81058 for the very same. */
export const saysRecordExists = (type: string, error: string): boolean =>
  type.startsWith("cloudflare:") && /\b8105[3478]\b/.test(error);
