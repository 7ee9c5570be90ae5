import { randomBytes } from "node:crypto";
import { thisProcess, type Owner } from "../owner";
import type { Subject } from "./entry";
import { journalFile, JournalFile } from "./file";

/**
 * What one run intends, and how far it came: written before it is done, so that the next run knows where a killed one may have left something behind.
 *
 * ```ts
 * const run = new Run(workspace.root);
 * const journal = run.begin("close", { group, id });
 * await journal.step("drop database", () => dropDatabase(…));
 * journal.end();
 * ```
 *
 * An engine takes its steps by itself: of these, `note` writes down what its events tell.
 */
export class Run {
  readonly id = randomBytes(6).toString("hex");
  readonly #writer: Owner = thisProcess();

  /** @param root the folder of Pulumi.yaml */
  constructor(private readonly root: string) {}

  /** Returns when the disk has it that this is about to be done to the substation. To be called with the group's lock held. */
  begin(action: string, subject: Subject): Journal {
    return new Journal(new JournalFile(journalFile(this.root, subject)), this.id, action, this.#writer);
  }
}

/** One action on one substation, from its beginning to its end. */
export class Journal {
  #ended = false;

  /** Made by `Run.begin`. */
  constructor(
    private readonly file: JournalFile,
    private readonly run: string,
    private readonly action: string,
    writer: Owner,
  ) {
    file.append({ run, action, phase: "begun", writer }, true);
  }

  /** Does a part of the action: `begun` is on the disk before it, `ended` or `failed` after it. Its error is passed on. */
  async step<T>(step: string, work: () => Promise<T>): Promise<T> {
    const line = { run: this.run, action: this.action, step };
    this.file.append({ ...line, phase: "begun" }, true);
    try {
      const result = await work();
      this.file.append({ ...line, phase: "ended" }, true);
      return result;
    } catch (error) {
      this.file.append({ ...line, phase: "failed", why: whyOf(error) }, true);
      throw error;
    }
  }

  /** A part that somebody else does, as far as it is heard of: for people who ask where a run was cut, not waited for. */
  note(step: string, phase: "begun" | "ended" | "failed"): void {
    if (!this.#ended) this.file.append({ run: this.run, action: this.action, step, phase }, false);
  }

  /** The action is over, and nobody knows what it did last: it stays without an end, for the next run to look into. Whatever comes later is ignored. */
  leave(): void {
    if (this.#ended) return;
    this.#ended = true;
    this.file.close();
  }

  /**
   * The action is over, and what it did is known: it ended, or it failed and said so. Whatever comes later is ignored.
   * @param why it failed: without secrets
   */
  end(phase: "ended" | "failed" = "ended", why?: string): void {
    if (this.#ended) return;
    const { run, action } = this;
    this.file.append({ run, action, phase, ...(why === undefined ? {} : { why }) }, true);
    this.leave();
  }
}

const whyOf = (error: unknown): string => (error instanceof Error ? error.message : String(error));
