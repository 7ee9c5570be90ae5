import type { Platform } from "../../config/platform";
import type { Scope } from "../../config/scopes";

/** What tests of components stand on: the platform that policies/rules/testing.ts knows too. */
export const image = `sha256:${"a".repeat(64)}`;

export const platform: Platform = {
  name: "local",
  dns: { name: "substation.test", id: "zone-1", token: "token" },
  ingress: { address: "127.0.0.1", port: 8080 },
  edgeNetwork: "local-edge",
  database: {
    host: "127.0.0.1",
    port: 5432,
    address: "10.0.0.1",
    user: "provisioner",
    password: "p",
    caFile: "/ca.pem",
    ca: "PEM",
  },
  storefrontImage: image,
  // The key of RFC 8037, appendix A.1.
  mainStationSigningKey: "MC4CAQAwBQYDK2VwBCIEIJ1hsZ3v/VpguoRK9JLsLMREScVpezJpGXA7rAMcrn9g",
};

/** Those of the tier "trial", and so are its limits. */
export const scopes: readonly Scope[] = ["goods:read", "orders:create", "orders:read"];

export const limits = {
  memoryBytes: 128 * 1024 * 1024,
  cpus: 0.25,
  processes: 32,
  databaseConnections: 3,
  temporaryStorageBytes: 16 * 1024 * 1024,
  logSizeBytes: 5 * 1024 * 1024,
  statementTimeoutMs: 5000,
  idleTransactionTimeoutMs: 10_000,
};
