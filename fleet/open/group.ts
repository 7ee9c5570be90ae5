import { performance } from "node:perf_hooks";
import { openSteps, type GroupReport, type Member, type OpenStep } from "../../config/open-report";
import type { Platform } from "../../config/platform";
import { UserError } from "../../config/error";
import type { Limiter } from "../../inventory/bounded";
import { withGroupLock } from "../group-lock";
import type { Run } from "../journal";
import { lostText, silenceText, type PatienceOptions } from "../patience";
import { isIdle, type UpdatePlan } from "../plan";
import { planGate } from "../plan/gate";
import { estimate, readRates } from "../plan/rates";
import type { Workspace } from "../pulumi";
import { partOf, substationOf, Timings } from "../timing";
import { carryOut } from "../up";
import { groundHash, isAsLeft, rememberLeft, type Now, type Seen } from "./as-left";
import type { Coordinator } from "./coordinator";
import type { GroupPhase, Told } from "./events";
import { Members } from "./members";
import type { OpenOptions } from "./open";
import { proveMembers } from "./proofs";
import { repairIfCut } from "./recover";
import { causeInOutput, causeOf, isCutOff, lastWord, remedyOf } from "./causes";
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
  /** What the platform has too little of to carry all that is to be opened on it, a sentence each. */
  readonly shortages: () => Promise<readonly string[]>;
  /** An audit of all that is on that platform, the same for all groups of the run; nothing where nobody can tell. */
  readonly audited: () => Promise<Seen | undefined>;
}

export interface GroupResult {
  readonly report: GroupReport;
  readonly members: readonly Member[];
}

type End = Pick<GroupReport, "outcome" | "why" | "repaired">;

/** Opens members of one group, with its lock held from the first look to the last proof. What goes wrong refuses the group, and no other. */
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
    end = { outcome: "refused", why: whyOf(error) };
  }
  members.leaveRest(end.why ?? "it was stopped before its turn");
  tell({ event: "group", group, phase: "ended", ...(end.why === undefined ? {} : { what: end.why }) });
  return {
    report: { group, ...end, seconds: Math.round(performance.now() - began) / 1000 },
    members: members.all,
  };
}

/** The other groups go on, whatever it was. What is not the user's mistake needs its stack, for whoever mends it. */
function whyOf(error: unknown): string {
  if (error instanceof UserError) return error.message;
  return `unexpected ${error instanceof Error ? error.stack : String(error)}`;
}

const busy = (holder: string, isStopped: boolean): End => ({
  outcome: isStopped ? "stopped" : "busy",
  why: `${holder} works on the group${isStopped ? ", and the wait for it was stopped" : ": run this again once it is done"}`,
});

const stopped: End = { outcome: "stopped", why: "it was stopped: the next run goes on from there" };

async function opening(run: GroupRun, members: Members): Promise<End> {
  const { workspace, group, options, tell, engines } = run;
  const isStopped = () => options.signal?.aborted ?? false;
  let unknown: Now | undefined;
  const updated = await engines(async (): Promise<End> => {
    if (isStopped()) return stopped;
    tell({ event: "group", group, phase: "planning" });
    const repaired = await repairIfCut(workspace, group, (what) =>
      tell({ event: "group", group, phase: "repairing", what }),
    );
    const done = repaired.length > 0 ? { repaired: [...repaired] } : {};
    const shortages = await run.shortages();
    if (shortages.length > 0) return { outcome: "refused", why: shortages.join("\n"), ...done };
    const platform = await run.platform();
    const isSettled = async (held: ReadonlySet<string>) => {
      const now = { ...run, ground: groundHash(workspace.root, { group, platform, held }) };
      const settled = await isAsLeft(now);
      if (!settled) unknown = now;
      return settled;
    };
    const { ids, others, whole } = run;
    const { maxTouched, signal } = options;
    const patience = patienceOf(run, "planning");
    const asked = { maxTouched, signal, patience, ids, others, platform, isSettled };
    const { plan = nothing(group), held, failures, refused } = await planGate(workspace, group, asked);
    for (const [id, failure] of failures) if (whole || ids.includes(id)) members.fail(id, failure);
    const objection = refused[0] ?? options.objection?.(group, plan);
    if (objection !== undefined)
      return { outcome: "refused", why: [objection, ...refused.slice(1)].join("\n"), ...done };
    if (isStopped()) return { ...stopped, ...done };
    if (plan.steps.length > 0) unknown = undefined; // only an engine that changes nothing has seen what there is
    const end = await update(run, members, plan, held);
    return { ...(isStopped() ? stopped : end), ...done };
  });
  if (updated.outcome === "done") await proveMembers(run, members);
  const isOpen = members.all.every(({ outcome }) => outcome === "open" || outcome === "unchanged");
  if (unknown && updated.outcome === "done" && isOpen && members.left.length === 0)
    await rememberLeft(unknown);
  return updated;
}

