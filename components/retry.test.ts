import { patienceFor, saysRecordExists } from "./retry";

const role = "postgresql:index/role:Role";
const grant = "postgresql:index/grant:Grant";
const record = "cloudflare:index/dnsRecord:DnsRecord";
const container = "docker:index/container:Container";
const volume = "docker:index/volume:Volume";
const post =
  'DNS record a.example.com in zone 1: POST "https://api.cloudflare.com/client/v4/zones/1/dns_records": ';

test.each([
  [
    role,
    "failed to connect to `user=p database=postgres`: 10.0.0.1:5432: server error: FATAL: sorry, too many clients already (SQLSTATE 53300)",
    "connections",
  ],
  [
    role,
    "error connecting to PostgreSQL server: pq: remaining connection slots are reserved for roles with the SUPERUSER attribute",
    "connections",
  ],
  [
    grant,
    'could not start a transaction: FATAL: too many connections for role "provisioner" (SQLSTATE 53300)',
    "connections",
  ],
  [grant, "could not execute revoke query: pq: tuple concurrently updated", undefined],
  [role, "error creating role: ERROR: deadlock detected (SQLSTATE 40P01)", undefined],
  [role, "error creating role: pq: deadlock detected (40P01)", undefined],
  [role, "pq: zu viele Verbindungen (53300)", "connections"], // a server that speaks another language
  [grant, "ERROR: tuple concurrently updated (SQLSTATE XX000)", undefined],
  [role, "FATAL: the database system is starting up (SQLSTATE 57P03)", "timeout"],
  [role, "dial tcp 10.0.0.1:5432: connect: connection refused", "timeout"],
  [record, `${post}429 Too Many Requests {"result":null,"success":false,"errors":[{"code":971}]}`, "rate"],
  [record, `${post}502 Bad Gateway <html>`, "timeout"],
  [record, 'Post "https://api.cloudflare.com/client/v4/zones/1/dns_records": EOF', "timeout"],
  [record, 'Post "https://api.cloudflare.com": net/http: TLS handshake timeout', "timeout"],
  [
    container,
    "Cannot connect to the Docker daemon at unix:///var/run/docker.sock. Is the docker daemon running?",
    "timeout",
  ],
  [volume, "Unable to create volume: error during connect: Post: EOF", "timeout"],
])("%s is tried again after: %s", (type, error, sign) => {
  expect(patienceFor(type, error)).toMatchObject({ sign });
});

test.each([
  [role, 'error creating role x: pq: role "x" already exists'],
  [role, 'pq: role "too many clients already" does not exist (42704)'],
  [role, 'error creating role 53300: pq: role "40P01" already exists'],
  [role, 'FATAL: password authentication failed for user "p" (SQLSTATE 28P01)'],
  ["postgresql:index/database:Database", 'ERROR: database "ss_x" already exists (SQLSTATE 42P04)'],
  [record, `${post}400 Bad Request {"errors":[{"code":81045,"message":"Record quota exceeded."}]}`],
  [record, `${post}403 Forbidden {"errors":[{"code":10000}]}`],
  [
    record,
    `${post}400 Bad Request {"errors":[{"code":81058,"message":"An identical record already exists."}]}`,
  ],
  [container, "container is unhealthy: context deadline exceeded"],
  [
    container,
    "Unable to create container: Error response from daemon: Conflict. The container name is already in use",
  ],
  [container, "Unable to create container: error during connect: Post: EOF"], // it may have been made
  [container, "Unable to create container with image sha256:1: No such image"],
])("%s is not tried again after: %s", (type, error) => {
  expect(patienceFor(type, error)).toBeUndefined();
});

test("what says that there is such a record already is told apart from its other refusals", () => {
  expect(
    ["81053", "81054", "81057", "81058"].map((code) => saysRecordExists(record, `"code":${code},`)),
  ).toEqual([true, true, true, true]);
  expect(saysRecordExists(record, '"code":81045,')).toBe(false);
  expect(saysRecordExists(role, '"code":81058,')).toBe(false);
});
