import type { Attempt } from "../attempt";
import { intruder, type Question } from "../questions";
import { nothing } from "../verdict";

/** The file system cannot be written, or this is another's. `EROFS` is the mount's word, the others are the kernel's for a user without rights. */
const readOnly = ["EROFS", "EACCES", "EPERM"];

const attempt = (
  id: string,
  title: string,
  expected: readonly string[],
  ...questions: Question[]
): Attempt => ({
  id,
  title,
  expected,
  questions,
});
const open = (file: string): Question => ({ kind: "open", file });
const stat = (file: string): Question => ({ kind: "stat", file });
const busybox = (...args: string[]): Question => ({ kind: "busybox", args });
/** The second command takes back what the first did, where it did it. */
const undone = (first: string, second: string): Question =>
  busybox("sh", "-c", `/bin/busybox ${first} && /bin/busybox ${second}`);

/** Out of its places: the file system, the engine's sockets, the kernel's own doors, other processes. */
export const kernel: readonly Attempt[] = [
  attempt("files/root", "write into /", readOnly, open(`/${intruder}`)),
  attempt("files/usr", "write into /usr", readOnly, open(`/usr/local/bin/${intruder}`)),
  attempt(
    "files/program",
    "change the program that serves",
    readOnly,
    open("/app/storefront.cjs"),
    open("/usr/local/bin/node"),
  ),
  attempt("files/etc", "change who is who", readOnly, open("/etc/passwd")),
  attempt(
    "files/resolver",
    "change where names are asked for",
    readOnly,
    open("/etc/resolv.conf"),
    open("/etc/hosts"),
  ),
  attempt(
    "files/secrets",
    "change its own config and secrets",
    readOnly,
    open("/run/secrets/substation.json"),
    open(`/run/secrets/${intruder}`),
  ),
  attempt("files/sysrq", "press the kernel's keys", [...readOnly, "ENOENT"], open("/proc/sysrq-trigger")), // not every kernel has them
  attempt(
    "files/sysctl",
    "set the kernel's settings",
    readOnly,
    open("/proc/sys/kernel/core_pattern"),
    open("/proc/sys/vm/overcommit_memory"),
  ),
  attempt(
    "files/cgroup",
    "make control groups, and change its own",
    [...readOnly, "ENOENT"], // the two versions of control groups have other files
    { kind: "folder", folder: `/sys/fs/cgroup/${intruder}` },
    open("/sys/fs/cgroup/cgroup.procs"),
    open("/sys/fs/cgroup/memory/memory.limit_in_bytes"),
  ),
  attempt("files/execute", "start a program from /tmp", ["EACCES", "EPERM"], {
    kind: "execute",
    folder: "/tmp",
  }),
  attempt("files/execute-shm", "start a program from /dev/shm", ["EACCES", "EPERM", "EROFS"], {
    kind: "execute",
    folder: "/dev/shm",
  }),
  attempt(
    "host/docker-socket",
    "the engine's socket",
    ["ENOENT"],
    stat("/var/run/docker.sock"),
    stat("/run/docker.sock"),
    stat("/run/docker-proxy"),
  ),
  attempt("host/containerd", "the container runtime", ["ENOENT"], stat("/run/containerd"), stat("/run/runc")),
  attempt(
    "host/database-socket",
    "the database server's socket",
    ["ENOENT"],
    stat("/run/postgresql"),
    stat("/var/run/postgresql"),
  ),
  attempt("host/volumes", "the volumes of all", ["ENOENT"], stat("/var/lib/docker")),
  attempt(
    "host/disks",
    "the host's disks and memory",
    ["ENOENT"],
    stat("/dev/sda"),
    stat("/dev/vda"),
    stat("/dev/mem"),
    stat("/dev/kmsg"),
  ),
  attempt("host/kernel-memory", "read the kernel's memory", [nothing, "ENOENT", "EACCES", "EPERM"], {
    kind: "read",
    file: "/proc/kcore",
  }),
  attempt("host/processes", "see processes of others", [nothing], { kind: "strangers" }),
  attempt("host/secrets-in-sight", "find secrets in environment or command line", [nothing], {
    kind: "leaks",
  }),
  attempt("kernel/root", "become root", ["EPERM"], { kind: "root" }),
  attempt(
    "kernel/chroot",
    "change the root directory",
    ["EPERM"],
    busybox("chroot", "/tmp", "/bin/busybox", "true"),
  ),
  attempt(
    "kernel/remount",
    "make / writable",
    ["EPERM", "EACCES"],
    undone("mount -o remount,rw /", "mount -o remount,ro /"),
  ),
  attempt(
    "kernel/mount",
    "mount a file system",
    ["EPERM", "EACCES"],
    undone("mount -t tmpfs none /tmp", "umount /tmp"),
  ),
  attempt(
    "kernel/user-namespace",
    "be root in a namespace of its own",
    ["EPERM"],
    busybox("unshare", "-U", "/bin/busybox", "true"),
  ),
  attempt(
    "kernel/mount-namespace",
    "mount in a namespace of its own",
    ["EPERM"],
    busybox("unshare", "-m", "/bin/busybox", "true"),
  ),
  attempt(
    "kernel/enter-namespace",
    "enter another namespace",
    ["EPERM"],
    busybox("nsenter", "-t", "1", "-m", "/bin/busybox", "true"),
  ),
  attempt(
    "kernel/device",
    "make a device",
    ["EPERM"],
    undone(`mknod /tmp/${intruder} b 8 0`, `rm /tmp/${intruder}`),
  ),
  attempt("kernel/log", "read the kernel's log", ["EPERM"], busybox("dmesg")),
  attempt(
    "kernel/host-name",
    "name the machine",
    ["EPERM"],
    undone("hostname $(/bin/busybox hostname)", "true"),
  ),
  attempt(
    "kernel/interface",
    "make a network interface",
    ["EPERM"],
    undone("ip link add intruder0 type dummy", "ip link delete intruder0"),
  ),
  attempt(
    "kernel/raw-socket",
    "open a raw socket",
    ["EPERM"],
    busybox("arping", "-c", "1", "-I", "eth0", "127.0.0.1"),
  ),
];
