import { getRootDirectory, getStack, RunError } from "@pulumi/pulumi";
import { UserError } from "../config/error";
import { isPlatformStack } from "../config/stack-config";
import { group } from "./group";
import { platform } from "./platform";

/**
 * Pulumi's entry point. `platform`, and whatever begins with `platform-`, are the stacks of Docker hosts; every other stack is a group of substations.
 * The values that are returned become the stack's outputs.
 */
export = async (): Promise<Record<string, unknown>> => {
  // Pulumi's start-up code formats every stack trace by source maps, which there are none of, and the SDK takes a trace for every output of every
  // resource: a fourth of this program's time.
  Reflect.deleteProperty(Error, "prepareStackTrace");
  process.chdir(getRootDirectory()); // files are named in messages as people name them
  try {
    return isPlatformStack(getStack()) ? await platform() : await group(getStack());
  } catch (error) {
    throw error instanceof UserError ? new RunError(error.message) : error; // a sentence, not a stack trace
  }
};
