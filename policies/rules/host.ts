import { rule, type Rule, type Severity } from "./rule";

/**
 * What a doctor looks at on the Docker host. Each fact is a text; one that cannot be told is not given, and what nobody gives is for the audit to name as not seen.
 *
 * Not judged, since our way makes them moot (docs/security.md, D25): userns-remap (every substation has a user of its own, none is root), the default bridge's
 * icc and userland-proxy (no container is on it, none publishes a port), default ulimits (every container sets its own), address pools (one network for all).
 */
export interface HostCheck {
  readonly severity: Severity;
  readonly references: readonly string[];
  /** What the fact's text is. For whoever gives it. */
  readonly form: string;
  /** Follows "Docker host: ". */
  readonly obligation: string;
  readonly remedy: string;
  readonly accepts: (value: string) => boolean;
}

const kernelLimit = (what: string, check: "D07" | "D08" | "D09"): HostCheck => ({
  severity: "high",
  references: ["D25", check],
  form: `"true" or "false": whether the engine says that its kernel can limit ${what} (GET /info)`,
  obligation: `the kernel must be able to limit ${what}`,
  remedy:
    'Boot the host with the cgroup controller that "docker info" warns of. Until then that limit of every substation is without effect.',
  accepts: (value) => value === "true",
});

/** By the name of the fact. */
export const hostChecks = {
  "docker endpoint": {
    severity: "critical",
    references: ["D25", "CIS Docker 2.7"],
    form: 'DOCKER_HOST, e.g. "unix:///var/run/docker.sock"; with " tls" behind it where the server\'s certificate is verified',
    obligation: "the engine must be reached by its socket, by ssh, or by TLS",
    remedy:
      "Never bind the engine to a TCP port without TLS and client certificates: whoever reaches it is root.",
    accepts: (value) => /^(?:unix|ssh|npipe):\/\//.test(value) || /^(?:tcp|https):\/\/\S+ tls$/.test(value),
  },
  "docker.sock mode": {
    severity: "critical",
    references: ["D25", "CIS Docker 3.15", "CIS Docker 3.16"],
    form: 'mode, owner and group of the socket, e.g. "0660 root:docker"',
    obligation: "the engine's socket must be root's, and closed to everybody outside its group",
    remedy: "chown root:docker and chmod 0660 the socket. Whoever may write to it is root on the host.",
    accepts: (value) => /^0?[0-7]{2}0 root:/.test(value) || /^0?[0-7]00 /.test(value), // the second is a rootless engine's
  },
  "bridge-nf-call-iptables": {
    severity: "critical",
    references: ["D25", "D16", "CIS Docker 2.2"],
    form: '"1" or "0": /proc/sys/net/bridge/bridge-nf-call-iptables of the host',
    obligation: "traffic on a bridge must pass the firewall, else nothing keeps the shops apart",
    remedy: "modprobe br_netfilter; sysctl -w net.bridge.bridge-nf-call-iptables=1",
    accepts: (value) => value === "1",
  },
  "memory limit": kernelLimit("memory", "D07"),
  "swap limit": kernelLimit("swap", "D07"),
  "cpu quota": kernelLimit("CPU time", "D08"),
  "process limit": kernelLimit("processes", "D09"),
  seccomp: {
    severity: "high",
    references: ["D25", "D06", "CIS Docker 2.17", "CIS Docker 5.22"],
    form: 'the profile that "docker info" names among its security options, e.g. "default" or "builtin"; "none" where it names none',
    obligation: "the engine must filter system calls by its own profile",
    remedy: "Remove seccomp-profile from daemon.json, and use a kernel with CONFIG_SECCOMP.",
    accepts: (value) => value === "default" || value === "builtin",
  },
  "insecure registries": {
    severity: "high",
    references: ["D25", "CIS Docker 2.5"],
    form: "addresses and names of registries that are spoken to without TLS, with a space between; of GET /info",
    obligation: "no registry outside the host must be spoken to without TLS",
    remedy: "Remove insecure-registries from daemon.json.",
    accepts: (value) => value.split(" ").every((one) => ["", "127.0.0.0/8", "::1/128"].includes(one)),
  },
  swarm: {
    severity: "medium",
    references: ["D25", "CIS Docker 7.1"],
    form: 'LocalNodeState of GET /info, e.g. "inactive"',
    obligation: "the engine must not be part of a swarm, which opens ports of its own",
    remedy: "docker swarm leave, where nothing else needs it.",
    accepts: (value) => value === "inactive",
  },
  debug: {
    severity: "medium",
    references: ["D25", "S05"],
    form: '"true" or "false": Debug of GET /info',
    obligation: "the engine must not log what it is asked, word by word",
    remedy: "Remove debug from daemon.json.",
    accepts: (value) => value === "false",
  },
  experimental: {
    severity: "low",
    references: ["D25", "CIS Docker 2.18"],
    form: '"true" or "false": ExperimentalBuild of GET /info',
    obligation: "the engine must not run with experimental features",
    remedy: "Remove experimental from daemon.json.",
    accepts: (value) => value === "false",
  },
  "live-restore": {
    severity: "low",
    references: ["D25", "CIS Docker 2.15"],
    form: '"true" or "false": LiveRestoreEnabled of GET /info',
    obligation: "shops must go on when the engine is restarted",
    remedy:
      'Set "live-restore": true in daemon.json. Until then an update of Docker stops every shop for a moment.',
    accepts: (value) => value === "true",
  },
  "engine version": {
    severity: "medium",
    references: ["D25", "CIS Docker 1.1.2"],
    form: 'Version of GET /version, e.g. "28.1.1"',
    obligation:
      "the engine must be of version 20.10 or later, the first that knows private cgroup namespaces",
    remedy: "Update Docker (https://docs.docker.com/engine/install/).",
    accepts: (value) => {
      const [major = NaN, minor = NaN] = value.split(".").map(Number);
      return major > 20 || (major === 20 && minor >= 10);
    },
  },
} as const satisfies Record<string, HostCheck>;

export type HostFactName = keyof typeof hostChecks;

/** One rule for each: `host-docker-endpoint`, … */
export const hostRules: readonly Rule[] = Object.entries<HostCheck>(hostChecks).map(
  ([fact, { severity, references, obligation, remedy, accepts }]) =>
    rule("host", {
      id: `host-${fact.replace(/[ .]/g, "-")}`,
      severity,
      description: `Checks that ${obligation}.`,
      references,
      remedy,
      *check({ name, value }) {
        if (name === fact && !accepts(value))
          yield `Docker host: ${obligation} (${fact}: ${value || "nothing"})`;
      },
    }),
);
