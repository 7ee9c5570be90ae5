/**
 * Queries of PostgreSQL's catalogs (16 or later). The statements of one list are sent together, so none has parameters. The columns have the names of the interfaces in
 * catalogs.ts; names are cast to text, which the driver reads as arrays too.
 */

/** Rights of an ACL's column, by grantee: "public" where that is everybody. Grants of one right by several roles count once. */
const rights = (acl: string, from: string, where = "true") => `
  SELECT coalesce(g.rolname::text, 'public') AS grantee, array_agg(DISTINCT a.privilege_type ORDER BY a.privilege_type) AS privileges,
         bool_or(a.is_grantable) AS grantable, o.kind AS "on", o.name AS object
    FROM (${from}) o, LATERAL aclexplode(${acl}) a LEFT JOIN pg_roles g ON g.oid = a.grantee
   WHERE ${where} GROUP BY g.rolname, o.kind, o.name`;

/** Objects of the cluster's own making have lower ids. */
const firstNormalId = 16384;

export const serverQueries = {
  // Predefined roles (pg_…) are the server's own; who is a member of them stands among the memberships.
  roles: `
    SELECT rolname::text AS name, shobj_description(oid, 'pg_authid') AS mark, oid = 10 AS bootstrap, rolcanlogin AS login, rolsuper AS superuser,
           rolcreatedb AS "createDatabase", rolcreaterole AS "createRole", rolreplication AS replication, rolbypassrls AS "bypassRowSecurity",
           rolconnlimit AS "connectionLimit"
      FROM pg_roles WHERE oid = 10 OR oid >= ${firstNormalId} ORDER BY 1`,
  roleSettings: `
    SELECT r.rolname::text AS role, d.datname::text AS database, s.setconfig AS settings
      FROM pg_db_role_setting s LEFT JOIN pg_roles r ON r.oid = s.setrole LEFT JOIN pg_database d ON d.oid = s.setdatabase`,
  // The server refuses circles. Rights reach as far as every link on the way hands them on.
  memberships: `
    WITH RECURSIVE link AS (
      SELECT m.rolname AS member, r.rolname AS role, bool_or(admin_option) AS admin, bool_or(inherit_option) AS inherit,
             bool_or(set_option) AS set
        FROM pg_auth_members a JOIN pg_roles m ON m.oid = a.member JOIN pg_roles r ON r.oid = a.roleid
       WHERE m.oid >= ${firstNormalId} GROUP BY 1, 2
    ), reach AS (
      SELECT *, ARRAY[]::name[] AS through FROM link
      UNION ALL
      SELECT reach.member, link.role, link.admin AND (reach.inherit OR reach.set), reach.inherit AND link.inherit, reach.set AND link.set,
             reach.through || link.member
        FROM reach JOIN link ON link.member = reach.role
    )
    SELECT member::text, role::text, admin, inherit, set, through::text[] FROM reach ORDER BY 1, 2, 6`,
  databases: `
    SELECT d.datname::text AS name, shobj_description(d.oid, 'pg_database') AS mark, o.rolname::text AS "ownedBy", datconnlimit AS "connectionLimit",
           datallowconn AS "allowConnections", datistemplate AS "isTemplate"
      FROM pg_database d JOIN pg_roles o ON o.oid = d.datdba ORDER BY 1`,
  grants: rights(
    "o.acl",
    "SELECT 'database' AS kind, datname::text AS name, coalesce(datacl, acldefault('d', datdba)) AS acl FROM pg_database",
  ),
  settings: "SELECT name, setting AS value FROM pg_settings",
  sessions: `
    SELECT usename::text AS role, datname::text AS database, host(client_addr) AS address, coalesce(ssl, false) AS tls
      FROM pg_stat_activity LEFT JOIN pg_stat_ssl USING (pid) WHERE backend_type = 'client backend' AND datname IS NOT NULL AND usename IS NOT NULL`,
  rights: `SELECT pg_has_role('pg_read_all_stats', 'USAGE') AS "seesSessions"`,
} as const;

