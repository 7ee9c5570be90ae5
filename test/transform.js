/** Jest's TypeScript transform: esbuild, types stripped and not checked (`npm run typecheck` does that). */
const { createHash } = require("node:crypto");
const { transformSync, version } = require("esbuild");

module.exports = {
  getCacheKey: (source, file) => createHash("sha256").update(version).update(file).update(source).digest("hex"),
  process: (source, file) =>
    transformSync(source, { loader: "ts", format: "cjs", target: "node22", sourcemap: "inline", sourcefile: file }),
};
