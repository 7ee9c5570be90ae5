// Lets a group hold more substations than the product does, to measure why it does not. Loaded by `node --require`, into the command, the program and the policy pack.
require("../../scripts/typescript.cjs");
const file = require.resolve("../../config/ids.ts");
const ids = require(file);
require.cache[file].exports = { ...ids, substationsPerGroup: 1000 };