const userSchemas = "n.nspname !~ '^pg_(toast|temp)'";

/** What initdb gives to everybody in the information schema, and does not write down. */
const toAll = (right: string, owner: string) =>
  `CASE n.nspname WHEN 'information_schema' THEN ARRAY[makeaclitem(0, ${owner}, '${right}', false)] END`;

/**
 * All objects with an ACL, and what it was when the cluster or an extension made them; nothing for what users made. The owner, whose rights on what is his go without
 * saying, is left out of users' schemas: those are told in full.
 */
const objects = `
    SELECT 'schema' AS kind, n.nspname::text AS name, CASE WHEN n.oid < ${firstNormalId} THEN n.nspowner END AS owner,
           coalesce(n.nspacl, acldefault('n', n.nspowner)) AS acl, coalesce(i.initprivs, ${toAll("USAGE", "n.nspowner")}) AS initprivs
      FROM pg_namespace n LEFT JOIN pg_init_privs i ON i.objoid = n.oid AND i.classoid = 'pg_namespace'::regclass WHERE ${userSchemas}
    UNION ALL
    SELECT CASE c.relkind WHEN 'S' THEN 'sequence' ELSE 'table' END, n.nspname || '.' || c.relname, c.relowner, c.relacl, coalesce(i.initprivs, ${toAll("SELECT", "c.relowner")})
      FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
      LEFT JOIN pg_init_privs i ON i.objoid = c.oid AND i.classoid = 'pg_class'::regclass AND i.objsubid = 0
     WHERE c.relacl IS NOT NULL AND ${userSchemas}
    UNION ALL
    SELECT 'table', n.nspname || '.' || c.relname || '.' || a.attname, c.relowner, a.attacl, i.initprivs
      FROM pg_attribute a JOIN pg_class c ON c.oid = a.attrelid JOIN pg_namespace n ON n.oid = c.relnamespace
      LEFT JOIN pg_init_privs i ON i.objoid = c.oid AND i.classoid = 'pg_class'::regclass AND i.objsubid = a.attnum
     WHERE a.attacl IS NOT NULL
    UNION ALL
    SELECT 'function', n.nspname || '.' || p.proname, p.proowner, coalesce(p.proacl, acldefault('f', p.proowner)),
           coalesce(i.initprivs, CASE WHEN p.oid < ${firstNormalId} THEN acldefault('f', p.proowner) END)
      FROM pg_proc p JOIN pg_namespace n ON n.oid = p.pronamespace
      LEFT JOIN pg_init_privs i ON i.objoid = p.oid AND i.classoid = 'pg_proc'::regclass
     WHERE p.proacl IS NOT NULL OR p.oid >= ${firstNormalId}
    UNION ALL
    SELECT 'other', 'large object ' || l.oid, l.lomowner, l.lomacl, NULL FROM pg_largeobject_metadata l WHERE l.lomacl IS NOT NULL
    UNION ALL
    SELECT 'other', 'foreign server ' || s.srvname, s.srvowner, s.srvacl, NULL FROM pg_foreign_server s WHERE s.srvacl IS NOT NULL
    UNION ALL
    SELECT 'other', 'language ' || l.lanname, l.lanowner, l.lanacl, i.initprivs FROM pg_language l
      LEFT JOIN pg_init_privs i ON i.objoid = l.oid AND i.classoid = 'pg_language'::regclass WHERE l.lanacl IS NOT NULL`;

/** What a role that makes functions or types gives to others with each, without being asked. */
const defaults = (letter: "f" | "T", kind: string) => `
    SELECT 'default ${kind}' AS kind, r.rolname::text AS name, r.oid AS owner, coalesce(d.defaclacl, acldefault('${letter}', r.oid)) AS acl, NULL::aclitem[] AS initprivs
      FROM pg_roles r LEFT JOIN pg_default_acl d ON d.defaclrole = r.oid AND d.defaclnamespace = 0 AND d.defaclobjtype = '${letter}'
     WHERE d.oid IS NOT NULL OR r.oid IN (SELECT nspowner FROM pg_namespace WHERE oid >= ${firstNormalId})`;

