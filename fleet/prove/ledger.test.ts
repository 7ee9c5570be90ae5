import { Failed, Ledger } from "./ledger";

test("a step whose need did not go well is not tried, nor what needs that; everything else is", async () => {
  const titles: string[] = [];
  const ledger = new Ledger((title) => titles.push(title));
  const well = () => Promise.resolve({ what: "well" });
  const dns = await ledger.take({ step: "dns" }, [], () =>
    Promise.reject(new Failed("nobody knows it", "Make it known.")),
  );
  const shop = await ledger.take({ step: "shop" }, [dns], well);
  await ledger.take({ step: "purchase", channel: "alipay" }, [shop], well);
  const real = await ledger.take({ step: "purchase", channel: "real" }, [], () =>
    Promise.resolve({ outcome: "stopped-before-payment", what: "unpaid" }),
  );
  await ledger.take({ step: "container" }, [real], () => Promise.reject(new Error("connect ECONNREFUSED")));
  expect(ledger.steps.map(({ outcome, what, remedy }) => [outcome, what, remedy])).toEqual([
    ["failed", "nobody knows it", "Make it known."],
    ["not-tried", "since dns failed", undefined],
    ["not-tried", "since shop was not tried", undefined],
    ["stopped-before-payment", "unpaid", undefined],
    ["failed", "connect ECONNREFUSED", expect.stringContaining("docs/opening.md")],
  ]);
  expect(titles).toEqual(["dns", "purchase by real", "container"]);
});
