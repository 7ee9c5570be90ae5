// Loaded by Node before Pulumi's own start-up code: caches compiled code between runs and teaches Node to read TypeScript.
const path = require("node:path");
const cache = process.env.XDG_CACHE_HOME || path.join(require("node:os").homedir(), ".cache");
require("node:module").enableCompileCache?.(path.join(cache, "substation", "node-compile"));
require("tsx/cjs");
