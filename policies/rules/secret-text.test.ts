import { createHash, hkdfSync } from "node:crypto";
import { containerName, databaseName } from "../../config/names";
import { isNamedSecret, secretIn } from "./secret-text";

test("names of secrets are known in all their spellings, and names of files and folders are not taken for them", () => {
  const names =
    "PGPASSWORD DB_PASSWORD apiKey db.password X-Auth-Token CLIENT_SECRET sessionKey AWS_SECRET_ACCESS_KEY passwd TOKEN".split(
      " ",
    );
  expect(names.filter((name) => !isNamedSecret(name))).toEqual([]);
  const others =
    "PWD PATH PASSWORD_FILE tokenPath SECRETS_DIR TOKENIZER COMPASS KEYBOARD SECRETARY NODE_VERSION monkey".split(
      " ",
    );
  expect(others.filter(isNamedSecret)).toEqual([]);
});

test("a switch, a number and a path are no secret by any name", () => {
  expect(
    ["", "true", "false", "3600", "/run/secrets/token"].map((value) => secretIn("TOKEN", value)),
  ).toEqual(Array(5).fill(undefined));
});

test("secrets are known by their form", () => {
  const jwt = `eyJhbGciOiJIUzI1NiJ9.${Buffer.from('{"sub":"mengxiang"}').toString("base64url")}.c2lnbmF0dXJlc2ln`;
  expect(
    [
      "-----BEGIN RSA PRIVATE KEY-----\nMIIB",
      "postgres://app:pw@db/x",
      "redis://:pw@cache",
      jwt,
      "ghp_0123456789abcdefghijABCDEFGHIJ012345",
      "AKIAIOSFODNN7EXAMPLE",
    ].map((value) => secretIn("x", value)),
  ).toEqual([
    "a private key",
    "a URL with a password",
    "a URL with a password",
    "a JSON web token",
    "an access key",
    "an access key",
  ]);
});

test("values that were drawn at random are found, whatever they are called", () => {
  const drawn = (make: (seed: string) => string) =>
    Array.from({ length: 500 }, (_, at) => make(`seed ${at}`));
  const missed = (make: (seed: string) => string) =>
    drawn(make).filter((value) => secretIn("x", `prefix ${value}`) === undefined).length;
  // As the product's own secrets are made.
  expect(
    missed((seed) =>
      Buffer.from(hkdfSync("sha256", seed, "substation", "app-password", 32)).toString("base64url"),
    ),
  ).toBe(0);
  expect(missed((seed) => createHash("sha256").update(seed).digest("hex"))).toBe(0);
  // By chance, a few are as a word could be: a guess and no proof.
  const short = (seed: string) =>
    createHash("sha256").update(seed).digest().subarray(0, 24).toString("base64");
  expect(missed(short)).toBeLessThan(25);
});

test("names, paths, versions, digests and rules of the ingress are not taken for secrets", () => {
  const values = [
    "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin:/usr/lib/x86_64-linux-gnu/libnss3",
    `sha256:${"0123456789abcdef".repeat(4)}`,
    `ghcr.io/substation/storefront@sha256:${"0123456789abcdef".repeat(4)}`,
    "substation local/demo/mengxiang",
    "Host(`mengxiang-dianka-2026.shops.example.com`)",
    "Label(`substation.platform`,`local`)",
    "(/v1\\.\\d{1,3})?/(_ping|version|events|containers/json|containers/[a-f0-9]{64}/json)",
    "-proxysocketendpoint=/run/docker-proxy/docker.sock",
    "--serverstransport.forwardingtimeouts.dialtimeout=1s",
    "2026-11-23T07:12:01.123456789Z",
    "--entrypoints.operations.address=127.0.0.1:8081",
    "https://github.com/substation/storefront",
    "MyShopFrontend2026Release",
    "/Library/Java/JavaVirtualMachines/temurin-24.jdk/Contents/Home/lib/libjli.dylib",
    "getDefaultMessageProviderFactory",
    databaseName("local", "mengxiang"),
    `${databaseName("local", "mengxiang")}_migrate`,
    ...Array.from({ length: 300 }, (_, at) =>
      containerName("local", `mengxiang-dianka-${at}`, "migrate", at),
    ),
  ];
  expect(values.filter((value) => secretIn("x", value) !== undefined)).toEqual([]);
  expect(secretIn("PYTHON_SHA256", createHash("sha256").update("x").digest("hex"))).toBeUndefined();
  expect(secretIn("GPG_KEY", "7169605F62C751356D054A26A821E680E5FA6305")).toBeUndefined();
});
