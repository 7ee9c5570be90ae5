import type * as docker from "@pulumi/docker";

export const mebibyte = 1024 * 1024;

/** What every container of a substation has and none may have more of. Everything here is a literal, so that a policy sees it in a preview. */
export const confined = {
  capabilities: { drops: ["ALL"] },
  securityOpts: ["no-new-privileges:true"],
  privileged: false,
  publishAllPorts: false,
  ipcMode: "private",
  cgroupnsMode: "private", // an engine on cgroup v1 would give the host's
  shmSize: 16,
  removeVolumes: false,
  logDriver: "json-file",
  tty: false,
  stdinOpen: false,
} satisfies Partial<docker.ContainerArgs>;

export interface ContainerLimits {
  readonly memoryBytes: number;
  /** Cores, e.g. 0.25. */
  readonly cpus: number;
  /** Of all containers of the substation that run beside this one. */
  readonly processes: number;
  /** Of the container's log, after which it is rotated once. */
  readonly logSizeBytes: number;
}

export function limited(limits: ContainerLimits) {
  const memory = Math.floor(limits.memoryBytes / mebibyte); // the provider counts in MiB
  return {
    memory,
    memorySwap: memory,
    cpus: Number.isInteger(limits.cpus) ? `${limits.cpus}.0` : String(limits.cpus), // as the provider reads it back
    ulimits: [
      // Counted by user, not by container: old and new run side by side while one replaces the other.
      { name: "nproc", soft: limits.processes * 2, hard: limits.processes * 2 },
      { name: "nofile", soft: 4096, hard: 4096 },
    ],
    logOpts: { "max-size": `${Math.ceil(limits.logSizeBytes / mebibyte)}m`, "max-file": "2" },
  };
}

export const temporary = (bytes: number) => ({
  "/tmp": `rw,noexec,nosuid,nodev,mode=1777,size=${bytes}`,
});
