import { userId } from "../../config/names";
import { confinementRules } from "./container-confinement";
import type { ContainerFact } from "./facts";
import {
  container,
  dockerProxy,
  goodContainers,
  ingress,
  migration,
  owner,
  ownerLabels,
  platform,
} from "./testing";
import { finds, passes, testCases, type Case } from "./testing-cases";

const name = "local-mengxiang-shop-abcdefghij";
const user = userId(platform, owner.id);

const bad = (rule: string, when: string, change: Partial<ContainerFact>, ...says: string[]): Case =>
  finds(
    `container-${rule}`,
    when,
    { container: [container(change)] },
    says.map((text) => `Container ${name} ${text}`),
  );
const good = (rule: string, when: string, ...containers: ContainerFact[]): Case =>
  passes(`container-${rule}`, when, { container: containers });
const spaces = container().namespaces;

testCases(confinementRules, [
  ...confinementRules.map(({ id }) =>
    passes(id, "the containers of a good platform", { container: goodContainers }),
  ),

  finds(
    "container-known",
    "an input that is not known in a preview",
    { container: [container({ unknown: ["memory"] })] },
    [`Container ${name}: memory is not known before the update, so it cannot be judged`],
  ),
  finds(
    "container-known",
    "a shop's image that is not known",
    { container: [container({ unknown: ["image"] })] },
    [`Container ${name}: image is not known before the update, so it cannot be judged`],
  ),
  good(
    "known",
    "the platform's own images, whose ids the engine alone knows",
    ingress({ unknown: ["image"] }),
    dockerProxy({ unknown: ["image"] }),
  ),
  finds(
    "container-known",
    "anything else of the platform's",
    { container: [ingress({ unknown: ["image", "user"] })] },
    ["Container local-ingress: user is not known before the update, so it cannot be judged"],
  ),
  finds(
    "container-known",
    "the image of a substation's container that takes the ingress's name",
    { container: [ingress({ owner, unknown: ["image"] })] },
    ["Container local-ingress: image is not known before the update, so it cannot be judged"],
  ),

  bad("privileged", "a privileged one", { privileged: true }, "must not be privileged"),
  bad("privileged", "one that cannot be told", { privileged: undefined }, "must not be privileged"),

  bad(
    "capabilities",
    "nothing dropped",
    { capabilities: { add: [], drop: [] } },
    "must drop all capabilities",
  ),
  bad(
    "capabilities",
    "some dropped",
    { capabilities: { add: [], drop: ["NET_RAW"] } },
    "must drop all capabilities",
  ),
  bad(
    "capabilities",
    "some added",
    { capabilities: { add: ["NET_ADMIN", "SYS_PTRACE"], drop: ["ALL"] } },
    "must add no capability, but adds NET_ADMIN, SYS_PTRACE",
  ),
  finds(
    "container-capabilities",
    "a capability of the socket proxy",
    { container: [dockerProxy({ capabilities: { add: ["CHOWN"], drop: ["ALL"] } })] },
    ["Container local-docker-proxy must add no capability, but adds CHOWN"],
  ),

  bad(
    "no-new-privileges",
    "none",
    { securityOptions: [] },
    "must have the security option no-new-privileges",
  ),
  bad(
    "no-new-privileges",
    "a second option that takes it back",
    { securityOptions: ["no-new-privileges:true", "no-new-privileges:false"] },
    "must have the security option no-new-privileges",
  ),
  good(
    "no-new-privileges",
    "Docker's other spellings",
    ...["no-new-privileges", "no-new-privileges=true"].map((option) =>
      container({ securityOptions: [option] }),
    ),
  ),

  ...[
    "seccomp=unconfined",
    "apparmor=unconfined",
    "label=disable",
    "systempaths=unconfined",
    "seccomp=/tmp/mine.json",
  ].map((option) =>
    bad(
      "security-options",
      option,
      { securityOptions: ["no-new-privileges:true", option] },
      `must keep the engine's security profiles, but has ${option}`,
    ),
  ),

  bad("user", "root by default", { user: undefined }, `must run as user ${user}:${user}, but runs as root`),
  bad("user", "root", { user: "0:0" }, `must run as user ${user}:${user}, but runs as 0:0`),
  bad(
    "user",
    "its own user in root's group",
    { user: `${user}:0` },
    `must run as user ${user}:${user}, but runs as ${user}:0`,
  ),
  bad(
    "user",
    "a user without a group",
    { user: `${user}` },
    `must run as user ${user}:${user}, but runs as ${user}`,
  ),
  bad(
    "user",
    "the image's user",
    { user: "65532:65532" },
    `must run as user ${user}:${user}, but runs as 65532:65532`,
  ),
  finds("container-user", "root for the ingress", { container: [ingress({ user: "0:0" })] }, [
    "Container local-ingress must run as a numeric user and group that are not root, but runs as 0:0",
  ]),
  finds(
    "container-user",
    "root for one that only says it is the socket proxy",
    { container: [dockerProxy({ name: "other" })] },
    ["Container other must run as a numeric user and group that are not root, but runs as 0:0"],
  ),
  finds(
    "container-user",
    "root for one that says it is the socket proxy and is a substation's",
    { container: [dockerProxy({ labels: ownerLabels(owner, "docker-proxy") })] },
    ["Container local-docker-proxy must run as a numeric user and group that are not root, but runs as 0:0"],
  ),

  bad("groups", "root's group", { groups: ["0"] }, "must join no further group, but joins 0"),
  bad("groups", "the engine's group", { groups: ["docker"] }, "must join no further group, but joins docker"),

  bad(
    "read-only-root",
    "a root that can be written to",
    { readOnlyRoot: false },
    "must have a read-only root file system",
  ),
  bad(
    "read-only-root",
    "one that cannot be told",
    { readOnlyRoot: undefined },
    "must have a read-only root file system",
  ),
  finds(
    "container-read-only-root",
    "an ingress that can write",
    { container: [ingress({ readOnlyRoot: false })] },
    ["Container local-ingress must have a read-only root file system"],
  ),

  bad(
    "tmpfs",
    "programs in it",
    { tmpfs: { "/tmp": "rw,nosuid,nodev,size=1m" } },
    "must mount the tmpfs /tmp with noexec",
  ),
  bad(
    "tmpfs",
    "no options at all",
    { tmpfs: { "/tmp": "" } },
    "must mount the tmpfs /tmp with noexec, nosuid, nodev",
    "must limit the size of the tmpfs /tmp",
  ),
  bad(
    "tmpfs",
    "a share of the host's memory",
    { tmpfs: { "/tmp": "noexec,nosuid,nodev,size=50%" } },
    "must limit the size of the tmpfs /tmp",
  ),
  bad(
    "tmpfs",
    "two that are together too large",
    { tmpfs: { "/tmp": "noexec,nosuid,nodev,size=20m", "/run": "noexec,nosuid,nodev,size=20m" } },
    "must not have more than 32 MB of tmpfs, but has 40 MB",
  ),
  bad(
    "tmpfs",
    "a second size that is larger",
    { tmpfs: { "/tmp": "noexec,nosuid,nodev,size=1m,size=1g" } },
    "must not have more than 32 MB of tmpfs, but has 1024 MB",
  ),
  good("tmpfs", "none at all", container({ tmpfs: {} })),

  bad(
    "namespaces",
    "the host's processes",
    { namespaces: { ...spaces, pid: "host" } },
    'must have its own process namespace, but has "host"',
  ),
  bad(
    "namespaces",
    "a neighbour's processes",
    { namespaces: { ...spaces, pid: "container:haitang" } },
    'must have its own process namespace, but has "container:haitang"',
  ),
  bad(
    "namespaces",
    "the host's name",
    { namespaces: { ...spaces, uts: "host" } },
    'must have its own host name namespace, but has "host"',
  ),
  bad(
    "namespaces",
    "the host's users",
    { namespaces: { ...spaces, user: "host" } },
    'must have its own user namespace, but has "host"',
  ),
  bad(
    "namespaces",
    "memory that others may share",
    { namespaces: { ...spaces, ipc: "shareable" } },
    'must have its own IPC namespace, but has "shareable"',
  ),
  bad(
    "namespaces",
    "what was not asked for",
    { namespaces: { ...spaces, ipc: undefined, cgroup: undefined } },
    "must have its own IPC namespace, but has what the engine gives by default",
    "must have its own cgroup namespace, but has what the engine gives by default",
  ),
  bad(
    "namespaces",
    "the host's cgroups",
    { namespaces: { ...spaces, cgroup: "host" } },
    'must have its own cgroup namespace, but has "host"',
  ),
  good(
    "namespaces",
    "names that Docker gives as empty",
    container({ namespaces: { ...spaces, pid: "", uts: "", user: "" } }),
  ),

  bad("devices", "a disk", { devices: ["/dev/sda"] }, "must have no device of the host, but has /dev/sda"),
  bad(
    "cgroup-parent",
    "another parent",
    { cgroupParent: "/free" },
    "must be in the engine's own cgroup, but is in /free",
  ),
  good("cgroup-parent", "none, as an engine tells it", container({ cgroupParent: "" })),
  bad(
    "sysctls",
    "a parameter",
    { sysctls: { "net.ipv4.ip_forward": "1" } },
    "must set no kernel parameter, but sets net.ipv4.ip_forward",
  ),
  bad("terminal", "a terminal", { tty: true }, "must have no terminal and no open input"),
  bad("terminal", "an open input", { stdinOpen: true }, "must have no terminal and no open input"),
  finds("container-terminal", "a terminal of the migration", { container: [migration({ tty: true })] }, [
    `Container ${migration().name} must have no terminal and no open input`,
  ]),
]);
