import { rule, type Rule } from "./rule";

/**
 * What runs a container is its image, and what tells it apart from others is a file (docs/image-contract.md). So every variable that the image does not bring itself was put there
 * past both: `NODE_OPTIONS`, `LD_PRELOAD` and their like make another program of it. Pulumi does not see it: the provider reads no variables back.
 */
export const containerEnvironment = rule("container", {
  id: "container-environment",
  severity: "high",
  description: "Checks that a container has no environment but its image's own.",
  references: ["D26", "D19", "D11"],
  remedy: "Find out who made the container; remove it and run the update, which makes it anew.",
  *check({ name, environment, plan, live }) {
    const brought = live ? live.imageEnvironment : [];
    if (brought === undefined) {
      yield `Container ${name} must have its image's environment, but the image is gone and cannot be asked`;
      return;
    }
    const own = new Set(brought);
    // Values may be secret: names will do.
    const added = environment.filter((one) => !own.has(one)).map((one) => one.replace(/=.*/s, ""));
    if ((plan ?? live) && added.length > 0)
      yield `Container ${name} must have no variable but its image's own, but has ${added.join(", ")}`;
  },
});

export const environmentRules: readonly Rule[] = [containerEnvironment];
