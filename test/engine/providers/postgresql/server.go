package postgresql

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"strconv"
	"strings"
	"sync"

	"github.com/hashicorp/terraform-plugin-sdk/v2/diag"
	"github.com/hashicorp/terraform-plugin-sdk/v2/helper/schema"
	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
	"github.com/jackc/pgx/v5/stdlib"
)

const (
	// idleConnections to the maintenance database are kept for the next of many short operations: logging in over TLS
	// and SCRAM costs more than most of them. The official plugin keeps none, and neither is one kept to any other
	// database: of 25 tenants they would be 25.
	idleConnections = 4
)

type settings struct {
	host, database, username, password, actingAs string
	port                                         int
	superuser                                    bool
	sslmode, sslrootcert, clientCert, clientKey  string
	connectTimeout, maxConnections               int
	expectedVersion                              string
}

// server is one PostgreSQL server, with a pool of connections for each of its databases in use.
type server struct {
	settings

	mu    sync.Mutex
	pools map[string]*sql.DB
}

func newServer(s *settings) *server {
	return &server{settings: *s, pools: map[string]*sql.DB{}}
}

// user is the role that owns what is made.
func (s *server) user() string {
	if s.actingAs != "" {
		return s.actingAs
	}
	return s.username
}

// db is the pool of a database; "" is the maintenance database.
func (s *server) db(database string) (*sql.DB, error) {
	if database == "" {
		database = s.database
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if pool, ok := s.pools[database]; ok {
		return pool, nil
	}
	config, err := pgx.ParseConfig(s.dsn(database))
	if err != nil {
		return nil, fmt.Errorf("the provider's configuration is not usable: %w", err)
	}
	// Most statements are run once: preparing them would double the round trips.
	config.DefaultQueryExecMode = pgx.QueryExecModeExec
	pool := stdlib.OpenDB(*config)
	if s.maxConnections > 0 {
		pool.SetMaxOpenConns(s.maxConnections)
	}
	if database == s.database {
		pool.SetMaxIdleConns(idleConnections)
	} else {
		pool.SetMaxIdleConns(-1)
	}
	s.pools[database] = pool
	return pool, nil
}

// forget closes what is idle in a database's pool, so that nothing of ours is in the way of its end.
func (s *server) forget(database string) {
	s.mu.Lock()
	pool := s.pools[database]
	delete(s.pools, database)
	s.mu.Unlock()
	if pool != nil {
		_ = pool.Close() //nolint:errcheck // its connections are gone either way
	}
}

func (s *server) dsn(database string) string {
	sslmode := s.sslmode
	if sslmode == "" {
		sslmode = "require" // the official plugin's driver asks for TLS
	}
	var b strings.Builder
	add := func(key, value string) {
		if value == "" {
			return
		}
		value = strings.NewReplacer(`\`, `\\`, `'`, `\'`).Replace(value)
		fmt.Fprintf(&b, "%s='%s' ", key, value)
	}
	add("host", s.host)
	add("port", strconv.Itoa(s.port))
	add("dbname", database)
	add("user", s.username)
	add("password", s.password)
	add("sslmode", sslmode)
	add("sslrootcert", s.sslrootcert)
	add("sslcert", s.clientCert)
	add("sslkey", s.clientKey)
	if s.connectTimeout > 0 {
		add("connect_timeout", strconv.Itoa(s.connectTimeout))
	}
	add("application_name", "Pulumi provider")
	return b.String()
}

// tx runs work in one transaction on a database.
func (s *server) tx(ctx context.Context, database string, work func(*sql.Tx) error) error {
	db, err := s.db(database)
	if err != nil {
		return err
	}
	tx, err := db.BeginTx(ctx, nil)
	if err != nil {
		return fmt.Errorf("could not start a transaction: %w", err)
	}
	defer tx.Rollback() //nolint:errcheck // does nothing after Commit
	if err := work(tx); err != nil {
		return err
	}
	if err := tx.Commit(); err != nil {
		return fmt.Errorf("could not commit the transaction: %w", err)
	}
	return nil
}

// querier is what a pool, a connection and a transaction have in common.
type querier interface {
	ExecContext(context.Context, string, ...any) (sql.Result, error)
	QueryContext(context.Context, string, ...any) (*sql.Rows, error)
	QueryRowContext(context.Context, string, ...any) *sql.Row
}

func exec(ctx context.Context, q querier, format string, args ...any) error {
	_, err := q.ExecContext(ctx, fmt.Sprintf(format, args...))
	return err
}

// found runs a query for one row, and says whether there is one.
func found(ctx context.Context, q querier, dest []any, query string, args ...any) (bool, error) {
	err := q.QueryRowContext(ctx, query, args...).Scan(dest...)
	if errors.Is(err, sql.ErrNoRows) {
		return false, nil
	}
	return err == nil, err
}

func column(ctx context.Context, q querier, query string, args ...any) ([]string, error) {
	rows, err := q.QueryContext(ctx, query, args...)
	if err != nil {
		return nil, err
	}
	defer rows.Close() //nolint:errcheck // rows.Err says what went wrong
	var values []string
	for rows.Next() {
		var v string
		if err := rows.Scan(&v); err != nil {
			return nil, err
		}
		values = append(values, v)
	}
	return values, rows.Err()
}

// operation is what a resource does on the server; its error becomes the engine's, with all that the server said.
type operation func(context.Context, *server, *schema.ResourceData) error

func run(op operation) func(context.Context, *schema.ResourceData, any) diag.Diagnostics {
	return func(ctx context.Context, d *schema.ResourceData, meta any) diag.Diagnostics {
		err := op(ctx, meta.(*server), d)
		var said *pgconn.PgError // its own text has the message and the SQLSTATE
		if errors.As(err, &said) {
			for _, part := range []struct{ name, text string }{{"detail", said.Detail}, {"hint", said.Hint}} {
				if part.text != "" {
					err = fmt.Errorf("%w; %s: %s", err, part.name, part.text)
				}
			}
		}
		return diag.FromErr(err)
	}
}

func sqlState(err error) string {
	var said *pgconn.PgError
	if errors.As(err, &said) {
		return said.Code
	}
	return ""
}

func ident(name string) string { return pgx.Identifier{name}.Sanitize() }

// literal quotes a string for SQL. Standard strings take backslashes as they are.
func literal(s string) string { return "'" + strings.ReplaceAll(s, "'", "''") + "'" }
