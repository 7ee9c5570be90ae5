import type { Position, Problem } from "../problem";

/** Where a value comes from. "nowhere": nobody says it, and nothing stands for it. */
export type Source = "file" | "tier" | "template" | "default" | "platform" | "derived" | "nowhere";

/** One field of a substation: what it is, who says so, and who else could. Never a secret's value. */
export interface ExplainedField {
  /** Path with dots: `channels.alipay.fee`. */
  readonly field: string;
  /** As people write it; undefined where there is none, or where it cannot be known here: `why` says so. */
  readonly value: string | undefined;
  readonly source: Source;
  /** Where that is written, where it is written anywhere. */
  readonly at?: Position;
  /** Of what the value follows, or why there is none. */
  readonly why?: string;
  /** What it may be. */
  readonly bounds: readonly Bound[];
  /** What else could set it, and which of both wins. */
  readonly otherwise: string;
}

export interface Bound {
  readonly text: string;
  readonly at?: Position;
}

export interface Explanation {
  readonly id: string;
  readonly group: string;
  /** Its file. */
  readonly file: string;
  readonly fields: readonly ExplainedField[];
  /** Of the file, of the tiers, and of settings that it needs. While there are any, nothing is opened or changed. */
  readonly problems: readonly Problem[];
}
