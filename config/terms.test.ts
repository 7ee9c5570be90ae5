import { readFileSync } from "node:fs";
import { join } from "node:path";

import fc from "fast-check";

import { mostFen, withMarkup } from "../storefront/money";
import { fleetOf, goodFile, goodTiers } from "./testFleet";
import { coversCost, leastMarkup, priceOf, settle } from "./terms";
import { share } from "./units";

const rate = (most: number) => fc.integer({ min: 0, max: most });
const anyTerms = fc.record({
  markupBasisPoints: rate(10_000),
  revenueShareBasisPoints: rate(10_000),
  feeBasisPoints: rate(2_000),
});
/** Fen; small ones more often, since there a rounding weighs most. */
const anyCost = fc.oneof(fc.integer({ min: 1, max: 2_000 }), fc.integer({ min: 1, max: 10_000_000_000 }));

test("a sale, to the fen: half a fen of price and fee is rounded up, the share is rounded down", () => {
  const terms = { markupBasisPoints: 1500, revenueShareBasisPoints: 1250, feeBasisPoints: 60 };
  expect(settle(10_000, terms)).toEqual({ price: 11_500, fee: 69, share: 187, left: 11_244 });
  expect(settle(1, terms)).toEqual({ price: 1, fee: 0, share: 0, left: 1 });
  expect([10, 3, 4].map((cost) => priceOf(cost, 1500))).toEqual([12, 3, 5]); // 11.5, 3.45, 4.6
});

test("terms that cover the cost never leave less than the goods cost, and never hand out more than is there", () => {
  fc.assert(
    fc.property(anyTerms, anyCost, (terms, cost) => {
      const { price, fee, share, left } = settle(cost, terms);
      expect([price, fee, share, left].every(Number.isSafeInteger)).toBe(true);
      expect(fee + share + left).toBe(price);
      expect(share).toBeLessThanOrEqual(price - cost);
      if (coversCost(terms)) expect(left).toBeGreaterThanOrEqual(cost);
    }),
    { numRuns: 20_000 },
  );
});

test("at the edge, where a single fen decides, it is the same", () => {
  fc.assert(
    fc.property(rate(9_900), rate(2_000), anyCost, (revenueShareBasisPoints, feeBasisPoints, cost) => {
      const markup = leastMarkup({ revenueShareBasisPoints, feeBasisPoints });
      fc.pre(markup !== undefined && markup < 1_000_000);
      const terms = { markupBasisPoints: markup ?? 0, revenueShareBasisPoints, feeBasisPoints };
      expect(coversCost(terms)).toBe(true);
      expect(settle(cost, terms).left).toBeGreaterThanOrEqual(cost);
    }),
    { numRuns: 20_000 },
  );
});

test("terms that are refused do lose money, and a markup is the least only if one step less is refused", () => {
  fc.assert(
    fc.property(anyTerms, (terms) => {
      fc.pre(!coversCost(terms));
      expect(settle(10_000_000_000, terms).left).toBeLessThan(10_000_000_000);
      const least = leastMarkup(terms);
      if (least === undefined)
        expect(terms.revenueShareBasisPoints + terms.feeBasisPoints).toBeGreaterThanOrEqual(10_000);
      else expect(coversCost({ ...terms, markupBasisPoints: least - 1 })).toBe(false);
    }),
    { numRuns: 5_000 },
  );
});

test("the shop asks the price that was checked here", () => {
  fc.assert(
    fc.property(fc.integer({ min: 1, max: mostFen }), rate(10_000), (cost, markup) => {
      expect(withMarkup(cost, markup)).toBe(priceOf(cost, markup));
      expect(withMarkup(cost, markup)).toBeGreaterThanOrEqual(cost);
    }),
    { numRuns: 5_000 },
  );
});

const shippedTiers = readFileSync(join(__dirname, "../stacks/tiers.yaml"), "utf8");
const { tiers } = fleetOf({ "tiers.yaml": shippedTiers });

test.each([...tiers.values()].map((tier) => [tier.name, tier] as const))(
  "of all terms within the bounds of the tier %s those alone are accepted that sell nothing at a loss, by any channel",
  (_, tier) => {
    const within = ({ from, to }: { from: number; to: number }) => fc.integer({ min: from, max: to });
    const fees = fc.array(fc.record({ fee: fc.oneof(rate(200), rate(2_000)), enabled: fc.boolean() }), {
      maxLength: 3,
    });
    const seen = { accepted: 0, refused: 0 };
    fc.assert(
      fc.property(
        within(tier.markup),
        within(tier.revenueShare),
        fees,
        anyCost,
        (markup, revenueShare, channels, cost) => {
          const written = channels.map(
            ({ fee, enabled }, n) =>
              `  c${n}: { kind: epay, version: v1, gateway: "https://pay${n}.example.com", merchantId: "7", type: alipay, secrets: { key: k }, enabled: ${enabled}, fee: ${share.format(fee)} }\n`,
          );
          const text = asked(share.format(revenueShare), `markup: ${share.format(markup)}\n`, tier.name);
          const file = channels.length > 0 ? `${text}channels:\n${written.join("")}` : text;
          const { problems, groups } = fleetOf({ "tiers.yaml": shippedTiers, "demo/mengxiang.yaml": file });
          const on = channels.filter(({ enabled }) => enabled);
          const terms = on.map(({ fee }) => ({
            markupBasisPoints: markup,
            revenueShareBasisPoints: revenueShare,
            feeBasisPoints: fee,
          }));
          const aboutTerms = problems.filter(({ code }) => code.startsWith("terms/"));
          expect(aboutTerms).toHaveLength(terms.filter((one) => !coversCost(one)).length);
          const others = problems.filter((problem) => !aboutTerms.includes(problem)).map(({ code }) => code);
          expect(others).toEqual(on.length > tier.maximumChannels ? ["channel/too-many"] : []);
          const spec = groups.get("demo")?.[0];
          expect(spec === undefined).toBe(problems.length > 0);
          seen[spec ? "accepted" : "refused"]++;
          for (const { enabled, feeBasisPoints } of spec?.channels ?? []) {
            if (!enabled || !spec) continue;
            const { price, fee, share: given, left } = settle(cost, { ...spec, feeBasisPoints });
            expect(price).toBe(priceOf(cost, spec.markupBasisPoints));
            expect(left).toBeGreaterThanOrEqual(cost);
            expect(fee + given).toBeLessThanOrEqual(price - cost);
          }
        },
      ),
      { numRuns: 150 },
    );
    expect(Math.min(seen.accepted, seen.refused)).toBeGreaterThan(10); // neither of them is all there is
  },
);

