import type { Tree } from "../../config/tree";
import { affected } from "./selection";

const file = (id: string) => ({ id, path: `stacks/x/${id}.yaml` });
const tree: Pick<Tree, "groups"> = {
  groups: [
    { name: "east", path: "stacks/east", files: [file("jia"), file("yi")], orders: [] },
    { name: "west", path: "stacks/west", files: [file("bing")], orders: [] },
  ],
};
const platformOf = (group: string) => (group === "west" ? "platform-b" : "platform");
const of = (...paths: string[]) => Object.fromEntries(affected(tree, paths, platformOf));
const all = { east: ["jia", "yi"], west: ["bing"] };

test.each<[string, Record<string, readonly string[]>]>([
  ["stacks/east/yi.yaml", { east: ["yi"] }],
  ["stacks/east/yi.closing.yaml", { east: ["yi"] }],
  ["stacks/Pulumi.west.yaml", { west: ["bing"] }],
  ["stacks/Pulumi.platform.yaml", { east: ["jia", "yi"] }],
  ["stacks/tiers.yaml", all],
  ["stacks/channels/hema.yaml", all],
  ["components/dns.ts", all],
  ["components/dns.test.ts", {}],
  ["docs/opening.md", {}],
  ["cli/main.ts", {}],
])("a change of %s touches", (path, touched) => {
  expect(of(path)).toEqual(touched);
});

test("a file that is gone is touched too, also where everything is, and where its group has gone with it", () => {
  expect(of("stacks/east/ding.yaml")).toEqual({ east: ["ding"] });
  expect(of("stacks/north/wu.yaml", "stacks/tiers.yaml", "stacks/east/ding.yaml")).toEqual({
    east: ["jia", "yi", "ding"],
    west: ["bing"],
    north: ["wu"],
  });
});
