import type { TokenFact } from "../../policies/rules/facts";
import type { ExpectedSubstation } from "../../policies/rules/intent";
import { TokenError, verifyToken } from "../../storefront/main-station-token";

/**
 * What the tokens that shops were given say: verified as a shop and the main station do.
 * @param tokens by substation
 * @param publicKey of the platform, PEM
 */
export const tokenFacts = (
  tokens: ReadonlyMap<string, string>,
  substations: readonly ExpectedSubstation[],
  publicKey: string,
): readonly TokenFact[] =>
  substations.flatMap(({ owner }) => {
    const token = tokens.get(owner.id);
    if (token === undefined) return []; // not opened yet
    return [{ name: `of ${owner.id}`, owner, unknown: [], ...read(token, publicKey, owner) }];
  });

function read(
  token: string,
  publicKey: string,
  { platform, id }: ExpectedSubstation["owner"],
): Pick<TokenFact, "scopes" | "fault"> {
  try {
    const { iss, sub, scope } = verifyToken(token, publicKey);
    if (iss === platform && sub === id) return { scopes: scope.split(" "), fault: undefined };
    return { scopes: [], fault: `is of ${iss}/${sub}` };
  } catch (error) {
    if (!(error instanceof TokenError)) throw error;
    return { scopes: [], fault: error.message };
  }
}
