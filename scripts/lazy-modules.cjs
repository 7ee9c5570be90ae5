// Pulumi's SDK loads the TypeScript compiler and npm's arborist to turn functions into text for other machines, which nothing here does: 0.4 s of a core in every program,
// policy pack and command. They are loaded when somebody asks for something in them.
const Module = require("node:module");

const late = new Set(["typescript", "@npmcli/arborist"]);
const load = Module._load;

Module._load = function (request, parent, isMain) {
  if (!late.has(request)) return load(request, parent, isMain);
  Module._resolveFilename(request, parent); // what is not there is told at once
  const module = () => load(request, parent, isMain);
  return new Proxy(
    {},
    {
      // The compiled SDK copies what does not say that it is a module of its own kind, and so would ask for all of it.
      get: (_, key) => (key === "__esModule" ? true : module()[key]),
      has: (_, key) => key in module(),
      ownKeys: () => Reflect.ownKeys(module()),
      getOwnPropertyDescriptor: (_, key) => {
        const found = Reflect.getOwnPropertyDescriptor(module(), key);
        return found && { ...found, configurable: true }; // as a proxy must say of what its target has not
      },
    },
  );
};
