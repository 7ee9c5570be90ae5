import { existsSync, mkdirSync, readFileSync, renameSync } from "node:fs";
import { hostname, userInfo } from "node:os";
import { basename, dirname, join } from "node:path";
import { certificateHash, certificateSchema, type Certificate } from "../../config/lifecycle/certificate";
import { version } from "../../package.json";
import { list } from "../state-files";
import { writeNew } from "../write-new";
import { certificateFile } from "./archive-place";
import { voidExports } from "./export/folder";
import type { Look } from "./look";
import type { Subject } from "./subject";

/**
 * Writes the certificate of a closing, and moves its file and its order beside it, the order last: as long as that is there, the closing is not over.
 * @returns the certificate's file, in the project's folder
 */
export function archive({ workspace, owner, order, file }: Subject, { exports }: Look): string {
  const { since, export: name } = order.removing!;
  const relative = certificateFile(owner.id, since);
  const path = join(workspace.root, relative);
  const place = dirname(path);
  mkdirSync(place, { recursive: true });
  const kept = exports.find((one) => one.name === name);
  const tables = kept?.manifest.database?.tables ?? [];
  const { orderedBy, reason, ordered, grace } = order;
  const unsigned: Omit<Certificate, "hash"> = {
    version: 1,
    ...owner,
    order: { orderedBy, reason, ordered, grace },
    began: since,
    closed: `${new Date().toISOString().slice(0, 19)}Z`,
    by: { substation: version, node: process.version, user: `${userInfo().username}@${hostname()}` },
    removed: everything(exports),
    ...(kept
      ? {
          export: {
            name: kept.name,
            sha256: kept.sha256,
            tables: tables.length,
            rows: tables.reduce((sum, { rows }) => sum + rows, 0),
          },
        }
      : {}),
  };
  const certificate = certificateSchema.parse({ ...unsigned, hash: certificateHash(unsigned) });
  // One that a killed run wrote says the same.
  if (!existsSync(path)) writeNew(path, `${JSON.stringify(certificate, null, 2)}\n`);
  voidExports(exports, `${owner.id} was closed: ${relative}`);
  for (const each of [file, order.file]) if (existsSync(each)) renameSync(each, join(place, basename(each)));
  return relative;
}

/** What stood when the first export was made, or a later one: an export that was lost is made anew where some is gone already. */
function everything(exports: Look["exports"]): Certificate["removed"] {
  const all = exports.flatMap(({ manifest }) => manifest.objects);
  return [...new Map(all.map((object) => [`${object.kind} ${object.name}`, object])).values()];
}

/** Substations that a certificate says were closed, each as it was written. @param root the folder of Pulumi.yaml */
export function closedIds(root: string): ReadonlySet<string> {
  const folder = join(root, "closed");
  const isClosed = (id: string): boolean =>
    list(join(folder, id)).some((time) => {
      const path = join(folder, id, time, "certificate.json");
      return existsSync(path) && certificateFault(path) === undefined;
    });
  return new Set(list(folder).filter(isClosed));
}

/** What is wrong with a certificate by itself; undefined where it is as it was written. */
export function certificateFault(path: string): string | undefined {
  const parsed = certificateSchema.safeParse(JSON.parse(readFileSync(path, "utf8")));
  if (!parsed.success) return "it is none by its form";
  return certificateHash(parsed.data) === parsed.data.hash
    ? undefined
    : "its hash does not fit: it was changed after it was written";
}
