import { pendingCreations, recorded, type Resource } from "./checkpoint";

const role: Resource & Record<string, unknown> = {
  urn: "urn:role",
  type: "postgresql:index/role:Role",
  parent: "urn:shop",
  protect: true,
  provider: "urn:provider::1",
  inputs: { name: "ss_a", password: { ciphertext: "x" } },
  outputs: {},
};
const shop = { urn: "urn:shop", type: "substation:index:Substation" };
const checkpoint = {
  version: 3,
  deployment: {
    secrets_providers: { type: "passphrase" },
    resources: [shop],
    pending_operations: [
      { type: "creating", resource: role },
      { type: "deleting", resource: shop },
    ],
  },
};

test("creations alone are a question; deletions and changes are simply done again", () => {
  expect(pendingCreations(checkpoint)).toEqual([role]);
  expect(pendingCreations({ deployment: {} })).toEqual([]);
});

test("what was found is recorded after what it depends on, by its id alone, and nothing is pending any more", () => {
  expect(recorded(checkpoint, [{ resource: role, id: "ss_a" }])).toEqual({
    version: 3,
    deployment: {
      secrets_providers: { type: "passphrase" },
      resources: [
        shop,
        {
          urn: "urn:role",
          type: role.type,
          parent: "urn:shop",
          protect: true,
          provider: "urn:provider::1",
          id: "ss_a",
        },
      ],
    },
  });
});

test("where it was to replace another, that one is left to be deleted", () => {
  const before = { ...role, id: "ss_old" };
  const { resources } = recorded({ deployment: { resources: [shop, before] } }, [
    { resource: role, id: "ss_a" },
  ]).deployment;
  expect(resources).toMatchObject([shop, { id: "ss_old", delete: true }, { urn: "urn:role", id: "ss_a" }]);
});

test("dependencies on what is not recorded any more are left out", () => {
  const record = {
    urn: "urn:record",
    type: "cloudflare:index/dnsRecord:DnsRecord",
    dependencies: ["urn:gone", "urn:role"],
    propertyDependencies: { name: ["urn:gone"], ttl: null },
  };
  const found = [
    { resource: role, id: "ss_a" },
    { resource: record, id: "z/r" },
  ];
  expect(recorded({ deployment: { resources: [shop] } }, found).deployment.resources?.[2]).toEqual({
    ...record,
    id: "z/r",
    dependencies: ["urn:role"],
    propertyDependencies: { name: [], ttl: [] },
  });
});

test("a state that does not have the component either gets it first, without what only an update knows", () => {
  const planned = [{ ...shop, custom: false, parent: "urn:stack", inputs: { title: "x" } }, role];
  const found = [{ resource: role, id: "ss_a" }];
  const { resources = [] } = recorded({ deployment: { resources: [] } }, found, planned).deployment;
  expect(resources.map(({ urn }) => urn)).toEqual(["urn:shop", "urn:role"]);
  expect(resources[0]).toEqual({ ...shop, custom: false, parent: "urn:stack" });
  expect(recorded(checkpoint, found, planned).deployment.resources).toHaveLength(2); // it has it
});
