import { watchAdapters } from "./adapters";
import type { PlainChannel } from "./config";

const channel = (id: string, enabled: boolean, port?: number): PlainChannel =>
  ({ id, enabled, ...(port ? { adapter: { port, merchant: "1" } } : {}) }) as PlainChannel;
const all = [channel("zfb", true), channel("hema", true, 9101), channel("old", false, 9102)];

/** A watch whose adapters answer what a test says, and whose clock is the test's. */
function watching() {
  jest.useFakeTimers();
  const faults = new Map([
    [9101, "ECONNREFUSED"],
    [9102, "ECONNREFUSED"],
  ]);
  const logs: string[] = [];
  const adapters = watchAdapters(
    all,
    (level, message, fields) => logs.push(`${level} ${message} ${JSON.stringify(fields)}`),
    ({ adapter }) => {
      const fault = faults.get(adapter!.port)!;
      return fault ? Promise.reject(new Error(fault)) : Promise.resolve();
    },
  );
  const pass = (milliseconds: number) => jest.advanceTimersByTimeAsync(milliseconds);
  return { faults, logs, adapters, pass };
}
afterEach(() => jest.useRealTimers());

test("a shop is closed until the adapter of each enabled channel has answered once, and never after", async () => {
  const { faults, logs, adapters, pass } = watching();
  await pass(10_000);
  expect([adapters.opened(), adapters.up("hema"), adapters.up("zfb")]).toEqual([false, false, true]);
  expect(logs).toHaveLength(2); // each adapter's fault is told once, however often it was asked
  faults.set(9101, "");
  await pass(1000);
  expect([adapters.opened(), adapters.up("hema"), adapters.up("old")]).toEqual([true, true, false]);
  expect(adapters.states()).toEqual([
    ["hema", true],
    ["old", false],
  ]);
  faults.set(9101, "its adapter answered /health with status 500");
  await pass(10_000);
  expect([adapters.opened(), adapters.up("hema")]).toEqual([true, false]);
  faults.set(9101, "");
  await pass(2000);
  expect(adapters.up("hema")).toBe(true);
  expect(logs.filter((line) => line.includes("hema"))).toEqual([
    'warn the adapter of a channel does not answer: no payment is begun by it {"channel":"hema","error":"ECONNREFUSED"}',
    'info the adapter of a channel answers {"channel":"hema"}',
    'warn the adapter of a channel does not answer: no payment is begun by it {"channel":"hema","error":"its adapter answered /health with status 500"}',
    'info the adapter of a channel answers {"channel":"hema"}',
  ]);
  adapters.stop();
});

test("an adapter that never answers keeps a shop closed for two minutes, and its channel for good", async () => {
  const { adapters, pass } = watching();
  await pass(119_000);
  expect(adapters.opened()).toBe(false);
  await pass(2000);
  expect([adapters.opened(), adapters.up("hema")]).toEqual([true, false]);
  adapters.stop();
});

test("a shop without adapters is open at once", () => {
  const adapters = watchAdapters([channel("zfb", true)], () => undefined);
  expect([adapters.opened(), adapters.states()]).toEqual([true, []]);
  adapters.stop();
});
