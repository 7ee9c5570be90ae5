import { existsSync } from "node:fs";
import { join } from "node:path";
import { UserError } from "../../config/error";
import type { StandingObject } from "../../config/lifecycle/manifest";
import { isSameSubstation, labels, parseMark } from "../../config/names";
import { storedSecrets } from "../../config/stack-secrets";
import { lookAtDatabase } from "../../inventory/closing";
import { liveRecords } from "../../inventory/dns";
import { liveContainers, liveVolumes } from "../../inventory/docker";
import { substationOf } from "../../policies/facts/steps";
import { readState, standingIn } from "../standing";
import { certificateFile } from "./archive-place";
import { keptExports, type KeptExport } from "./export/folder";
import type { ClosingFacts } from "./next";
import type { Subject } from "./subject";

/** What is so of a substation that is to be closed, on all its servers. */
export interface Look {
  readonly facts: ClosingFacts;
  /** What stands of it. */
  readonly objects: readonly StandingObject[];
  /** Of its stack: the component and its parts. */
  readonly urns: readonly string[];
  /** Of its database, those that are there. */
  readonly roles: readonly string[];
  /** Those that were made for this order and are as they were written, oldest first. */
  readonly exports: readonly KeptExport[];
}

const databaseType = "postgresql:index/database:Database";

/** Milliseconds that two clocks may differ by. */
const clockSlack = 3_600_000;

/** @throws UserError where a server cannot be looked at, or another's object has one of its names */
export async function look(subject: Subject): Promise<Look> {
  const { workspace, owner, order, mark, platform, database } = subject;
  const { id, group } = owner;
  const [state, found, containers, volumes, records] = await Promise.all([
    readState(workspace, group),
    lookAtDatabase(platform.database, database, mark),
    liveContainers(),
    liveVolumes(),
    liveRecords(platform.dns),
  ]);
  agreeOnTime(Date.now(), found.now);
  const resources = state?.deployment.resources ?? [];
  const urns = resources.filter((one) => substationOf(one, "")?.id === id).map(({ urn }) => urn);
  const known = new Set(resources.flatMap((resource) => resource.id ?? []));
  const shop = state && standingIn(state).get(id)?.shop;
  const ours = (held: Readonly<Record<string, string>> | null) =>
    isSameSubstation(parseMark(held?.[labels.mark]), owner);
  const secrets = (storedSecrets(join(workspace.root, "stacks"), group) ?? []).filter((one) => one.id === id);
  const standing = {
    record: records.filter(({ comment }) => comment === mark).map(({ name, id: key }) => ({ name, key })),
    container: containers
      .filter(({ Labels }) => ours(Labels))
      .map(({ Names, Id }) => ({ name: Names[0]?.slice(1) ?? Id, key: Id })),
    volume: volumes.filter(({ Labels }) => ours(Labels)).map(({ Name }) => ({ name: Name, key: Name })),
  };
  const strays = Object.entries(standing).flatMap(([kind, list]) =>
    list
      .filter(({ key }) => ![...known].some((one) => one === key || one.endsWith(`/${key}`)))
      .map(({ name }) => `${kind} ${name}`),
  );
  const exports = keptExports(subject.exports).filter(
    (one) => one.fault === undefined && !one.isVoid && isFor(one, subject),
  );
  return {
    urns,
    roles: found.roles,
    exports,
    objects: [
      ...Object.entries(standing).flatMap(([kind, list]) =>
        list.map(({ name }) => ({ kind: kind as StandingObject["kind"], name })),
      ),
      ...(found.database ? [{ kind: "database" as const, name: database }] : []),
      ...found.roles.map((name) => ({ kind: "role" as const, name })),
      ...secrets.map(({ name }) => ({ kind: "secret" as const, name })),
    ],
    facts: {
      now: Math.min(Date.now(), found.now),
      graceMs: order.graceMs,
      removing: order.removing && { export: order.removing.export },
      lost: !found.database && resources.some(({ type, urn }) => type === databaseType && urns.includes(urn)),
      certified:
        order.removing !== undefined &&
        existsSync(join(workspace.root, certificateFile(id, order.removing.since))),
      selling: containers.some(
        ({ Id, Labels, State }) =>
          ours(Labels) &&
          Labels[labels.role] === "shop" &&
          Labels[labels.suspended] === undefined &&
          (State === "running" || Id === shop?.id),
      ),
      standing: urns.length > 0,
      database: found.database,
      frozen: found.frozen,
      roles: found.roles.length > 0,
      strays,
      secrets: secrets.length > 0,
      exports: exports.map(({ name, manifest: { takenAt, last } }) => ({
        name,
        takenAt: Date.parse(takenAt),
        last,
      })),
    },
  };
}

/**
 * One clock alone may have jumped, and with it the end of a grace.
 * @throws UserError where two clocks, in milliseconds since 1970, are too far apart
 */
export function agreeOnTime(ours: number, servers: number): void {
  const apart = Math.abs(ours - servers);
  if (apart > clockSlack)
    throw new UserError(
      `the clocks of this machine and of the database server are ${Math.round(apart / 60_000)} minutes apart, and a grace is counted by them: set them right. Nothing was changed.`,
    );
}

/** Made for this order, and not for an earlier one of the same id. */
export function isFor(
  { manifest }: Pick<KeptExport, "manifest">,
  { owner, order }: Pick<Subject, "owner" | "order">,
): boolean {
  const { platform, group, id, order: of } = manifest;
  return (
    platform === owner.platform &&
    group === owner.group &&
    id === owner.id &&
    (["orderedBy", "reason", "ordered", "grace"] as const).every((key) => of[key] === order[key])
  );
}
