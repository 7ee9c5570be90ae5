import * as fs from "node:fs";
import * as os from "node:os";
import * as path from "node:path";
import { chosenName, homeFolder, openInstance, readInstance, secret } from "./home";

const root = fs.mkdtempSync(path.join(os.tmpdir(), "home-"));
afterAll(() => fs.rmSync(root, { recursive: true }));

test("the folder must be one of its own, and the name one that fits into object names", () => {
  expect(homeFolder({ SUBSTATION_HOME: "/srv/shops/" })).toBe("/srv/shops");
  for (const bad of ["/", os.homedir(), os.tmpdir()])
    expect(() => homeFolder({ SUBSTATION_HOME: bad })).toThrow("not a folder of its own");
  expect(() => homeFolder({ SUBSTATION_HOME: "shops" })).toThrow('must be an absolute path, but is "shops"');
  expect(chosenName({})).toBe("local");
  for (const bad of ["Local", "1a", "-a", "a".repeat(21), "a_b"])
    expect(() => chosenName({ SUBSTATION_NAME: bad })).toThrow(`SUBSTATION_NAME is "${bad}"`);
});

test("what is chosen at the first start stays, and is refused under another name", async () => {
  expect(readInstance(root)).toBeUndefined();
  const first = await openInstance(root, { SUBSTATION_NAME: "one" });
  const recorded = JSON.parse(fs.readFileSync(path.join(root, "instance.json"), "utf8")) as Record<
    string,
    unknown
  >;
  const ports = Object.entries(recorded).filter(([name]) => name.endsWith("Port"));
  expect(ports).toHaveLength(6);
  expect(new Set(ports.map(([, port]) => port)).size).toBe(6);
  expect(await openInstance(root, {})).toEqual(first);
  await expect(openInstance(root, { SUBSTATION_NAME: "two" })).rejects.toThrow('holds the platform "one"');
  fs.writeFileSync(
    path.join(root, "instance.json"),
    JSON.stringify({ ...recorded, gatewaysPort: undefined }),
  );
  expect(readInstance(root)?.gatewaysPort).toBe(0); // a record from before there were gateways
  expect(await openInstance(root, {})).toEqual(first);
  expect(readInstance(root)).toEqual(first);
  fs.writeFileSync(path.join(root, "instance.json"), '{"version":1}');
  expect(() => readInstance(root)).toThrow("instance.json is damaged or of another version");
});

test("a secret is made up once, and readable by its owner alone", () => {
  const { home } = { home: { secrets: path.join(root, "secrets") } as Parameters<typeof secret>[0] };
  expect(secret(home, "x")).toMatch(/^[\w-]{43}$/);
  expect(secret(home, "x")).toBe(secret(home, "x"));
  expect(fs.statSync(path.join(home.secrets, "x")).mode & 0o777).toBe(0o600);
  expect(fs.statSync(home.secrets).mode & 0o777).toBe(0o700);
});
