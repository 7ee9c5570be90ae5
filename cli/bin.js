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

try {
  require.resolve("esbuild");
} catch {
  const root = require("node:path").join(__dirname, "..");
  process.stderr.write("substation: its packages are not installed: run `npm run setup` in " + root + "\n");
  process.exit(2);
}
require("../scripts/lazy-modules.cjs");
require("../scripts/typescript.cjs");
require("./main.ts").run();
