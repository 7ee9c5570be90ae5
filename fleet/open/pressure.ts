import { readFile } from "node:fs/promises";
import { availableParallelism } from "node:os";
import type { Sign } from "../../config/admission";

/** Of what there is: with less than this left, the kernel is about to take back what is in use. */
const leastMemory = 0.05;

/** Percent of the last 10 s in which something waited for memory. */
const memoryStall = 10;

/** Processes that want to run, for each core: an opening by itself brings two or three. */
const mostLoad = 8;

/** Signs of overload of this machine, from /proc; none where that cannot be read, as on macOS. */
export async function pressure(): Promise<readonly Sign[]> {
  const [meminfo, stall, load] = await Promise.all(
    ["/proc/meminfo", "/proc/pressure/memory", "/proc/loadavg"].map((file) =>
      readFile(file, "utf8").catch(() => ""),
    ),
  );
  return signsOf({ meminfo, stall, load, cores: availableParallelism() });
}

/** @internal Contents of the three files, empty where there is none. */
export function signsOf(seen: {
  readonly meminfo: string | undefined;
  readonly stall: string | undefined;
  readonly load: string | undefined;
  readonly cores: number;
}): Sign[] {
  const number = (text: string | undefined, pattern: RegExp) => {
    const found = pattern.exec(text ?? "")?.[1];
    return found === undefined ? undefined : Number(found);
  };
  const total = number(seen.meminfo, /^MemTotal: +(\d+) kB/m);
  const available = number(seen.meminfo, /^MemAvailable: +(\d+) kB/m);
  const stalled = number(seen.stall, /^some avg10=([\d.]+)/m) ?? 0;
  const load = number(seen.load, /^([\d.]+)/) ?? 0;
  const short = total !== undefined && available !== undefined && available < leastMemory * total;
  return [
    ...(short || stalled > memoryStall ? (["memory"] as const) : []),
    ...(load / seen.cores > mostLoad ? (["load"] as const) : []),
  ];
}
