import { standingIn } from "./standing";

const urn = (type: string, name: string) =>
  `urn:pulumi:demo::substation::substation:index:Substation$${type}::${name}`;
const container = (name: string, inputs: object, more: object = {}) => ({
  urn: urn("docker:index/container:Container", name),
  type: "docker:index/container:Container",
  id: `id-${name}`,
  inputs: { image: "sha256:1", ...inputs },
  ...more,
});
const substation = (id: string) => ({
  urn: urn("substation:index:Substation", id),
  type: "substation:index:Substation",
  outputs: {
    url: `http://${id}.test`,
    database: "ss_x",
    channels: { alipay: { notifyUrl: `http://${id}.test/pay/alipay/notify`, returnUrl: "x" } },
  },
});

test("a substation's container is the one under its own name that is there to stay", () => {
  const found = standingIn({
    deployment: {
      resources: [
        substation("mengxiang"),
        container("mengxiang", { name: "old" }, { id: "id-old", delete: true }),
        container("mengxiang", { name: "local-mengxiang-shop-new" }),
        container("mengxiang-migrate", { name: "local-mengxiang-migrate-new" }),
        substation("haitang"),
      ],
    },
  });
  expect([...found]).toEqual([
    [
      "mengxiang",
      {
        urn: expect.stringMatching(/::mengxiang$/) as unknown,
        url: "http://mengxiang.test",
        notifyUrls: new Map([["alipay", "http://mengxiang.test/pay/alipay/notify"]]),
        shop: { name: "local-mengxiang-shop-new", id: "id-mengxiang", image: "sha256:1" },
      },
    ],
    ["haitang", expect.objectContaining({ shop: undefined })],
  ]);
  expect(standingIn({ deployment: {} }).size).toBe(0);
});