const killed = "the engine was killed: nobody knows what it did last, so the next run looks into it first";

const nothing = (stack: string): UpdatePlan => ({
  stack,
  steps: [],
  violations: [],
  stands: false,
  errors: [],
});

/** A hook may fail after its own part was made, and the engine then tells of the part that needs it. */
const firstOf = (steps: readonly (OpenStep | undefined)[]): OpenStep =>
  openSteps.find((step) => steps.includes(step)) ?? "plan";

/** An engine that says nothing is told of; not one whose parts all wait for their turn. */
const patienceOf = ({ group, options, tell, admission }: GroupRun, phase: GroupPhase): PatienceOptions => ({
  ...(options.patience ? { limits: options.patience } : {}),
  onSilence: (silence) => tell({ event: "group", group, phase, what: `the engine ${silenceText(silence)}` }),
  isHeldBack: (steps) => admission.waiting(group) >= steps,
});

/** Carries a plan out. @returns how that ended, with what went wrong that no member is to blame for */
async function update(
  run: GroupRun,
  members: Members,
  plan: UpdatePlan,
  held: ReadonlySet<string>,
): Promise<End> {
  const { workspace, group, options, tell, admission } = run;
  if (plan.steps.length === 0) return { outcome: "done" };
  const planned = new Map<string, string[]>();
  for (const { owner, urn, op } of plan.steps)
    if (owner && !isIdle(op)) planned.set(owner.id, [...(planned.get(owner.id) ?? []), urn]);
  const expected = Math.round(estimate(readRates(workspace.root), planned.size).seconds);
  tell({ event: "group", group, phase: "opening", what: `${planned.size} to change, about ${expected} s` });
  const journals = new Map([...planned.keys()].map((id) => [id, run.journal.begin("open", { group, id })]));
  const timings = new Timings();
  const watch = new Watch([...run.ids, ...run.others], (id, step) => {
    journals.get(id)?.note(step, "begun");
    tell({ event: "step", group, id, step });
  });
  const { signal } = options;
  const parallel = admission.parallel(planned.size);
  const at = { ...workspace, env: { ...workspace.env, ...admission.env } };
  const patience = patienceOf(run, "opening");
  const look = plan.stands ? "before" : "not";
  const settings = { parallel, look, signal, held, patience, continueOnError: true } as const;
  const done = await carryOut(at, group, settings, (event) => {
    timings.listen(event);
    watch.listen(event);
    admission.heard(group, event);
  });
  const unowned = watch.said.filter(({ id, text }) => id === undefined && !lastWord.test(text));
  const lost = done.lost && lostText(done.lost);
  const general =
    causeOf(unowned.map(({ text }) => text)) || (done.killed ? killed : causeInOutput(done.output));
  for (const id of new Set([...planned.keys(), ...watch.failed.keys()])) {
    const urns = planned.get(id) ?? [];
    const left = urns.filter((urn) => !watch.isFinished(urn)).length;
    const step = watch.failed.get(id);
    const own = watch.said.filter((one) => one.id === id);
    const cause = causeOf(own.map(({ text }) => text)) || general;
    members.changed(id, timings.of(id));
    const silent = done.lost?.steps.find((one) => substationOf(one) === id);
    // What was under way when it was stopped may end as cancelled.
    if (lost !== undefined && silent && left > 0)
      members.fail(id, { step: partOf(silent) ?? "plan", cause: lost, remedy: remedyOf(lost) });
    else if ((signal?.aborted || lost !== undefined) && left > 0 && (step === undefined || isCutOff(cause)))
      members.leave(
        id,
        `${lost ?? "it was stopped"} with ${left} of ${urns.length} resources to go: the next run goes on from there`,
      );
    else if (step !== undefined || left > 0)
      members.fail(id, {
        step: firstOf([step, ...own.map((one) => one.step)]),
        cause,
        remedy: remedyOf(cause),
      });
    // An engine that was killed has not written down what it did: the journal stays open, and the next run looks.
    if (done.killed) journals.get(id)?.leave();
    else journals.get(id)?.end(step === undefined && left === 0 ? "ended" : "failed");
  }
  // Whatever it waits for, a proof would wait for too.
  if (lost !== undefined) return { outcome: "refused", why: lost };
  return { outcome: "done", ...(done.kind === "failed" && watch.failed.size === 0 ? { why: general } : {}) };
}
