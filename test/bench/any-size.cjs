// Lets a group hold more substations than the product does, to measure why it does not. Loaded by `node --require`, into the command, the program and the policy pack.
const Module = require("node:module");
const load = Module._load;

Module._load = function (request, ...rest) {
  const loaded = load.call(this, request, ...rest);
  return request.endsWith("/ids") && "substationsPerGroup" in loaded
    ? { ...loaded, substationsPerGroup: 1000 }
    : loaded;
};
