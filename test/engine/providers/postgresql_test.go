package main

import (
	"context"
	"fmt"
	"maps"
	"net/url"
	"os"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
)

// These run on a real server: SUBSTATION_TEST_POSTGRES is the URL of a role with CREATEDB and CREATEROLE that is no
// superuser, on a server of version 16 or later.
const (
	pgRole     = "postgresql:index/role:Role"
	pgDatabase = "postgresql:index/database:Database"
	pgGrant    = "postgresql:index/grant:Grant"
	pgMember   = "postgresql:index/grantRole:GrantRole"
	pgSchema   = "postgresql:index/schema:Schema"
	pgDefaults = "postgresql:index/defaultPrivileges:DefaultPrivileges"
)

type postgres struct {
	bridged
	url    *url.URL
	prefix string
}

func startPostgres(t *testing.T, more values) postgres {
	t.Helper()
	address := os.Getenv("SUBSTATION_TEST_POSTGRES")
	if address == "" {
		t.Skip("SKIPPED: SUBSTATION_TEST_POSTGRES names no server, so nothing is proved about PostgreSQL")
	}
	u, err := url.Parse(address)
	if err != nil {
		t.Fatal(err)
	}
	port, err := strconv.Atoi(u.Port())
	if err != nil {
		t.Fatal(err)
	}
	password, _ := u.User.Password()
	config := values{
		"host": u.Hostname(), "port": float64(port), "username": u.User.Username(), "password": password,
		"database": strings.TrimPrefix(u.Path, "/"), "superuser": false, "sslmode": u.Query().Get("sslmode"),
	}
	if ca := u.Query().Get("sslrootcert"); ca != "" {
		config["sslrootcert"] = ca
	}
	maps.Copy(config, more)
	return postgres{start(t, "postgresql", config), u, fmt.Sprintf("t%d", time.Now().UnixNano()%1e10)}
}

// as connects as a role to a database; the error is the server's.
func (p postgres) as(role, password, database string) (*pgx.Conn, error) {
	u := *p.url
	u.User = url.UserPassword(role, password)
	u.Path = "/" + database
	conn, err := pgx.Connect(context.Background(), u.String())
	if err == nil {
		p.t.Cleanup(func() { conn.Close(context.Background()) }) //nolint:errcheck // may be ended by the server
	}
	return conn, err
}

// ask runs a query as the provisioner, for one text.
func (p postgres) ask(database, query string, args ...any) string {
	p.t.Helper()
	password, _ := p.url.User.Password()
	conn, err := p.as(p.url.User.Username(), password, database)
	p.must(err)
	defer conn.Close(context.Background()) //nolint:errcheck // a test's
	var answer string
	p.must(conn.QueryRow(context.Background(), query, args...).Scan(&answer))
	return answer
}

// make creates a resource that is deleted when the test ends, after those that were made later.
func (p postgres) make(kind string, inputs values) thing {
	p.t.Helper()
	r := p.create(kind, "r", inputs)
	p.t.Cleanup(func() {
		if now, there := r.refresh(); there {
			if err := now.delete(); err != nil {
				p.t.Errorf("cleaning up %s: %v", r.id, err)
			}
		}
	})
	return r
}

func TestARoleLives(t *testing.T) {
	p := startPostgres(t, nil)
	inputs := func(changes values) values {
		v := values{"name": p.prefix, "login": true, "password": "first'\\", "connectionLimit": 3.0, "statementTimeout": 5000.0,
			"idleInTransactionSessionTimeout": 7000.0, "searchPaths": []any{"shop", "Other"}, "validUntil": "2099-01-01 00:00:00+00"}
		maps.Copy(v, changes)
		return v
	}
	r := p.make(pgRole, inputs(nil))
	if !r.secret("password") || r.id != p.prefix {
		t.Errorf("id %s, or a password that is no secret", r.id)
	}
	r, _ = r.refresh()
	if got := r.diff(inputs(nil)); got != "none" {
		t.Errorf("the same inputs after a refresh are a %s", got)
	}
	conn, err := p.as(p.prefix, "first'\\", "postgres")
	p.must(err)
	var path, timeout string
	p.must(conn.QueryRow(context.Background(), "SELECT current_setting('search_path'), current_setting('statement_timeout')").Scan(&path, &timeout))
	if path != `shop, "Other"` || timeout != "5s" {
		t.Errorf("a session starts with %s, %s", path, timeout)
	}
	r = r.update(inputs(values{"password": "second", "connectionLimit": 4.0, "statementTimeout": 0.0, "searchPaths": []any{}}))
	if _, err := p.as(p.prefix, "first'\\", "postgres"); err == nil {
		t.Error("the old password still opens")
	}
	_, err = p.as(p.prefix, "second", "postgres")
	p.must(err)
	config := p.ask("postgres", "SELECT concat(rolconnlimit, rolconfig::text, rolsuper::text) FROM pg_roles WHERE rolname = $1", p.prefix)
	if config != "4{idle_in_transaction_session_timeout=7000}false" {
		t.Errorf("the role is now %s", config)
	}
	imported, there := p.adopt(pgRole, "r", p.prefix)
	if !there || imported.get("connectionLimit") != 4.0 || imported.get("login") != true {
		t.Errorf("imported %v", imported.outputs)
	}
	p.must(r.delete())
	if _, there := r.refresh(); there {
		t.Error("a deleted role is still there")
	}
}

