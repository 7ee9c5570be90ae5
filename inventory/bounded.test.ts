import { setTimeout as sleep } from "node:timers/promises";
import { limiter, mapBounded } from "./bounded";

test("never more than the limit at once, and the results in their items' order", async () => {
  let [running, most] = [0, 0];
  const doubled = await mapBounded(3, [5, 1, 4, 2, 3, 0], async (item) => {
    most = Math.max(most, ++running);
    await sleep(item);
    running--;
    return 2 * item;
  });
  expect(doubled).toEqual([10, 2, 8, 4, 6, 0]);
  expect(most).toBe(3);
});

test("after a failure nothing more is begun", async () => {
  const begun: number[] = [];
  const work = async (item: number) => {
    begun.push(item);
    await sleep(1);
    if (item === 2) throw new Error("two");
  };
  await expect(mapBounded(2, [1, 2, 3, 4, 5, 6, 7, 8], work)).rejects.toThrow("two");
  await sleep(10);
  expect(begun.length).toBeLessThan(6);
});

test("a limiter lets so many run at one time, in the order in which they came, and goes on after a failure", async () => {
  const run = limiter(2);
  const began: number[] = [];
  let running = 0;
  let most = 0;
  const work = (number: number) => async () => {
    began.push(number);
    most = Math.max(most, ++running);
    await new Promise((resolve) => setTimeout(resolve, 5));
    running--;
    if (number === 1) throw new Error("no");
    return number;
  };
  const results = await Promise.allSettled([0, 1, 2, 3, 4].map((number) => run(work(number))));
  expect(results.map(({ status }) => status)).toEqual([
    "fulfilled",
    "rejected",
    "fulfilled",
    "fulfilled",
    "fulfilled",
  ]);
  expect([began, most]).toEqual([[0, 1, 2, 3, 4], 2]);
});
