import * as fs from "node:fs";
import * as os from "node:os";
import * as path from "node:path";
import { findProblem, parseDatabaseUrl } from "./postgres-external";

describe("SUBSTATION_DATABASE_URL", () => {
  const folder = fs.mkdtempSync(path.join(os.tmpdir(), "external-"));
  const ca = path.join(folder, "ca.pem");
  fs.writeFileSync(ca, "");
  afterAll(() => fs.rmSync(folder, { recursive: true }));
  const good = `postgres://provisioner:p%40ss@db.example.com:6432/?sslmode=verify-full&sslrootcert=${ca}`;

  test("names server, role and authority; containers use the same host unless told otherwise", () => {
    const access = {
      host: "db.example.com",
      port: 6432,
      address: "db.example.com",
      user: "provisioner",
      password: "p@ss",
      caFile: ca,
    };
    expect(parseDatabaseUrl(good)).toEqual(access);
    expect(parseDatabaseUrl(good.replace(":6432", ""), "10.0.0.7")).toEqual({
      ...access,
      port: 5432,
      address: "10.0.0.7",
    });
  });

  test.each([
    ["not a url", "is not a URL"],
    [good.replace("postgres:", "mysql:"), 'begins with "mysql:"'],
    [good.replace("provisioner:p%40ss@", ""), "lacks a host, a user or a password"],
    [good.replace("verify-full", "require"), 'has sslmode "require"'],
    [good.replace(/&.*/, ""), "lacks sslrootcert"],
    [good.replace("ca.pem", "gone.pem"), "gone.pem as sslrootcert, which does not exist"],
    [good.replace("db.example.com", "127.0.0.1"), "SUBSTATION_DATABASE_ADDRESS"],
  ])("is refused, without its password being shown: %#", (url, said) => {
    const parse = () => parseDatabaseUrl(url);
    expect(parse).toThrow(said);
    expect(parse).not.toThrow(/p@ss|p%40ss/);
  });
});

test("a server that is too old, or a role with too many or too few rights, is refused with what to do", () => {
  const fine = { version: 160004, rolsuper: false, rolcreatedb: true, rolcreaterole: true };
  expect(findProblem(fine, "p")).toBeUndefined();
  expect(findProblem({ ...fine, version: 150008 }, "p")).toContain("version 15 is too old");
  expect(findProblem({ ...fine, rolsuper: true }, "p")).toContain(
    "CREATE ROLE substation_provisioner LOGIN CREATEDB CREATEROLE",
  );
  expect(findProblem({ ...fine, rolcreatedb: false }, "p")).toContain('ALTER ROLE "p" CREATEDB CREATEROLE');
});
