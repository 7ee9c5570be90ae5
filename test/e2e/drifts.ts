import { labels } from "../../config/names";
import type { DriftFinding } from "../../fleet/drift/report";
import type { InspectedContainer } from "../../inventory/containers";
import { command, type Lab } from "./lab";
import { asSuperuser, recordsOf } from "./observe";
import { editZone, imitate } from "./tampering";

/** Class, object and who saw it, sorted; "!" where it is mended without being asked. @param readable a name of this run as one of the test */
export const drifts = (findings: readonly DriftFinding[], readable: (name: string) => string): string[] =>
  findings
    .map(({ class: bad, object, seenBy, fixable }) => {
      const name = readable(object.name);
      return `${bad} ${object.kind} ${name} (${seenBy.join(" ")})${fixable ? "!" : ""}`;
    })
    .sort();

/** What the audit's test has changed when all of it stands. The engine, by preview and refresh, sees those of "intent" and "state". */
export const mendable = [
  "config record jia.substation.test (intent state audit)!",
  "security record yi.substation.test (intent state audit)!",
];
export const told = [
  ...["record fremd.substation.test", "role yi_migrate", "server pg_hba.conf:10"].map(
    (object) => `config ${object} (audit)`,
  ),
  ...["database yi", "substation ghost"].map((object) => `data-at-risk ${object} (audit)`),
  ...["jia-shop", "yi-shop"].map((name) => `security container ${name} (intent state audit)`),
  ...["peeper", "peeper", "stranger", "stranger", "yi-shop-twin"].map(
    (name) => `security container ${name} (audit)`,
  ),
  "security extension dblink (audit)",
  ...["public.dblink_connect_u", "shop.backdoor", "shop.native", "shop.window"].map(
    (name) => `security function ${name} (audit)`,
  ),
  ...["go_between", "jia_app"].map((name) => `security grant ${name} (audit)`),
  "security grant public (intent state audit)",
  "security host yi.substation.test (audit)",
  ...["jia_app", "yi_app"].map((name) => `security role ${name} (intent state audit)`),
  ...["jia_app2", "jia_migrate"].map((name) => `security role ${name} (audit)`),
  "security server pg_hba.conf:1 (audit)",
];

/** Each drift that is safe to mend: other labels, no record; other limits, stopped, another record. */
export async function alterSafely(lab: Lab, jia: InspectedContainer, yi: InspectedContainer): Promise<void> {
  // Labels cannot be changed but by making it anew.
  await command("docker", ["rm", "--force", jia.Id]);
  const scopes = { ...jia.Config.Labels, [labels.scopes]: "goods:read" };
  await command("docker", ["start", await imitate(jia.Name.slice(1), jia, { config: { Labels: scopes } })]);
  const memory = ["--memory", "300m", "--memory-swap", "300m"];
  await command("docker", ["update", ...memory, "--cpus", "1.5", "--pids-limit", "999", yi.Id]);
  await command("docker", ["stop", "--time", "1", yi.Id]);
  const { dns } = await lab.platform();
  await editZone(dns, "PATCH", await idOf(lab, "yi"), { content: "192.0.2.1" });
  await removeRecords(lab, "jia");
}

/** Strangers' records, one that leads elsewhere, one that is gone. */
export async function alterZone(lab: Lab, ghost: string): Promise<void> {
  const { dns, ingress } = await lab.platform();
  const foreign = { type: "A", name: "fremd.substation.test", content: ingress.address, ttl: 60 };
  await editZone(dns, "POST", "", foreign);
  await editZone(dns, "POST", "", { ...foreign, name: "ghost.substation.test", comment: ghost });
  await editZone(dns, "PATCH", await idOf(lab, "yi"), { type: "CNAME", content: "shop.example.net" });
  await removeRecords(lab, "jia");
}

export async function removeRecords(lab: Lab, ...hosts: readonly string[]): Promise<void> {
  const { dns } = await lab.platform();
  for (const host of hosts) await editZone(dns, "DELETE", await idOf(lab, host));
}

const idOf = async (lab: Lab, host: string): Promise<string> =>
  `/${(await recordsOf(lab, `${host}.substation.test`))[0]!.id}`;

/** As PostgreSQL's superuser, in the server's own database. */
export const runAll = (lab: Lab, statements: readonly string[]): Promise<void> =>
  asSuperuser(lab, async (client) => {
    for (const sql of statements) await client.query(sql);
  });
