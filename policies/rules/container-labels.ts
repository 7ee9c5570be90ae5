import { labels, mark, parseMark } from "../../config/names";
import { isPlatformOwn, isRoute, purposeOf } from "./container";
import type { ContainerFact } from "./facts";
import type { Intent } from "./intent";
import { rule, type Rule } from "./rule";

/** What a container says of itself: whose it is, and what the ingress shall send to it. Labels of the image count as its own. */

export const containerOwner = rule("container", {
  id: "container-owner",
  severity: "critical",
  description: "Checks that a container says whose it is, in one voice, and that somebody wants it.",
  references: ["D16", "C05", "CIS Docker 5.30"],
  remedy:
    "Add the substation's file, if it is missing. A container that nobody knows: find out who made it, then stop it; its labels let the ingress send it visitors.",
  *check(container, intent) {
    const { name, owner, role } = container;
    if (isPlatformOwn(container, intent)) return;
    const marked = parseMark(container.labels[labels.mark]);
    if (!marked || !owner || mark(marked) !== mark(owner)) {
      yield `Container ${name} must carry the mark of a substation, but carries ${container.labels[labels.mark] ?? "none"}`;
      return;
    }
    const { platform, group, id } = marked;
    if (platform !== intent.platform.name) {
      yield `Container ${name} must be of the platform ${intent.platform.name}, but carries ${mark(marked)}`;
      return;
    }
    for (const [label, wanted] of [
      [labels.platform, platform],
      [labels.group, group],
      [labels.id, id],
    ] as const) {
      const seen = container.labels[label];
      if (seen !== wanted)
        yield `Container ${name} must have the label ${label}=${wanted} of its mark, but has ${seen ?? "none"}`;
    }
    const purpose = purposeOf(container, intent);
    if (purpose === undefined)
      yield `Container ${name} must be a substation's "shop", "migrate" or "adapter", but is "${role ?? ""}"`;
    else if (!name.startsWith(`${platform}-${id}-${purpose}-`))
      yield `Container ${name} must have a name of its mark: ${platform}-${id}-${purpose}-…`;
    const file = intent.substations.get(id);
    if (file && mark(file.owner) !== mark(marked))
      yield `Container ${name} must belong to ${mark(file.owner)}, as its file does, but carries ${mark(marked)}`;
    if (!file)
      yield `Container ${name} must belong to a substation that has a file, but ${group}/${id} has none`;
  },
});

export const containerRoutes = rule("container", {
  id: "container-routes",
  severity: "critical",
  description:
    "Checks that a container claims its own substation's host name at the ingress, and nothing else.",
  references: ["C02", "C03", "CWE-284"],
  remedy:
    "Remove the label, from the image too. The ingress believes labels: with another's host name, a container gets another's visitors, with their passwords and payments.",
  *check(container, intent) {
    const { name } = container;
    const claims = Object.entries(container.labels).filter(([label]) => isRoute(label));
    const wanted = purposeOf(container, intent) === "shop" ? routesOf(container, intent) : undefined;
    for (const [label, value] of claims) {
      const claim = `${label}=${value}`;
      if (!wanted?.test(claim)) yield `Container ${name} must not tell the ingress ${claim}`;
    }
  },
});

export const labelRules: readonly Rule[] = [containerOwner, containerRoutes];

/** Every label that the ingress may find, with what it may hold. Names of routers carry the id: one named like a neighbour's would switch that off. */
function routesOf({ owner }: ContainerFact, intent: Intent): RegExp | undefined {
  const substation = intent.substations.get(owner?.id ?? "");
  if (!substation) return undefined;
  const name = `${substation.owner.id}-[a-z2-7]{10}`;
  const router = `traefik\\.http\\.routers\\.${name}`;
  const server = `traefik\\.http\\.services\\.${name}\\.loadbalancer`;
  const routes = [
    "traefik\\.enable=true",
    `traefik\\.docker\\.network=${literal(intent.platform.edgeNetwork)}`,
    `${router}\\.rule=Host\\(\`${literal(substation.host)}\`\\)`,
    `${router}\\.entrypoints=web`,
    `${router}\\.(?:service|middlewares)=${name}`,
    `traefik\\.http\\.middlewares\\.${name}\\.retry\\.(?:attempts|initialinterval)=[0-9]+(?:ms)?`,
    `${server}\\.server\\.port=8080`,
    `${server}\\.healthcheck\\.(?:path=/healthz|port=9090|(?:interval|timeout)=[0-9]+m?s)`,
  ];
  return new RegExp(`^(?:${routes.join("|")})$`);
}

const literal = (text: string): string => text.replace(/[.*+?^${}()|[\]\\]/g, "\\$&");
