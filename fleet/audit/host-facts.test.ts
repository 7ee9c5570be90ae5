import type { HostInventory } from "../../inventory/host";
import { hostRules } from "../../policies/rules/host";
import { noFacts } from "../../policies/rules/facts";
import { judge } from "../../policies/rules/rule";
import { intent } from "../../policies/rules/testing";
import { hostFacts } from "./host-facts";

const good: HostInventory = {
  info: {
    ServerVersion: "28.1.1",
    MemTotal: 2 ** 33,
    NCPU: 2,
    MemoryLimit: true,
    SwapLimit: true,
    CpuCfsQuota: true,
    PidsLimit: true,
    LiveRestoreEnabled: true,
    ExperimentalBuild: false,
    Debug: false,
    SecurityOptions: ["name=apparmor", "name=seccomp,profile=builtin"],
    Swarm: { LocalNodeState: "inactive" },
    RegistryConfig: {
      InsecureRegistryCIDRs: ["::1/128", "127.0.0.0/8"],
      IndexConfigs: { "docker.io": { Secure: true } },
    },
  },
  endpoint: "unix:///var/run/docker.sock",
  tls: false,
  socket: { mode: 0o660, user: "root", group: "docker" },
  bridgeFirewall: true,
};

const findings = (found: HostInventory) =>
  judge(hostRules, { ...noFacts, host: hostFacts(found).facts }, intent()).map(({ rule }) => rule.id);

test("a good host has all facts that rules ask for, and no finding", () => {
  expect(hostFacts(good).missed).toEqual([]);
  expect(hostFacts(good).facts).toHaveLength(hostRules.length);
  expect(findings(good)).toEqual([]);
});

test("what is wrong with a host is found", () => {
  const info = {
    ...good.info,
    PidsLimit: false,
    SecurityOptions: ["name=apparmor"],
    RegistryConfig: { IndexConfigs: { "registry.lan:5000": { Secure: false } } },
  };
  expect(
    findings({ ...good, info, bridgeFirewall: false, socket: { ...good.socket!, mode: 0o666 } }),
  ).toEqual([
    ...["host-docker-sock-mode", "host-bridge-nf-call-iptables", "host-process-limit", "host-seccomp"],
    "host-insecure-registries",
  ]);
  expect(findings({ ...good, endpoint: "tcp://10.0.0.1:2375", socket: undefined })).toEqual([
    "host-docker-endpoint",
  ]);
  expect(findings({ ...good, endpoint: "tcp://10.0.0.1:2376", tls: true, socket: undefined })).toEqual([]);
});

test("what cannot be told is missed, and no fact; the socket's only where there is one", () => {
  const { LiveRestoreEnabled, ...info } = good.info;
  expect(LiveRestoreEnabled).toBe(true);
  const names = (found: HostInventory) => hostFacts(found).missed.map((text) => text.replace(/ \(.*$/s, ""));
  expect(names({ ...good, info, socket: undefined, bridgeFirewall: undefined })).toEqual([
    ...["docker.sock mode", "bridge-nf-call-iptables", "live-restore"],
  ]);
  expect(names({ ...good, endpoint: "ssh://host", socket: undefined })).toEqual([]);
});
