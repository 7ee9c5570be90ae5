import type * as docker from "@pulumi/docker";
import type * as pulumi from "@pulumi/pulumi";
import { labels, mark, shortHash, type Owner } from "../config/names";
import type { Suspension } from "../config/lifecycle/suspension";
import { formatScopes, type Scope } from "../config/scopes";
import { formatSecretVersions, type SecretVersions } from "../config/secret-versions";

type Labels = docker.types.input.ContainerLabel[];

/** Ports of the image contract. The second is never routed. */
const shopPort = 8080;
const operationsPort = 9090;

/** Whose it is, and which part of him. */
export const ownerLabels = (owner: Owner, role: string): Labels => [
  { label: labels.mark, value: mark(owner) },
  { label: labels.platform, value: owner.platform },
  { label: labels.group, value: owner.group },
  { label: labels.id, value: owner.id },
  { label: labels.role, value: role },
];

/** For a volume, whose labels nobody can change: with another group in them it would be made anew, and what is in it would be gone. It keeps those that it was made with. */
export const keepingLabels = (opts: pulumi.CustomResourceOptions): pulumi.CustomResourceOptions => ({
  ...opts,
  ignoreChanges: ["labels"],
});

/** What the shop's token may do at the main station's API, for a rule to hold against its tier. */
export const scopeLabel = (scopes: readonly Scope[]): Labels[number] => ({
  label: labels.scopes,
  value: formatScopes(scopes),
});

/**
 * The versions of what is in the container's file, as plain numbers: another number is another container, in a preview too. Absent where nothing was renewed, so that what
 * was opened before there were versions is not made anew.
 */
export function secretLabels(versions: SecretVersions): Labels {
  const value = formatSecretVersions(versions);
  return value === "" ? [] : [{ label: labels.secrets, value }];
}

/** Absent from a shop that is to sell, so that those that were opened before there was a label are not made anew. */
export const suspendedLabels = (suspended: Pick<Suspension, "since"> | undefined): Labels =>
  suspended ? [{ label: labels.suspended, value: suspended.since }] : [];

/**
 * What the ingress reads. Its parts carry a hash of what they say: while one container replaces another, both are known to the ingress, which
 * merges what is equal and drops what contradicts.
 */
export function routeLabels({ id }: Owner, host: string, network: string): Labels {
  const service = {
    "loadbalancer.server.port": String(shopPort),
    "loadbalancer.healthcheck.path": "/healthz",
    "loadbalancer.healthcheck.port": String(operationsPort),
    "loadbalancer.healthcheck.interval": "1s",
    "loadbalancer.healthcheck.timeout": "2s",
  };
  const retry = { "retry.attempts": "3", "retry.initialinterval": "50ms" };
  const name = `${id}-${shortHash([host, service, retry])}`;
  const router = { rule: `Host(\`${host}\`)`, entrypoints: "web", service: name, middlewares: name };
  const entries = (prefix: string, values: Record<string, string>) =>
    Object.entries(values).map(([key, value]) => ({ label: `${prefix}.${key}`, value }));
  return [
    { label: "traefik.enable", value: "true" },
    { label: "traefik.docker.network", value: network },
    ...entries(`traefik.http.routers.${name}`, router),
    ...entries(`traefik.http.middlewares.${name}`, retry),
    ...entries(`traefik.http.services.${name}`, service),
  ];
}
