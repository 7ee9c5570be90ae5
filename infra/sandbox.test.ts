import { newPair } from "../storefront/channels/testing";
import { sandbox } from "./sandbox";

const { publicBase64: publicKey } = newPair();
const gateway = "http://10.87.255.1:9180";

test("a platform has sandbox gateways with their key, or none", () => {
  expect(sandbox(gateway, publicKey)).toEqual({ sandboxGateway: gateway, sandboxPublicKey: publicKey });
  expect(sandbox(undefined, undefined)).toEqual({});
});

test.each([
  [gateway, undefined, "sandboxGateway is set, and sandboxPublicKey is not: set both or none"],
  [undefined, publicKey, "sandboxPublicKey is set, and sandboxGateway is not: set both or none"],
  [`${gateway}/`, publicKey, `sandboxGateway is "${gateway}/": it is a base URL like`],
  [gateway, "MIIB", "sandboxPublicKey cannot be used: that is no public key"],
])("%s and %s are refused, with what to do", (url, key, why) => {
  expect(() => sandbox(url, key)).toThrow(why);
});
