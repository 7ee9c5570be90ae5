import { mainStation } from "../../../config/main-station";
import type { Attempt } from "../attempt";
import type { Facts } from "../facts";
import { intruder } from "../questions";
import { nothing } from "../verdict";
import { denied, noSuchRole, notThere } from "./sqlstates";

/** One statement. `undo` is for those that no transaction takes back. */
type Row = readonly [
  id: string,
  title: string,
  text: string,
  more?: { readonly expected?: readonly string[]; readonly undo?: string },
];

/** From inside its own database. None of these destroys anything where it goes well: what would, is tried by a right that comes with it. */
export function statements(facts: Facts): Attempt[] {
  const { login, neighbour } = facts;
  const rows = [...roles(facts), ...databases(facts), ...server(facts), ...catalogs];
  return [
    ...rows.map(([id, title, text, { expected = [denied], undo } = {}]): Attempt => ({
      id,
      title,
      expected,
      neighbour: id.includes("neighbour"),
      questions: [{ kind: "sql", ...login, text, ...(undo === undefined ? {} : { undo }) }],
    })),
    {
      id: "catalog/neighbour-names",
      title: "read its neighbour's id, host or title in a catalog",
      expected: [nothing],
      neighbour: true,
      questions: [{ kind: "search", ...login, words: neighbour.words }],
    },
  ];
}

function roles({ neighbour, provisioner, own }: Facts): Row[] {
  const perhaps = { expected: [denied, ...noSuchRole] };
  const superuser = "SELECT set_config('session_authorization', rolname, false) FROM pg_roles WHERE oid = 10";
  return [
    ["role/neighbour", "become its neighbour", `SET ROLE ${neighbour.app}`],
    ["role/neighbour-group", "become its neighbour's group", `SET ROLE ${neighbour.database}`],
    ["role/provisioner", "become the provisioner", `SET ROLE ${provisioner}`],
    ["role/main-station", "become the main station", `SET ROLE ${mainStation.role}`, perhaps],
    ["role/migrate", "become the owner of its schema", `SET ROLE ${own.migrate}`],
    ["role/superuser", "become the superuser", superuser],
    ["role/create", "make a role", `CREATE ROLE ${intruder} LOGIN`],
    ["role/join-neighbour", "join its neighbour's group", `GRANT ${neighbour.database} TO ${own.app}`],
    ["role/join-main-station", "join the main station", `GRANT ${mainStation.role} TO ${own.app}`, perhaps],
    ["role/join-provisioner", "join the provisioner", `GRANT ${provisioner} TO ${own.app}`],
    ["role/join-readers", "read the data of all", `GRANT pg_read_all_data TO ${own.app}`],
    ["role/join-file-writers", "write the server's files", `GRANT pg_write_server_files TO ${own.app}`],
    ["role/join-runners", "run the server's programs", `GRANT pg_execute_server_program TO ${own.app}`],
    ["role/own-limit", "raise its own connection limit", `ALTER ROLE ${own.app} CONNECTION LIMIT -1`],
    ["role/neighbour-login", "shut its neighbour out", `ALTER ROLE ${neighbour.app} NOLOGIN`],
    ["role/neighbour-password", "set its neighbour's password", `ALTER ROLE ${neighbour.app} PASSWORD NULL`],
  ];
}

function databases({ neighbour, own }: Facts): Row[] {
  const [mine, theirs] = [own.database, neighbour.database];
  return [
    [
      "database/create",
      "make a database",
      `CREATE DATABASE ${intruder}`,
      { undo: `DROP DATABASE ${intruder}` },
    ],
    ["database/own-limit", "raise its database's limit", `ALTER DATABASE ${mine} CONNECTION LIMIT -1`],
    [
      "database/neighbour-owner",
      "do as its neighbour's owner, who may drop the database",
      `ALTER DATABASE ${theirs} CONNECTION LIMIT 0`,
    ],
    [
      "database/neighbour-own",
      "own its neighbour's database",
      `ALTER DATABASE ${theirs} OWNER TO ${own.app}`,
    ],
    [
      "database/neighbour-rows",
      "name its neighbour's tables from here",
      `SELECT * FROM ${theirs}.pg_catalog.pg_largeobject`,
      { expected: [notThere] },
    ],
    ["database/schema", "make a schema", `CREATE SCHEMA ${intruder}`],
    ["database/table", "make a table in its schema", `CREATE TABLE shop.${intruder} ()`],
    ["database/public-table", "make a table in public", `CREATE TABLE public.${intruder} ()`],
    ["database/temporary-table", "keep temporary tables", `CREATE TEMPORARY TABLE ${intruder} ()`],
    ["database/drop-schema", "drop its own schema", "DROP SCHEMA shop CASCADE"],
  ];
}

