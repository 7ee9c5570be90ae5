import { performance } from "node:perf_hooks";
import type { GroupReport, Member } from "../../config/open-report";
import type { Platform } from "../../config/platform";
import { UserError } from "../../config/error";
import type { Limiter } from "../../inventory/bounded";
import { withGroupLock } from "../group-lock";
import type { AuditReport } from "../audit/report";
import type { Run } from "../journal";
import { isAllowed, isIdle, planUpdate, type UpdatePlan } from "../plan";
import type { Workspace } from "../pulumi";
import { Timings } from "../timing";
import { carryOut } from "../up";
import { groundHash, isAsLeft, isClean, rememberLeft } from "./as-left";
import type { Coordinator } from "./coordinator";
import type { Told } from "./events";
import { Members } from "./members";
import type { OpenOptions } from "./open";
import { problemsBefore, problemsOfPlan, type Failure } from "./problems";
import { proveMembers } from "./proofs";
import { repairIfCut } from "./recover";
import { causeOf, remedyOf } from "./causes";
import { Watch } from "./watch";

/** One group's part of an opening. */
export interface GroupRun {
  readonly workspace: Workspace;
  readonly group: string;
  /** Members that are to be opened. */
  readonly ids: readonly string[];
  /** The others of the group, which are left as they are. */
  readonly others: readonly string[];
  /** Whether all of the group is meant: then what stands without a file is a failure too, and else not looked at. */
  readonly whole: boolean;
  readonly options: OpenOptions;
  readonly tell: (told: Told) => void;
  /** Holds back what needs an engine, and proofs. */
  readonly engines: Limiter;
  readonly provers: Limiter;
  /** Lets substations in, over all engines. */
  readonly admission: Coordinator;
  readonly journal: Run;
  /** What the group stands on. @throws UserError */
  readonly platform: () => Promise<Platform>;
  /** An audit of all that is on that platform, the same for all groups of the run. @throws UserError */
  readonly audited: () => Promise<AuditReport>;
}

export interface GroupResult {
  readonly report: GroupReport;
  readonly members: readonly Member[];
}

type End = Pick<GroupReport, "outcome" | "why" | "repaired">;

/** Opens members of one group, with its lock held from the first look to the last proof. A mistake of the user refuses the group, and no other. */
export async function openGroup(run: GroupRun): Promise<GroupResult> {
  const { workspace, group, options, tell } = run;
  const began = performance.now();
  const members = new Members(run);
  let end: End;
  try {
    const onWait = (holder: string) =>
      tell({ event: "group", group, phase: "waiting", what: `${holder} has it` });
    const { wait, signal } = options;
    const locked = await withGroupLock(workspace, group, { what: "open", wait, signal, onWait }, () =>
      opening(run, members),
    );
    end = locked.kind === "done" ? locked.result : busy(locked.holder, signal?.aborted ?? false);
  } catch (error) {
    if (!(error instanceof UserError)) throw error;
    end = { outcome: "refused", why: error.message };
  }
  members.leaveRest(end.why ?? "it was stopped before its turn");
  tell({ event: "group", group, phase: "ended", ...(end.why === undefined ? {} : { what: end.why }) });
  return {
    report: { group, ...end, seconds: Math.round(performance.now() - began) / 1000 },
    members: members.all,
  };
}

const busy = (holder: string, isStopped: boolean): End => ({
  outcome: isStopped ? "stopped" : "busy",
  why: `${holder} works on the group${isStopped ? ", and the wait for it was stopped" : ": run this again once it is done"}`,
});

const stopped: End = { outcome: "stopped", why: "it was stopped: the next run goes on from there" };

async function opening(run: GroupRun, members: Members): Promise<End> {
  const { workspace, group, options, tell, engines } = run;
  const isStopped = () => options.signal?.aborted ?? false;
  let ground: string | undefined;
  const updated = await engines(async (): Promise<End> => {
    if (isStopped()) return stopped;
    tell({ event: "group", group, phase: "planning" });
    const repaired = await repairIfCut(workspace, group, (what) =>
      tell({ event: "group", group, phase: "repairing", what }),
    );
    const done = repaired.length > 0 ? { repaired: [...repaired] } : {};
    const gate = await planGate(run, members);
    if (gate.kind === "refused") return { outcome: "refused", why: gate.why, ...done };
    ground = gate.ground;
    if (isStopped()) return { ...stopped, ...done };
    const objection = options.objection?.(group, gate.plan);
    if (objection !== undefined) return { outcome: "refused", why: objection, ...done };
    const why = await update(run, members, gate.plan, gate.held);
    if (isStopped()) return { ...stopped, ...done };
    return { outcome: "done", ...(why === undefined ? {} : { why }), ...done };
  });
  if (updated.outcome === "done") await proveMembers(run, members);
  const isOpen = members.all.every(({ outcome }) => outcome === "open" || outcome === "unchanged");
  if (ground !== undefined && updated.outcome === "done" && isOpen && members.left.length === 0)
    await rememberLeft(workspace, group, ground);
  return updated;
}

