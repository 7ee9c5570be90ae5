import { readFileSync } from "node:fs";
import * as docker from "@pulumi/docker";
import * as pulumi from "@pulumi/pulumi";
import { createIngress } from "../components/ingress";
import { renewProcessLimits } from "../components/process-limit";
import { mainStationPublicKey, signingKeyFinding } from "../config/main-station-token";
import { labels } from "../config/names";
import type { Platform } from "../config/platform";
import { sandbox } from "./sandbox";

/** What substations of one Docker host share. Its settings are the stack's config; docs/platform.md lists them. */
export async function platform(): Promise<Record<string, unknown>> {
  const config = new pulumi.Config();
  const name = config.require("name");
  const address = config.require("ingressAddress");
  const port = config.requireNumber("ingressPort");
  if (!pulumi.runtime.isDryRun()) await renewProcessLimits(name, undefined);

  const network = new docker.Network("edge", {
    name: `${name}-edge`,
    driver: "bridge",
    // Containers on it reach the ingress and the database server, not each other.
    options: { "com.docker.network.bridge.enable_icc": "false" },
    ipamConfigs: [{ subnet: config.require("edgeSubnet") }],
    labels: [{ label: labels.platform, value: name }],
  });
  const image = (resource: string, setting: string) =>
    new docker.RemoteImage(resource, { name: config.require(setting), keepLocally: true }).imageId;

  const ingress = createIngress(
    {
      platform: name,
      listen: { address, port },
      metricsPort: config.getNumber("ingressMetricsPort") ?? port + 1,
      image: image("ingress-image", "ingressImage"),
      socketProxyImage: image("docker-proxy-image", "socketProxyImage"),
    },
    { dependsOn: network },
  );

  const signingKey = tokenKey(config.get("mainStationSigningKey"));
  const caFile = config.require("databaseCaFile");
  return {
    name,
    dns: {
      name: config.require("zone"),
      id: config.require("zoneId"),
      token: config.requireSecret("dnsToken"),
      api: config.get("dnsApi"),
    },
    ingress: { address, port },
    edgeNetwork: network.name,
    database: {
      host: config.require("databaseHost"),
      port: config.requireNumber("databasePort"),
      address: config.require("databaseAddress"),
      user: config.require("databaseUser"),
      password: config.requireSecret("databasePassword"),
      caFile,
      ca: readFileSync(caFile, "utf8"),
    },
    storefrontImage: image("storefront-image", "storefrontImage"),
    mainStationSigningKey: pulumi.secret(signingKey),
    // For the main station, which verifies tokens with it.
    mainStationPublicKey: mainStationPublicKey(signingKey),
    ...sandbox(config.get("sandboxGateway"), config.get("sandboxPublicKey")),
    ready: ingress.id.apply(() => true),
  } satisfies { [key in keyof Platform]: unknown } & { mainStationPublicKey: unknown; ready: unknown };
}

/** @throws pulumi.RunError where no token could be signed with it: no shop could be opened then */
function tokenKey(text: string | undefined): string {
  const why = text === undefined ? "it is not set" : signingKeyFinding(text);
  if (text !== undefined && why === undefined) return text;
  throw new pulumi.RunError(
    `mainStationSigningKey signs what shops may do at the main station, and cannot be used: ${why}. Make one: ` +
      `openssl genpkey -algorithm ed25519 | pulumi config set -s ${pulumi.getStack()} --secret mainStationSigningKey (docs/main-station.md)`,
  );
}
