import { mainStationPublicKey, mintToken } from "../../config/main-station-token";
import { signingKey } from "../../local/home";
import { expected, neighbour, owner, platform } from "../../policies/rules/testing-intent";
import { givenIn } from "./passwords";
import { tokenFacts } from "./tokens";

const key = signingKey();
const scopes = ["goods:read", "orders:read"] as const;
const token = (id = owner.id, by = key) => mintToken({ platform, id, scopes, jti: "j" }, by);
const raw = (tokens: Readonly<Record<string, string>>) =>
  tokenFacts(
    new Map(Object.entries(tokens)),
    [expected(owner), expected(neighbour)],
    mainStationPublicKey(key),
  );
const facts = (tokens: Readonly<Record<string, string>>) =>
  raw(tokens).map(({ name, scopes, fault }) => [name, scopes.join(" "), fault]);

test("a token is told by what it allows, and by why it must not be believed; who was given none yet has no fact", () => {
  expect(facts({ [owner.id]: token() })).toEqual([["of mengxiang", "goods:read orders:read", undefined]]);
  expect(
    facts({ [owner.id]: token(neighbour.id), [neighbour.id]: token(neighbour.id, signingKey()) }),
  ).toEqual([
    ["of mengxiang", "", "is of local/haitang"],
    ["of haitang", "", "was not signed by the platform's key, or was changed"],
  ]);
  expect(facts({ [owner.id]: "" })).toEqual([
    ["of mengxiang", "", "is no token: three parts with a dot between them"],
  ]);
  const [given, forged] = [token(), token(owner.id, signingKey())];
  for (const one of [given, forged])
    expect(JSON.stringify(raw({ [owner.id]: one }))).not.toContain(one.split(".")[2]);
});

test("passwords and tokens are found in a state where a stack has put them", () => {
  const plaintext = (value: unknown) => ({ plaintext: JSON.stringify(value) });
  const urn = (type: string, name: string) =>
    `urn:pulumi:demo::substation::substation:index:Substation$${type}::${name}`;
  const container = "docker:index/container:Container";
  const role = "postgresql:index/role:Role";
  const uploads = (secrets?: object) => [
    { file: "/run/secrets/substation.json", content: JSON.stringify({ id: "mengxiang" }) },
    { file: "/srv/adapter-pay/adapter.json", content: JSON.stringify({ secrets: { key: "k" } }) },
    { file: "/srv/shop-secrets/substation.json", content: JSON.stringify({ id: "mengxiang", secrets }) },
  ];
  const { passwords, tokens } = givenIn([
    {
      type: role,
      urn: urn(role, "mengxiang-app"),
      inputs: { name: "ss_a_app", password: plaintext("hunter2") },
    },
    { type: role, urn: urn(role, "mengxiang-group"), inputs: { name: "ss_a" } },
    { type: container, urn: urn(container, "mengxiang"), inputs: { name: "local-mengxiang-shop-x" } },
    {
      type: container,
      urn: urn(container, "mengxiang-migrate"),
      inputs: { uploads: plaintext(uploads({ sessionKey: "k", mainStationToken: "a.b.c" })) },
    },
    {
      type: container,
      urn: urn(container, "mengxiang-migrate"),
      delete: true, // what ran before, and is not gone yet
      inputs: { uploads: plaintext(uploads({ mainStationToken: "o.l.d" })) },
    },
    { type: container, urn: urn(container, "haitang-migrate"), inputs: { uploads: plaintext(uploads()) } },
  ]);
  expect([...passwords]).toEqual([["ss_a_app", "hunter2"]]);
  expect([...tokens]).toEqual([
    ["mengxiang", "a.b.c"],
    ["haitang", ""],
  ]);
});
