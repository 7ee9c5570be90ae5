import fc from "fast-check";
import { characterStrings } from "./content";
import { hostName, recordName } from "./names";
import type { DnsRecord } from "./types";
import { Zone } from "./zone";

const zone = "substation.test";

test.each([
  ["@", "substation.test"],
  ["substation.test", "substation.test"],
  ["Shop", "shop.substation.test"],
  ["shop.substation.test.", "shop.substation.test"],
  ["notsubstation.test", "notsubstation.test.substation.test"],
  ["*", "*.substation.test"],
  ["*.shop", "*.shop.substation.test"],
  ["_dmarc", "_dmarc.substation.test"],
  ["梦想点卡", "xn--hlrr92a62fj2i.substation.test"],
])("the record name %s is %s", (text, name) => {
  expect(recordName(text, zone)).toBe(name);
});

test.each([
  "",
  ".",
  "a..b",
  ".a",
  "-a",
  "a-",
  "a b",
  "a/b",
  "shop.*",
  "a*",
  "x".repeat(64),
  `${"a.".repeat(125)}b`,
  "a\nb",
  "a@b",
  "点%41",
  "点 a",
])("%j is no record name", (text) => {
  expect(recordName(text, zone)).toBeUndefined();
});

test("an address is no host name", () => {
  expect([hostName("10.0.0.1"), hostName("::1"), hostName("a.1b"), hostName("A.b.")]).toEqual([
    undefined,
    undefined,
    "a.1b",
    "a.b",
  ]);
});

test("whatever the text, a record name is lower case, in the zone, of legal labels, and stays as it is when it is named again", () => {
  const text = fc.oneof(
    fc.string(),
    fc.string({ unit: "grapheme" }),
    fc.domain(),
    fc.stringMatching(/^[A-Za-z0-9._*@-]{0,80}$/),
  );
  fc.assert(
    fc.property(text, (t) => {
      const name = recordName(t, zone);
      if (name === undefined) return;
      expect(name === zone || name.endsWith(`.${zone}`)).toBe(true);
      expect(name).toMatch(/^(\*\.)?[a-z0-9_-]{1,63}(\.[a-z0-9_-]{1,63})*$/);
      expect(name.length).toBeLessThanOrEqual(253);
      expect(recordName(name, zone)).toBe(name);
      expect(recordName(`${name}.`, zone)).toBe(name);
      expect(recordName(name.toUpperCase(), zone)).toBe(name);
    }),
    { numRuns: 2000 },
  );
});

test("text in a TXT record loses nothing by being cut", () => {
  fc.assert(
    fc.property(
      fc.string({ unit: "grapheme", maxLength: 900 }).filter((s) => !/["\\]/.test(s)),
      (t) => {
        const parts = characterStrings(t);
        expect(Buffer.concat(parts).toString()).toBe(t);
        expect(parts.every((p) => p.length <= 255)).toBe(true);
      },
    ),
  );
  expect(characterStrings(String.raw`"a\"b" "\065\\"`).map(String)).toEqual(['a"b', "A\\"]);
});

test("after any changes a zone's index by name is what its records say, and a draft leaves no trace", () => {
  const name = fc.constantFrom("a", "b.a", "c.b.a", "x.c.b.a", "*.a", "b").map((n) => `${n}.${zone}`);
  const step = fc.record({ id: fc.nat(8).map(String), name, drop: fc.boolean(), keep: fc.boolean() });
  fc.assert(
    fc.property(fc.array(step, { maxLength: 60 }), (steps) => {
      const z = new Zone({ id: "0".repeat(32), name: zone, created_on: "" });
      const picture = () => JSON.stringify([...z.records()].sort((p, q) => (p.id < q.id ? -1 : 1)));
      for (const { id, name, drop, keep } of steps) {
        const before = picture();
        const record = { id, name, type: "A", content: `127.0.0.${id}` } as DnsRecord;
        const { changes } = z.attempt((draft) => (drop && z.get(id) ? draft.delete(id) : draft.put(record)));
        expect(picture()).toBe(before);
        if (keep) z.apply(changes);
      }
      const names = new Set<string>([zone]);
      for (const r of z.records()) {
        expect(z.at(r.name)).toContain(r);
        for (let at = r.name; at !== zone; at = at.slice(at.indexOf(".") + 1)) names.add(at);
      }
      const seen = [
        ...new Set(steps.map((s) => s.name)),
        "b.a.substation.test",
        "c.b.a.substation.test",
        zone,
      ];
      for (const n of seen) expect([n, z.at(n) !== undefined]).toEqual([n, names.has(n)]);
    }),
    { numRuns: 500 },
  );
});
