import { scramVerifier } from "../../config/scram";
import { compare, verifierKind } from "./passwords";

let verifier: string;
beforeAll(async () => {
  verifier = await scramVerifier("correct horse");
});

test("the kind of a verifier is told by its form; what nobody could look at has none", () => {
  expect(verifierKind(verifier)).toBe("scram-sha-256");
  expect(verifierKind("md5".padEnd(35, "a"))).toBe("md5");
  expect(verifierKind("plain")).toBe("other");
  expect(verifierKind(null)).toBe("none");
  expect(verifierKind(undefined)).toBeUndefined();
});

test("a role that was given a password and has none is not as given; one without a look is left out", async () => {
  const given = new Map(["a", "b", "c", "d"].map((role) => [role, "correct horse"]));
  const verifiers = new Map([
    ["a", verifier],
    ["b", await scramVerifier("other")],
    ["c", null],
  ]);
  expect([...(await compare(given, verifiers))]).toEqual([
    ["a", true],
    ["b", false],
    ["c", false],
  ]);
});
