import { parse } from "yaml";
import { withSecretVersion } from "./raise";
import { formatSecretVersions, parseSecretVersions, secretVersions } from "./secret-versions";
import { fleetOf, goodFile } from "./testFleet";

const path = "demo/mengxiang.yaml";
const versionsOf = (text: string) => {
  const { groups, lines } = fleetOf({ [path]: text });
  expect(lines).toEqual([]);
  return groups.get("demo")?.[0]?.secretVersions;
};
const first = secretVersions();

test("a file that says nothing of versions means 1 each, and gets the key at its end", () => {
  expect(versionsOf(goodFile)).toEqual(first);
  const raised = withSecretVersion(goodFile, "appPassword", 2);
  expect(raised).toBe(
    `${goodFile}\n# Raised by \`substation rotate\`: a higher number is a new secret.\nsecretVersions:\n  appPassword: 2\n`,
  );
  expect(versionsOf(raised)).toEqual({ ...first, appPassword: 2 });
});

// prettier-ignore
test.each<[title: string, before: string, after: string]>([
  ["a number", "secretVersions:\n  appPassword: 2 # leaked\n", "secretVersions:\n  appPassword: 7 # leaked\n"],
  ["a number in braces", "secretVersions: {root: 2,  appPassword:  2} # x\n", "secretVersions: {root: 2,  appPassword:  7} # x\n"],
  ["another secret", "secretVersions:\n    # all of them\n    root: 3\n", "secretVersions:\n    # all of them\n    appPassword: 7\n    root: 3\n"],
  ["another secret in braces", "secretVersions: { root: 3 }\n", "secretVersions: { appPassword: 7, root: 3 }\n"],
  ["nothing in braces", "secretVersions: {}\n", "secretVersions: { appPassword: 7 }\n"],
  ["no line end", "secretVersions: { appPassword: 6 }", "secretVersions: { appPassword: 7 }"],
])("all else stays as it is: %s", (_, before, after) => {
  const head = `# why:   a comment\n${goodFile.replace("tier: standard", "tier:   standard   # 标准")}\n`;
  const raised = withSecretVersion(head + before, "appPassword", 7);
  expect(raised).toBe(head + after);
  expect(versionsOf(raised)?.appPassword).toBe(7);
});

test("line ends stay what they are, and the last line need not have one", () => {
  const raised = withSecretVersion(goodFile.trimEnd().replaceAll("\n", "\r\n"), "root", 2);
  expect(raised.replaceAll("\r\n", "")).not.toMatch(/[\r\n]/);
  expect(versionsOf(raised)?.root).toBe(2);
});

test("what is written in another way is left to a person", () => {
  expect(() => withSecretVersion(JSON.stringify(parse(goodFile)), "root", 2)).toThrow(
    "not written as one key a line",
  );
  expect(() => withSecretVersion(`${goodFile}secretVersions: 5\n`, "root", 2)).toThrow(
    "holds no numbers by name",
  );
});

// prettier-ignore
test.each([
  ["secretVersions: { appPassword: 0 }", "9:32  value/range  secretVersions.appPassword is 0, a number: write at least 1."],
  ["secretVersions: { root: 1000001 }", "9:25  value/range  secretVersions.root is 1000001, a number: write at most 1000000."],
  ["secretVersions: { root: 1.5 }", "9:25  value/type  secretVersions.root is 1.5, a number: a whole number is wanted."],
  ["secretVersions: { password: 2 }", "9:19  key/unknown  secretVersions.password is no key here: the keys are root, migratePassword, appPassword, sessionKey, mainStationToken, callbackSigningKey."],
])("%s is refused", (line, expected) => {
  const { lines } = fleetOf({ [path]: `${goodFile}${line}\n` });
  expect(lines.map((l) => l.replace("stacks/demo/mengxiang.yaml:", ""))).toEqual([expected]);
});

test("versions as a container's label come back as they were; what is 1 is not written", () => {
  const renewed = secretVersions({ appPassword: 3, root: 2 });
  expect(formatSecretVersions(renewed)).toBe("root=2 appPassword=3");
  expect(parseSecretVersions("root=2 appPassword=3")).toEqual(renewed);
  expect([formatSecretVersions(secretVersions()), parseSecretVersions("")]).toEqual(["", secretVersions()]);
  expect(parseSecretVersions("channelKey=4 root=2")).toEqual(secretVersions({ root: 2 })); // of a later release
});
