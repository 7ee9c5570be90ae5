export { explain } from "./explain";
export type { Bound, ExplainedField, Explanation, Source } from "./types";