func TestAPasswordThatIsOnlyWrittenChangesWithItsVersion(t *testing.T) {
	p := startPostgres(t, nil)
	inputs := func(password, version string) values {
		return values{"name": p.prefix, "login": true, "passwordWo": password, "passwordWoVersion": version}
	}
	r := p.make(pgRole, inputs("one", "1"))
	_, err := p.as(p.prefix, "one", "postgres")
	p.must(err)
	if got := r.diff(inputs("two", "1")); got != "none" {
		t.Errorf("another password of the same version is a %s", got)
	}
	r.update(inputs("two", "2"))
	_, err = p.as(p.prefix, "two", "postgres")
	p.must(err)
}

func TestADatabaseLives(t *testing.T) {
	p := startPostgres(t, nil)
	owner := p.make(pgRole, values{"name": p.prefix + "_owner"})
	inputs := func(changes values) values {
		v := values{"name": p.prefix, "template": "template0", "encoding": "UTF8", "connectionLimit": 5.0, "allowConnections": false}
		maps.Copy(v, changes)
		return v
	}
	db := p.make(pgDatabase, inputs(nil))
	if got := db.get("owner"); got != p.url.User.Username() {
		t.Errorf("owned by %v", got)
	}
	db, _ = db.refresh()
	if got := db.diff(inputs(nil)); got != "none" {
		t.Errorf("the same inputs after a refresh are a %s", got)
	}
	for _, changed := range []values{{"encoding": "SQL_ASCII"}, {"template": "template1"}, {"lcCollate": "POSIX"}} {
		if got := db.diff(inputs(changed)); got != "replace" {
			t.Errorf("%v is a %s", changed, got)
		}
	}
	db = db.update(inputs(values{"allowConnections": true, "connectionLimit": 6.0}))
	db = db.update(inputs(values{"allowConnections": true, "connectionLimit": 6.0, "owner": owner.id}))
	if got := p.ask("postgres", "SELECT concat(datconnlimit, datallowconn::text, pg_get_userbyid(datdba)) FROM pg_database WHERE datname = $1", p.prefix); got != "6true"+owner.id {
		t.Errorf("the database is now %s", got)
	}
	if imported, there := p.adopt(pgDatabase, "r", p.prefix); !there || imported.get("connectionLimit") != 6.0 {
		t.Error("not imported")
	}
	password, _ := p.url.User.Password()
	conn, err := p.as(p.url.User.Username(), password, p.prefix)
	p.must(err)
	p.must(db.delete())
	if conn.Ping(context.Background()) == nil {
		t.Error("a connection to a dropped database lives on")
	}
}

func TestPrivilegesAreExactlyTheGrantedOnes(t *testing.T) {
	p := startPostgres(t, nil)
	group := p.make(pgRole, values{"name": p.prefix}).id
	owner := p.make(pgRole, values{"name": p.prefix + "_migrate", "login": true, "password": "m", "roles": []any{group}}).id
	app := p.make(pgRole, values{"name": p.prefix + "_app", "login": true, "password": "a", "roles": []any{group}}).id
	stranger := p.make(pgRole, values{"name": p.prefix + "_x", "login": true, "password": "x"}).id
	db := p.make(pgDatabase, values{"name": p.prefix}).id
	if _, err := p.as(stranger, "x", db); err != nil {
		t.Fatalf("a new database is open to all, but: %v", err)
	}
	closed := p.make(pgGrant, values{"role": "public", "database": db, "objectType": "database", "privileges": []any{}})
	if _, err := p.as(stranger, "x", db); err == nil {
		t.Error("a stranger is let in after the privileges of PUBLIC are none")
	}
	if got := closed.id; got != "public_"+db+"_database" {
		t.Errorf("the grant's id is %s", got)
	}
	p.make(pgGrant, values{"role": group, "database": db, "objectType": "database", "privileges": []any{"CONNECT"}})
	p.make(pgGrant, values{"role": owner, "database": db, "objectType": "database", "privileges": []any{"CREATE", "CONNECT"}})
	p.make(pgGrant, values{"role": "public", "database": db, "schema": "public", "objectType": "schema", "privileges": []any{}})
	p.make(pgSchema, values{"name": "shop", "database": db, "owner": owner, "dropCascade": true})
	p.make(pgGrant, values{"role": app, "database": db, "schema": "shop", "objectType": "schema", "privileges": []any{"USAGE"}})
	defaults := func(privileges ...any) values {
		return values{"role": app, "database": db, "schema": "shop", "owner": owner, "objectType": "table", "privileges": privileges}
	}
	d := p.make(pgDefaults, defaults("SELECT", "INSERT"))
	migrate, err := p.as(owner, "m", db)
	p.must(err)
	_, err = migrate.Exec(context.Background(), "CREATE TABLE shop.orders (id int)")
	p.must(err)
	shop, err := p.as(app, "a", db)
	p.must(err)
	_, err = shop.Exec(context.Background(), "INSERT INTO shop.orders VALUES (1)")
	p.must(err)
	if _, err := shop.Exec(context.Background(), "DELETE FROM shop.orders"); err == nil {
		t.Error("a privilege that was not granted works")
	}
	for name, r := range map[string]thing{"public": closed, "defaults": d} {
		now, there := r.refresh()
		if !there {
			t.Errorf("%s is gone after a refresh", name)
		} else if got := now.diff(map[string]values{"public": {"role": "public", "database": db, "objectType": "database", "privileges": []any{}}, "defaults": defaults("INSERT", "SELECT")}[name]); got != "none" {
			t.Errorf("%s: the same inputs after a refresh are a %s", name, got)
		}
	}
	d.update(defaults("SELECT"))

	tables := func(privileges ...any) values {
		return values{"role": app, "database": db, "schema": "shop", "objectType": "table", "privileges": privileges}
	}
	g := p.make(pgGrant, tables("SELECT", "DELETE"))
	_, err = shop.Exec(context.Background(), "DELETE FROM shop.orders")
	p.must(err)
	if _, err := shop.Exec(context.Background(), "INSERT INTO shop.orders VALUES (1)"); err == nil {
		t.Error("a privilege that the grant does not name is left")
	}
	_, err = migrate.Exec(context.Background(), "REVOKE DELETE ON shop.orders FROM "+app)
	p.must(err)
	drifted, _ := g.refresh()
	if got := drifted.diff(tables("SELECT", "DELETE")); got != "update" {
		t.Errorf("what was revoked by hand is a %s", got)
	}
	if got := g.diff(values{"role": app, "database": db, "schema": "public", "objectType": "table", "privileges": []any{}}); got != "replace" {
		t.Errorf("another schema is a %s", got)
	}
}

