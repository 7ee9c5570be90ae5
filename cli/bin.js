#!/usr/bin/env node
"use strict";
// Plain JavaScript that any Node can read, so that an old one gets a sentence and not a syntax error.
const [major, minor] = process.versions.node.split(".").map(Number);
if (major < 22 || (major === 22 && minor < 12)) {
  process.stderr.write(
    "substation: Node " +
      process.versions.node +
      " is too old: 22.12 or later is needed. `npm run substation -- <command>` brings its own.\n",
  );
  process.exit(2);
}

const { enableCompileCache } = require("node:module");
const { join } = require("node:path");
const cache = process.env.XDG_CACHE_HOME || join(require("node:os").homedir(), ".cache");
enableCompileCache(join(cache, "substation", "node-compile"));

try {
  require.resolve("tsx/cjs");
} catch {
  process.stderr.write(
    "substation: its packages are not installed: run `npm run setup` in " + join(__dirname, "..") + "\n",
  );
  process.exit(2);
}
require("tsx/cjs");
require("./main.ts").run();
