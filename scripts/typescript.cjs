// Teaches `require` to read this project's TypeScript: types are stripped by esbuild, once for each content of a file, and never checked
// (`npm run typecheck` does that). Only .ts files pass through here; packages are left alone, which is what makes it fast.
const { createHash } = require("node:crypto");
const fs = require("node:fs");
const Module = require("node:module");
const os = require("node:os");
const path = require("node:path");

const cacheHome = path.join(process.env.XDG_CACHE_HOME || path.join(os.homedir(), ".cache"), "substation");
const cache = path.join(cacheHome, "typescript");
const options = { loader: "ts", format: "cjs", target: "node22", platform: "node" };
const salt = JSON.stringify([options, require("esbuild/package.json").version]);

Module.enableCompileCache?.(path.join(cacheHome, "node-compile"));

Module._extensions[".ts"] = (module, file) => {
  const source = fs.readFileSync(file, "utf8");
  module._compile(transpiled(source, file), file);
};

function transpiled(source, file) {
  const cached = path.join(cache, `${createHash("sha256").update(salt).update(source).digest("hex")}.js`);
  try {
    return fs.readFileSync(cached, "utf8");
  } catch (error) {
    if (error.code !== "ENOENT") throw error;
  }
  const { code } = require("esbuild").transformSync(source, { ...options, sourcefile: file });
  fs.mkdirSync(cache, { recursive: true });
  const fresh = `${cached}.${process.pid}`;
  fs.writeFileSync(fresh, code);
  fs.renameSync(fresh, cached); // whole or not at all: several processes may write the same
  return code;
}
