import { databaseName } from "../../config/names";
import { expected, intent, owner } from "../../policies/rules/testing";
import { located } from "./locate";

const info = { id: "x", severity: "low", description: "Checks x.", references: [], remedy: "" } as const;

test("a finding is brought to its substation by its mark, else by its name, and to its file", () => {
  const short = { ...owner, id: "meng" };
  const judged = intent({ substations: new Map([owner, short].map((of) => [of.id, expected(of)])) });
  const at = (subject: string, marked = false) =>
    located(
      [{ rule: info, kind: "role", subject, owner: marked ? owner : undefined, message: "" }],
      judged,
    ).map(({ id, finding }) => [id, finding.file])[0];
  const file = "stacks/demo/mengxiang.yaml";
  expect(at("anything", true)).toEqual(["mengxiang", file]);
  expect(at(`${databaseName("local", "mengxiang")}_app2`)).toEqual(["mengxiang", file]);
  expect(at("local-mengxiang-shop-twin")).toEqual(["mengxiang", file]);
  expect(at("mengxiang.substation.test")).toEqual(["mengxiang", file]);
  expect(at("local-meng-secrets")).toEqual(["meng", "stacks/demo/meng.yaml"]);
  expect(at("local-edge")).toEqual([undefined, undefined]);
  expect(at("ss_aaaaaaaaaaaaaaaa")).toEqual([undefined, undefined]);
});
