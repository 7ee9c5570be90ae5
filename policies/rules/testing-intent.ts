import type { Resources } from "../../config/fleet";
import type { Owner } from "../../config/names";
import type { Scope } from "../../config/scopes";
import type { ExpectedSubstation, Intent } from "./intent";

/** Whom tests of rules are about, and what is asked for there. Facts are in testing.ts, which tests import. */

const mebibyte = 1024 * 1024;

export const platform = "local";
export const zone = "substation.test";
export const edgeNetwork = "local-edge";
export const image = `sha256:${"a".repeat(64)}`;

/** Whose facts are built where no other is named. */
export const owner: Owner = { platform, group: "demo", id: "mengxiang" };
export const neighbour: Owner = { platform, group: "demo", id: "haitang" };
/** Has no file. */
export const stranger: Owner = { platform, group: "demo", id: "nobody" };

export const hostOf = (of: Owner): string => `${of.id}.${zone}`;

/** The tier's and the file's alike. */
export const limits: Resources = {
  memoryBytes: 192 * mebibyte,
  cpus: 0.5,
  processes: 64,
  databaseConnections: 5,
  statementTimeoutMs: 10_000,
  idleTransactionTimeoutMs: 30_000,
  temporaryStorageBytes: 32 * mebibyte,
  logSizeBytes: 10 * mebibyte,
};

export const scopes: readonly Scope[] = ["goods:read", "orders:create", "orders:read", "balance:read"];

export const expected = (of: Owner, change: Partial<ExpectedSubstation> = {}): ExpectedSubstation => ({
  owner: of,
  tier: "standard",
  scopes,
  host: hostOf(of),
  limits,
  resources: limits,
  adapters: [],
  file: { file: `stacks/${of.group}/${of.id}.yaml`, line: 1, column: 1 },
  ...change,
});

/** Of an audit; `intent({ stack: "demo", mayTouch: 5 })` is one of a plan. */
export const intent = (change: Partial<Intent> = {}): Intent => ({
  platform: {
    name: platform,
    zone,
    ingressAddress: "127.0.0.1",
    edgeNetwork,
    provisioner: "provisioner",
  },
  stack: undefined,
  substations: new Map([owner, neighbour].map((of) => [of.id, expected(of)])),
  capacity: { memoryBytes: 8192 * mebibyte, cpus: 2, databaseConnections: 900 },
  mayTouch: undefined,
  ...change,
});
