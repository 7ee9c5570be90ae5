export { cutRuns, failedRuns, settleCutRuns, type CutRun } from "./cut";
export type { Entry, Subject } from "./entry";
export { Run, type Journal } from "./journal";
