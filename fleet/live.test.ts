import { labels, mark } from "../config/names";
import { hasUnknown, importId, unknownContainers, type Live } from "./live";

const scope = { platform: "local", group: "demo" };
const ours = mark({ ...scope, id: "a" });
const theirs = mark({ platform: "local", group: "vip", id: "b" });
const nothing: Live = {
  containers: [],
  networks: [],
  databases: [],
  roles: [],
  records: [],
  provisioner: "provisioner",
};
const container = (Id: string, platform: string, group?: string) => ({
  Id,
  Names: [`/${Id}`],
  Image: "shop",
  Created: 1_700_000_000,
  State: "running",
  Status: "Up 2 minutes (healthy)",
  Labels: { [labels.platform]: platform, ...(group === undefined ? {} : { [labels.group]: group }) },
});
const record = { id: "r1", name: "a.substation.test", type: "A", content: "127.0.0.1", comment: ours };

test("containers that the state does not know are found, of this group or of the platform itself, and no others", () => {
  const containers = [
    container("known", "local", "demo"),
    container("stray", "local", "demo"),
    container("c", "local", "vip"),
    container("d", "other", "demo"),
    container("ingress", "local"),
  ];
  const strays = (of: typeof scope | { platform: string; group: undefined }) =>
    unknownContainers({ ...nothing, containers }, of, new Set(["known"])).map(({ Id }) => Id);
  expect(strays(scope)).toEqual(["stray"]);
  expect(strays({ platform: "local", group: undefined })).toEqual(["ingress"]);
});

test("what bears this group's mark, or none yet, is unknown where the state lacks it", () => {
  const database = (text: string | null, owner = "provisioner") => ({
    ...nothing,
    databases: [{ name: "ss_x", mark: text, owner }],
  });
  const unknown = (live: Live, ...known: string[]) => hasUnknown(live, scope, new Set(known));
  expect(
    [database(ours), database(null), { ...nothing, records: [record] }].map((live) => unknown(live)),
  ).toEqual([true, true, true]);
  expect([database(theirs), database(null, "alice"), nothing].map((live) => unknown(live))).toEqual([
    false,
    false,
    false,
  ]);
  expect(unknown({ ...database(ours), records: [record] }, "ss_x", "r1")).toBe(false);
});

test("each kind is imported by the id that its provider asks for, and only where it is ours", () => {
  const resource = (type: string, inputs: Record<string, unknown>) => ({ urn: "urn", type, inputs });
  const live = {
    ...nothing,
    databases: [{ name: "ss_x", mark: null, owner: "provisioner" }],
    roles: [{ name: "ss_y", mark: null, owner: "alice" }],
    networks: [{ Id: "n1", Name: "local-edge", Labels: { [labels.platform]: "local" } }],
    records: [record],
  };
  const find = (type: string, inputs: Record<string, unknown>) => importId(live, resource(type, inputs));
  expect(find("postgresql:index/database:Database", { name: "ss_x" })).toBe("ss_x");
  expect(find("postgresql:index/role:Role", { name: "ss_x" })).toBeUndefined();
  expect(() => find("postgresql:index/role:Role", { name: "ss_y" })).toThrow("ss_y of alice");
  expect(find("docker:index/network:Network", { name: "local-edge" })).toBe("n1");
  expect(
    find("cloudflare:index/dnsRecord:DnsRecord", {
      zoneId: "z",
      name: record.name,
      type: "A",
      comment: ours,
    }),
  ).toBe("z/r1");
  expect(
    find("cloudflare:index/dnsRecord:DnsRecord", {
      zoneId: "z",
      name: record.name,
      type: "A",
      comment: theirs,
    }),
  ).toBeUndefined();
  expect(find("docker:index/volume:Volume", { name: "local-a-secrets" })).toBeUndefined();
});
