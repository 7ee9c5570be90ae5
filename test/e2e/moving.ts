import { databaseName, mark, shortHash, volumeName } from "../../config/names";
import { rolesOf } from "../../inventory/closing";
import { Books } from "./books";
import { command, shopFile, type Lab } from "./lab";
import { asSuperuser, recordsOf, serving } from "./observe";

/** All of a substation that a moving must leave as it is: every row, database and roles themselves with their passwords, its volume, and the secrets that it works with. */
export async function treasure(lab: Lab, group: string, id: string) {
  const books = new Books(lab, group, id);
  const tables = await books.rows<{ name: string }>(
    "SELECT format('%I.%I', schemaname, tablename) AS name FROM pg_tables WHERE schemaname = 'shop' ORDER BY 1",
  );
  const rows: Record<string, unknown> = {};
  for (const { name } of tables)
    [rows[name]] = await books.rows(
      `SELECT count(*)::int AS rows, md5(coalesce(string_agg(t::text, ',' ORDER BY t::text), '')) AS sum FROM ${name} t`,
    );
  const database = databaseName(lab.name, id);
  const shop = await shopFile(await serving(lab, group, id));
  return {
    rows,
    objects: await asSuperuser(lab, async (client) => ({
      database: (await client.query("SELECT oid, datacl FROM pg_database WHERE datname = $1", [database]))
        .rows,
      roles: (
        await client.query(
          "SELECT oid, rolname, md5(rolpassword) AS password FROM pg_authid WHERE rolname = ANY($1) ORDER BY rolname",
          [rolesOf(database)],
        )
      ).rows,
    })),
    volume: await command("docker", [
      ...["volume", "inspect", volumeName(lab.name, id), "--format", "{{json .Labels}}"],
    ]),
    // A comparison that fails is printed.
    secrets: shortHash({ password: shop.database.password, ...shop.secrets }),
  };
}

/** The marks of what can be marked anew, each once. */
export async function marksOf(lab: Lab, id: string): Promise<readonly string[]> {
  const { rows } = await asSuperuser(lab, (client) =>
    client.query<{ mark: string }>(
      `SELECT shobj_description(oid, 'pg_database') AS mark FROM pg_database WHERE datname = $1
       UNION ALL SELECT shobj_description(oid, 'pg_authid') FROM pg_roles WHERE rolname = ANY($2)`,
      [databaseName(lab.name, id), rolesOf(databaseName(lab.name, id))],
    ),
  );
  const containers = await command("docker", [
    ...[
      "ps",
      "-a",
      "--filter",
      `label=substation.platform=${lab.name}`,
      "--filter",
      `label=substation.id=${id}`,
    ],
    ...["--format", '{{.Label "substation.mark"}}'],
  ]);
  const records = await recordsOf(lab, `${id}.substation.test`);
  return [
    ...new Set([
      ...rows.map((row) => row.mark),
      ...containers.split("\n").filter(Boolean),
      ...records.map(({ comment }) => comment ?? "none"),
    ]),
  ];
}

/** Whether all of it is in a group, nothing of it in the other, and neither group has anything to change. */
export async function expectIn(lab: Lab, id: string, group: string, before: string): Promise<void> {
  expect(await marksOf(lab, id)).toEqual([mark({ platform: lab.name, group, id })]);
  const previews = await Promise.all(
    [group, before].map((stack) => lab.pulumi(["preview", "-s", stack, "--expect-no-changes"])),
  );
  expect(previews.map(({ code, stdout }) => [code, code === 0 ? "" : stdout])).toEqual([
    [0, ""],
    [0, ""],
  ]);
  const states = await Promise.all(
    [group, before].map((stack) => lab.pulumi(["stack", "export", "-s", stack])),
  );
  expect(states.map(({ stdout }) => stdout.includes(`substation:index:Substation::${id}"`))).toEqual([
    true,
    false,
  ]);
}
