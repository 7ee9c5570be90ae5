import type Modem from "docker-modem";

/** The Docker engine's API, as far as looking and tidying up need it. The engine is the one that `DOCKER_HOST` names. */

export interface LiveContainer {
  readonly Id: string;
  /** Each with a leading slash. */
  readonly Names: readonly string[];
  readonly Image: string;
  readonly Labels: Readonly<Record<string, string>>;
  readonly State: string;
}

export interface LiveVolume {
  readonly Name: string;
  readonly Labels: Readonly<Record<string, string>> | null;
}

export const liveContainers = (): Promise<readonly LiveContainer[]> => call("GET", "/containers/json", { all: "1" });

export async function liveVolumes(): Promise<readonly LiveVolume[]> {
  const answer = await call<{ Volumes: readonly LiveVolume[] | null }>("GET", "/volumes");
  return answer.Volumes ?? [];
}

/** The last lines that a container wrote, both streams, without their framing. */
export async function containerLog(id: string, lines: number): Promise<string> {
  const framed = await call<Buffer>("GET", `/containers/${id}/logs`, { stdout: "1", stderr: "1", tail: String(lines) });
  // Eight bytes before each chunk: stream, three zeros, length (Docker API, "Stream format").
  const bytes = Buffer.isBuffer(framed) ? framed : Buffer.alloc(0);
  const parts: string[] = [];
  for (let at = 0; at + 8 <= bytes.length; ) {
    const size = bytes.readUInt32BE(at + 4);
    parts.push(bytes.toString("utf8", at + 8, at + 8 + size));
    at += 8 + size;
  }
  return parts.join("").trimEnd();
}

/** What a container ended with; undefined where it runs, was never started, or is not there. */
export async function containerExitCode(name: string): Promise<number | undefined> {
  const all = await liveContainers();
  const found = all.find((container) => container.Names.includes(`/${name}`));
  if (found?.State !== "exited") return undefined;
  const { State } = await call<{ State: { ExitCode: number } }>("GET", `/containers/${found.Id}/json`);
  return State.ExitCode;
}

/** Removes a container, running or not, with the volumes that have no name. One that is already gone is no error. */
export const removeContainer = (id: string): Promise<unknown> => call("DELETE", `/containers/${id}`, { force: "1", v: "1" });

let modem: Promise<Modem> | undefined;

async function call<T>(method: "GET" | "DELETE", path: string, query: Record<string, string> = {}): Promise<T> {
  modem ??= import("docker-modem").then((module) => new module.default());
  const docker = await modem;
  const statusCodes = { 200: true, 204: true, 404: method === "DELETE" ? true : "no such object" };
  return new Promise<T>((resolve, reject) => {
    // docker-modem appends the query to a path that ends in "?".
    docker.dial({ path: `${path}?`, method, options: { _query: query }, statusCodes }, (error, body) =>
      error ? reject(new Error(`Docker engine, ${method} ${path}: ${error.message.trim()}`, { cause: error })) : resolve(body as T),
    );
  });
}
