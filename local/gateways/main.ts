/**
 * The sandbox gateways as a process: `main.ts --home <folder>`. Their configuration is `config.json` in that folder (mode 0600, since it
 * holds their key). Prints one line of JSON when they answer; SIGTERM and SIGINT stop them.
 */
import { z } from "zod";
import { runService } from "../service";
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

runService({
  name: "sandbox gateways",
  title: "the sandbox gateways",
  schema: configSchema,
  async start(config, home) {
    const onError = (error: Error) => void process.stderr.write(`sandbox gateways: ${error.stack}\n`);
    const gateways = await startGateways({ ...config, home, onError });
    return { told: { port: gateways.port }, close: () => gateways.close() };
  },
});
