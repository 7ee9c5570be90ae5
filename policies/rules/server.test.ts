import { hbaFile, provisioner as ourProvisioner } from "../../local/postgres-config";
import { noFacts } from "./facts";
import { judge } from "./rule";
import { serverRules } from "./server";
import { intent } from "./testing";
import { finds, passes, testCases } from "./testing-cases";
import {
  administers,
  app1,
  database1,
  database2,
  hba,
  membership,
  otherRole,
  provisioner,
  session,
  setting,
  settings,
} from "./testing-database";

const edge = "10.87.0.0/20";

/** docs/platform.md's, and what stands before it on a machine of our own. */
const rejectProvisioner = `host all ${provisioner} all reject`;
const goodLines = [
  "local all postgres peer",
  "local all all reject",
  `hostssl all ${provisioner} 127.0.0.1/32 scram-sha-256`,
  rejectProvisioner,
  "host all postgres all reject",
  `hostssl samerole all ${edge} scram-sha-256`,
  "host all all all reject",
];

const members = [membership(), administers(), membership({ name: "backup_job", role: "backup" })];
const server = (...lines: string[]) => ({ hba: hba(...lines), membership: members });
const withLine = (line: string, before: string) =>
  server(...goodLines.flatMap((one) => (one === before ? [line, one] : [one])));
const first = (line: string) => server(line, ...goodLines);
const last = (line: string) => server(...goodLines, line);

const says = (at: number, line: string, words: string) =>
  `Line pg_hba.conf:${at} (${line.replace(/\s+/g, " ")}) must not ${words}`;

/** A line that comes first, and what one rule says of it. */
const bad = (rule: string, line: string, words: string) =>
  finds(rule, line, first(line), says(1, line, words));

const change = (name: string, value: string | undefined) =>
  settings.flatMap((one) => (one.name !== name ? [one] : value === undefined ? [] : [setting(name, value)]));

const wrong = (rule: string, name: string, value: string, must: string) => [
  finds(
    rule,
    `${name} = ${value}`,
    { setting: change(name, value) },
    `Setting ${name} must be ${must} but is "${value}"`,
  ),
  finds(
    rule,
    `${name} that could not be read`,
    { setting: change(name, undefined) },
    `Setting ${name} must be ${must}, and it could not be read`,
  ),
];

const foreign = "let substations into databases that are not theirs: its database must be samerole";
const plain = "let anybody in without TLS: its type must be hostssl";

