import { Docker } from "../../inventory/docker-api";
import { ask } from "./ask";
import { largestLog } from "./attempts/limits";
import type { Facts } from "./facts";
import type { OutsideAttempt } from "./outside";
import type { Answer } from "./questions";

const mebibyte = 1024 * 1024;

/** Writes more into the twin's log than the tier lets it keep, and looks how much of it the engine kept: the newest file and the one before. */
export function exhaustLog({ target: { limits } }: Facts, twin: string): OutsideAttempt {
  const kept = 2 * Math.ceil(limits.logSizeBytes / mebibyte) * mebibyte;
  return {
    id: "limits/log",
    title: "a longer log than its tier has",
    expected: ["rotated"],
    ...(limits.logSizeBytes > largestLog
      ? { untried: `its tier's log has ${limits.logSizeBytes / mebibyte} MB: too much to write for a try` }
      : {}),
    run: async (): Promise<Answer> => {
      const [answer] = await ask(twin, [{ kind: "log", bytes: kept + 2 * mebibyte }]);
      if (!answer || !("ok" in answer)) return answer ?? { missing: "no answer" };
      const query = { stdout: true, stderr: true };
      const held = await new Docker().get<unknown>(`/containers/${twin}/logs`, query);
      const size = Buffer.isBuffer(held) ? held.length : 0;
      const said = `${answer.ok as string} written, ${(size / mebibyte).toFixed(1)} MB kept`;
      return size <= kept ? { failed: "rotated", message: said } : { ok: said };
    },
  };
}
