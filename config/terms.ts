/**
 * Who gets what of a sale. All money is whole fen, all rates are basis points (10,000 is the whole), all arithmetic is on integers that a
 * number holds exactly: costs up to 10,000,000,000 fen.
 */
export interface Terms {
  /** What the shop adds to the main station's price. */
  readonly markupBasisPoints: number;
  /** The platform's part of what was added. */
  readonly revenueShareBasisPoints: number;
  /** The payment gateway's part of what the buyer pays. */
  readonly feeBasisPoints: number;
}

/** One sale, in fen. `price` is the sum of `fee`, `share` and `left`. */
export interface Settlement {
  /** What the buyer pays. */
  readonly price: number;
  readonly fee: number;
  readonly share: number;
  /** What the shop keeps, and pays the main station's price from. Never less than that where `coversCost` holds. */
  readonly left: number;
}

const whole = 10_000;

/** @param cost the main station's price, in fen */
export function settle(cost: number, terms: Terms): Settlement {
  const price = priceOf(cost, terms.markupBasisPoints);
  const fee = nearest(price * terms.feeBasisPoints);
  // Rounded in favour of the shop: the platform can spare a part of a fen, the shop that earns one fen cannot.
  const share = down((price - cost) * terms.revenueShareBasisPoints);
  return { price, fee, share, left: price - fee - share };
}

/** What the buyer pays for what costs `cost` fen: half a fen is rounded up, as gateways round their fees. */
export const priceOf = (cost: number, markupBasisPoints: number): number =>
  cost + nearest(cost * markupBasisPoints);

/**
 * Whether the shop keeps at least what it paid, whatever the goods cost: of the markup, what is left by the platform covers the fee on the
 * whole price. Rounding never takes the last fen: the price and the fee are rounded alike, and the share down.
 */
export const coversCost = ({ markupBasisPoints, revenueShareBasisPoints, feeBasisPoints }: Terms): boolean =>
  markupBasisPoints * (whole - revenueShareBasisPoints) >= feeBasisPoints * (whole + markupBasisPoints);

/** The least markup that covers the cost; undefined where share and fee together leave nothing of any. */
export function leastMarkup({ revenueShareBasisPoints, feeBasisPoints }: Omit<Terms, "markupBasisPoints">) {
  const kept = whole - revenueShareBasisPoints - feeBasisPoints;
  if (feeBasisPoints === 0) return 0;
  return kept > 0 ? Math.ceil((feeBasisPoints * whole) / kept) : undefined;
}

/** Ten-thousandths of a fen to fen, half up. */
const nearest = (product: number): number => down(product + whole / 2);

const down = (product: number): number => (product - (product % whole)) / whole;
