/**
 * The DNS emulator as a process: `main.ts --home <folder>`. Its configuration is `config.json` in that folder (mode 0600,
 * since it holds tokens). Prints one line of JSON when it answers; SIGTERM and SIGINT stop it.
 */
import { z } from "zod";
import { runService } from "../service";
import { startDnsEmulator } from "./emulator";

const port = z.int().min(0).max(65535);
const hexId = z.string().regex(/^[0-9a-f]{32}$/, "must be 32 hexadecimal digits");
const configSchema = z.strictObject({
  host: z.string().default("127.0.0.1"),
  apiPort: port,
  dnsPort: port,
  zones: z
    .array(
      z.strictObject({ name: z.string(), id: hexId.optional(), recordQuota: z.int().positive().optional() }),
    )
    .min(1),
  tokens: z
    .array(
      z.strictObject({
        value: z.string().regex(/^[A-Za-z0-9_-]{40,}$/, "must be 40 or more letters, digits, '-' and '_'"),
        zones: z.union([z.literal("all"), z.array(hexId)]),
        access: z.enum(["read", "edit"]),
      }),
    )
    .min(1),
  plan: z.enum(["free", "paid"]).default("free"),
  rateLimit: z.strictObject({ requests: z.int().positive(), windowSeconds: z.int().positive() }).optional(),
});

/** What `config.json` holds. */
export type DnsEmulatorConfig = z.input<typeof configSchema>;

runService({
  name: "dns emulator",
  title: "the DNS emulator",
  schema: configSchema,
  async start(config, home) {
    const emulator = await startDnsEmulator({ ...config, home });
    const { apiUrl, apiPort, dnsPort } = emulator;
    return { told: { apiUrl, apiPort, dnsPort }, close: () => emulator.close() };
  },
});
