import * as fc from "fast-check";
import type { SubstationSpec } from "../../config/fleet";
import { capacityShares } from "../../config/capacity";
import { UserError } from "../../config/error";
import { amountText, shortages } from "./fits";
import { judgeCapacity, type Demand, type Supplies } from "./capacity";

const mebibyte = 1024 * 1024;
const spec = (change: Partial<SubstationSpec["resources"]> = {}) =>
  ({
    channels: [],
    resources: {
      memoryBytes: 128 * mebibyte,
      cpus: 0.25,
      processes: 32,
      databaseConnections: 3,
      temporaryStorageBytes: 16 * mebibyte,
      logSizeBytes: 5 * mebibyte,
      ...change,
    },
  }) as unknown as SubstationSpec;
const supply = (most: number | undefined, committed = 0) => ({ most, committed, notes: [] });
const supplies: Supplies = {
  memory: supply(16_384 * mebibyte, 1_024 * mebibyte),
  cpus: supply(8, 2),
  processes: supply(32_768),
  dockerDisk: supply(100 * 1024 * mebibyte, 10 * 1024 * mebibyte),
  networkPorts: supply(undefined, 10),
  databaseConnections: supply(975, 80),
  databaseDisk: supply(100 * 1024 * mebibyte),
  dnsRecords: supply(200, 20),
  emptyDatabase: 7.5 * mebibyte,
  provisionerConnections: 40,
};
const settings = (values: Readonly<Record<string, string>> = {}) => ({
  project: "substation",
  setting: (_stack: string, key: string) => values[key],
});
const shares = capacityShares(settings(), "platform");
const demand = (created: number, more: Partial<Demand> = {}): Demand => ({
  created: Array.from({ length: created }, () => spec()),
  replaced: [],
  atOnce: 8,
  engines: 2,
  ...more,
});
const judge = (asked: Demand, has: Supplies = supplies) => judgeCapacity("platform", asked, has, shares);

test("a batch takes what its files ask for, and what it takes only while it is opened", () => {
  const { rows, fits, firstToRunOut } = judge(demand(10));
  const needs = Object.fromEntries(rows.map(({ name, need }) => [name, need]));
  expect(needs).toEqual({
    memory: (10 * 128 + 8 * 256) * mebibyte,
    cpus: 10 * 0.25 + 8,
    processes: 10 * 32 + 8 * 64,
    databaseConnections: 10 * 8 + 36,
    dockerDisk: 10 * (2 * 7 * mebibyte + 2 * 64 * 1024),
    databaseDisk: 10 * 8.5 * mebibyte,
    dnsRecords: 10,
    networkPorts: 10 + 8,
  });
  expect(fits).toBe(true);
  const memory = rows.find(({ name }) => name === "memory");
  expect(memory).toMatchObject({ most: 0.9 * 16_384 * mebibyte, left: (0.9 * 16_384 - 1_024) * mebibyte });
  // 14,745.6 - 1,024 - 3,328 MB are left for more of 128 MB: 81; connections for 99; records for 170.
  expect(firstToRunOut).toEqual({ name: "memory", more: 81 });
});

test("what does not fit is told with its numbers, and each thing for itself", () => {
  const { fits, rows, firstToRunOut } = judge(demand(100));
  expect(fits).toBe(false);
  expect(rows.filter((row) => !row.fits).map(({ name }) => name)).toEqual(["memory"]);
  expect(firstToRunOut?.name).toBe("memory");
  expect(shortages(judge(demand(100)))).toEqual([
    "platform has too little memory: the batch takes 14.5 GB, and 13.4 GB is left: 1024 MB of 14.4 GB is promised or in use already",
  ]);
});

test("a replacement has both containers for a while, of no more than are worked on at once; it takes no name, and nothing that stays", () => {
  const { rows } = judge(demand(0, { replaced: Array.from({ length: 20 }, () => spec()) }));
  const need = (name: string) => rows.find((row) => row.name === name)?.need;
  expect([need("memory"), need("networkPorts"), need("dnsRecords"), need("databaseDisk")]).toEqual([
    8 * (128 + 256) * mebibyte,
    16,
    0,
    0,
  ]);
  expect(judge(demand(0)).rows.every(({ need, fits }) => need === 0 && fits)).toBe(true);
});

test("what cannot be known forbids nothing, and what is promised beyond all of it leaves nothing", () => {
  const unknown = { ...supplies, processes: supply(undefined), dnsRecords: supply(undefined) };
  const row = (has: Supplies, name: string) => judge(demand(1), has).rows.find((one) => one.name === name);
  expect(row(unknown, "processes")).toMatchObject({ left: undefined, fits: true });
  expect(row(unknown, "dnsRecords")).toMatchObject({ left: undefined, fits: true });
  expect(row({ ...supplies, databaseConnections: supply(975, 1000) }, "databaseConnections")).toMatchObject({
    left: -25,
    fits: false,
  });
});

test("as many more as are told fit, and one more than that does not", () => {
  fc.assert(
    fc.property(fc.integer({ min: 8, max: 60 }), fc.integer({ min: 100, max: 4_000 }), (n, connections) => {
      const has = { ...supplies, databaseConnections: supply(connections) };
      const { firstToRunOut } = judge(demand(n), has);
      fc.pre(firstToRunOut !== undefined && firstToRunOut.more >= 0);
      expect(judge(demand(n + firstToRunOut.more), has).fits).toBe(true);
      expect(judge(demand(n + firstToRunOut.more + 1), has).fits).toBe(false);
    }),
  );
});

test("the shares are settings of the platform's stack; one that is no number is told with its place", () => {
  const given = capacityShares(settings({ capacityMemory: "0.5", capacityDnsRecords: "200" }), "platform");
  expect([given.of.memory, given.of.cpus, given.dnsRecords, given.networkPorts]).toEqual([
    0.5, 16, 200, 1000,
  ]);
  const wrong = () => capacityShares(settings({ capacityCpus: "many" }), "platform-b");
  expect(wrong).toThrow(UserError);
  expect(wrong).toThrow('substation:capacityCpus of stack platform-b is "many": write a number above 0');
});

test("amounts are shown in the units that people count in", () => {
  expect([
    amountText("memory", 128 * mebibyte),
    amountText("memory", 20_480 * mebibyte),
    amountText("cpus", 0.25),
  ]).toEqual(["128 MB", "20.0 GB", "0.25"]);
});
