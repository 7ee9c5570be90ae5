import { appRole, labels, migrateRole, parseMark } from "../../config/names";
import type { Platform } from "../../config/platform";
import { command, said } from "./commands";
import { psql, zoneApi } from "./servers";

interface DnsRecord {
  readonly id: string;
  readonly comment: string | null;
}

/**
 * Removes all that bears the mark of one group, whoever made it, Pulumi or bare commands. A stack that still holds the objects does not hear of
 * it: it is forgotten by its owner.
 */
export async function removeGroup(platform: Platform, group: string): Promise<void> {
  const ours = (text: string | null) =>
    parseMark(text)?.platform === platform.name && parseMark(text)?.group === group;
  await removeDockerObjects(platform.name, group);

  const records = await zoneApi<DnsRecord[]>(platform.dns, "GET", "/dns_records?per_page=5000");
  const deletes = records.filter(({ comment }) => ours(comment)).map(({ id }) => ({ id }));
  if (deletes.length > 0) await zoneApi(platform.dns, "POST", "/dns_records/batch", { deletes });

  const rows = await psql(
    platform.database,
    "SELECT datname, shobj_description(oid, 'pg_database') FROM pg_database;",
  );
  const databases = rows
    .split("\n")
    .map((row) => row.split("\t"))
    .filter(([, text]) => ours(text ?? null))
    .map(([name = ""]) => name);
  const drops = databases.map(
    (name) =>
      `DROP DATABASE ${name} WITH (FORCE); DROP ROLE ${migrateRole(name)}, ${appRole(name)}, ${name};`,
  );
  await psql(platform.database, drops.join("\n"));
}

async function removeDockerObjects(platform: string, group: string): Promise<void> {
  const filter = [
    "--filter",
    `label=${labels.platform}=${platform}`,
    "--filter",
    `label=${labels.group}=${group}`,
  ];
  const containers = await listed(["ps", "--all", "--quiet", ...filter]);
  if (containers.length > 0) await command("docker", ["rm", "--force", ...containers]);
  const volumes = await listed(["volume", "ls", "--quiet", ...filter]);
  if (volumes.length > 0) await command("docker", ["volume", "rm", ...volumes]);
}

const listed = async (args: readonly string[]): Promise<string[]> =>
  (await said("docker", args)).split("\n").filter(Boolean);
