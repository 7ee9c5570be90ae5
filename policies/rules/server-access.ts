import type { Facts, HbaFact } from "./facts";
import {
  anySubstation,
  decides,
  isEverywhere,
  isShadowed,
  theRole,
  transportsOf,
  type Person,
  type Target,
  type Transport,
} from "./hba";
import { fleetRule, type FleetFault, type Rule } from "./rule";

/** Rules about pg_hba.conf: who may log in, from where, and how. Where nobody looked at it, as in a plan, they hold their peace. */

/** Lines that the server can read, in its order. One that it cannot read has a rule of its own. */
const linesOf = ({ hba }: Facts): readonly HbaFact[] =>
  hba.filter((line) => line.error === undefined).sort((a, b) => a.order - b.order);

const accepts = ({ method }: HbaFact): boolean => method !== "reject";

const fault = (line: HbaFact, message: string): FleetFault => ({
  subject: line.name,
  message: `Line ${line.name} (${[line.type, line.databases.join(","), line.users.join(","), line.address ?? "", line.method].filter(Boolean).join(" ")}) must not ${message}`,
});

/** Ways in which an accepting line decides for somebody. */
function* entries(lines: readonly HbaFact[], at: number, who: Person, targets: readonly Target[]) {
  const line = lines[at];
  if (line === undefined || !accepts(line)) return;
  for (const transport of transportsOf(line))
    for (const target of targets)
      if (decides(lines, at, { who, transport, target })) yield { line, transport, target };
}

const anyTarget: readonly Target[] = ["own", "neighbour", "other", "replication"];

/** Methods that let in without a proof, or whose proof can be read or broken on its way. */
const weak = ["trust", "password", "md5", "ident"];

const remedy = "Mend pg_hba.conf (docs/platform.md has the lines) and reload: SELECT pg_reload_conf().";

export const hbaError = fleetRule({
  id: "server-hba-error",
  severity: "high",
  needs: ["hba"],
  description:
    "Checks that the server can read all of pg_hba.conf; else it keeps to what it had read before, or will not start.",
  references: ["P13"],
  remedy,
  *check({ hba }) {
    for (const { name, error } of hba)
      if (error !== undefined)
        yield { subject: name, message: `Line ${name} must be readable by the server: ${error}` };
  },
});

export const hbaMethod = fleetRule({
  id: "server-hba-method",
  severity: "critical",
  needs: ["hba"],
  description: "Checks that nobody logs in without a proof, or by one that can be read or broken on its way.",
  references: ["P11", "P13", "CIS PostgreSQL 5.9"],
  remedy,
  *check(facts) {
    const lines = linesOf(facts);
    for (const [at, line] of lines.entries())
      if (weak.includes(line.method) && !isShadowed(lines, at, transportsOf(line)))
        yield fault(line, `let anybody in by ${line.method}`);
  },
});

export const hbaPlain = fleetRule({
  id: "server-hba-plain",
  severity: "high",
  needs: ["hba"],
  description: "Checks that nobody is let in over the network without TLS.",
  references: ["P12", "P13", "CIS PostgreSQL 6.8"],
  remedy,
  *check(facts) {
    const lines = linesOf(facts);
    const plain: readonly Transport[] = ["plain"];
    for (const [at, line] of lines.entries())
      if (accepts(line) && transportsOf(line).includes("plain") && !isShadowed(lines, at, plain))
        yield fault(line, "let anybody in without TLS: its type must be hostssl");
  },
});

export const hbaSubstation = fleetRule({
  id: "server-hba-substation",
  severity: "critical",
  needs: ["hba", "membership"],
  description:
    "Checks that pg_hba.conf lets a substation into its own database alone, by SCRAM over the network.",
  references: ["P13", "P17", "CIS PostgreSQL 5.10"],
  remedy,
  *check(facts) {
    const lines = linesOf(facts);
    for (const at of lines.keys()) {
      const ways = [...entries(lines, at, anySubstation(facts), anyTarget)];
      const [way] = ways;
      if (!way) continue;
      const { line } = way;
      if (ways.some(({ target }) => target !== "own"))
        yield fault(
          line,
          "let substations into databases that are not theirs: its database must be samerole",
        );
      else if (line.type === "local") yield fault(line, "let substations in over the socket");
      else if (line.method !== "scram-sha-256")
        yield fault(line, `let substations in by ${line.method}: its method must be scram-sha-256`);
    }
  },
});

export const hbaProvisioner = fleetRule({
  id: "server-hba-provisioner",
  severity: "medium",
  needs: ["hba", "membership"],
  description:
    "Checks that the provisioner logs in by a line of its own, from where it works, and from nowhere else.",
  references: ["P13", "P15", "CIS PostgreSQL 5.11"],
  remedy: `It is a member of what it made, so that \`samerole\` lets it in: reject it before that line. ${remedy}`,
  *check(facts, { platform }) {
    const lines = linesOf(facts);
    const who = theRole(facts, platform.provisioner);
    for (const at of lines.keys()) {
      const [way] = entries(lines, at, who, ["own", "other"]);
      if (!way) continue;
      if (!way.line.users.every((user) => user === platform.provisioner))
        yield fault(way.line, `let ${platform.provisioner} in: only a line of its own may`);
      else if (isEverywhere(way.line.address))
        yield fault(
          way.line,
          `let ${platform.provisioner} in from everywhere: name the address that it works from`,
        );
    }
  },
});

export const hbaSuperuser = fleetRule({
  id: "server-hba-superuser",
  severity: "medium",
  needs: ["hba", "membership", "role"],
  description: "Checks that no superuser logs in over the network.",
  references: ["P15", "CIS PostgreSQL 5.11"],
  remedy,
  *check(facts) {
    const lines = linesOf(facts);
    const known = facts.role.filter((role) => role.superuser === true).map((role) => role.name);
    for (const name of known.length > 0 ? known : ["postgres"])
      for (const at of lines.keys())
        for (const { line, transport } of entries(lines, at, theRole(facts, name), anyTarget))
          if (transport !== "local") {
            yield fault(line, `let the superuser ${name} in over the network`);
            break;
          }
  },
});

export const hbaLast = fleetRule({
  id: "server-hba-last",
  severity: "low",
  needs: ["hba"],
  description:
    "Checks that pg_hba.conf ends with a line that refuses everybody, which says what would happen anyway.",
  references: ["P13"],
  remedy: "End pg_hba.conf with: host all all all reject",
  *check(facts) {
    const last = linesOf(facts).at(-1);
    if (!last) return;
    const all = last.databases.includes("all") && last.users.includes("all") && last.address === "all";
    if (!all || last.type !== "host" || accepts(last))
      yield {
        subject: last.name,
        message: `Line ${last.name} is the last and must refuse everybody: host all all all reject`,
      };
  },
});

export const serverAccessRules: readonly Rule[] = [
  hbaError,
  hbaMethod,
  hbaPlain,
  hbaSubstation,
  hbaProvisioner,
  hbaSuperuser,
  hbaLast,
];
