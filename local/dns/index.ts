export { startDnsEmulator, type DnsEmulator, type DnsEmulatorOptions, type ZoneSpec } from "./emulator";
export { type RateLimit, type TokenSpec } from "./access";
export { type Fault } from "./faults";
export { zoneIdOf } from "./names";
