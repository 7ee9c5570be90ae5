/** Money is whole fen (分) everywhere, as a number that JavaScript holds exactly; the database's `integer` bounds it. */
export const mostFen = 100_000_000;

/**
 * What the customer pays for what costs `mainPrice` fen at the main station: plus the markup, rounded to the nearest fen, half up.
 * A price is at most 10^8 fen, below 2^27, and 10,000 with the markup at most 110,000, below 2^17, so that their product is exact.
 */
export const withMarkup = (mainPrice: number, markupBasisPoints: number): number =>
  Math.floor((mainPrice * (10_000 + markupBasisPoints) + 5_000) / 10_000);

/** 1234 → "12.34". */
export const yuan = (fen: number): string => `${Math.floor(fen / 100)}.${String(fen % 100).padStart(2, "0")}`;
