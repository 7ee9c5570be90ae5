import { imageFinding } from "../../config/image";
import { purposeOf } from "./container";
import { rule, type Rule } from "./rule";

/** How a container is started, watched, stopped, and whether it does what it is there for. */

export const containerImage = rule("container", {
  id: "container-image",
  severity: "high",
  description: "Checks that a container runs one image for good: named by its digest, and that very one.",
  references: ["D19", "CIS Docker 5.28", "CIS Docker 4.2", "CKV_DOCKER_7"],
  remedy:
    "Name the image as name@sha256:… or sha256:…, never by a tag. Where another one runs, run the update again.",
  *check({ name, image, live, unknown }) {
    if (unknown.includes("image")) return; // container-known says so
    if (image === undefined || imageFinding(image) !== undefined)
      yield `Container ${name} must name its image by digest, but names ${image ?? "none"}`;
    // A digest of a registry is of the image's manifest, not its id: those two cannot be compared.
    else if (live && image.startsWith("sha256:") && live.imageId !== image)
      yield `Container ${name} must run the image ${image}, but runs ${live.imageId}`;
  },
});

export const containerHealthcheck = rule("container", {
  id: "container-healthcheck",
  severity: "medium",
  description: "Checks that the engine asks a container again and again whether it works.",
  references: ["D18", "CIS Docker 4.6", "CIS Docker 5.27", "CKV_DOCKER_2", "DS026", "KICS 698ed579"],
  remedy: "Give it a healthcheck: /healthcheck of the image contract.",
  *check(container, intent) {
    // The migration is awaited, and its exit code is the answer. An adapter is asked by its shop. The socket proxy holds no state, and its image
    // has nothing that could ask.
    if (["migrate", "adapter", "docker-proxy"].includes(purposeOf(container, intent) ?? "")) return;
    const [kind] = container.healthcheck;
    if (kind === undefined || kind === "NONE") yield `Container ${container.name} must have a health check`;
  },
});

export const containerWait = rule("container", {
  id: "container-wait",
  severity: "medium",
  description: "Checks that an update ends only when a new container is healthy, and in bounded time.",
  references: ["D18", "CIS Docker 5.27"],
  remedy: "Set wait to true, and waitTimeout to at most 300 seconds.",
  *check(container, intent) {
    const { name, plan } = container;
    if (!plan || ["migrate", "adapter", "docker-proxy"].includes(purposeOf(container, intent) ?? "")) return;
    // A shop is not ready before its adapters are there, which are made after it: a hook of the last waits for it (components/adapter-ready.ts).
    if ((intent.substations.get(container.owner?.id ?? "")?.adapters ?? []).length > 0) return;
    const seconds = plan.waitTimeoutSeconds ?? 0;
    if (!plan.wait || seconds <= 0 || seconds > 300)
      yield `Container ${name} must be waited for until it is healthy, for 300 seconds at most`;
  },
});

export const containerRestart = rule("container", {
  id: "container-restart",
  severity: "medium",
  description:
    "Checks that a container that serves comes back after a crash, and one that migrates does not.",
  references: ["D17", "CIS Docker 5.15", "KICS 2fc99041"],
  remedy:
    'Set restart to "unless-stopped", or to "on-failure" with maxRetryCount 1 to 5; for a migration to "no".',
  *check(container, intent) {
    const { name } = container;
    const { policy, maximumRetries } = container.restart;
    if (purposeOf(container, intent) === "migrate") {
      if (policy !== "no") yield `Container ${name} must run once, but is restarted ${policy}`;
      return;
    }
    const bounded = policy === "on-failure" && maximumRetries >= 1 && maximumRetries <= 5;
    if (policy !== "unless-stopped" && !bounded)
      yield `Container ${name} must be restarted unless it was stopped, or after at most 5 failures, but its policy is "${policy}"`;
  },
});

export const containerStop = rule("container", {
  id: "container-stop",
  severity: "medium",
  description: "Checks that a container may end its work before it is removed.",
  references: ["D21"],
  remedy: "Set destroyGraceSeconds to 10 or more: the provider's default is to kill.",
  *check(container, intent) {
    const { name, plan } = container;
    // The migration has ended by then; the socket proxy answers single questions, and whoever asked asks again.
    if (!plan || ["migrate", "docker-proxy"].includes(purposeOf(container, intent) ?? "")) return;
    if ((plan.destroyGraceSeconds ?? 0) < 10) yield `Container ${name} must have 10 seconds or more to stop`;
  },
});

export const containerVolumesKept = rule("container", {
  id: "container-volumes-kept",
  severity: "high",
  description: "Checks that no volume goes with a container.",
  references: ["D21"],
  remedy: "Set removeVolumes to false: the provider's default is true.",
  *check({ name, plan }) {
    if (plan && plan.removeVolumes !== false)
      yield `Container ${name} must leave its volumes when it is removed`;
  },
});

export const containerUploads = rule("container", {
  id: "container-uploads",
  severity: "high",
  description: "Checks that files that are copied into a container are secret in the state.",
  references: ["S01", "pulumi/pulumi-docker#772"],
  remedy: 'Set additionalSecretOutputs to ["uploads"].',
  *check({ name, plan }) {
    if (plan?.uploads && !plan.secretOutputs.includes("uploads"))
      yield `Container ${name} must keep its uploads secret in the state`;
  },
});

export const containerRunning = rule("container", {
  id: "container-running",
  severity: "high",
  description: "Checks that a container that serves runs and is healthy.",
  references: ["D18", "CIS Docker 5.27"],
  remedy: 'Look at "docker logs <container>". Where it was stopped by hand, run the update again.',
  *check(container, intent) {
    const { name, live } = container;
    if (!live || purposeOf(container, intent) === "migrate") return;
    if (live.state !== "running") yield `Container ${name} must run, but is ${live.state}`;
    // "starting" is no fault: one that stays so becomes unhealthy.
    else if (live.health === "unhealthy") yield `Container ${name} must be healthy, but is not`;
  },
});

/** As the CIS benchmark counts. */
const mostRestarts = 5;

export const containerCrashLoop = rule("container", {
  id: "container-crash-loop",
  severity: "medium",
  description: "Checks that a container does not crash again and again.",
  references: ["D17", "CIS Docker 5.15"],
  remedy: 'Look at "docker logs <container>" and mend the cause. A new container starts from 0.',
  *check({ name, live }) {
    if (live && live.restartCount > mostRestarts)
      yield `Container ${name} must not crash again and again, but was restarted ${live.restartCount} times`;
  },
});

export const runRules: readonly Rule[] = [
  containerImage,
  containerHealthcheck,
  containerWait,
  containerRestart,
  containerStop,
  containerVolumesKept,
  containerUploads,
  containerRunning,
  containerCrashLoop,
];
