import * as pulumi from "@pulumi/pulumi";
import { plainValueFinding } from "../config/channels/plain-value";
import type { Platform } from "../config/platform";

/**
 * What the platform's stack exports of its sandbox gateways: both settings, or none.
 * @throws pulumi.RunError where one is there without the other, or cannot be what it should
 */
export function sandbox(
  gateway: string | undefined,
  publicKey: string | undefined,
): Pick<Platform, "sandboxGateway" | "sandboxPublicKey"> {
  const refuse = (why: string): never => {
    throw new pulumi.RunError(`${why} (docs/platform.md)`);
  };
  if (gateway === undefined && publicKey === undefined) return {};
  if (gateway === undefined)
    return refuse("sandboxPublicKey is set, and sandboxGateway is not: set both or none");
  if (publicKey === undefined)
    return refuse("sandboxGateway is set, and sandboxPublicKey is not: set both or none");
  // The paths of the gateways are put behind it.
  if (!/^https?:\/\/[^\s/?#]+$/.test(gateway))
    refuse(
      `sandboxGateway is "${gateway}": it is a base URL like http://10.87.255.1:9180, without a slash at its end`,
    );
  const finding = plainValueFinding({ type: "publicKey" }, publicKey);
  if (finding) refuse(`sandboxPublicKey cannot be used: ${finding.why}`);
  return { sandboxGateway: gateway, sandboxPublicKey: publicKey };
}