testCases(serverRules, [
  ...serverRules.flatMap(({ id }) => [
    passes(id, "a server that is set up as ours", {
      ...server(...goodLines),
      role: [otherRole({ name: "postgres", superuser: true })],
      setting: settings,
      session: [
        session(),
        session({ name: "main_station_app", database: "main_station", tls: false, address: undefined }),
      ],
    }),
    passes(id, "a plan, which knows no server", {}),
  ]),

  finds(
    "server-hba-error",
    "a line that cannot be read",
    { hba: hba("host all all").map((line) => ({ ...line, error: "end-of-line before IP address" })) },
    "Line pg_hba.conf:1 must be readable by the server: end-of-line before IP address",
  ),

  ...["trust", "password", "md5", "ident"].map((method) => {
    const line = `hostssl samerole all ${edge} ${method}`;
    return bad("server-hba-method", line, `let anybody in by ${method}`);
  }),
  bad("server-hba-method", "local all all trust", "let anybody in by trust"),
  finds(
    "server-hba-method",
    "one behind a line that takes a part of its addresses",
    withLine("host all all 10.0.0.0/8 trust", "host all all all reject"),
    says(7, "host all all 10.0.0.0/8 trust", "let anybody in by trust"),
  ),
  passes("server-hba-method", "one that nothing reaches", last("host all all 10.0.0.0/8 trust")),
  passes(
    "server-hba-method",
    "one whose users are all turned away before",
    withLine(`host all ${provisioner} 10.0.0.0/8 md5`, "host all postgres all reject"),
  ),

  bad("server-hba-plain", `host samerole all ${edge} scram-sha-256`, plain),
  bad("server-hba-plain", `hostnossl samerole all ${edge} scram-sha-256`, plain),
  bad("server-hba-plain", `unheard samerole all ${edge} scram-sha-256`, plain),
  passes(
    "server-hba-plain",
    "one whose connections without TLS are all turned away before",
    server("hostnossl all all all reject", `host samerole all ${edge} scram-sha-256`),
  ),
  finds(
    "server-hba-plain",
    "one that is turned away over TLS alone",
    server("hostssl all all all reject", `host samerole all ${edge} scram-sha-256`),
    says(2, `host samerole all ${edge} scram-sha-256`, plain),
  ),

  ...[
    `hostssl all all ${edge} scram-sha-256`,
    `hostssl main_station all ${edge} scram-sha-256`,
    `hostssl samerole,postgres all ${edge} scram-sha-256`,
    `hostssl replication all ${edge} scram-sha-256`,
    `hostssl ${database2} all ${edge} scram-sha-256`,
    `hostssl all ${app1} ${edge} scram-sha-256`,
    `hostssl all +${database1} ${edge} scram-sha-256`,
    `hostssl all /^ss_ ${edge} scram-sha-256`,
    `hostssl /. all ${edge} scram-sha-256`,
    "local all all scram-sha-256",
    "host all all all trust",
  ].map((line) => bad("server-hba-substation", line, foreign)),
  bad("server-hba-substation", "local samerole all scram-sha-256", "let substations in over the socket"),
  bad(
    "server-hba-substation",
    `hostssl samerole all ${edge} ldap`,
    "let substations in by ldap: its method must be scram-sha-256",
  ),
  passes(
    "server-hba-substation",
    "lines for others",
    server(
      "hostssl main_station main_station_app 10.9.0.0/16 scram-sha-256",
      "hostssl all +backup 10.9.0.0/16 scram-sha-256",
      ...goodLines,
    ),
  ),
  finds(
    "server-hba-substation",
    "a group that a substation is in",
    {
      hba: hba("hostssl all +backup 10.9.0.0/16 scram-sha-256"),
      membership: [membership({ role: "backup" })],
    },
    says(1, "hostssl all +backup 10.9.0.0/16 scram-sha-256", foreign),
  ),
  passes(
    "server-hba-substation",
    "a range within one that was turned away",
    server("host all all 10.0.0.0/8 reject", "hostssl all all 10.87.3.0/24 scram-sha-256"),
  ),
  finds(
    "server-hba-substation",
    "a range around one that was turned away",
    server("host all all 10.87.3.0/24 reject", "hostssl all all 10.0.0.0/8 scram-sha-256"),
    says(2, "hostssl all all 10.0.0.0/8 scram-sha-256", foreign),
  ),
  finds(
    "server-hba-substation",
    "another family of addresses than was turned away",
    server("host all all 0.0.0.0/0 reject", "hostssl all all fd00::/64 scram-sha-256"),
    says(2, "hostssl all all fd00::/64 scram-sha-256", foreign),
  ),

  finds(
    "server-hba-provisioner",
    "that it gets in by samerole",
    server(...goodLines.filter((line) => line !== rejectProvisioner)),
    says(
      5,
      `hostssl samerole all ${edge} scram-sha-256`,
      `let ${provisioner} in: only a line of its own may`,
    ),
  ),
  ...["all", "0.0.0.0/0"].map((address) =>
    bad(
      "server-hba-provisioner",
      `hostssl all ${provisioner} ${address} scram-sha-256`,
      `let ${provisioner} in from everywhere: name the address that it works from`,
    ),
  ),

  finds(
    "server-hba-superuser",
    "one that is let in",
    {
      ...first("hostssl all postgres 10.9.0.0/16 scram-sha-256"),
      role: [otherRole({ name: "postgres", superuser: true })],
    },
    says(
      1,
      "hostssl all postgres 10.9.0.0/16 scram-sha-256",
      "let the superuser postgres in over the network",
    ),
  ),
  bad(
    "server-hba-superuser",
    "hostssl all all 10.9.0.0/16 scram-sha-256",
    "let the superuser postgres in over the network",
  ),

  finds(
    "server-hba-last",
    "a list that ends otherwise",
    server(...goodLines.slice(0, -1)),
    "Line pg_hba.conf:6 is the last and must refuse everybody: host all all all reject",
  ),

  ...wrong("server-tls", "ssl", "off", "on"),
  ...wrong("server-tls", "ssl_min_protocol_version", "TLSv1.1", "TLSv1.2 or later"),
  ...wrong("server-password-encryption", "password_encryption", "md5", "scram-sha-256"),
  ...wrong("server-log-connections", "log_connections", "", "on, or a list with authorization"),
  ...wrong("server-log-connections", "log_disconnections", "off", "on"),
  passes("server-log-connections", "PostgreSQL 17's way", { setting: change("log_connections", "on") }),
  ...wrong("server-log-statements", "log_statement", "ddl", "none"),
  ...wrong("server-temporary-files", "temp_file_limit", "-1", "a number of kB"),
  ...wrong("server-reserved-connections", "reserved_connections", "0", "1 or more"),
  ...wrong("server-reserved-connections", "superuser_reserved_connections", "0", "1 or more"),

  finds(
    "session-tls",
    "a session in plain",
    { session: [session({ tls: false })] },
    `Session of role ${app1} in database ${database1} must be over TLS, from 10.87.0.7`,
  ),
  ...["main_station", database2].map((database) =>
    finds(
      "session-database",
      `one in ${database}`,
      { session: [session({ database, address: undefined })] },
      `Session of role ${app1} must be in its own database and is in ${database}, from the socket`,
    ),
  ),
]);

test("the pg_hba.conf that comes with Substation has no fault", () => {
  const text = hbaFile({
    platform: "local",
    port: 5432,
    databaseAddress: "10.87.255.1",
    edgeSubnet: edge,
    socketFolder: "/run/postgresql",
    certificateFile: "server.crt",
    keyFile: "server.key",
    operators: ["root"],
  });
  const lines = text.split("\n").filter((line) => line !== "" && !line.startsWith("#"));
  const { platform } = intent();
  const facts = {
    ...noFacts,
    hba: hba(...lines),
    membership: [administers({ name: ourProvisioner })],
    role: [otherRole({ name: "postgres", superuser: true })],
  };
  expect(facts.hba.length).toBeGreaterThan(5);
  expect(
    judge(serverRules, facts, intent({ platform: { ...platform, provisioner: ourProvisioner } })),
  ).toEqual([]);
});
