import { askHealth } from "./channels/open";
import type { PlainChannel } from "./config";
import { type Log, reason } from "./log";

/** Milliseconds between two questions to an adapter: before its first answer, while it answers, and after it stopped to. */
const pauses = { new: 250, up: 5000, down: 1000 } as const;

/**
 * Milliseconds after the shop's start for which adapters keep it closed. Longer than an opening waits; not for ever, so that a shop that
 * comes back after a crash serves its other channels.
 */
const patience = 120_000;

/** The adapters of custom channels, as the shop sees them. */
export interface Adapters {
  /** False until each adapter of an enabled channel has answered once since the shop's start. */
  opened(): boolean;
  /** Whether the channel can take money now: one without an adapter always can. */
  up(channel: string): boolean;
  /** Those that have an adapter. */
  states(): readonly (readonly [channel: string, up: boolean])[];
  stop(): void;
}

export function watchAdapters(
  channels: readonly PlainChannel[],
  log: Log,
  ask: typeof askHealth = askHealth,
): Adapters {
  const watched = channels.filter(({ adapter }) => adapter !== undefined);
  const states = new Map<string, keyof typeof pauses>(watched.map(({ id }) => [id, "new"]));
  const told = new Map<string, string>();
  const timers = new Map<string, NodeJS.Timeout>();
  const deadline = performance.now() + patience;
  let over = false;
  for (const channel of watched) void look(channel);

  async function look(channel: PlainChannel): Promise<void> {
    const { id } = channel;
    const fault = await ask({ ...channel, secrets: {} }).then(
      () => "",
      (error: unknown) => reason(error).error,
    );
    if (over) return;
    const state = fault === "" ? "up" : states.get(id) === "new" ? "new" : "down";
    states.set(id, state);
    if (told.get(id) !== fault) {
      told.set(id, fault);
      if (fault === "") log("info", "the adapter of a channel answers", { channel: id });
      else
        log("warn", "the adapter of a channel does not answer: no payment is begun by it", {
          channel: id,
          error: fault,
        });
    }
    timers.set(
      id,
      setTimeout(() => void look(channel), pauses[state]),
    );
  }

  return {
    opened: () =>
      watched.every(({ id, enabled }) => !enabled || states.get(id) !== "new") ||
      performance.now() > deadline,
    up: (channel) => (states.get(channel) ?? "up") === "up",
    states: () => [...states].map(([id, state]) => [id, state === "up"] as const),
    stop() {
      over = true;
      for (const timer of timers.values()) clearTimeout(timer);
    },
  };
}
