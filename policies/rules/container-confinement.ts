import { ceilingOf, isPlatformOwn, purposeOf, userOf } from "./container";
import type { ContainerFact } from "./facts";
import { known } from "./known";
import { rule, type FactRule, type Rule } from "./rule";
import { parseSize, showBytes } from "./sizes";

/** What a container may not be or have: everything by which it could leave its place. */

const allKnown = known("container", "Container");

export const containerKnown: FactRule<"container"> = {
  ...allKnown,
  check(container, intent) {
    // The images of the platform's own two are named by its config, and their ids are known to the engine alone until the update: it judges them then.
    const waived = isPlatformOwn(container, intent) ? ["image"] : [];
    const unknown = container.unknown.filter((path) => !waived.includes(path));
    return allKnown.check({ ...container, unknown }, intent);
  },
};

export const containerPrivileged = rule("container", {
  id: "container-privileged",
  severity: "critical",
  description: "Checks that no container is privileged.",
  references: ["D01", "CIS Docker 5.5", "PSS baseline", "KICS ae5b6871"],
  remedy: "Set privileged to false. A privileged container is root on the Docker host.",
  *check({ name, privileged }) {
    if (privileged !== false) yield `Container ${name} must not be privileged`;
  },
});

export const containerCapabilities = rule("container", {
  id: "container-capabilities",
  severity: "critical",
  description: "Checks that every container drops all capabilities and adds none.",
  references: ["D02", "CIS Docker 5.4", "PSS restricted", "KICS ce76b7d0"],
  remedy: 'Set capabilities to { drops: ["ALL"] }. Listen on a port above 1023: no shop needs a capability.',
  *check({ name, capabilities: { add, drop } }) {
    if (!drop.some((capability) => capability.toUpperCase() === "ALL"))
      yield `Container ${name} must drop all capabilities`;
    if (add.length > 0) yield `Container ${name} must add no capability, but adds ${add.join(", ")}`;
  },
});

export const containerNoNewPrivileges = rule("container", {
  id: "container-no-new-privileges",
  severity: "high",
  description: "Checks that no process of a container can gain rights from a file's setuid bit.",
  references: ["D03", "CIS Docker 5.26", "PSS restricted", "KICS 27fcc7d6", "KICS 610e266e"],
  remedy: 'Set securityOpts to ["no-new-privileges:true"].',
  *check({ name, securityOptions }) {
    const options = securityOptions.filter(isNoNewPrivileges);
    if (options.length === 0 || !options.every((option) => /^no-new-privileges(?:[:=]true)?$/.test(option)))
      yield `Container ${name} must have the security option no-new-privileges`;
  },
});

export const containerSecurityOptions = rule("container", {
  id: "container-security-options",
  severity: "critical",
  description: "Checks that the engine's own seccomp, AppArmor and SELinux profiles stay in force.",
  references: ["D06", "CIS Docker 5.2", "CIS Docker 5.3", "CIS Docker 5.22", "PSS baseline", "KICS 404fde2c"],
  remedy: "Remove every security option but no-new-privileges.",
  *check({ name, securityOptions }) {
    const others = securityOptions.filter((option) => !isNoNewPrivileges(option));
    if (others.length > 0)
      yield `Container ${name} must keep the engine's security profiles, but has ${others.join(", ")}`;
  },
});

export const containerUser = rule("container", {
  id: "container-user",
  severity: "high",
  description: "Checks that a container runs as the one user that is its substation's, never as root.",
  references: ["D04", "CIS Docker 4.1", "PSS restricted", "CKV_DOCKER_3", "CKV_DOCKER_8", "DS002"],
  remedy: "Set user to the number that config/names.ts gives for the substation, twice: uid:gid.",
  *check(container, intent) {
    const { name, user } = container;
    const wanted = userOf(container, intent);
    if (wanted !== undefined && user !== wanted)
      yield `Container ${name} must run as user ${wanted}, but runs as ${user || "root"}`;
    if (wanted === undefined && !/^[1-9][0-9]*:[1-9][0-9]*$/.test(user ?? ""))
      yield `Container ${name} must run as a numeric user and group that are not root, but runs as ${user || "root"}`;
  },
});

export const containerGroups = rule("container", {
  id: "container-groups",
  severity: "high",
  description: "Checks that a container joins no group but its user's own.",
  references: ["D04", "CIS Docker 4.1", "PSS restricted"],
  remedy: "Remove groupAdds: a group such as docker or root opens files of the host's.",
  *check({ name, groups }) {
    if (groups.length > 0)
      yield `Container ${name} must join no further group, but joins ${groups.join(", ")}`;
  },
});

export const containerReadOnlyRoot = rule("container", {
  id: "container-read-only-root",
  severity: "high",
  description: "Checks that a container cannot write to its image's files.",
  references: ["D05", "CIS Docker 5.13"],
  remedy: "Set readOnly to true, and give it a tmpfs for what it writes.",
  *check(container, intent) {
    // The engine's API copies files into a container before its start, but not into one with a read-only root: the migration carries the secrets in that way. It
    // runs once, never serves, and ends before the shop starts; its user, capabilities, network and mounts are held like any other's.
    if (purposeOf(container, intent) === "migrate") return;
    if (container.readOnlyRoot !== true)
      yield `Container ${container.name} must have a read-only root file system`;
  },
});

