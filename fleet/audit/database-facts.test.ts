import { mark } from "../../config/names";
import type { CatalogRole, ServerCatalog } from "../../inventory/catalogs";
import { owner } from "../../policies/rules/testing";
import { milliseconds, serverFacts } from "./database-facts";

const app = "ss_aaaaaaaaaaaaaaaa_app";

const role: CatalogRole = {
  name: app,
  mark: mark(owner),
  bootstrap: false,
  login: true,
  superuser: false,
  createDatabase: false,
  createRole: false,
  replication: false,
  bypassRowSecurity: false,
  connectionLimit: 6,
};

const catalog = (change: Partial<ServerCatalog>): ServerCatalog => ({
  roles: [role],
  roleSettings: [],
  memberships: [],
  databases: [],
  grants: [],
  settings: [],
  sessions: [],
  seesSessions: true,
  ...change,
});

const unseen = { verifiers: new Map<string, string>(), asGiven: new Map<string, boolean>() };

test("the setting that counts is the one for the role in its database, then the role's, then everybody's", () => {
  const everybody = { role: null, database: null, settings: ["statement_timeout=1h", 'search_path=a, "b"'] };
  const own = { role: app, database: null, settings: ["statement_timeout=5000"] };
  const narrow = { role: app, database: "ss_aaaaaaaaaaaaaaaa", settings: ["statement_timeout=0"] };
  const timeout = (...roleSettings: ServerCatalog["roleSettings"]) =>
    serverFacts(catalog({ roleSettings }), unseen).role[0]?.statementTimeoutMs;
  expect(timeout()).toBeUndefined();
  expect(timeout(everybody)).toBe(3_600_000);
  expect(timeout(own, everybody)).toBe(5_000);
  expect(timeout(narrow, own, everybody)).toBe(0);
  expect(serverFacts(catalog({ roleSettings: [everybody] }), unseen).role[0]?.searchPath).toEqual(["a", "b"]);
});

test("times are read as PostgreSQL lets them be written", () => {
  expect(["0", "5000", "5s", "1min", "2 h", "1.5s", "soon", undefined].map(milliseconds)).toEqual([
    ...[0, 5_000, 5_000, 60_000, 7_200_000, 1_500],
    ...[undefined, undefined],
  ]);
});

test("a right concerns the substation whose database it is in, else the one whose role has it", () => {
  const neighbour = { ...owner, id: "haitang" };
  const database = {
    name: "ss_bbbbbbbbbbbbbbbb",
    mark: mark(neighbour),
    ownedBy: "provisioner",
    connectionLimit: 8,
    allowConnections: true,
    isTemplate: false,
  };
  const right = (grantee: string, object: string) => ({
    on: "database",
    object,
    grantee,
    privileges: ["CONNECT"],
    grantable: false,
  });
  const { grant } = serverFacts(
    catalog({
      databases: [database],
      grants: [right(app, database.name), right(app, "main_station"), right("public", "main_station")],
    }),
    unseen,
  );
  expect(grant.map((fact) => fact.owner?.id)).toEqual(["haitang", "mengxiang", undefined]);
});

test("sessions of which only the names can be seen are no facts: nobody knows whether they are over TLS", () => {
  const sessions = [{ role: app, database: "ss_aaaaaaaaaaaaaaaa", address: null, tls: false }];
  expect(serverFacts(catalog({ sessions }), unseen).session).toHaveLength(1);
  expect(serverFacts(catalog({ sessions, seesSessions: false }), unseen).session).toEqual([]);
});

test("what is known of a password stands with its role, and what is not known stays unknown", () => {
  const known = { verifiers: new Map([[app, null]]), asGiven: new Map([[app, false]]) };
  expect(serverFacts(catalog({}), known).role[0]?.live).toEqual({
    password: "none",
    passwordAsGiven: false,
    bootstrap: false,
  });
  expect(serverFacts(catalog({}), unseen).role[0]?.live?.password).toBeUndefined();
});