function server({ neighbour }: Facts): Row[] {
  const slot = `'${intruder}'`;
  const someSession = `SELECT pid FROM pg_stat_activity WHERE datname = '${neighbour.database}' LIMIT 1`;
  return [
    ["server/program-out", "run a program on a query's result", "COPY (SELECT 1) TO PROGRAM 'true'"],
    ["server/program-in", "run a program for its output", "COPY pg_description FROM PROGRAM 'true'"],
    ["server/file-out", "write a file", "COPY (SELECT 1) TO '/dev/null'"],
    ["server/file-in", "read a file into a table", "COPY pg_description FROM '/dev/null'"],
    ["server/read-file", "read a file", "SELECT length(pg_read_file('/etc/passwd'))"],
    ["server/list-folder", "list a folder", "SELECT pg_ls_dir('.') LIMIT 1"],
    ["server/large-object-in", "read a file into a large object", "SELECT lo_import('/etc/passwd')"],
    ["server/large-object-out", "write a large object into a file", "SELECT lo_export(0, '/dev/null')"],
    ["server/large-objects", "read large objects of any owner", "SELECT count(*) FROM pg_largeobject"],
    ...["dblink", "postgres_fdw", "file_fdw", "plpython3u"].map((name): Row => [
      `server/extension-${name.replaceAll("_", "-")}`,
      `install ${name}`,
      `CREATE EXTENSION ${name}`,
      { expected: [denied, notThere] },
    ]),
    ["server/wrapper", "make a foreign data wrapper", `CREATE FOREIGN DATA WRAPPER ${intruder}`],
    [
      "server/c-function",
      "call the C library",
      `CREATE FUNCTION pg_temp.${intruder}() RETURNS int LANGUAGE c AS 'libc.so.6', 'getpid'`,
    ],
    [
      "server/settings",
      "change the server's settings",
      "ALTER SYSTEM SET log_statement = 'all'",
      { undo: "ALTER SYSTEM RESET log_statement" },
    ],
    ["server/reload", "have the settings read again", "SELECT pg_reload_conf()"],
    [
      "server/replication",
      "copy the write-ahead log",
      `SELECT pg_create_physical_replication_slot(${slot})`,
      { undo: `SELECT pg_drop_replication_slot(${slot})` },
    ],
    [
      "server/end-neighbour",
      "end a session of its neighbour's",
      `SELECT pg_terminate_backend(coalesce((${someSession}), ('its neighbour has no session ' || random())::int))`,
    ],
  ];
}

const catalogs: readonly Row[] = [
  ["catalog/passwords", "read password hashes", "SELECT count(rolpassword) FROM pg_authid"],
  ["catalog/hba", "read who may log in from where", "SELECT count(*) FROM pg_hba_file_rules"],
  [
    "catalog/files",
    "read where the server keeps its files",
    "SELECT setting FROM pg_settings WHERE name IN ('data_directory', 'hba_file')",
    { expected: [nothing] },
  ],
  [
    "catalog/queries",
    "read what others ask the server",
    "SELECT query FROM pg_stat_activity WHERE usename <> current_user AND query NOT IN ('', '<insufficient privilege>')",
    { expected: [nothing] },
  ],
  [
    "catalog/traffic",
    "read how much others sell, by their databases' counters",
    "SELECT sum(xact_commit) FROM pg_stat_database WHERE datname <> current_database()",
  ],
  ["catalog/temp-limit", "lift the limit of temporary files", "SET temp_file_limit = -1"],
];
