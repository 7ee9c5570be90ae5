import type { EngineEvent } from "./pulumi";
import { Timings } from "./timing";

const parent = "urn:pulumi:demo::substation::substation:index:Substation::mengxiang";
const metadata = (type: string, name: string, op = "create") => ({
  op,
  type,
  urn: `${parent}$${type}::${name}`,
  new: { parent },
});
const begins = (...args: Parameters<typeof metadata>): EngineEvent => ({
  resourcePreEvent: { metadata: metadata(...args) },
});
const ends = (...args: Parameters<typeof metadata>): EngineEvent => ({
  resOutputsEvent: { metadata: metadata(...args) },
});

test("seconds of each part run from its first event to its last; what did not change counts for nothing", () => {
  let now = 0;
  const timings = new Timings(() => now);
  const at = (ms: number, event: EngineEvent) => {
    now = ms;
    timings.listen(event);
  };
  at(0, begins("random:index/randomPassword:RandomPassword", "mengxiang-app-password"));
  at(100, ends("random:index/randomPassword:RandomPassword", "mengxiang-app-password"));
  at(100, begins("docker:index/container:Container", "mengxiang-migrate"));
  at(700, ends("docker:index/container:Container", "mengxiang-migrate"));
  at(700, begins("docker:index/container:Container", "mengxiang", "create-replacement"));
  at(2200, ends("docker:index/container:Container", "mengxiang", "create-replacement"));
  at(9000, ends("cloudflare:index/dnsRecord:DnsRecord", "mengxiang", "same"));
  expect(timings.of("mengxiang")).toEqual({
    changes: 3,
    seconds: { secrets: 0.1, migration: 0.6, container: 1.5 },
    total: 2.2,
  });
  expect(timings.of("another")).toEqual({ changes: 0, seconds: {}, total: 0 });
  expect(timings.finished).toBe(4);
});
