import { escapeIdentifier, escapeLiteral, type ClientBase } from "pg";
import { mainStation } from "../config/main-station";

/**
 * What the main station's database holds and who may do what with it, as one text: a line with a count and a SHA-256 for each table and each kind
 * of right and structure. Two texts are equal exactly where nothing was changed in between, and their lines show what was.
 *
 * @param client of a superuser, in the main station's database; may be in a transaction
 */
export async function mainStationChecksum(client: ClientBase): Promise<string> {
  const { rows: tables } = await client.query<{ schema: string; name: string }>(
    "SELECT nspname AS schema, relname AS name FROM pg_class JOIN pg_namespace n ON n.oid = relnamespace WHERE relkind IN ('r', 'm') AND " +
      ours("nspname"),
  );
  const parts = [
    ...tables.map(({ schema, name }) => [
      `${schema}.${name}`,
      `TABLE ONLY ${escapeIdentifier(schema)}.${escapeIdentifier(name)}`,
    ]),
    ...Object.entries(catalogs),
  ];
  // One statement sees one moment.
  const lines = parts.map(
    ([title = "", sql = ""]) =>
      `SELECT ${escapeLiteral(title)} || ' ' || count(*) || ' ' || encode(sha256(convert_to(coalesce(
         string_agg(row::text, E'\\n' ORDER BY row::text COLLATE "C"), ''), 'UTF8')), 'hex') AS line FROM (${sql}) row`,
  );
  const { rows } = await client.query<{ line: string }>(lines.join("\nUNION ALL\n"));
  return rows
    .map(({ line }) => line)
    .sort()
    .join("\n");
}

const ours = (schema: string): string => `${schema} !~ '^pg_' AND ${schema} <> 'information_schema'`;
const inOurs = (column: string): string =>
  `EXISTS (SELECT FROM pg_namespace n WHERE n.oid = ${column} AND ${ours("nspname")})`;
const relationInOurs = (column: string): string =>
  `EXISTS (SELECT FROM pg_class r WHERE r.oid = ${column} AND ${inOurs("r.relnamespace")})`;
const ourRole = (column: string): string =>
  `${column} IN (SELECT oid FROM pg_roles WHERE rolname IN ('${mainStation.role}', '${mainStation.appRole}'))`;

/** ACLs are compared of everything, PostgreSQL's own catalogs and functions too; structure of what is not PostgreSQL's. */
const catalogs: Readonly<Record<string, string>> = {
  database:
    "SELECT datname, datdba, datacl, datallowconn, datistemplate, datconnlimit, shobj_description(oid, 'pg_database') FROM pg_database WHERE datname = current_database()",
  roles: `SELECT * FROM pg_authid WHERE ${ourRole("oid")}`,
  memberships: `SELECT roleid, member, grantor, admin_option, inherit_option, set_option FROM pg_auth_members WHERE ${ourRole("roleid")} OR ${ourRole("member")}`,
  settings: `SELECT * FROM pg_db_role_setting WHERE setdatabase = (SELECT oid FROM pg_database WHERE datname = current_database()) OR ${ourRole("setrole")}`,
  schemas: "SELECT oid, nspname, nspowner, nspacl FROM pg_namespace WHERE nspname !~ '^pg_(toast_)?temp_'",
  "relations' rights": "SELECT oid, relowner, relacl FROM pg_class WHERE relacl IS NOT NULL",
  "routines' rights": "SELECT oid, proowner, proacl FROM pg_proc WHERE proacl IS NOT NULL",
  "columns' rights": "SELECT attrelid, attnum, attacl FROM pg_attribute WHERE attacl IS NOT NULL",
  "types' rights": "SELECT oid, typowner, typacl FROM pg_type WHERE typacl IS NOT NULL",
  "default rights": "SELECT * FROM pg_default_acl",
  relations: `SELECT oid, relname, relkind, relowner, relpersistence, relrowsecurity, relforcerowsecurity, reloptions,
      CASE WHEN relkind IN ('v', 'm') THEN pg_get_viewdef(oid) END FROM pg_class WHERE ${inOurs("relnamespace")}`,
  columns: `SELECT a.attrelid, a.attnum, a.attname, a.atttypid, a.atttypmod, a.attnotnull, a.attidentity, a.attgenerated, pg_get_expr(adbin, adrelid)
      FROM pg_attribute a LEFT JOIN pg_attrdef ON adrelid = attrelid AND adnum = attnum WHERE attnum > 0 AND ${relationInOurs("attrelid")}`,
  constraints: `SELECT oid, conname, conrelid, pg_get_constraintdef(oid) FROM pg_constraint WHERE ${inOurs("connamespace")}`,
  indexes: `SELECT indexrelid, pg_get_indexdef(indexrelid), indisvalid FROM pg_index WHERE ${relationInOurs("indrelid")}`,
  sequences: `SELECT * FROM pg_sequences WHERE ${ours("schemaname")}`,
  triggers: `SELECT oid, tgenabled, pg_get_triggerdef(oid) FROM pg_trigger WHERE ${relationInOurs("tgrelid")}`,
  rules: `SELECT oid, ev_enabled, pg_get_ruledef(oid) FROM pg_rewrite WHERE ${relationInOurs("ev_class")}`,
  policies: "SELECT oid, polname, polrelid, polcmd, polroles, pg_get_expr(polqual, polrelid) FROM pg_policy",
  routines: `SELECT oid, proname, proowner, prosecdef, proconfig, prosrc, pg_get_function_arguments(oid) FROM pg_proc WHERE ${inOurs("pronamespace")}`,
  extensions: "SELECT oid, extname, extowner, extversion FROM pg_extension",
  languages: "SELECT oid, lanname, lanowner, lanpltrusted, lanacl FROM pg_language",
  "event triggers": "SELECT oid, evtname, evtevent, evtowner, evtfoid, evtenabled FROM pg_event_trigger",
  "foreign servers": "SELECT oid, srvname, srvowner, srvoptions, srvacl FROM pg_foreign_server",
  "large objects": "SELECT oid, lomowner, lomacl, lo_get(oid) FROM pg_largeobject_metadata",
};
