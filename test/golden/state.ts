import * as path from "node:path";

/** The state of three substations of one group, as `pulumi stack export` gave it; written by make.ts. */
export const stateFile = path.join(__dirname, "three-substations.json");

export const goldenPlatform = "local";
export const goldenIds = ["bing", "ding", "jia"] as const;
