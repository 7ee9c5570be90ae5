import { reachRules } from "./container-reach";
import type { ContainerFact, Mount } from "./facts";
import {
  container,
  dockerProxy,
  edgeNetwork,
  goodContainers,
  ingress,
  migration,
  neighbour,
  ownerLabels,
  owner,
  plannedContainer,
} from "./testing";
import { finds, passes, testCases, type Case } from "./testing-cases";

const bad = (rule: string, when: string, change: Partial<ContainerFact>, ...says: string[]): Case =>
  of(rule, when, container(change), ...says);
const of = (rule: string, when: string, one: ContainerFact, ...says: string[]): Case =>
  finds(
    `container-${rule}`,
    when,
    { container: [one] },
    says.map((text) => `Container ${one.name} ${text}`),
  );
const mode = (network: string | undefined) => ({ ...container().namespaces, network });
const [secrets] = container().mounts as [Mount];
const socket: Mount = {
  type: "bind",
  source: "/var/run/docker.sock",
  target: "/var/run/docker.sock",
  readOnly: true,
  propagation: "",
};

testCases(reachRules, [
  ...reachRules.map(({ id }) =>
    passes(id, "the containers of a good platform", { container: goodContainers }),
  ),

  bad(
    "network",
    "the host's network",
    { namespaces: mode("host"), networks: [] },
    "must have the network mode local-edge, but has host",
    "must be on the network local-edge",
  ),
  bad(
    "network",
    "a neighbour's",
    { namespaces: mode("container:haitang") },
    "must have the network mode local-edge, but has container:haitang",
  ),
  bad(
    "network",
    "the engine's default",
    { namespaces: mode(undefined), networks: ["bridge"] },
    "must have the network mode local-edge, but has the engine's default",
    "must be on no network but local-edge, but is on bridge",
    "must be on the network local-edge",
  ),
  bad(
    "network",
    "a second network",
    { networks: [edgeNetwork, "main-station"] },
    "must be on no network but local-edge, but is on main-station",
  ),
  bad("network", "no network at all", { networks: [] }, "must be on the network local-edge"),
  of(
    "network",
    "an ingress on a network of shops",
    ingress({ networks: ["host", edgeNetwork] }),
    "must be on no network but host, but is on local-edge",
  ),
  of(
    "network",
    "a socket proxy that can be reached",
    dockerProxy({ namespaces: mode("bridge"), networks: ["bridge"] }),
    "must have the network mode none, but has bridge",
    "must be on no network but none, but is on bridge",
  ),
  of(
    "network",
    "the host's network for one that only says it is the ingress",
    ingress({ name: "other" }),
    "must have the network mode local-edge, but has host",
    "must be on the network local-edge",
  ),

  bad(
    "mounts",
    "the engine's socket",
    { mounts: [secrets, socket] },
    "must not mount bind /var/run/docker.sock at /var/run/docker.sock",
  ),
  bad(
    "mounts",
    "a path of the host",
    { mounts: [{ ...socket, source: "/etc", target: "/run/secrets" }] },
    "must not mount bind /etc at /run/secrets",
  ),
  bad(
    "mounts",
    "a neighbour's volume",
    { mounts: container({}, neighbour).mounts },
    "must not mount volume local-haitang-secrets at /run/secrets",
  ),
  bad(
    "mounts",
    "its own volume, to write there",
    { mounts: [{ ...secrets, readOnly: false }] },
    "must not mount volume local-mengxiang-secrets at /run/secrets, writable",
  ),
  bad(
    "mounts",
    "its own volume elsewhere",
    { mounts: [{ ...secrets, target: "/healthcheck" }] },
    "must not mount volume local-mengxiang-secrets at /healthcheck",
  ),
  bad(
    "mounts",
    "a path of the host by its volume's name",
    { mounts: [{ ...secrets, type: "bind" }] },
    "must not mount bind local-mengxiang-secrets at /run/secrets",
  ),
  bad(
    "mounts",
    "a volume that the image declares",
    { mounts: [{ ...secrets, source: "", target: "/data", readOnly: false }] },
    "must not mount volume (no name) at /data, writable",
  ),
  of(
    "mounts",
    "the migration's second volume",
    migration({ mounts: container({}, neighbour).mounts }),
    "must not mount volume local-haitang-secrets at /run/secrets",
  ),
  of(
    "mounts",
    "the engine's socket in the ingress",
    ingress({ mounts: [socket] }),
    "must not mount bind /var/run/docker.sock at /var/run/docker.sock",
  ),
  of(
    "mounts",
    "a writable socket of the engine in its proxy",
    dockerProxy({ mounts: [{ ...socket, readOnly: false }] }),
    "must not mount bind /var/run/docker.sock at /var/run/docker.sock, writable",
  ),
  of(
    "mounts",
    "the engine's folder in its proxy",
    dockerProxy({ mounts: [{ ...socket, source: "/var/run" }] }),
    "must not mount bind /var/run at /var/run/docker.sock",
  ),
  of(
    "mounts",
    "the engine's socket in a substation's container that says it is the proxy",
    dockerProxy({ labels: ownerLabels(owner, "docker-proxy"), mounts: [socket] }),
    "must not mount bind /var/run/docker.sock at /var/run/docker.sock",
  ),

  bad(
    "mount-propagation",
    "mounts that the host sees",
    { mounts: [{ ...secrets, propagation: "rshared" }] },
    "must mount /run/secrets with private propagation, but it is rshared",
  ),
  bad(
    "mount-propagation",
    "mounts that it sees of the host's",
    { mounts: [{ ...secrets, propagation: "rslave" }] },
    "must mount /run/secrets with private propagation, but it is rslave",
  ),

  bad(
    "ports",
    "a port at every address",
    { ports: [{ address: "", host: 80, container: 8080 }] },
    "must publish no port, but publishes 8080 at 0.0.0.0:80",
  ),
  bad(
    "ports",
    "a port at loopback",
    { ports: [{ address: "127.0.0.1", host: undefined, container: 9090 }] },
    "must publish no port, but publishes 9090 at 127.0.0.1:any",
  ),
  bad("ports", "all ports of the image", { publishAllPorts: true }, "must not publish its image's ports"),
  bad("ports", "what cannot be told", { publishAllPorts: undefined }, "must not publish its image's ports"),

  bad(
    "engine",
    "an engine",
    { environment: ["DOCKER_HOST=tcp://10.0.0.1:2375"] },
    "must not be told of a container engine, but has DOCKER_HOST",
  ),
  passes("container-engine", "a name that only begins like it", {
    container: [container({ environment: ["DOCKER_HOSTS_FILE=/x"] })],
  }),

  bad(
    "secrets",
    "a password in the environment",
    { environment: ["PGPASSWORD=hunter2"] },
    "must hold no secret in plain sight, but variable PGPASSWORD has a value by a secret's name",
  ),
  bad(
    "secrets",
    "a random value by any name",
    { environment: ["SETTING=NL6ZurV9ZXklrLccdnZsWfVTTwEo50Izyxpa92st-4U"] },
    "must hold no secret in plain sight, but variable SETTING has a random value",
  ),
  bad(
    "secrets",
    "a URL with a password in a label",
    { labels: { "shop.database": "postgres://app:hunter2@10.0.0.1/ss_x" } },
    "must hold no secret in plain sight, but label shop.database has a URL with a password",
  ),
  bad(
    "secrets",
    "a token as an argument",
    { command: ["serve", "--api-token=abc"] },
    "must hold no secret in plain sight, but argument 2 of the command has a value by a secret's name",
  ),
  bad(
    "secrets",
    "a token in the argument that follows",
    { command: ["serve", "--token", "abc"] },
    "must hold no secret in plain sight, but argument 3 of the command has a value by a secret's name",
  ),
  bad(
    "secrets",
    "a variable that a shell sets",
    { command: ["sh", "-c", "cd /app && PGPASSWORD=hunter2 psql"] },
    "must hold no secret in plain sight, but argument 3 of the command has a value by a secret's name",
  ),
  bad(
    "secrets",
    "a key in the health check",
    { healthcheck: ["CMD", "curl", "--header", "x", "http://u:p@localhost/"] },
    "must hold no secret in plain sight, but argument 5 of the health check has a URL with a password",
  ),
  passes("container-secrets", "labels of secrets' versions and of an image", {
    container: [
      container({
        labels: {
          ...container().labels,
          "substation.secrets": "root=2 appPassword=3 callbackSigningKey=12",
          "org.opencontainers.image.revision": "1b47061264138c4ac30d75fd1eb442704dabf181",
          "org.opencontainers.image.created": "2026-11-23T07:12:01Z",
        },
      }),
      { ...plannedContainer(), environment: ["DATABASE_PASSWORD_FILE=/run/secrets/password", "PWD=/app"] },
    ],
  }),
]);
