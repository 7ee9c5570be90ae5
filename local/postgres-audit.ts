/**
 * What the audit looks at and no ordinary role may: settings and sessions that PostgreSQL hides, `pg_hba.conf`, and the stored passwords of roles. SQL for
 * a superuser in database `postgres`; may be repeated. It stands in docs/platform.md too, for servers of an operator's own.
 *
 * `substation.role_verifiers()` answers only for roles that the caller administers, whose passwords it could set as well.
 */
export const auditRights = (role: string): string => `
GRANT pg_read_all_settings, pg_read_all_stats TO ${role} WITH INHERIT TRUE;
GRANT SELECT ON pg_catalog.pg_hba_file_rules TO ${role};
GRANT EXECUTE ON FUNCTION pg_catalog.pg_hba_file_rules() TO ${role};

CREATE SCHEMA IF NOT EXISTS substation;
REVOKE ALL ON SCHEMA substation FROM PUBLIC;
GRANT USAGE ON SCHEMA substation TO ${role};
CREATE OR REPLACE FUNCTION substation.role_verifiers() RETURNS TABLE (role name, verifier text)
  LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp
BEGIN ATOMIC
  SELECT a.rolname, a.rolpassword FROM pg_authid a
   WHERE EXISTS (SELECT FROM pg_auth_members m
                  WHERE m.roleid = a.oid AND m.admin_option
                    AND m.member = (SELECT oid FROM pg_roles WHERE rolname = session_user));
END;
REVOKE ALL ON FUNCTION substation.role_verifiers() FROM PUBLIC;
GRANT EXECUTE ON FUNCTION substation.role_verifiers() TO ${role};
`;
