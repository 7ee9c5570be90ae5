import * as policy from "@pulumi/policy";

/** Inputs as a policy meets them in a preview: a look at one that is not known throws. The SDK exports this for tests, and its declarations lack it. */
export const { unknownCheckingProxy: asInPreview } = policy as unknown as {
  readonly unknownCheckingProxy: (inputs: object) => Record<string, unknown>;
};