type Gate =
  | { readonly kind: "refused"; readonly why: string }
  /** `ground` is what the plan follows from; absent where nobody looked at it. */
  | {
      readonly kind: "passed";
      readonly plan: UpdatePlan;
      readonly held: ReadonlySet<string>;
      readonly ground?: string;
    };

/** Finds the members that cannot be opened, and a plan of the others that no rule forbids. */
async function planGate(run: GroupRun, members: Members): Promise<Gate> {
  const { workspace, group, options } = run;
  const platform = await run.platform();
  const held = new Set(run.others);
  const hold = (found: ReadonlyMap<string, Failure>) => {
    for (const [id, failure] of found) {
      held.add(id);
      if (run.whole || run.ids.includes(id)) members.fail(id, failure);
    }
  };
  const before = await problemsBefore(workspace.root, group, platform, held);
  if (before.group.length > 0) return { kind: "refused", why: before.group.join("\n") };
  hold(before.members);
  const ground = groundHash(workspace.root, { group, platform, held });
  if (await needsNothing(run, ground)) return { kind: "passed", plan: nothing(group), held };
  for (;;) {
    if (members.left.length === 0) return { kind: "passed", plan: nothing(group), held };
    const watch = new Watch(run.ids);
    const { maxTouched, parallel, signal } = options;
    const asked = { maxTouched, parallel, signal, held, onEvent: watch.listen };
    const plan = await planUpdate(workspace, group, asked);
    if (isAllowed(plan) || signal?.aborted) return { kind: "passed", plan, held, ground };
    const found = problemsOfPlan(workspace.root, group, plan, watch.said);
    const fresh = new Map([...found.members].filter(([id]) => !held.has(id)));
    // Those that single members are to blame for go with them; what is left without them is seen by another look.
    if (fresh.size === 0) return { kind: "refused", why: [...found.group, ...plan.errors].join("\n") };
    hold(fresh);
  }
}

async function needsNothing({ workspace, group, ids, audited }: GroupRun, ground: string): Promise<boolean> {
  return (await isAsLeft(workspace, group, ground)) && isClean(await audited(), ids);
}

const nothing = (stack: string): UpdatePlan => ({ stack, steps: [], violations: [], errors: [] });

/** Carries a plan out. @returns what went wrong that no member is to blame for */
async function update(
  run: GroupRun,
  members: Members,
  plan: UpdatePlan,
  held: ReadonlySet<string>,
): Promise<string | undefined> {
  const { workspace, group, options, tell, admission } = run;
  if (plan.steps.length === 0) return undefined;
  tell({ event: "group", group, phase: "opening" });
  const planned = new Map<string, string[]>();
  for (const { owner, urn, op } of plan.steps)
    if (owner && !isIdle(op)) planned.set(owner.id, [...(planned.get(owner.id) ?? []), urn]);
  const journals = new Map([...planned.keys()].map((id) => [id, run.journal.begin("open", { group, id })]));
  const timings = new Timings();
  const watch = new Watch(run.ids, (id, step) => {
    journals.get(id)?.note(step, "begun");
    tell({ event: "step", group, id, step });
  });
  const { signal, parallel = admission.parallel(planned.size) } = options;
  const at = { ...workspace, env: { ...workspace.env, ...admission.env } };
  const done = await carryOut(at, group, { parallel, signal, held, continueOnError: true }, (event) => {
    timings.listen(event);
    watch.listen(event);
    admission.heard(group, event);
  });
  const unowned = watch.said.filter(
    ({ id, text }) => id === undefined && !/^(?:update|preview) failed$/.test(text),
  );
  const general = causeOf(unowned.map(({ text }) => text)) || done.output.split("\n").slice(-5).join("\n");
  for (const id of new Set([...planned.keys(), ...watch.failed.keys()])) {
    const urns = planned.get(id) ?? [];
    const left = urns.filter((urn) => !watch.isFinished(urn)).length;
    const step = watch.failed.get(id);
    const own = watch.said.filter((one) => one.id === id);
    const cause = causeOf(own.map(({ text }) => text)) || general;
    members.changed(id, timings.of(id));
    // What was under way when it was stopped may end as cancelled.
    if (signal?.aborted && left > 0 && (step === undefined || /cancell?ed/i.test(cause)))
      members.leave(
        id,
        `it was stopped with ${left} of ${urns.length} resources to go: the next run goes on from there`,
      );
    else if (step !== undefined || left > 0)
      members.fail(id, { step: step ?? own[0]?.step ?? "plan", cause, remedy: remedyOf(cause) });
    // An engine that was killed has not written down what it did: the journal stays open, and the next run looks.
    if (!done.killed) journals.get(id)?.end(step === undefined && left === 0 ? "ended" : "failed");
  }
  return done.kind === "failed" && watch.failed.size === 0 ? general : undefined;
}
