import { causeInOutput, causeOf, isCutOff, remedyOf } from "./causes";

// The texts are what the providers said on real servers (test/e2e/open.test.ts).

test("a cause is what the provider said last, once, without its log's marks, counts and URNs", () => {
  const words = "container failed to be in healthy state";
  expect(
    causeOf([
      `sdk-v2/provider2.go:571: sdk.helper_schema: ${words}: provider=docker@5.2.0`,
      `1 error occurred:\n\t* creating urn:pulumi:east::substation::substation:index:Substation$docker:index/container:Container::jia: 1 error occurred:\n\t* ${words}`,
    ]),
  ).toBe(words);
  // Where there is nothing but the log, that is it.
  expect(causeOf([`sdk-v2/provider2.go:571: ${words}: provider=docker@5.2.0`])).toContain(words);
});

test.each([
  ["Unable to create container with image sha256:00: unable to pull image", /`image`/],
  ["container failed to be in healthy state", /docker logs/],
  [
    "Substation east/jia: the migration of its database ended with exit code 1. FATAL: too many connections for database",
    /migration/,
  ],
  ["pq: sorry, too many clients already (53300)", /no connection left/],
  ["could not extend file: No space left on device", /disk is full/],
  ['POST "http://127.0.0.1/client/v4/zones/1/dns_records": 429 Too Many Requests', /wait five minutes/],
  ['POST "…/dns_records": 400 Bad Request {"errors":[{"code":81053}]}', /repair <group>/],
  [
    'POST "…/dns_records": 400 Bad Request {"errors":[{"code":9000,"message":"DNS name is invalid."}]}',
    /DNS service refused/,
  ],
  ["Cannot connect to the Docker daemon at unix:///var/run/docker.sock", /Docker engine does not answer/],
  ['pq: database "s_1" already exists', /adopted/],
  ['Conflict. The container name "/x" is already in use by container "1"', /adopted/],
  ["incorrect passphrase", /PULUMI_CONFIG_PASSPHRASE/],
  ["nobody has ever seen this", /^Mend what it says/],
])("%s", (said, remedy) => {
  expect(remedyOf(said)).toMatch(remedy);
});

test.each([
  ["context canceled", true],
  [
    'before hook "jia-enter" failed: rpc error: code = Unavailable desc = error reading from server: EOF',
    true,
  ],
  ["container failed to be in healthy state", false],
])("whether the engine went away under it: %s", (cause, expected) => {
  expect(isCutOff(cause)).toBe(expected);
});

test("of what an engine printed its errors are the cause, and not its last word; where it names none, its last lines", () => {
  const summary = "Resources:\n    + 3 created\n    1 errored\n\nDuration: 4s\n";
  expect(
    causeInOutput(
      `Diagnostics:\n  docker:index:Container (jia):\n    error: no such image: sha256:1\n  pulumi:pulumi:Stack (s):\n    error: update failed\n\n${summary}`,
    ),
  ).toBe("no such image: sha256:1");
  expect(causeInOutput(`error: update failed\n${summary}`)).toBe(
    "error: update failed\nResources:\n    + 3 created\n    1 errored\nDuration: 4s",
  );
});
