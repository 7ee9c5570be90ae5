import { getStack } from "@pulumi/pulumi";
import { group } from "./group";
import { platform } from "./platform";

/**
 * Pulumi's entry point. `platform`, and whatever begins with `platform-`, are the stacks of Docker hosts; every other stack is a group of substations.
 * The values that are returned become the stack's outputs.
 */
export = async (): Promise<Record<string, unknown>> =>
  /^platform(-|$)/.test(getStack()) ? platform() : await group(getStack());
