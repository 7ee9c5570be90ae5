import * as pulumi from "@pulumi/pulumi";
import { readPlatform } from "./read-platform";

const outputs = {
  name: "local",
  dns: { name: "substation.test", id: "zone-1", token: "token" },
  ingress: { address: "127.0.0.1", port: 8080 },
  edgeNetwork: "local-edge",
  database: { host: "127.0.0.1" },
  storefrontImage: "sha256:a",
  mainStationSigningKey: "key",
};

/** What a group reads where the platform's stack exported `exported`. */
async function readWhere(exported: Record<string, unknown>) {
  await pulumi.runtime.setMocks(
    {
      newResource: ({ name, inputs }) => ({ id: name, state: { ...(inputs as object), outputs: exported } }),
      call: ({ inputs }) => inputs as Record<string, unknown>,
    },
    "substation",
    "demo",
  );
  return await readPlatform("platform");
}

test("sandbox gateways are read where the platform has them; everything else must be there", async () => {
  expect(await readWhere(outputs)).toEqual(outputs);
  const sandbox = { sandboxGateway: "http://10.87.255.1:9180", sandboxPublicKey: "MIIB" };
  expect(await readWhere({ ...outputs, ...sandbox })).toEqual({ ...outputs, ...sandbox });
  await expect(readWhere({ ...outputs, edgeNetwork: undefined })).rejects.toThrow(
    'stack "platform" has no output "edgeNetwork"',
  );
});