const moreDefaults = `
    SELECT 'other', 'default ' || CASE d.defaclobjtype WHEN 'r' THEN 'table' WHEN 'S' THEN 'sequence' WHEN 'f' THEN 'function' WHEN 'T' THEN 'type' WHEN 'n' THEN 'schema' ELSE 'object' END
           || ' of ' || r.rolname, r.oid, d.defaclacl, NULL
      FROM pg_default_acl d JOIN pg_roles r ON r.oid = d.defaclrole WHERE d.defaclnamespace <> 0 OR d.defaclobjtype NOT IN ('f', 'T')`;

/** Rights that came with the cluster, and by which every role in one database can look at the others. */
const onNeighbours = `
  SELECT 'public', ARRAY['SELECT'], false, 'table', 'pg_catalog.pg_shdescription'
   WHERE has_table_privilege('public', 'pg_catalog.pg_shdescription', 'SELECT')
  UNION ALL
  SELECT 'public', ARRAY['EXECUTE'], false, 'function', 'pg_catalog.pg_stat_get_db_*'
   WHERE EXISTS (SELECT FROM pg_proc WHERE pronamespace = 'pg_catalog'::regnamespace AND proname >= 'pg_stat_get_db_' AND proname < 'pg_stat_get_dc' AND has_function_privilege('public', oid, 'EXECUTE'))`;

/** Of the database that the connection is to. */
export const tenantQueries = {
  // Rights that came with the cluster or an extension go without saying too.
  grants: `${rights(
    "o.acl",
    // What is as it came is most of it, and need not be taken apart.
    `SELECT * FROM (${objects} UNION ALL ${defaults("f", "function")} UNION ALL ${defaults("T", "type")} UNION ALL ${moreDefaults}) all_of_them
      WHERE acl IS DISTINCT FROM initprivs`,
    `a.grantee IS DISTINCT FROM o.owner AND NOT EXISTS (SELECT FROM aclexplode(o.initprivs) i
        WHERE i.grantee = a.grantee AND i.privilege_type = a.privilege_type AND i.is_grantable = a.is_grantable)`,
  )} UNION ALL ${onNeighbours}`,
  extensions: "SELECT extname::text AS name FROM pg_extension ORDER BY 1",
  // Functions of an extension are judged with it; what runs with its owner's rights is told all the same, and so are a superuser's views, which do as well.
  functions: `
    SELECT n.nspname || '.' || p.proname AS name, o.rolname::text AS "ownedBy", o.rolsuper AS "ownedBySuperuser", p.prosecdef AS "securityDefiner",
           l.lanname::text AS language, l.lanpltrusted OR l.lanname = 'sql' AS "trustedLanguage"
      FROM pg_proc p JOIN pg_namespace n ON n.oid = p.pronamespace JOIN pg_roles o ON o.oid = p.proowner JOIN pg_language l ON l.oid = p.prolang
     WHERE p.oid >= ${firstNormalId} AND (p.prosecdef OR NOT (l.lanpltrusted OR l.lanname = 'sql')
             AND NOT EXISTS (SELECT FROM pg_depend d WHERE d.classid = 'pg_proc'::regclass AND d.objid = p.oid AND d.deptype = 'e'))
    UNION ALL
    SELECT n.nspname || '.' || c.relname, o.rolname::text, true, true, 'sql', true
      FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace JOIN pg_roles o ON o.oid = c.relowner
     WHERE c.oid >= ${firstNormalId} AND c.relkind = 'v' AND o.rolsuper AND NOT coalesce('security_invoker=true' = ANY(c.reloptions), false)
     ORDER BY 1`,
} as const;
