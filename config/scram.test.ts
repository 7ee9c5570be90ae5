import { fitsVerifier, isScramVerifier, scramVerifier } from "./scram";

/** Of RFC 7677, section 3: password "pencil", its salt and iterations; the keys are those with which its proof and signature come out. */
const pencil =
  "SCRAM-SHA-256$4096:W22ZaJ0SNY7soEsUEjb6gQ==$WG5d8oPm3OtcPnkdi4Uo7BkeZkBFzpcXkuLmtbsT4qY=:wfPLwcE6nTWhTAmQ7tl2KeoiWGPlZqQxSrmfPwDl2dU=";

test("a verifier is of its own password alone, and has a salt of its own", async () => {
  expect(await scramVerifier("pencil", Buffer.from("W22ZaJ0SNY7soEsUEjb6gQ==", "base64"))).toBe(pencil);
  expect(await fitsVerifier("pencil", pencil)).toBe(true);
  expect(await fitsVerifier("pencils", pencil)).toBe(false);
  const made = await scramVerifier("pencil");
  expect(made).not.toBe(await scramVerifier("pencil"));
  expect(await fitsVerifier("pencil", made)).toBe(true);
  expect(await fitsVerifier("pencil", await scramVerifier("pencil", Buffer.alloc(16), 10_000))).toBe(true);
});

test("what is no verifier fits no password", async () => {
  for (const text of [
    "",
    "md5aa",
    "SCRAM-SHA-256$",
    pencil.replace(/:[^:]*$/, ""),
    `${pencil}\n`,
    pencil.replace("wfP", "wfQ"),
  ])
    expect([text, await fitsVerifier("pencil", text)]).toEqual([text, false]);
  expect([pencil, "md5aa", ""].map(isScramVerifier)).toEqual([true, false, false]);
});