export const containerTmpfs = rule("container", {
  id: "container-tmpfs",
  severity: "medium",
  description:
    "Checks that what a container writes for a time is bounded, and holds neither programs nor devices.",
  references: ["D05", "CIS Docker 5.13"],
  remedy:
    "Mount every tmpfs with noexec,nosuid,nodev and a size; all sizes together stay within the tier's temporaryStorage.",
  *check(container, intent) {
    const { name, tmpfs } = container;
    let total = 0;
    for (const [target, text] of Object.entries(tmpfs)) {
      const options = text.split(",");
      const missing = ["noexec", "nosuid", "nodev"].filter((option) => !options.includes(option));
      if (missing.length > 0)
        yield `Container ${name} must mount the tmpfs ${target} with ${missing.join(", ")}`;
      // The last of its kind is the one that counts.
      const size = parseSize(options.findLast((option) => option.startsWith("size="))?.slice("size=".length));
      if (size === undefined || size === 0)
        yield `Container ${name} must limit the size of the tmpfs ${target}`;
      total += size ?? 0;
    }
    const most = ceilingOf(container, intent)?.temporaryStorageBytes;
    if (most !== undefined && total > most)
      yield `Container ${name} must not have more than ${showBytes(most)} of tmpfs, but has ${showBytes(total)}`;
  },
});

/** For these three Docker has no other word for a container's own than none at all. */
const ownByDefault = { pid: "process", uts: "host name", user: "user" } as const;

export const containerNamespaces = rule("container", {
  id: "container-namespaces",
  severity: "critical",
  description: "Checks that a container shares no namespace with the host or with another container.",
  references: [
    "D10",
    ...["CIS Docker 5.16", "CIS Docker 5.17", "CIS Docker 5.21", "CIS Docker 5.31", "PSS baseline"],
    ...["KICS 071a71ff", "KICS 4f31dd9f", "KICS baa3890f"],
  ],
  remedy: 'Remove pidMode and usernsMode; set ipcMode and cgroupnsMode to "private".',
  *check({ name, namespaces }) {
    for (const [key, word] of Object.entries(ownByDefault)) {
      const value = namespaces[key as keyof typeof ownByDefault];
      if (value) yield `Container ${name} must have its own ${word} namespace, but has "${value}"`;
    }
    const { ipc, cgroup } = namespaces;
    if (ipc !== "private" && ipc !== "none")
      yield `Container ${name} must have its own IPC namespace, but has ${seen(ipc)}`;
    // Not left to the engine: on cgroup v1 its default is the host's.
    if (cgroup !== "private")
      yield `Container ${name} must have its own cgroup namespace, but has ${seen(cgroup)}`;
  },
});

export const containerDevices = rule("container", {
  id: "container-devices",
  severity: "critical",
  description: "Checks that a container has no device of the host.",
  references: ["D14", "CIS Docker 5.18"],
  remedy: "Remove devices, deviceRequests and gpus.",
  *check({ name, devices }) {
    if (devices.length > 0)
      yield `Container ${name} must have no device of the host, but has ${devices.join(", ")}`;
  },
});

export const containerCgroupParent = rule("container", {
  id: "container-cgroup-parent",
  severity: "high",
  description: "Checks that a container's limits are kept by the engine's own cgroup.",
  references: ["D20", "CIS Docker 5.25", "KICS 4d9f44c6"],
  remedy: "Remove cgroupParent: under another parent, other limits count.",
  *check({ name, cgroupParent }) {
    if (cgroupParent) yield `Container ${name} must be in the engine's own cgroup, but is in ${cgroupParent}`;
  },
});

export const containerSysctls = rule("container", {
  id: "container-sysctls",
  severity: "medium",
  description: "Checks that a container changes no kernel parameter.",
  references: ["D24", "PSS baseline"],
  remedy: "Remove sysctls: no shop needs one.",
  *check({ name, sysctls }) {
    const names = Object.keys(sysctls);
    if (names.length > 0)
      yield `Container ${name} must set no kernel parameter, but sets ${names.join(", ")}`;
  },
});

export const containerTerminal = rule("container", {
  id: "container-terminal",
  severity: "low",
  description: "Checks that a container has neither a terminal nor an open input.",
  references: ["D24"],
  remedy: "Set tty and stdinOpen to false: a service is not spoken to by hand.",
  *check({ name, tty, stdinOpen }) {
    if (tty !== false || stdinOpen !== false)
      yield `Container ${name} must have no terminal and no open input`;
  },
});

export const confinementRules: readonly Rule[] = [
  containerKnown,
  containerPrivileged,
  containerCapabilities,
  containerNoNewPrivileges,
  containerSecurityOptions,
  containerUser,
  containerGroups,
  containerReadOnlyRoot,
  containerTmpfs,
  containerNamespaces,
  containerDevices,
  containerCgroupParent,
  containerSysctls,
  containerTerminal,
];

const isNoNewPrivileges = (option: string): boolean => option.startsWith("no-new-privileges");

const seen = (value: ContainerFact["namespaces"]["ipc"]): string =>
  value ? `"${value}"` : "what the engine gives by default";
