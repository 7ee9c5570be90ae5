import { readFileSync } from "node:fs";
import { join } from "node:path";

import { fleetOf, goodTiers } from "../testFleet";

const example = (file: string): string =>
  readFileSync(join(__dirname, "../../examples/local-payment", file), "utf8");

test("the example's files are right, but for the secret that its reader has to store", () => {
  const { lines, adapters } = fleetOf({
    "tiers.yaml": goodTiers.replaceAll("wechatPay, epay]", "wechatPay, epay, custom]"),
    "channels/hema.yaml": example("hema.yaml"),
    "demo/hetang.yaml": example("hetang.yaml"),
    "Pulumi.demo.yaml": "config: {}\n",
  });
  expect(lines).toEqual([
    expect.stringMatching(/secret\/missing .* store it with "substation secret set hetang hema-key"\.$/),
  ]);
  expect([...adapters.byName.keys()]).toEqual(["hema"]);
});
