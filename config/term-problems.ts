import type { ChannelSpec } from "./channels/types";
import type { Document, Path } from "./document";
import type { Problem } from "./problem";
import { coversCost, leastMarkup, settle } from "./terms";
import type { Terms } from "./terms";
import type { Tier, Tiers } from "./tiers";
import { otherTiers } from "./tiers";
import { money, share } from "./units";

/**
 * Whether markup and share lie within the tier's bounds, and whether every enabled channel leaves the shop what the goods cost; of a file
 * whose other keys may be wrong.
 * @param channels those that could be read
 */
export function termProblems(
  document: Document,
  tier: Tier,
  tiers: Tiers,
  channels: readonly ChannelSpec[],
): Problem[] {
  const file = (document.value ?? {}) as Readonly<Record<string, unknown>>;
  const rate = (key: string): number | undefined => {
    const written = file[key];
    return typeof written === "string" ? share.parse(written) : undefined;
  };
  const revenueShare = rate("revenueShare");
  const markup = file["markup"] === undefined ? tier.markup.default : rate("markup");
  const found: Problem[] = [];

  for (const [key, value] of [
    ["markup", markup],
    ["revenueShare", revenueShare],
  ] as const) {
    const { from, to } = tier[key];
    if (value === undefined || (from <= value && value <= to)) continue;
    const instead = otherTiers(tiers, (other) => other[key].from <= value && value <= other[key].to);
    const bounds = `the tier ${tier.name} (${tier.title}) allows ${share.format(from)} to ${share.format(to)}`;
    found.push({
      ...document.at([key]),
      code: key === "markup" ? "terms/markup" : "terms/share",
      message: `${key} is ${share.format(value)}: ${bounds}; write one of these${instead}.`,
    });
  }

  if (markup === undefined || revenueShare === undefined) return found;
  for (const { id, enabled, feeBasisPoints } of channels) {
    const terms = { markupBasisPoints: markup, revenueShareBasisPoints: revenueShare, feeBasisPoints };
    if (enabled && !coversCost(terms)) found.push(belowFloor(document, ["channels", id, "fee"], terms));
  }
  return found;
}

function belowFloor(document: Document, path: Path, terms: Terms): Problem {
  const [fee, revenueShare] = [terms.feeBasisPoints, terms.revenueShareBasisPoints].map(share.format);
  const is = `${path.join(".")} is ${fee}`;
  const least = leastMarkup(terms);
  if (least === undefined) {
    const why = `with revenueShare ${revenueShare} more than 100% is handed out of what any markup brings`;
    return { ...document.at(path), code: "terms/total", message: `${is}: ${why}; lower one of them.` };
  }
  const cost = tellingCost(terms);
  const sale = settle(cost, terms);
  const [costs, price, taken, given, left] = [cost, sale.price, sale.fee, sale.share, sale.left].map(
    money.format,
  );
  const sum = `sold for ${price}, of which the fee takes ${taken} and revenueShare ${revenueShare} of the margin ${given}`;
  const raise =
    least <= 10_000
      ? `raise markup to ${share.format(least)} or more, or lower revenueShare`
      : "lower revenueShare";
  const message = `${is}: with markup ${share.format(terms.markupBasisPoints)}, goods that cost ${costs} are ${sum}; ${left} is left, less than they cost; ${raise}.`;
  return { ...document.at(path), code: "terms/floor", message };
}

/** Fen: 100 yuan, or more where the loss is too small to be seen there. */
function tellingCost(terms: Terms): number {
  let cost = 10_000;
  while (settle(cost, terms).left >= cost) cost *= 10;
  return cost;
}
