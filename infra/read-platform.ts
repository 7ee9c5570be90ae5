import * as pulumi from "@pulumi/pulumi";
import type { Platform } from "../config/platform";

/**
 * Reads a platform's outputs as plain values: what follows from them is then known in every preview, and a policy can judge it.
 * @throws pulumi.RunError where the platform's stack was never updated
 */
export async function readPlatform(stack: string): Promise<Platform> {
  // Backends of one's own have a single organization, with this name.
  const reference = new pulumi.StackReference(`organization/${pulumi.getProject()}/${stack}`);
  const find = async (name: keyof Platform): Promise<unknown> => {
    const details = await reference.getOutputDetails(name);
    return details.secretValue ?? details.value;
  };
  const read = async (name: keyof Platform): Promise<unknown> => {
    const found = await find(name);
    if (found === undefined) {
      throw new pulumi.RunError(
        `stack "${stack}" has no output "${name}": the platform that this group stands on is not set up. Run "pulumi up -s ${stack}" first, ` +
          `or name another one with "pulumi config set platform <stack>".`,
      );
    }
    return found;
  };
  const names = [
    "name",
    "dns",
    "ingress",
    "edgeNetwork",
    "database",
    "storefrontImage",
    "mainStationSigningKey",
  ] as const satisfies readonly (keyof Platform)[];
  const [sandboxGateway, sandboxPublicKey, ...values] = await Promise.all([
    find("sandboxGateway"),
    find("sandboxPublicKey"),
    ...names.map(read),
  ]);
  const found = Object.fromEntries(names.map((name, at) => [name, values[at]]));
  return { ...found, sandboxGateway, sandboxPublicKey } as unknown as Platform;
}
