package postgresql

import (
	"context"
	"database/sql"
	"fmt"
)

// lockRole makes others that change what hangs on the same role wait: PostgreSQL would fail one of two at once with
// "tuple concurrently updated". The lock ends with the transaction.
func lockRole(ctx context.Context, tx querier, role string) error {
	return advisoryLock(ctx, tx, "SELECT pg_advisory_xact_lock(oid::bigint) FROM pg_catalog.pg_roles WHERE rolname = $1", role)
}

func lockDatabase(ctx context.Context, tx querier, database string) error {
	return advisoryLock(ctx, tx, "SELECT pg_advisory_xact_lock(oid::bigint) FROM pg_catalog.pg_database WHERE datname = $1", database)
}

func advisoryLock(ctx context.Context, tx querier, query, name string) error {
	// The wait for the lock is no statement of ours that has run away.
	if err := exec(ctx, tx, "SET LOCAL statement_timeout = 0"); err != nil {
		return err
	}
	if _, err := tx.ExecContext(ctx, query, name); err != nil {
		return fmt.Errorf("could not wait for others at work on %s: %w", name, err)
	}
	return nil
}

// canSet says whether member may act as role: since PostgreSQL 16 a membership alone does not allow it.
func canSet(ctx context.Context, q querier, role, member string) (bool, error) {
	var yes bool
	ok, err := found(ctx, q, []any{&yes}, `
SELECT bool_or(COALESCE((to_jsonb(m) ->> 'set_option')::bool, true))
  FROM pg_catalog.pg_auth_members m
 WHERE pg_get_userbyid(m.roleid) = $1 AND pg_get_userbyid(m.member) = $2
HAVING count(*) > 0`, role, member)
	return ok && yes, err
}

func isSuperuser(ctx context.Context, q querier, role string) (bool, error) {
	var yes bool
	_, err := found(ctx, q, []any{&yes}, "SELECT rolsuper FROM pg_catalog.pg_roles WHERE rolname = $1", role)
	return yes, err
}

func currentUser(ctx context.Context, q querier) (name string, super bool, err error) {
	err = q.QueryRowContext(ctx,
		"SELECT rolname, rolsuper FROM pg_catalog.pg_roles WHERE rolname = current_user").Scan(&name, &super)
	return name, super, err
}

// asMemberOf runs work while the connected user is a member of the roles, which it needs to be in order to change what
// they own, unless it is a superuser. Memberships that it does not have are granted for the time of work alone; a
// role that is a member of the user is taken out of it meanwhile, as two roles cannot be members of each other.
func asMemberOf(ctx context.Context, q querier, roles []string, work func() error) error {
	if len(roles) == 0 {
		return work()
	}
	user, super, err := currentUser(ctx, q)
	if err != nil {
		return err
	}
	if super {
		return work()
	}
	var granted, revoked []string
	for _, role := range roles {
		if role == user {
			continue
		}
		if super, err := isSuperuser(ctx, q, role); err != nil || super {
			if err != nil {
				return err
			}
			continue // cannot be granted to one who is not; the work itself will say if it is needed
		}
		opposite, err := canSet(ctx, q, user, role)
		if err != nil {
			return err
		}
		if opposite {
			if err := exec(ctx, q, "REVOKE %s FROM %s", ident(user), ident(role)); err != nil {
				return fmt.Errorf("could not take %s out of %s: %w", role, user, err)
			}
			revoked = append(revoked, role)
		}
		member, err := canSet(ctx, q, role, user)
		if err != nil {
			return err
		}
		if !member {
			if err := exec(ctx, q, "GRANT %s TO %s", ident(role), ident(user)); err != nil {
				return fmt.Errorf("could not make %s a member of %s: %w", user, role, err)
			}
			granted = append(granted, role)
		}
	}
	if err := work(); err != nil {
		return err
	}
	for _, role := range granted {
		if exists, err := roleExists(ctx, q, role); err != nil || !exists {
			if err != nil {
				return err
			}
			continue
		}
		if err := exec(ctx, q, "REVOKE %s FROM %s", ident(role), ident(user)); err != nil {
			return fmt.Errorf("could not end the membership of %s in %s: %w", user, role, err)
		}
	}
	for _, role := range revoked {
		if exists, err := roleExists(ctx, q, role); err != nil || !exists {
			if err != nil {
				return err
			}
			continue
		}
		if err := exec(ctx, q, "GRANT %s TO %s", ident(user), ident(role)); err != nil {
			return fmt.Errorf("could not put %s back into %s: %w", role, user, err)
		}
	}
	return nil
}

// ownedBy runs work on one connection while the connected user may give things to owner, and takes its turn with
// others who do the same: the lock and the work share the connection, so that a full pool cannot bar its own way.
func (s *server) ownedBy(ctx context.Context, owner string, work func(querier) error) error {
	db, err := s.db("")
	if err != nil {
		return err
	}
	if owner == "" {
		return work(db)
	}
	conn, err := db.Conn(ctx)
	if err != nil {
		return err
	}
	defer conn.Close() //nolint:errcheck // back into the pool
	const oid = "(SELECT oid::bigint FROM pg_catalog.pg_roles WHERE rolname = current_user)"
	if err := exec(ctx, conn, "SET statement_timeout = 0"); err != nil {
		return err
	}
	if err := exec(ctx, conn, "SELECT pg_advisory_lock(%s)", oid); err != nil {
		return err
	}
	// The connection goes back into the pool: it must not take the lock or the setting with it.
	defer conn.ExecContext(context.WithoutCancel(ctx), "RESET statement_timeout; SELECT pg_advisory_unlock_all()") //nolint:errcheck // a broken connection has lost both
	return asMemberOf(ctx, conn, []string{owner}, func() error { return work(conn) })
}

func roleExists(ctx context.Context, q querier, role string) (bool, error) {
	var one int
	return found(ctx, q, []any{&one}, "SELECT 1 FROM pg_catalog.pg_roles WHERE rolname = $1", role)
}

func databaseExists(ctx context.Context, q querier, database string) (bool, error) {
	var one int
	return found(ctx, q, []any{&one}, "SELECT 1 FROM pg_catalog.pg_database WHERE datname = $1", database)
}

func schemaExists(ctx context.Context, q querier, name string) (bool, error) {
	var one int
	return found(ctx, q, []any{&one}, "SELECT 1 FROM pg_catalog.pg_namespace WHERE nspname = $1", name)
}

var _ querier = (*sql.Tx)(nil)
