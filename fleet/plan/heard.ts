import type { EngineEvent } from "../pulumi";

/**
 * The events of a preview, to their end. The Automation API swallows what a listener throws, and an engine whose events reach nobody goes on and ends well: what was not
 * heard would look like a plan that does nothing.
 */
export class Heard {
  #isWhole = false;
  #fault: Error | undefined;

  constructor(private readonly hear: (event: EngineEvent) => void) {}

  readonly listen = (event: EngineEvent): void => {
    if (event.summaryEvent) this.#isWhole = true; // a preview's last word
    try {
      this.hear(event);
    } catch (error) {
      this.#fault ??= error instanceof Error ? error : new Error(String(error));
    }
  };

  /**
   * What is missing of a preview that ended well; undefined where it was heard to its end.
   * @throws what the listener threw
   */
  missing(): string | undefined {
    if (this.#fault) throw this.#fault;
    return this.#isWhole
      ? undefined
      : "the events of the engine were not heard to their end: nobody knows what it would do. Run this again";
  }
}
