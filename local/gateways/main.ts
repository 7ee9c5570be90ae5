/**
 * The sandbox gateways as a process: `main.ts --home <folder>`. Their configuration is `config.json` in that folder (mode 0600, since it
 * holds their key). Prints one line of JSON when they answer; SIGTERM and SIGINT stop them.
 */
import { parseArgs } from "node:util";
import { z } from "zod";
import { UserError } from "../../config/error";
import { readServiceConfig } from "../service";
import { startGateways } from "./server";

const port = z.int().min(0).max(65535);
const configSchema = z.strictObject({
  address: z.ipv4(),
  port,
  controlToken: z.string().min(40),
  reach: z.strictObject({
    dnsPort: port.optional(),
    edgeSubnet: z.cidrv4(),
    ports: z.array(port),
  }),
  speed: z.number().min(1),
  platformPrivateKey: z.string().startsWith("-----BEGIN "),
});

/** What `config.json` holds. */
export type GatewaysConfig = z.input<typeof configSchema>;

async function main(): Promise<void> {
  const { values } = parseArgs({ options: { home: { type: "string" } } });
  if (!values.home) throw new UserError("Usage: main.ts --home <folder with config.json>");
  const config = readServiceConfig(values.home, configSchema, "the sandbox gateways");
  const onError = (error: Error) => void process.stderr.write(`sandbox gateways: ${error.stack}\n`);
  const gateways = await startGateways({ ...config, home: values.home, onError });
  const stop = () => {
    gateways.close().catch((error: unknown) => {
      process.stderr.write(`sandbox gateways: could not stop cleanly: ${String(error)}\n`);
      process.exit(1);
    });
  };
  process.once("SIGTERM", stop);
  process.once("SIGINT", stop);
  // Who started this may have gone; the line was for them alone.
  process.stdout.on("error", () => undefined);
  process.stdout.write(`${JSON.stringify({ ready: true, pid: process.pid, port: gateways.port })}\n`);
}

main().catch((error: unknown) => {
  const text = error instanceof UserError ? error.message : String((error as Error).stack ?? error);
  process.stderr.write(`${text}\n`);
  process.exit(1);
});
