import { mainStationPublicKey } from "../../config/main-station-token";
import type { Platform } from "../../config/platform";
import { mapBounded } from "../../inventory/bounded";
import { loadPlatformIntent } from "../../policies/intent";
import { noFacts, type Facts } from "../../policies/rules/facts";
import { rules } from "../../policies/rules";
import type { Capacity, ExpectedSubstation, Intent } from "../../policies/rules/intent";
import { judge } from "../../policies/rules/rule";
import { exportsAtOnce, type Workspace } from "../pulumi";
import { readPlatform } from "../read-platform";
import { lookAtEngine, type EngineSeen } from "./engine";
import { located } from "./locate";
import { Looks } from "./looks";
import { givenByStack, type Given } from "./passwords";
import type { AuditReport } from "./report";
import { tokenFacts } from "./tokens";
import { lookAtServer, nothingSeen, serverKinds, type ServerSeen } from "./server";
import { lookAtZone } from "./zone";

export interface AuditScope {
  /** The platform's stack. */
  readonly platform: string;
  /** Substations to tell of; empty for everything on the platform. */
  readonly ids: readonly string[];
}

/**
 * Looks at what really is there and judges it by the rules: Docker engine and host, database server, DNS zone. Changes nothing. What cannot be looked at is told as such, and
 * the rest is judged all the same. Everything is judged, also where only some substations are asked for: much of it can be told only by looking at all.
 *
 * @param note hears what it is at, in a few words
 * @param onFacts is given what was seen, before it is judged
 * @throws UserError where the files have problems, so that nobody knows what should be there
 */
export async function audit(
  workspace: Workspace,
  { platform: stack, ids }: AuditScope,
  note: (what: string) => void = () => undefined,
  onFacts: (facts: Facts) => void = () => undefined,
): Promise<AuditReport> {
  const started = performance.now();
  const intent = loadPlatformIntent(workspace.root, stack);
  const wanted = ids.length === 0 ? undefined : ids.flatMap((id) => intent.substations.get(id) ?? []);
  const looks = new Looks();
  note("looking at Docker, the database server and the DNS zone");
  const given = givenBy(workspace, wanted ?? [...intent.substations.values()], looks);
  const [engine, { server, zone, token }] = await Promise.all([
    lookAtEngine(intent.platform.name, looks),
    lookAtServers(workspace, stack, intent, wanted, given, looks),
  ]);
  await given;

  note("judging");
  const facts: Facts = {
    ...noFacts,
    ...engine.facts,
    ...server.facts,
    record: zone.record,
    token,
    host: [...engine.facts.host, ...zone.host],
  };
  onFacts(facts);
  const judged = { ...intent, capacity: capacityOf(engine, server) };
  const able = rules.filter((rule) => looks.allow(rule));
  const findings = located(judge(able, facts, judged), judged);
  return {
    platform: intent.platform.name,
    ids,
    findings: findings
      .filter(({ id }) => !wanted || (id !== undefined && ids.includes(id)))
      .map(({ finding }) => finding),
    blind: looks.blind,
    looked: lookedAt(facts),
    rules: able.length,
    seconds: (performance.now() - started) / 1000,
  };
}

async function lookAtServers(
  workspace: Workspace,
  stack: string,
  intent: Intent,
  wanted: readonly ExpectedSubstation[] | undefined,
  given: Promise<Given>,
  looks: Looks,
): Promise<{ server: ServerSeen; zone: Pick<Facts, "record" | "host">; token: Facts["token"] }> {
  const platform = await looks.at(`the outputs of stack ${stack}`, [], readPlatform(workspace, stack));
  if (!platform) {
    looks.miss(
      `the database server and the DNS zone of ${intent.platform.name}`,
      [...serverKinds, "record", "token"],
      `Stack ${stack} does not tell how they are reached: "pulumi stack output -s ${stack}" must work here, with the backend and the passphrase of the platform.`,
    );
    return { server: nothingSeen, zone: noFacts, token: [] };
  }
  const [server, zone] = await Promise.all([
    lookAtServer(platform.database, intent.platform.name, wanted, given, looks),
    lookAtZone(platform.dns, looks),
  ]);
  return { server, zone, token: await lookAtTokens(platform, stack, given, looks) };
}

async function lookAtTokens(
  { mainStationSigningKey: key }: Partial<Platform>,
  stack: string,
  given: Promise<Given>,
  looks: Looks,
): Promise<Facts["token"]> {
  const { tokens, substations } = await given;
  if (key !== undefined) return tokenFacts(tokens, substations, mainStationPublicKey(key));
  looks.miss(
    "the tokens for the main station's API",
    ["token"],
    `Stack ${stack} has no key to verify them by: give it mainStationSigningKey, and update it (docs/main-station.md).`,
  );
  return [];
}

/** What the stacks of these substations gave out; that of a stack that cannot be read is missed. */
async function givenBy(
  workspace: Workspace,
  substations: readonly ExpectedSubstation[],
  looks: Looks,
): Promise<Given> {
  const groups = [...new Set(substations.map(({ owner }) => owner.group))];
  const read = await mapBounded(exportsAtOnce, groups, async (group) => {
    const remedy = () => `Is this the passphrase of ${group}?`;
    return [
      group,
      await looks.at(
        `the passwords and tokens in the state of stack ${group}`,
        ["token"],
        givenByStack(workspace, group),
        remedy,
      ),
    ] as const;
  });
  const known = new Map(read.flatMap(([group, found]) => (found ? [[group, found] as const] : [])));
  return {
    passwords: new Map([...known.values()].flatMap((found) => [...found.passwords])),
    tokens: new Map([...known.values()].flatMap((found) => [...found.tokens])),
    substations: substations.filter(({ owner }) => known.has(owner.group)),
  };
}

/** Unknown where one of its parts is: a sum cannot be held against a part. */
const capacityOf = ({ memoryBytes, cpus }: EngineSeen, { connections }: ServerSeen): Capacity | undefined =>
  memoryBytes === undefined || cpus === undefined
    ? undefined
    : { memoryBytes, cpus, databaseConnections: connections };

/** Kinds that only a plan has facts of. */
const planned = new Set(["secret", "step", "provider", "resource"]);

const lookedAt = (facts: Facts): Record<string, number> =>
  Object.fromEntries(
    Object.entries(facts)
      .filter(([kind]) => !planned.has(kind))
      .map(([kind, list]) => [kind, list.length]),
  );
