import { setTimeout as sleep } from "node:timers/promises";
import { mark } from "../../config/names";
import { ask } from "./ask";
import type { Attempt } from "./attempt";
import { kernel } from "./attempts/kernel";
import { sharedLimits, twinLimits } from "./attempts/limits";
import { logins } from "./attempts/logins";
import { network } from "./attempts/network";
import { statements } from "./attempts/statements";
import { gather, type AttackTarget, type Facts } from "./facts";
import { sample, type Latency } from "./latency";
import { look } from "./leftovers";
import { exhaustLog } from "./log-limit";
import { outside } from "./outside";
import type { Answer } from "./questions";
import type { AttackReport, AttemptResult } from "./report";
import { withTwin } from "./twin";
import { judge } from "./verdict";

export type { AttackTarget, Neighbour } from "./facts";
export type { Latency } from "./latency";
export { attackExitCode, count, type AttackReport, type AttemptResult } from "./report";
export { attackTarget } from "./target";
export type { Verdict } from "./verdict";

/** Milliseconds for which a neighbour is asked before the attack begins, and the most requests that it is then asked. */
const calm = 2_000;
const mostRequests = 3_000;

/**
 * Tries, from inside a substation's container and with its credentials, what an intruder would. Nothing is destroyed where something goes well, and what uses up
 * resources runs in a twin of the container; for a moment, though, all database connections of the substation are taken. Traffic stays on the Docker host.
 * Takes about 10 s, or as long as the tier's longest statement.
 * @throws UserError where it cannot be tried
 */
export async function attack(
  target: AttackTarget,
  on: { attempt?(result: AttemptResult): void } = {},
): Promise<AttackReport> {
  const started = performance.now();
  const facts = await gather(target);
  const existing = new Set(await look(facts));
  const { platform, neighbour } = target;
  const before = neighbour && (await calmly(target, neighbour.host));
  const sampling = neighbour && sample(platform.ingress, neighbour.host, mostRequests);
  const results: AttemptResult[] = [];
  let during: Latency | undefined;
  try {
    await tryAll(facts, (result) => {
      results.push(result);
      on.attempt?.(result);
    });
  } finally {
    during = await sampling?.stop();
  }
  return {
    substation: mark(target.owner),
    attempts: results,
    leftovers: (await look(facts)).filter((thing) => !existing.has(thing)),
    ...(before && during ? { latency: { host: neighbour.host, before, during } } : {}),
    seconds: (performance.now() - started) / 1000,
  };
}

async function calmly({ platform }: AttackTarget, host: string): Promise<Latency> {
  const sampling = sample(platform.ingress, host, mostRequests);
  await sleep(calm);
  return await sampling.stop();
}

/** First what does no harm anywhere, then what uses up the twin. */
async function tryAll(facts: Facts, tell: (result: AttemptResult) => void): Promise<void> {
  const inside = [
    ...logins(facts),
    ...statements(facts),
    ...network(facts),
    ...kernel,
    ...sharedLimits(facts),
  ];
  await tryInside(facts, inside, facts.shop.Id, tell);
  for (const { run, ...attempt } of outside(facts)) {
    const why = hindered(facts, attempt);
    tell(result(attempt, [why === undefined ? await run() : { missing: why }]));
  }
  await withTwin(facts.shop, facts.target.owner, async (twin) => {
    await tryInside(facts, twinLimits(facts), twin, tell);
    const { run, ...attempt } = exhaustLog(facts, twin);
    tell(result(attempt, [attempt.untried === undefined ? await run() : { missing: attempt.untried }]));
  });
}

async function tryInside(
  facts: Facts,
  attempts: readonly Attempt[],
  container: string,
  tell: (result: AttemptResult) => void,
): Promise<void> {
  const tried = attempts.filter((attempt) => hindered(facts, attempt) === undefined);
  const answers = await ask(
    container,
    tried.flatMap(({ questions }) => questions),
  );
  let at = 0;
  for (const attempt of attempts) {
    const why = hindered(facts, attempt);
    if (why !== undefined) tell(result(attempt, [{ missing: why }]));
    else tell(result(attempt, answers.slice(at, (at += attempt.questions.length))));
  }
}

function hindered({ target }: Facts, { neighbour, untried }: Omit<Attempt, "questions">): string | undefined {
  return untried ?? (neighbour && !target.neighbour ? "there is no neighbour on this platform" : undefined);
}

const result = (
  { id, title, expected }: Omit<Attempt, "questions">,
  answers: readonly Answer[],
): AttemptResult => ({
  id,
  title,
  expected,
  ...judge(answers, expected),
});
