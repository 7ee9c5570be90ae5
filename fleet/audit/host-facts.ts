import type { HostInventory, SocketFile } from "../../inventory/host";
import type { HostFact } from "../../policies/rules/facts";
import { hostChecks, type HostFactName } from "../../policies/rules/host";

export const hostFact = (name: string, value: string): HostFact => ({
  name,
  value,
  owner: undefined,
  unknown: [],
});

/** All that rules ask about the host; undefined where it cannot be told. */
export function hostValues(found: HostInventory): Record<HostFactName, string | undefined> {
  const { info, endpoint, tls, socket, bridgeFirewall } = found;
  return {
    "docker endpoint": tls ? `${endpoint} tls` : endpoint,
    "docker.sock mode": socket && socketText(socket),
    "bridge-nf-call-iptables": bridgeFirewall === undefined ? undefined : bridgeFirewall ? "1" : "0",
    "memory limit": text(info.MemoryLimit),
    "swap limit": text(info.SwapLimit),
    "cpu quota": text(info.CpuCfsQuota),
    "process limit": text(info.PidsLimit),
    seccomp: info.SecurityOptions ? seccompOf(info.SecurityOptions) : undefined,
    "insecure registries": info.RegistryConfig ? insecure(info.RegistryConfig).join(" ") : undefined,
    swarm: info.Swarm?.LocalNodeState,
    debug: text(info.Debug),
    experimental: text(info.ExperimentalBuild),
    "live-restore": text(info.LiveRestoreEnabled),
    "engine version": info.ServerVersion,
  };
}

/** The facts, and the names of those that cannot be told. An engine that is not reached by a socket of this machine has none to judge. */
export function hostFacts(found: HostInventory): { readonly facts: HostFact[]; readonly missed: string[] } {
  const values = Object.entries(hostValues(found));
  const local = found.endpoint.startsWith("unix://");
  return {
    facts: values.flatMap(([name, value]) => (value === undefined ? [] : [hostFact(name, value)])),
    missed: values
      .filter(([name, value]) => value === undefined && (local || name !== "docker.sock mode"))
      .map(([name]) => `${name} (${hostChecks[name as HostFactName].form})`),
  };
}

const text = (value: boolean | undefined): string | undefined => value?.toString();

const socketText = ({ mode, user, group }: SocketFile): string =>
  `${mode.toString(8).padStart(4, "0")} ${user}:${group}`;

/** `name=seccomp,profile=default` → "default" */
function seccompOf(options: readonly string[]): string {
  const option = options.find((one) => one.split(",").includes("name=seccomp"));
  return option === undefined ? "none" : (/profile=([^,]+)/.exec(option)?.[1] ?? "default");
}

const insecure = (config: NonNullable<HostInventory["info"]["RegistryConfig"]>): string[] => [
  ...(config.InsecureRegistryCIDRs ?? []),
  ...Object.entries(config.IndexConfigs ?? {})
    .filter(([, { Secure }]) => Secure === false)
    .map(([name]) => name),
];
