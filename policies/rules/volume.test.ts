import { volumeName } from "../../config/names";
import {
  asLive,
  dockerProxy,
  expected,
  ingress,
  migration,
  neighbour,
  owner,
  platform,
  runningContainer,
  stranger,
  volume,
} from "./testing";
import { finds, passes, testCases } from "./testing-cases";
import { volumeRules } from "./volume";

const name = "local-mengxiang-secrets";
const socket = volume({ name: `${platform}-docker-proxy`, owner: undefined });
const used = (...users: string[]) => volume({ live: { users } });
const shop = runningContainer();

testCases(volumeRules, [
  ...volumeRules.map(({ id }) =>
    passes(id, "the volumes of a good platform", { volume: [volume(), volume({}, neighbour), socket] }),
  ),

  finds(
    "volume-known",
    "an option that is not known",
    { volume: [volume({ unknown: ["driverOpts"] })] },
    `Volume ${name}: driverOpts is not known before the update, so it cannot be judged`,
  ),

  finds(
    "volume-driver",
    "another driver",
    { volume: [volume({ driver: "sshfs" })] },
    `Volume ${name} must have the driver local, but has sshfs`,
  ),
  finds(
    "volume-driver",
    "a path of the host in disguise",
    { volume: [volume({ driverOptions: { type: "none", o: "bind", device: "/etc" } })] },
    `Volume ${name} must have no options of its driver, but has type, o, device`,
  ),

  finds(
    "volume-owner",
    "no mark",
    { volume: [volume({ owner: undefined })] },
    `Volume ${name} must carry the mark of a substation`,
  ),
  finds(
    "volume-owner",
    "the socket's volume of another platform",
    { volume: [{ ...socket, platform: "prod" }] },
    "Volume local-docker-proxy must carry the mark of a substation",
  ),
  finds(
    "volume-owner",
    "a second volume",
    { volume: [volume({ name: "local-mengxiang-more" })] },
    `Volume local-mengxiang-more of mengxiang must be named ${name}`,
  ),
  finds(
    "volume-owner",
    "a substation without a file",
    { volume: [volume({}, stranger)] },
    "Volume local-nobody-secrets must belong to a substation that has a file, but demo/nobody has none",
  ),
  finds(
    "volume-owner",
    "a substation of another platform",
    { volume: [volume({ name }, { ...owner, platform: "prod" })] },
    `Volume ${name} must belong to substation local/demo/mengxiang, as its file does, but carries substation prod/demo/mengxiang`,
  ),
  passes(
    "volume-owner",
    "a substation that was moved to another group",
    { volume: [volume()] },
    { substations: new Map([["mengxiang", expected({ ...owner, group: "gold" })]]) },
  ),

  finds(
    "volume-users",
    "a neighbour",
    { container: [runningContainer({}, neighbour)], volume: [used("local-haitang-shop-abcdefghij")] },
    `Container local-haitang-shop-abcdefghij must not mount the volume ${name}: it is not its owner's`,
  ),
  finds(
    "volume-users",
    "somebody nobody knows",
    { volume: [used("backup")] },
    `Container backup must not mount the volume ${name}: it is not its owner's`,
  ),
  finds(
    "volume-users",
    "a shop at the engine's socket",
    { container: [shop], volume: [{ ...socket, live: { users: [shop.name] } }] },
    `Container ${shop.name} must not mount the volume local-docker-proxy: it is not its owner's`,
  ),
  passes("volume-users", "its own two containers, and the platform's own two", {
    container: [shop, asLive(migration(), "exited"), asLive(ingress()), asLive(dockerProxy())],
    volume: [
      used(shop.name, migration().name),
      { ...socket, live: { users: ["local-ingress", "local-docker-proxy"] } },
    ],
  }),
]);

test("the name in these cases is the one that the product gives", () => {
  expect(volumeName(platform, owner.id)).toBe(name);
});
