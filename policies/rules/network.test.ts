import { networkRules } from "./network";
import {
  asLive,
  container,
  dockerProxy,
  goodContainers,
  ingress,
  network,
  owner,
  runningContainer,
} from "./testing";
import { finds, passes, testCases } from "./testing-cases";

const on = (...members: string[]) => ({ network: [network({ live: { members } })] });
const shop = runningContainer();

testCases(networkRules, [
  ...networkRules.map(({ id }) =>
    passes(id, "the edge network", { network: [network()], container: goodContainers }),
  ),

  finds(
    "network-known",
    "an option that is not known",
    { network: [network({ unknown: ["options"] })] },
    "Network local-edge: options is not known before the update, so it cannot be judged",
  ),

  finds(
    "network-name",
    "a second network",
    { network: [network({ name: "local-side" })] },
    "Network local-side must be local-edge of platform local, but is of platform local",
  ),
  finds(
    "network-name",
    "a network of that name that is somebody else's",
    { network: [network({ platform: undefined })] },
    "Network local-edge must be local-edge of platform local, but is of platform nobody",
  ),

  finds(
    "network-driver",
    "a driver that puts shops on the host's own network",
    { network: [network({ driver: "macvlan" })] },
    "Network local-edge must have the driver bridge, but has macvlan",
  ),
  finds(
    "network-driver",
    "the provider's default",
    { network: [network({ driver: undefined })] },
    "Network local-edge must have the driver bridge, but has none that is known",
  ),

  finds(
    "network-isolation",
    "shops that reach each other",
    { network: [network({ interContainer: true })] },
    "Network local-edge must keep its containers apart",
  ),
  finds(
    "network-isolation",
    "what cannot be told",
    { network: [network({ interContainer: undefined })] },
    "Network local-edge must keep its containers apart",
  ),

  finds(
    "network-members",
    "a stranger among them",
    { container: [shop], ...on(shop.name, "psql-of-somebody") },
    "Container psql-of-somebody must not be on the network local-edge: it is no substation's",
  ),
  finds(
    "network-members",
    "another platform's",
    { container: [container({ name: "x", owner: { ...owner, platform: "prod" } })], ...on("x") },
    "Container x must not be on the network local-edge: it is no substation's",
  ),
  finds(
    "network-members",
    "one that only says it is the ingress",
    { container: [ingress({ name: "y" })], ...on("y") },
    "Container y must not be on the network local-edge: it is no substation's",
  ),
  passes("network-members", "shops", { container: [shop, asLive(dockerProxy())], ...on(shop.name) }),
]);
