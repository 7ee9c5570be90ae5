import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import * as pulumi from "@pulumi/pulumi";
import { register } from "../components/testing/mocks";
import { mainStationPublicKey } from "../config/main-station-token";
import { signingKey } from "../local/home";
import { platform } from "./platform";

let folder: string;
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), "substation-platform-"));
  writeFileSync(join(folder, "ca.pem"), "PEM");
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const settings = () => ({
  name: "local",
  zone: "substation.test",
  zoneId: "zone-1",
  dnsToken: "token",
  ingressAddress: "127.0.0.1",
  ingressPort: "8080",
  edgeSubnet: "10.87.0.0/20",
  databaseHost: "127.0.0.1",
  databasePort: "5432",
  databaseAddress: "10.87.255.1",
  databaseUser: "provisioner",
  databasePassword: "p",
  databaseCaFile: join(folder, "ca.pem"),
  storefrontImage: "storefront",
  ingressImage: "traefik",
  socketProxyImage: "proxy",
});

/** The outputs of a platform's stack with these settings beside the usual ones, or what it was refused with; then `look` at them. */
async function laid(
  change: Readonly<Record<string, string>>,
  look: (laid: Record<string, unknown> | Error) => Promise<void>,
): Promise<void> {
  const all = Object.entries({ ...settings(), ...change });
  await register(
    async () => {
      pulumi.runtime.setAllConfig(
        Object.fromEntries(all.map(([key, value]) => [`substation:${key}`, value])),
      );
      await look(await platform().catch((error: Error) => error));
    },
    ({ name, inputs }) => ({ id: `${name}-id`, state: inputs as Record<string, unknown> }),
    true,
  );
}

test("the key that signs tokens is a secret output, its public half a plain one", async () => {
  const key = signingKey();
  const told: unknown[] = [];
  await laid({ mainStationSigningKey: key }, async (outputs) => {
    if (outputs instanceof Error) throw outputs;
    for (const name of ["mainStationSigningKey", "mainStationPublicKey"]) {
      const output = pulumi.output(outputs[name] as pulumi.Input<string>);
      const value = await new Promise((resolve) => output.apply(resolve));
      told.push([value, await pulumi.isSecret(output)]);
    }
  });
  expect(told).toEqual([
    [key, true],
    [mainStationPublicKey(key), false],
  ]);
});

test("a platform without that key, or with another kind of key, is refused with what to do, and the key is not shown", async () => {
  const said: string[] = [];
  const why = (change: Record<string, string>) =>
    laid(change, (refused) => {
      said.push(refused instanceof pulumi.RunError ? refused.message : "not refused");
      return Promise.resolve();
    });
  await why({});
  await why({ mainStationSigningKey: "canary" });
  const begin = "mainStationSigningKey signs what shops may do at the main station, and cannot be used: ";
  const todo =
    ". Make one: openssl genpkey -algorithm ed25519 | pulumi config set -s demo --secret mainStationSigningKey (docs/main-station.md)";
  expect(said).toEqual([
    `${begin}it is not set${todo}`,
    `${begin}that is no private key; give one of Ed25519, as "openssl genpkey -algorithm ed25519" writes it${todo}`,
  ]);
});
