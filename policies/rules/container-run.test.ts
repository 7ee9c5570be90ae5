import { runRules } from "./container-run";
import type { ContainerFact } from "./facts";
import {
  asLive,
  container,
  goodContainers,
  image,
  ingress,
  migration,
  plannedContainer,
  runningContainer,
} from "./testing";
import { finds, passes, testCases, type Case } from "./testing-cases";

const of = (rule: string, when: string, one: ContainerFact, ...says: string[]): Case =>
  finds(
    `container-${rule}`,
    when,
    { container: [one] },
    says.map((text) => `Container ${one.name} ${text}`),
  );
const bad = (rule: string, when: string, change: Partial<ContainerFact>, ...says: string[]): Case =>
  of(rule, when, container(change), ...says);
const good = (rule: string, when: string, one: ContainerFact): Case =>
  passes(`container-${rule}`, when, { container: [one] });
const other = `sha256:${"b".repeat(64)}`;
const wait = "must be waited for until it is healthy, for 300 seconds at most";

testCases(runRules, [
  ...runRules.map(({ id }) => passes(id, "the containers of a good platform", { container: goodContainers })),

  bad(
    "image",
    "a tag",
    { image: "ghcr.io/substation/storefront:latest" },
    "must name its image by digest, but names ghcr.io/substation/storefront:latest",
  ),
  bad("image", "none", { image: undefined }, "must name its image by digest, but names none"),
  of(
    "image",
    "another than was asked for",
    runningContainer({ imageId: other }),
    `must run the image ${image}, but runs ${other}`,
  ),
  good("image", "a digest of a registry", {
    ...runningContainer(),
    image: `ghcr.io/substation/storefront@${other}`,
  }),
  good(
    "image",
    "one that is not known, which another rule finds",
    container({ image: undefined, unknown: ["image"] }),
  ),

  bad("healthcheck", "none", { healthcheck: [] }, "must have a health check"),
  bad("healthcheck", "the image's, switched off", { healthcheck: ["NONE"] }, "must have a health check"),
  of("healthcheck", "an ingress without", ingress({ healthcheck: [] }), "must have a health check"),

  of("wait", "no waiting", plannedContainer({ wait: false }), wait),
  of("wait", "no end of waiting", plannedContainer({ waitTimeoutSeconds: undefined }), wait),
  of("wait", "waiting for hours", plannedContainer({ waitTimeoutSeconds: 7200 }), wait),

  bad(
    "restart",
    "never",
    { restart: { policy: "no", maximumRetries: 0 } },
    'must be restarted unless it was stopped, or after at most 5 failures, but its policy is "no"',
  ),
  bad(
    "restart",
    "even what was stopped by hand",
    { restart: { policy: "always", maximumRetries: 0 } },
    'must be restarted unless it was stopped, or after at most 5 failures, but its policy is "always"',
  ),
  bad(
    "restart",
    "failures without end",
    { restart: { policy: "on-failure", maximumRetries: 0 } },
    'must be restarted unless it was stopped, or after at most 5 failures, but its policy is "on-failure"',
  ),
  good("restart", "5 failures", container({ restart: { policy: "on-failure", maximumRetries: 5 } })),
  of(
    "restart",
    "a migration again and again",
    migration({ restart: { policy: "always", maximumRetries: 0 } }),
    "must run once, but is restarted always",
  ),

  of(
    "stop",
    "the provider's default, which is to kill",
    plannedContainer({ destroyGraceSeconds: undefined }),
    "must have 10 seconds or more to stop",
  ),
  of(
    "stop",
    "too short a time",
    plannedContainer({ destroyGraceSeconds: 9 }),
    "must have 10 seconds or more to stop",
  ),

  of(
    "volumes-kept",
    "volumes that go",
    plannedContainer({ removeVolumes: true }),
    "must leave its volumes when it is removed",
  ),
  of(
    "volumes-kept",
    "the provider's default, which is to remove them",
    plannedContainer({ removeVolumes: undefined }),
    "must leave its volumes when it is removed",
  ),

  of(
    "uploads",
    "files that the state would hold in plain text",
    plannedContainer({ uploads: true }),
    "must keep its uploads secret in the state",
  ),
  good("uploads", "secret files", plannedContainer({ uploads: true, secretOutputs: ["uploads"] })),

  of("running", "one that was stopped", runningContainer({ state: "exited" }), "must run, but is exited"),
  of(
    "running",
    "one that is started again and again",
    runningContainer({ state: "restarting" }),
    "must run, but is restarting",
  ),
  of(
    "running",
    "one that does not answer",
    runningContainer({ health: "unhealthy" }),
    "must be healthy, but is not",
  ),
  of("running", "an ingress that does not run", asLive(ingress(), "exited"), "must run, but is exited"),
  good("running", "one that just starts", runningContainer({ health: "starting" })),

  of(
    "crash-loop",
    "many restarts",
    runningContainer({ restartCount: 6 }),
    "must not crash again and again, but was restarted 6 times",
  ),
  good("crash-loop", "a few", runningContainer({ restartCount: 5 })),
]);