func TestAMembershipLives(t *testing.T) {
	p := startPostgres(t, nil)
	group := p.make(pgRole, values{"name": p.prefix}).id
	member := p.make(pgRole, values{"name": p.prefix + "_m"}).id
	inputs := values{"role": member, "grantRole": group}
	r := p.make(pgMember, inputs)
	r, there := r.refresh()
	if got := r.diff(inputs); !there || got != "none" {
		t.Errorf("the same inputs after a refresh are a %s", got)
	}
	if got := r.diff(values{"role": member, "grantRole": group, "withAdminOption": true}); got != "replace" {
		t.Errorf("the admin option is a %s", got)
	}
	p.must(r.delete())
	if _, there := r.refresh(); there {
		t.Error("a revoked membership is still there")
	}
}

func TestARoleTakesWhatItOwnsAlong(t *testing.T) {
	p := startPostgres(t, nil)
	r := p.make(pgRole, values{"name": p.prefix})
	s := p.make(pgSchema, values{"name": p.prefix, "database": "postgres", "owner": p.prefix})
	_ = s
	p.must(r.delete()) // the schema in the connected database becomes the provisioner's
	if got := p.ask("postgres", "SELECT pg_get_userbyid(nspowner)::text FROM pg_namespace WHERE nspname = $1", p.prefix); got != p.url.User.Username() {
		t.Errorf("the schema is owned by %s", got)
	}
}

// Fewer connections than databases: a lock that waits for one while it holds another would never end here.
func TestManyDatabasesWithOwnersAtOnceDoNotBlockEachOther(t *testing.T) {
	p := startPostgres(t, values{"maxConnections": 3.0})
	var wait sync.WaitGroup
	made := make(chan thing, 12)
	owner := p.make(pgRole, values{"name": p.prefix})
	start := time.Now()
	for i := range cap(made) {
		wait.Go(func() {
			r, err := p.tryCreate(pgDatabase, "r", values{"name": fmt.Sprintf("%s_%d", p.prefix, i), "owner": owner.id})
			if err != nil {
				t.Error(err)
				return
			}
			made <- r
		})
	}
	wait.Wait()
	close(made)
	t.Logf("%d databases in %v", len(made), time.Since(start))
	for r := range made {
		p.must(r.delete())
	}
}

func TestAnErrorSaysWhatTheServerSaid(t *testing.T) {
	p := startPostgres(t, nil)
	p.make(pgRole, values{"name": p.prefix})
	_, err := p.tryCreate(pgRole, "r", values{"name": p.prefix, "password": "canary", "login": true})
	if err == nil || !strings.Contains(err.Error(), "already exists") || !strings.Contains(err.Error(), "42710") {
		t.Errorf("got %v", err)
	} else if strings.Contains(err.Error(), "canary") {
		t.Errorf("the error has the password in it: %v", err)
	}
	_, err = p.tryCreate(pgRole, "r", values{"name": p.prefix + "_super", "superuser": true})
	if err == nil || !strings.Contains(err.Error(), "42501") {
		t.Errorf("got %v", err)
	}
}
