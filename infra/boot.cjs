// Loaded by Node before Pulumi's own start-up code, so that all of it is compiled once and then read from the cache.
require("../scripts/typescript.cjs");
