import { controllerFolder } from "./cgroup";

const id = "4f2c".repeat(16);

const version1 = [
  "25 20 0:22 / /sys/fs/cgroup ro,nosuid - tmpfs tmpfs ro,mode=755",
  "31 25 0:27 / /sys/fs/cgroup/memory rw,nosuid shared:9 - cgroup cgroup rw,memory",
  "33 25 0:29 / /sys/fs/cgroup/pids rw,nosuid shared:11 - cgroup cgroup rw,pids",
].join("\n");
const version2 = "30 25 0:26 / /sys/fs/cgroup rw,nosuid shared:4 - cgroup2 cgroup2 rw,nsdelegate";

test("a container's group is found in each layout", () => {
  const groups = `12:pids:/docker/${id}\n9:memory:/docker/${id}\n0::/`;
  expect(controllerFolder(groups, version1, "pids")).toEqual({
    path: `/sys/fs/cgroup/pids/docker/${id}`,
    unified: false,
  });
  expect(controllerFolder(groups, version1, "memory")?.path).toBe(`/sys/fs/cgroup/memory/docker/${id}`);
  expect(controllerFolder(`0::/system.slice/docker-${id}.scope`, version2, "pids")).toEqual({
    path: `/sys/fs/cgroup/system.slice/docker-${id}.scope`,
    unified: true,
  });
});

test("where both versions are mounted, the one that has the controller counts", () => {
  const hybrid = `${version1}\n30 25 0:26 / /sys/fs/cgroup/unified rw - cgroup2 cgroup2 rw`;
  expect(controllerFolder(`12:pids:/docker/${id}\n0::/docker/${id}`, hybrid, "pids")?.unified).toBe(false);
  expect(controllerFolder(`0::/docker/${id}`, hybrid, "pids")?.unified).toBe(true);
});

test("a mount that shows a part of the hierarchy is understood, and what lies outside of it is not found", () => {
  const part = version2.replace(" / ", " /docker ");
  expect(controllerFolder(`0::/docker/${id}`, part, "pids")?.path).toBe(`/sys/fs/cgroup/${id}`);
  expect(controllerFolder(`0::/system.slice/${id}`, part, "pids")).toBeUndefined();
  expect(controllerFolder(`0::/docker/${id}`, "", "pids")).toBeUndefined();
});