const epay = (fee: string, enabled = true): string =>
  `channels: { ee: { kind: epay, version: v1, gateway: "https://pay.example.com", merchantId: "7", type: alipay, secrets: { key: k }, enabled: ${enabled}, fee: ${fee} } }\n`;
const asked = (share: string, rest: string, tier = "standard"): string =>
  goodFile.replace("12.5%", share).replace("standard", tier) + rest;
const alone = (text: string): string[] =>
  fleetOf({ "demo/mengxiang.yaml": text }).lines.map((line) =>
    line.replace("stacks/demo/mengxiang.yaml:", ""),
  );

// prettier-ignore
test.each<[what: string, text: string, expected: string[]]>([
  ["a markup that the tier allows", asked("5%", "markup: 30%\n"), []],
  ["one above it", asked("5%", "markup: 30.01%\n"), ["9:9  terms/markup  markup is 30.01%: the tier standard (标准版) allows 0% to 30%; write one of these, or choose a tier that allows it: professional."]],
  ["one that no tier allows", asked("5%", "markup: 61%\n"), ["9:9  terms/markup  markup is 61%: the tier standard (标准版) allows 0% to 30%; write one of these; no tier allows more than its own."]],
  ["a share below the tier's", asked("4.99%", ""), ["8:15  terms/share  revenueShare is 4.99%: the tier standard (标准版) allows 5% to 50%; write one of these; no tier allows more than its own."]],
  ["a share above it", asked("51%", ""), ["8:15  terms/share  revenueShare is 51%: the tier standard (标准版) allows 5% to 50%; write one of these, or choose a tier that allows it: professional."]],
  ["the tier's default markup, and a usual fee", asked("50%", epay("0.6%")), []],
  ["no markup, and a fee", asked("5%", `markup: 0%\n${epay("0.6%")}`), ["10:152  terms/floor  channels.ee.fee is 0.6%: with markup 0%, goods that cost 100.00 are sold for 100.00, of which the fee takes 0.60 and revenueShare 5% of the margin 0.00; 99.40 is left, less than they cost; raise markup to 0.64% or more, or lower revenueShare."]],
  ["a markup one step too small", asked("50%", `markup: 1.21%\n${epay("0.6%")}`), ["10:152  terms/floor  channels.ee.fee is 0.6%: with markup 1.21%, goods that cost 1000.00 are sold for 1012.10, of which the fee takes 6.07 and revenueShare 50% of the margin 6.05; 999.98 is left, less than they cost; raise markup to 1.22% or more, or lower revenueShare."]],
  ["the step itself", asked("50%", `markup: 1.22%\n${epay("0.6%")}`), []],
  ["a fee of a channel that is switched off", asked("5%", `markup: 0%\n${epay("0.6%", false)}`), []],
  ["more than all", asked("99.5%", epay("0.6%"), "professional"), ["9:152  terms/total  channels.ee.fee is 0.6%: with revenueShare 99.5% more than 100% is handed out of what any markup brings; lower one of them."]],
  ["a markup that is no percentage", asked("5%", `markup: "12"\n${epay("20%")}`), ['9:9  unit/share  markup is "12": write "12%"; the form is a percentage from 0% to 100% with at most two decimals, like "12.5%".']],
])("%s", (_, text, expected) => {
  expect(alone(text)).toEqual(expected);
});

test("bounds of a tier that contradict each other, and words that it does not know", () => {
  const tiers = goodTiers
    .replace("markup: { from: 0%", "markup: { from: 20%")
    .replace("revenueShare: { from: 5%, to: 50% }", "revenueShare: { from: 60%, to: 50% }")
    .replace("modules: [gameCards]", "modules: [phoneTopUp, phoneTopUp]")
    .replace("channels: [alipay, epay]", "channels: [alipey]")
    .replace("maximumChannels: 2", "maximumChannels: 21")
    .replace('scopes: ["goods:read"', 'scopes: ["admin"');
  expect(
    fleetOf({ "tiers.yaml": tiers }).lines.map((line) => line.replace("stacks/tiers.yaml:", "")),
  ).toEqual([
    '7:27  value/repeated  tiers.trial.modules[1] is "phoneTopUp": it stands in the list already; remove one of them.',
    '8:16  value/choice  tiers.trial.channels[0] is "alipey": did you mean "alipay"? The choices are alipay, wechatPay, epay, custom.',
    "9:22  value/range  tiers.trial.maximumChannels is 21, a number: write at most 20.",
    '10:44  terms/bounds  tiers.trial.markup.default is "10%": it is less than from, which is 20%; write from ≤ default ≤ to.',
    '11:36  terms/bounds  tiers.trial.revenueShare.to is "50%": it is less than from, which is 60%; write from ≤ to.',
    '12:14  value/choice  tiers.trial.scopes[0] is "admin": the choices are goods:read, orders:create, orders:read, balance:read.',
  ]);
});
