import { hostChecks, hostRules, type HostFactName } from "./host";
import { host } from "./testing";
import { finds, passes, testCases, type Case } from "./testing-cases";

const values: Readonly<
  Record<HostFactName, { readonly good: readonly string[]; readonly bad: readonly string[] }>
> = {
  "docker endpoint": {
    good: ["unix:///var/run/docker.sock", "ssh://ops@shops-1", "tcp://10.0.0.5:2376 tls"],
    bad: ["tcp://10.0.0.5:2375", "tcp://127.0.0.1:2376", "http://10.0.0.5:2375", ""],
  },
  "docker.sock mode": {
    good: ["0660 root:docker", "660 root:docker", "0600 root:root", "0600 ops:ops"],
    bad: ["0666 root:docker", "0664 root:docker", "0660 ops:docker", "0777 root:root", ""],
  },
  "bridge-nf-call-iptables": { good: ["1"], bad: ["0", ""] },
  "memory limit": { good: ["true"], bad: ["false"] },
  "swap limit": { good: ["true"], bad: ["false"] },
  "cpu quota": { good: ["true"], bad: ["false"] },
  "process limit": { good: ["true"], bad: ["false", ""] },
  seccomp: { good: ["default", "builtin"], bad: ["unconfined", "none", "/etc/docker/mine.json"] },
  "insecure registries": {
    good: ["", "127.0.0.0/8", "::1/128 127.0.0.0/8"],
    bad: ["10.0.0.0/8", "127.0.0.0/8 registry.lan:5000"],
  },
  swarm: { good: ["inactive"], bad: ["active", "pending"] },
  debug: { good: ["false"], bad: ["true"] },
  experimental: { good: ["false"], bad: ["true"] },
  "live-restore": { good: ["true"], bad: ["false"] },
  "engine version": { good: ["20.10.24+dfsg1", "28.1.1"], bad: ["20.4.0", "19.03.15", "unknown"] },
};

testCases(
  hostRules,
  Object.entries(values).flatMap(([fact, { good, bad }]): Case[] => {
    const id = `host-${fact.replace(/[ .]/g, "-")}`;
    const { obligation } = hostChecks[fact as HostFactName];
    return [
      ...bad.map((value) =>
        finds(
          id,
          `"${value}"`,
          { host: [host(fact, value)] },
          `Docker host: ${obligation} (${fact}: ${value || "nothing"})`,
        ),
      ),
      ...good.map((value) => passes(id, `"${value}"`, { host: [host(fact, value)] })),
      passes(id, "what is said of something else", { host: [host("weather", "bad")] }),
    ];
  }),
);
