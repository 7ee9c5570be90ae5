/**
 * What a substation's token may do at the main station's API. A tier lists the scopes of its substations; none of them reaches another
 * substation's orders, or changes anything but the substation's own.
 */
export const scopes = {
  "goods:read": "goods, prices and stock that the substation may sell",
  "orders:create": "orders at the main station, against the substation's balance",
  "orders:read": "the substation's own orders",
  "balance:read": "the substation's own balance and statements",
} as const;

export type Scope = keyof typeof scopes;

/** In one order, so that another order in tiers.yaml changes nothing. */
export const orderedScopes = (wanted: readonly Scope[]): Scope[] =>
  (Object.keys(scopes) as Scope[]).filter((scope) => wanted.includes(scope));

/** Scopes as a token and a label carry them. */
export const formatScopes = (wanted: readonly Scope[]): string => orderedScopes(wanted).join(" ");
