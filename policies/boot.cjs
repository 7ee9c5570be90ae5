// Pulumi loads this folder's package.json, and so this file. The project's TypeScript is transpiled as for the program.
require("../scripts/lazy-modules.cjs");
require("../scripts/typescript.cjs");
require("./index.ts");
