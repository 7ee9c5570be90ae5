import { labels, mark } from "../../config/names";
import { labelRules } from "./container-labels";
import {
  container,
  dockerProxy,
  expected,
  goodContainers,
  hostOf,
  ingress,
  migration,
  neighbour,
  owner,
  ownerLabels,
  platform,
  stranger,
} from "./testing";
import { finds, passes, testCases, type Case } from "./testing-cases";

const name = "local-mengxiang-shop-abcdefghij";
const router = "traefik.http.routers.mengxiang-abcdefghij";
const service = "traefik.http.services.mengxiang-abcdefghij.loadbalancer";

const labelled = (change: Record<string, string | undefined>) => {
  const all = { ...container().labels, ...change };
  return container({
    labels: Object.fromEntries(Object.entries(all).filter(([, value]) => value !== undefined)) as Record<
      string,
      string
    >,
  });
};
const owned = (when: string, one: ReturnType<typeof container>, ...says: string[]): Case =>
  finds(
    "container-owner",
    when,
    { container: [one] },
    says.map((text) => `Container ${one.name} ${text}`),
  );
/** A label on an otherwise good shop. */
const claim = (when: string, label: string, value: string): Case =>
  finds(
    "container-routes",
    when,
    { container: [labelled({ [label]: value })] },
    `Container ${name} must not tell the ingress ${label}=${value}`,
  );

testCases(labelRules, [
  ...labelRules.map(({ id }) =>
    passes(id, "the containers of a good platform", { container: goodContainers }),
  ),

  owned(
    "no mark",
    container({ owner: undefined, labels: {} }),
    "must carry the mark of a substation, but carries none",
  ),
  owned(
    "a mark that is none of ours",
    labelled({ [labels.mark]: "mine" }),
    "must carry the mark of a substation, but carries mine",
  ),
  owned(
    "a mark that contradicts whose part it is",
    labelled({ [labels.mark]: mark(neighbour) }),
    `must carry the mark of a substation, but carries ${mark(neighbour)}`,
  ),
  owned(
    "a platform of nobody",
    labelled({ [labels.platform]: undefined }),
    "must have the label substation.platform=local of its mark, but has none",
  ),
  owned(
    "a neighbour's id",
    labelled({ [labels.id]: "haitang" }),
    "must have the label substation.id=mengxiang of its mark, but has haitang",
  ),
  owned(
    "another group",
    labelled({ [labels.group]: "gold" }),
    "must have the label substation.group=demo of its mark, but has gold",
  ),
  owned(
    "another platform's",
    container({}, { ...owner, platform: "prod" }),
    "must be of the platform local, but carries substation prod/demo/mengxiang",
  ),
  owned(
    "a purpose that is none",
    container({ role: "miner" }),
    'must be a substation\'s "shop", "migrate" or "adapter", but is "miner"',
  ),
  owned(
    "a name that is not its own",
    container({ name: "local-haitang-shop-x" }),
    "must have a name of its mark: local-mengxiang-shop-…",
  ),
  owned(
    "a substation without a file",
    container({}, stranger),
    "must belong to a substation that has a file, but demo/nobody has none",
  ),
  owned(
    "an ingress that bears a substation's mark",
    ingress({ owner, labels: ownerLabels(owner, "ingress") }),
    'must be a substation\'s "shop", "migrate" or "adapter", but is "ingress"',
  ),
  owned(
    "a second ingress",
    ingress({ name: "local-ingress-2" }),
    "must carry the mark of a substation, but carries none",
  ),
  finds(
    "container-owner",
    "a substation whose file is in another group",
    { container: [container()] },
    `Container ${name} must belong to substation local/gold/mengxiang, as its file does, but carries substation local/demo/mengxiang`,
    { substations: new Map([["mengxiang", expected({ ...owner, group: "gold" })]]) },
  ),

  claim("a neighbour's host name", `${router}.rule`, `Host(\`${hostOf(neighbour)}\`)`),
  claim("a reserved host name", `${router}.rule`, "Host(`admin.substation.test`)"),
  claim(
    "a neighbour's host name beside its own",
    `${router}.rule`,
    `Host(\`${hostOf(owner)}\`) || Host(\`${hostOf(neighbour)}\`)`,
  ),
  claim("all host names", `${router}.rule`, "HostRegexp(`.*`)"),
  claim("a path of all hosts", `${router}.rule`, "PathPrefix(`/`)"),
  claim(
    "a rule in other letters",
    `Traefik.HTTP.Routers.mengxiang-abcdefghij.Rule`,
    "Host(`admin.substation.test`)",
  ),
  claim(
    "a router that is named like a neighbour's, which would switch that off",
    "traefik.http.routers.haitang-abcdefghij.rule",
    `Host(\`${hostOf(owner)}\`)`,
  ),
  claim("a priority over others", `${router}.priority`, "1000"),
  claim("the operations port of the ingress", `${router}.entrypoints`, "operations"),
  claim("a neighbour's service", `${router}.service`, "haitang-abcdefghij"),
  claim("the ingress's own API", `${router}.service`, "api@internal"),
  claim("the shop's operations port", `${service}.server.port`, "9090"),
  claim("any address as its server", `${service}.server.url`, "http://127.0.0.1:5432"),
  claim("headers for the health check", `${service}.healthcheck.hostname`, "haitang"),
  claim("a middleware of its own", "traefik.http.middlewares.mengxiang-abcdefghij.redirectregex.regex", ".*"),
  claim("a TCP router, as of an image's own label", "traefik.tcp.routers.x.rule", "HostSNI(`*`)"),
  claim("another network", "traefik.docker.network", "main-station"),
  finds(
    "container-routes",
    "a migration that asks for visitors",
    { container: [migration({ labels: { "traefik.enable": "true" } })] },
    [`Container ${migration().name} must not tell the ingress traefik.enable=true`],
  ),
  finds(
    "container-routes",
    "the platform's own",
    { container: [dockerProxy({ labels: { "traefik.enable": "true" } })] },
    ["Container local-docker-proxy must not tell the ingress traefik.enable=true"],
  ),
  finds(
    "container-routes",
    "a shop without a file",
    {
      container: [
        container({ labels: { ...ownerLabels(stranger, "shop"), "traefik.enable": "true" } }, stranger),
      ],
    },
    "Container local-nobody-shop-abcdefghij must not tell the ingress traefik.enable=true",
  ),
  finds(
    "container-routes",
    "a stranger that the ingress would believe",
    {
      container: [
        container({
          owner: undefined,
          role: undefined,
          labels: { [labels.platform]: platform, [`${router}.rule`]: `Host(\`${hostOf(owner)}\`)` },
        }),
      ],
    },
    `Container ${name} must not tell the ingress ${router}.rule=Host(\`${hostOf(owner)}\`)`,
  ),
  passes("container-routes", "labels for others than the ingress", {
    container: [labelled({ "prometheus.scrape": "true" })],
  }),
]);
