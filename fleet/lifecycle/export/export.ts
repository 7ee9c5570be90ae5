import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { readDocument } from "../../../config/find-file";
import type { Manifest, StandingObject } from "../../../config/lifecycle/manifest";
import { migrateRole } from "../../../config/names";
import { exportDatabase } from "../../../inventory/export";
import { version } from "../../../package.json";
import { keptProofs } from "../../prove/kept";
import type { Subject } from "../subject";
import { ExportFolder, folderName } from "./folder";

export interface ExportOptions {
  /** What stands of the substation now. */
  readonly objects: readonly StandingObject[];
  /** Whether its database is there. */
  readonly database: boolean;
  /** Whether nobody but us may connect to it any more. */
  readonly last: boolean;
}

/**
 * Keeps all that is known of a substation in a folder of its own, and reads it back: its file and order, its proofs, each table of its database, and what these are made of.
 * @returns the folder's name
 * @throws UserError where the database holds what cannot be exported
 */
export async function exportSubstation(
  subject: Subject,
  { objects, database, last }: ExportOptions,
): Promise<string> {
  const { workspace, owner, order, file } = subject;
  const takenAt = new Date().toISOString();
  const name = folderName(takenAt);
  const folder = new ExportFolder(subject.exports, name);
  if (existsSync(file)) folder.write("substation.yaml", readFileSync(file));
  folder.write("closing.yaml", readFileSync(order.file));
  for (const { file: proof } of keptProofs(workspace.root, owner.id))
    folder.write(proof, readFileSync(join(workspace.root, proof)));
  const tables = database ? await exportTables(subject, folder) : undefined;
  const { orderedBy, reason, ordered, grace } = order;
  folder.finish({
    version: 1,
    ...owner,
    host: hostIn(file),
    takenAt,
    order: { orderedBy, reason, ordered, grace },
    last,
    by: { substation: version, node: process.version },
    ...(tables ? { database: tables } : {}),
    objects: [...objects],
  });
  return name;
}

/** As its file says, which may have problems, or be gone. */
function hostIn(file: string): string {
  if (!existsSync(file)) return "(not known)";
  const { value } = readDocument(file, file);
  return String((value as { domain?: { host?: unknown } } | null)?.domain?.host);
}

async function exportTables(
  { platform, database }: Subject,
  folder: ExportFolder,
): Promise<NonNullable<Manifest["database"]>> {
  const fileOf = (at: number): string => `tables/${String(at + 1).padStart(4, "0")}.copy`; // a table's name may be no file's
  const role = migrateRole(database);
  const { server, tables, schema, anomalies } = await exportDatabase(
    platform.database,
    { database, role },
    (at) => folder.open(fileOf(at)),
  );
  folder.write("schema.json", `${JSON.stringify(schema, null, 2)}\n`);
  folder.write("anomalies.json", `${JSON.stringify(anomalies, null, 2)}\n`);
  return {
    name: database,
    server,
    tables: tables.map(({ columns, ...table }, at) => ({
      ...table,
      columns: [...columns],
      file: fileOf(at),
    })),
  };
}
