/** Jest's TypeScript transform: esbuild, types stripped and not checked (`npm run typecheck` does that). */
const { createHash } = require("node:crypto");
const { transformSync, version } = require("esbuild");

const options = {
  loader: "ts",
  format: "cjs",
  target: "node22",
  sourcemap: "inline",
  supported: { "dynamic-import": false }, // Jest's sandbox has none: `import()` becomes `require`
};

module.exports = {
  getCacheKey: (source, file) =>
    createHash("sha256")
      .update(version)
      .update(JSON.stringify(options))
      .update(file)
      .update(source)
      .digest("hex"),
  process: (source, file) => transformSync(source, { ...options, sourcefile: file }),
};
