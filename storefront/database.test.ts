import { setTimeout as sleep } from "node:timers/promises";
import { atMostEvery } from "./database";

test("callers share one load while it runs and for the time after it, also one that fails", async () => {
  let loads = 0;
  const get = atMostEvery(60, async () => {
    const n = ++loads;
    await sleep(20);
    if (n === 2) throw new Error("away");
    return n;
  });
  expect(await Promise.all([get(), get(), get()])).toEqual([1, 1, 1]);
  expect(await get()).toBe(1);
  await sleep(70);
  await expect(Promise.all([get(), get()])).rejects.toThrow("away");
  await expect(get()).rejects.toThrow("away");
  await sleep(70);
  expect(await get()).toBe(3);
});
