import * as path from "node:path";
import { type DnsEmulatorConfig } from "./dns/main";
import { errorText } from "./files";
import { secret, zone, type Home, type Instance } from "./home";
import type { ProcessIdentity } from "../inventory/process";
import { type Progress } from "./progress";
import { runningService, startService, stopService, type Service } from "./service";

/** A DNS zone that substations' records are written to. */
export interface DnsAccess {
  readonly zone: string;
  readonly zoneId: string;
  /** May edit the records of this zone. */
  readonly token: string;
  /** Base URL of the Cloudflare v4 API; absent for the real one. */
  readonly api?: string;
}

const service: Service = {
  name: "dns",
  title: "the DNS emulator",
  main: path.join(__dirname, "dns/main.ts"),
  folder: (home) => home.dns,
};

export const accessToDns = (instance: Instance): DnsAccess & { readonly api: string } => ({
  zone,
  zoneId: instance.zoneId,
  token: secret(instance.home, "dns-token"),
  api: `http://127.0.0.1:${instance.dnsApiPort}/client/v4`,
});

/** Starts the instance's DNS emulator, or finds it running, with the configuration that it should have. */
export async function startDns(instance: Instance, progress: Progress): Promise<DnsAccess> {
  const { home, dnsApiPort, dnsPort, zoneId } = instance;
  const access = accessToDns(instance);
  const config: DnsEmulatorConfig = {
    apiPort: dnsApiPort,
    dnsPort,
    zones: [{ name: zone, id: zoneId }],
    tokens: [{ value: access.token, zones: [zoneId], access: "edit" }],
  };
  const ports = [dnsApiPort, dnsPort];
  await startService(service, home, { config, ports, ask: () => askDns(instance) }, progress);
  return access;
}

/** Stops the emulator. Returns false where it was not running. */
export const stopDns = (home: Home): Promise<boolean> => stopService(service, home);

export const runningDns = (home: Home): ProcessIdentity | undefined => runningService(service, home);

/** Whether the emulator answers and knows our token; undefined if so, else what is wrong. */
export async function askDns(instance: Instance): Promise<string | undefined> {
  const { api, token, zoneId } = accessToDns(instance);
  try {
    const answer = await fetch(`${api}/zones/${zoneId}`, {
      headers: { authorization: `Bearer ${token}` },
      signal: AbortSignal.timeout(3_000),
    });
    return answer.ok ? undefined : `HTTP ${answer.status} from ${api}`;
  } catch (error) {
    return errorText(error);
  }
}
