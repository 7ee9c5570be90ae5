import { openChannel } from "./open";
import { configOf, newPair } from "./testing";
import type { ChannelConfig } from "./types";

const [own, theirs] = [newPair(), newPair()];
const fault = (config: ChannelConfig): string => {
  try {
    openChannel(config);
    return "opened";
  } catch (error) {
    return `${(error as Error).name}: ${(error as Error).message}`;
  }
};
const https = "https://gateway.test";
const keyForm = "of 2048 bits or more, as PEM or base64";

test("each kind names everything that it lacks at once", () => {
  expect(fault(configOf("alipay", https, {}, {}))).toBe(
    `ChannelError: channel main (alipay) cannot be used: fields.appId is missing; secrets.privateKey must be an RSA private key ${keyForm}; fields.alipayPublicKey must be an RSA public key ${keyForm}`,
  );
  expect(fault(configOf("wechatPay", https, {}, {}))).toBe(
    "ChannelError: channel main (wechatPay) cannot be used: fields.appId is missing; fields.merchantId is missing; fields.certificateSerial is missing; fields.platformPublicKeyId is missing; " +
      `secrets.privateKey must be an RSA private key ${keyForm}; fields.platformPublicKey must be an RSA public key ${keyForm}; secrets.apiV3Key is missing`,
  );
  expect(fault(configOf("epay", https, { version: "v1" }, {}))).toBe(
    "ChannelError: channel main (epay) cannot be used: fields.merchantId is missing; fields.type is missing; secrets.key is missing",
  );
  expect(fault(configOf("epay", https, { version: "v3" }, {}))).toMatch(
    /fields\.type is missing; fields\.version must be v1 or v2; secrets\.privateKey must be/,
  );
});

test("the shop's own public key in place of the gateway's is told, since every notify would be refused", () =>
  expect(
    fault(
      configOf(
        "alipay",
        https,
        { appId: "1", alipayPublicKey: own.publicPem },
        { privateKey: own.privatePem },
      ),
    ),
  ).toBe(
    "ChannelError: channel main (alipay) cannot be used: fields.alipayPublicKey is your own public key; copy the gateway's key from its console",
  ));

test("money goes to http only in the sandbox, and to nothing else ever", () => {
  const alipay = (gateway: string, sandbox: boolean): string =>
    fault({
      ...configOf(
        "alipay",
        gateway,
        { appId: "1", alipayPublicKey: theirs.publicPem },
        { privateKey: own.privatePem },
      ),
      sandbox,
    });
  expect([alipay("http://10.87.255.1:9180/alipay", true), alipay(https, true), alipay(https, false)]).toEqual(
    Array(3).fill("opened"),
  );
  for (const [gateway, sandbox] of [
    ["http://gateway.test", false],
    ["ftp://gateway.test", true],
    ["gateway.test", true],
    ["", true],
  ] as const)
    expect(alipay(gateway, sandbox)).toBe(
      "ChannelError: channel main (alipay) cannot be used: gateway must be an https address",
    );
});

test("no secret is shown that cannot be used, and no id that would break out of a header", () => {
  const message = fault(
    configOf(
      "wechatPay",
      https,
      {
        appId: "wx1",
        merchantId: '1",x="',
        certificateSerial: "1\r\nx: y",
        platformPublicKeyId: "P",
        platformPublicKey: theirs.publicPem,
      },
      { privateKey: "-----BEGIN hidden-private", apiV3Key: "hidden-api-key" },
    ),
  );
  expect(message).not.toMatch(/hidden|x: y/);
  expect(message).toMatch(
    /merchantId must be letters and digits; fields\.certificateSerial must be letters and digits;/,
  );
  expect(message).toMatch(/apiV3Key must be 32 characters/);
});

test("a kind that the image does not know is told with those that it knows", () =>
  expect(fault(configOf("paypal", https, {}, {}))).toBe(
    'ChannelError: channel main: this image does not know the kind "paypal", only alipay, wechatPay, epay, custom',
  ));
