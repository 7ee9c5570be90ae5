import { mkdirSync, rmSync, writeFileSync } from "node:fs";
import { userInfo } from "node:os";
import { dirname, join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { z } from "zod";
import { projectSettings } from "../config/stack-config";
import { takeLock } from "../inventory/lock-file";
import { readLocks } from "./lock";
import { owner, ownerText, stateOf, takeOverCommand, thisProcess } from "./owner";
import type { Workspace } from "./pulumi";
import { lockFolder } from "./state-files";
import { stateStore, type StateStore } from "./state-store";

export interface LockOptions {
  /** What it is taken for: "open", "close", … */
  readonly what: string;
  /** Whether to wait while another has it; a number: so many milliseconds at most. @default true */
  readonly wait?: boolean | number | undefined;
  /** A host that is gone for good, as a person says: what it holds is taken over. */
  readonly gone?: string | undefined;
  /** Ends the waiting. */
  readonly signal?: AbortSignal | undefined;
  /** Hears who has it, once for each. */
  readonly onWait?: (holder: string) => void;
  /** Hears from whom of that host it was taken. */
  readonly onTakeOver?: (holder: string) => void;
}

export type Locked<T> =
  | { readonly kind: "done"; readonly result: T }
  /** It was not waited for, or the waiting was ended: nothing was done. */
  | { readonly kind: "busy"; readonly holder: string };

/** Milliseconds between two looks at a lock that another has. */
const pause = 250;

/**
 * Runs `work` while no other run of this program works on the group, and no update of Pulumi is under way on its stack. Pulumi's own lock is held during an update alone, and
 * nobody waits for it; this one is held from the first look to the last proof. It lies beside the state where that is in a folder, so that all who share the state share it.
 * One whose owner is proved dead is taken over; of an owner that cannot be seen from here, a person may say so.
 */
export async function withGroupLock<T>(
  { root, env }: Workspace,
  group: string,
  { what, wait = true, gone, signal, onWait = () => undefined, onTakeOver = () => undefined }: LockOptions,
  work: () => Promise<T>,
): Promise<Locked<T>> {
  const { project } = projectSettings({ root });
  const backend = env["PULUMI_BACKEND_URL"] ?? "";
  const file = join(lockFolder(backend, root), project, `${group}.json`);
  const end = performance.now() + (wait === true ? Infinity : Number(wait));
  /** Looks until nobody is in the way. */
  const free = async (
    holderNow: () => string | undefined | Promise<string | undefined>,
  ): Promise<string | undefined> => {
    for (let told: string | undefined; ;) {
      const holder = await holderNow();
      if (holder === undefined) return undefined;
      if (holder !== told) onWait(holder);
      if (performance.now() >= end || signal?.aborted) return holder;
      told = holder;
      await sleep(pause);
    }
  };
  const isDead = (text: string): boolean => {
    const held = parse(text);
    if (!held) return true; // torn, or no lock of ours: nobody can own it
    if (stateOf(held.owner, gone) !== "dead") return false;
    if (stateOf(held.owner) === "elsewhere") onTakeOver(holderText(held));
    return true;
  };
  const claim = writeClaim(file, what);
  let holder: string | undefined;
  try {
    holder = await free(() => holderOf(group, takeLock(file, claim, isDead)));
  } finally {
    rmSync(claim, { force: true });
  }
  if (holder !== undefined) return { kind: "busy", holder };
  try {
    holder = await free(() => updating(stateStore(env, { project, stack: group })));
    return holder === undefined ? { kind: "done", result: await work() } : { kind: "busy", holder };
  } finally {
    rmSync(file, { force: true });
  }
}

/** What stands in a lock. */
const content = z.object({ owner, user: z.string(), what: z.string(), since: z.string() });

function writeClaim(file: string, what: string): string {
  mkdirSync(dirname(file), { recursive: true });
  const own = thisProcess();
  const claim = `${file}.${own.pid}.${Math.random().toString(36).slice(2)}`;
  const text = { owner: own, user: userInfo().username, what, since: new Date().toISOString() };
  writeFileSync(claim, JSON.stringify(text satisfies z.infer<typeof content>), { flag: "wx" });
  return claim;
}

function holderOf(group: string, text: string | undefined): string | undefined {
  const held = text === undefined ? undefined : parse(text);
  if (!held) return undefined;
  if (stateOf(held.owner) !== "elsewhere") return holderText(held);
  // Whether that one still runs can be seen there alone.
  return holderText(held, `; if that machine is gone for good: ${takeOverCommand(group, held.owner.host)}`);
}

const holderText = ({ owner: of, user, what, since }: z.infer<typeof content>, more = ""): string =>
  `${ownerText(of)} (${user}, ${what}, since ${since}${more})`;

/** Who updates the stack without this program. */
async function updating(store: StateStore | undefined): Promise<string | undefined> {
  const lock = (await readLocks(store)).find(({ owner }) => owner === "alive");
  return (
    lock && `process ${lock.pid} on ${lock.host} (${lock.user}, an update by Pulumi, since ${lock.since})`
  );
}

/** Undefined for what is no lock of ours, or torn. */
function parse(text: string): z.infer<typeof content> | undefined {
  try {
    return content.safeParse(JSON.parse(text)).data;
  } catch {
    return undefined;
  }
}
