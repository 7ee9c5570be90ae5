import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import Cloudflare from "cloudflare";
import { startDnsEmulator, type DnsEmulator, type DnsEmulatorOptions } from "./emulator";
import { zoneIdOf } from "./names";

/** For tests: an emulator of `substation.test` in a folder of its own, with a token for each kind of right. */
export interface TestBed {
  readonly emulator: DnsEmulator;
  readonly home: string;
  readonly zoneId: string;
  /** The official client, with a token that may do everything; it does not retry. */
  readonly cloudflare: Cloudflare;
  client(token: string): Cloudflare;
  end(): Promise<void>;
}

export const testTokens = {
  all: "all-rights-token-0123456789-0123456789-01",
  edit: "edit-one-zone-token-0123456789-0123456789",
  read: "read-one-zone-token-0123456789-0123456789",
  unknown: "nobody-knows-me-token-0123456789-01234567",
} as const;

export async function testBed(options: Partial<DnsEmulatorOptions> = {}): Promise<TestBed> {
  const home = options.home ?? (await mkdtemp(path.join(tmpdir(), "substation-dns-")));
  const zoneId = zoneIdOf("substation.test");
  const emulator = await startDnsEmulator({
    home,
    zones: [{ name: "substation.test" }],
    tokens: [
      { value: testTokens.all, zones: "all", access: "edit" },
      { value: testTokens.edit, zones: [zoneId], access: "edit" },
      { value: testTokens.read, zones: [zoneId], access: "read" },
    ],
    // A failure of the emulator's own is a failure of the test that met it.
    onError: (error) => {
      throw error;
    },
    ...options,
  });
  const client = (apiToken: string) => new Cloudflare({ apiToken, baseURL: emulator.apiUrl, maxRetries: 0 });
  return {
    emulator,
    home,
    zoneId,
    cloudflare: client(testTokens.all),
    client,
    end: async () => {
      await emulator.close();
      await rm(home, { recursive: true });
    },
  };
}
