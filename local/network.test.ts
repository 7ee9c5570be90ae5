import * as net from "node:net";
import fc from "fast-check";
import {
  chooseEdgeNetwork,
  freePort,
  isFree,
  listenerOn,
  overlaps,
  parseRange,
  parseRoutes,
  rangesInUse,
} from "./network";

describe("chooseEdgeNetwork", () => {
  test("is the same for the same name, and 4,096 addresses with the database's beside them", () => {
    const chosen = chooseEdgeNetwork("local", []);
    expect(chosen).toEqual(chooseEdgeNetwork("local", []));
    expect(chosen.subnet).toMatch(/^10\.\d+\.0\.0\/20$/);
    expect(overlaps(parseRange(chosen.subnet), parseRange(chosen.databaseAddress))).toBe(false);
    expect(chosen.databaseAddress.split(".").slice(0, 2)).toEqual(chosen.subnet.split(".").slice(0, 2));
  });

  test("meets no route of the machine, as long as there is room", () => {
    const range = fc.record({
      x: fc.integer({ min: 0, max: 255 }),
      y: fc.integer({ min: 0, max: 255 }),
      bits: fc.integer({ min: 12, max: 32 }),
    });
    fc.assert(
      fc.property(fc.string({ minLength: 1 }), fc.array(range, { maxLength: 8 }), (name, list) => {
        const taken = list.map(({ x, y, bits }) => parseRange(`10.${x}.${y}.0/${bits}`));
        const { subnet, databaseAddress } = chooseEdgeNetwork(name, taken);
        for (const other of taken)
          for (const mine of [subnet, databaseAddress]) expect(overlaps(other, parseRange(mine))).toBe(false);
      }),
    );
  });

  test("lives with a company's 10.0.0.0/8, but not with one that is full of narrower ones", () => {
    const wide = parseRange("10.0.0.0/8");
    expect(chooseEdgeNetwork("local", [wide])).toEqual(chooseEdgeNetwork("local", []));
    expect(() =>
      chooseEdgeNetwork("local", [
        wide,
        parseRange("10.64.0.0/10"),
        parseRange("10.128.0.0/10"),
        parseRange("10.192.0.0/10"),
      ]),
    ).toThrow("No free range");
  });
});

test("routes are read from the kernel's table, without the default one", () => {
  const table = [
    "Iface\tDestination\tGateway \tFlags\tRefCnt\tUse\tMetric\tMask",
    "eth0\t00000000\t010200C0\t0003\t0\t0\t0\t00000000",
    "docker0\t000011AC\t00000000\t0001\t0\t0\t0\t0000FFFF",
    "",
  ];
  expect(parseRoutes(table.join("\n"))).toEqual([parseRange("172.17.0.0/16")]);
  expect(rangesInUse()).toContainEqual(parseRange("127.0.0.1/8"));
});

test("a free port is one that nobody listens on, and who does is named", async () => {
  const server = net.createServer();
  const taken = await new Promise<number>((resolve) =>
    server.listen(0, "127.0.0.1", () => resolve((server.address() as net.AddressInfo).port)),
  );
  try {
    expect(await isFree(taken)).toBe(false);
    const free = await freePort(taken);
    expect(free).toBeGreaterThan(taken);
    expect(await freePort(taken, new Set([free]))).toBeGreaterThan(free);
    expect(listenerOn(free)).toBe("another program");
  } finally {
    await new Promise((resolve) => server.close(resolve));
  }
});
