// Loaded by Node before Pulumi's own start-up code, so that all of it is compiled once and then read from the cache.
require("../scripts/lazy-modules.cjs");
require("../scripts/typescript.cjs");

// The SDK tells the engine of every call in a debug message, values and all. The console hides these; an event log (`--event-log`) does not, and holds
// secrets in plain text then.
require("@pulumi/pulumi/log").debug = () => Promise.resolve();

// Every resource would carry where our own source made it, six frames each: a seventh of the state, which is written twice for each resource; and a line more in a file would
// be a change of all that stands.
require("@pulumi/pulumi/resource").Resource.stackTrace = () => [];
