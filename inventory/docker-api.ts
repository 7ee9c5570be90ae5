import type { IncomingMessage } from "node:http";
import * as readline from "node:readline";
import type { Duplex, Readable } from "node:stream";
import { PassThrough } from "node:stream";
import { finished } from "node:stream/promises";
import { text } from "node:stream/consumers";
import { setTimeout as sleep } from "node:timers/promises";
import DockerModem from "docker-modem";

/** An answer of the Docker engine that is not a success. */
export class DockerError extends Error {
  override readonly name = "DockerError";
  constructor(
    message: string,
    /** HTTP status; undefined where the engine could not be reached, or failed in the middle of a stream. */
    readonly status: number | undefined,
    /** System error of the connection, such as "ENOENT" or "EACCES". */
    readonly code: string | undefined,
  ) {
    super(message);
  }
}

type Query = Readonly<Record<string, string | number | boolean | object>>;

/** What an image is asked for most. */
export interface ImageInfo {
  readonly Id: string;
  readonly RepoTags: readonly string[] | null;
  readonly Config: {
    readonly Labels: Readonly<Record<string, string>> | null;
    /** `KEY=value` */
    readonly Env?: readonly string[] | null;
  };
}

/** A line of the stream in which the engine tells how a pull or a build goes. */
export interface StreamLine {
  readonly stream?: string;
  readonly status?: string;
  readonly id?: string;
  readonly error?: string;
}

/** How a command inside a container ended. */
export interface Executed {
  readonly exitCode: number;
  readonly stdout: string;
  readonly stderr: string;
}

const successes = Object.fromEntries([200, 201, 204, 304].map((status) => [status, true as const]));

/** The Docker engine that DOCKER_HOST names (unix socket, TLS, ssh), else the one of this machine, over its HTTP API. */
export class Docker {
  private readonly modem = new DockerModem();

  /** @param patience milliseconds that an answer may take; streams may take as long as they like */
  constructor(private readonly patience = 60_000) {}

  get<T>(path: string, query: Query = {}): Promise<T> {
    return this.dial<T>({ method: "GET", path, options: query });
  }

  /** `query` goes into the address, `body` is sent as JSON. */
  post<T>(path: string, query: Query = {}, body: object = {}): Promise<T> {
    return this.dial<T>({ method: "POST", path, options: { _query: query, _body: body } });
  }

  delete(path: string, query: Query = {}): Promise<unknown> {
    return this.dial({ method: "DELETE", path, options: query });
  }

  /** The image, or undefined where the engine has none of that name. */
  async image(name: string): Promise<ImageInfo | undefined> {
    try {
      return await this.get<ImageInfo>(`/images/${name}/json`);
    } catch (error) {
      if (error instanceof DockerError && error.status === 404) return undefined;
      throw error;
    }
  }

  /** Builds and tags an image from a context that holds its `Dockerfile`, as a tar stream; `onLine` hears how it goes. */
  async build(
    tag: string,
    context: Readable,
    labels: Readonly<Record<string, string>>,
    onLine: (line: StreamLine) => void,
  ): Promise<void> {
    // version 1: the builder that every engine has, without extra parts. It also caches layers by their content.
    const query = { t: tag, version: "1", rm: true, forcerm: true, networkmode: "none", labels };
    await follow(
      await this.dial<IncomingMessage>({
        method: "POST",
        path: "/build",
        options: query,
        file: context,
        isStream: true,
      }),
      onLine,
    );
  }

  /** Pulls an image; the pull ends where `signal` is aborted. */
  async pull(name: string, signal: AbortSignal, onLine: (line: StreamLine) => void): Promise<void> {
    const colon = name.lastIndexOf(":");
    const query = { fromImage: name.slice(0, colon), tag: name.slice(colon + 1) };
    const options = { _query: query, _body: {} };
    await follow(
      await this.dial<IncomingMessage>({
        method: "POST",
        path: "/images/create",
        options,
        isStream: true,
        abortSignal: signal,
      }),
      onLine,
    );
  }

  /**
   * Runs a command inside a running container, as the container's own user, with `input` on its standard input, to its end. An exit code other than 0 is the caller's
   * to judge.
   * @param signal ends the waiting, though not the command: the engine has no way to end one
   * @throws DockerError where the container is not there or does not run. A program that is not there is an exit code, 126 or 127
   */
  async exec(
    container: string,
    command: readonly string[],
    input: string,
    signal: AbortSignal,
  ): Promise<Executed> {
    const streams = { AttachStdin: true, AttachStdout: true, AttachStderr: true };
    const { Id } = await this.post<{ Id: string }>(
      `/containers/${container}/exec`,
      {},
      { ...streams, Cmd: command },
    );
    const stream = await this.dial<Duplex>({
      method: "POST",
      path: `/exec/${Id}/start`,
      options: { _query: {}, _body: { Detach: false, Tty: false } },
      hijack: true, // the connection becomes the command's streams; only so can its input be ended while it still writes
      openStdin: true,
      isStream: true,
    });
    const [stdout, stderr] = [new PassThrough(), new PassThrough()];
    this.modem.demuxStream(stream, stdout, stderr);
    const said = Promise.all([text(stdout), text(stderr)]);
    stream.end(input);
    try {
      await finished(stream, { writable: false, signal });
    } finally {
      stream.destroy();
      for (const one of [stdout, stderr]) one.end();
    }
    const [out, err] = await said;
    return { exitCode: await this.exitCodeOf(Id, signal), stdout: out, stderr: err };
  }

  /** The streams may end a moment before the engine knows how the command did. */
  private async exitCodeOf(exec: string, signal: AbortSignal): Promise<number> {
    for (;;) {
      const { Running, ExitCode } = await this.get<{ Running: boolean; ExitCode: number | null }>(
        `/exec/${exec}/json`,
      );
      if (!Running && ExitCode !== null) return ExitCode;
      await sleep(20, undefined, { signal });
    }
  }

  private dial<T>(request: Omit<DockerModem.DialOptions, "statusCodes">): Promise<T> {
    return new Promise((resolve, reject) => {
      const path = `${request.path}?`; // docker-modem adds the query only where it sees the mark
      // An engine that hangs takes connections, and never answers.
      const timeout = request.isStream ? undefined : AbortSignal.timeout(this.patience);
      const signal = timeout ? { abortSignal: timeout } : {};
      this.modem.dial({ ...signal, ...request, path, statusCodes: successes }, (error, result) => {
        if (!error) return resolve(result as T);
        if (timeout?.aborted)
          return reject(
            new DockerError(`no answer within ${this.patience / 1000} s`, undefined, "ETIMEDOUT"),
          );
        const { statusCode, code } = error as { statusCode?: number; code?: string };
        // The engine's own words stand behind what docker-modem says of the status.
        reject(
          new DockerError(error.message.replace(/^\(HTTP code \d+\) .*? - /, "").trim(), statusCode, code),
        );
      });
    });
  }
}

/** Reads such a stream to its end. Failures come as a line of their own, with HTTP status 200. */
async function follow(stream: IncomingMessage, onLine: (line: StreamLine) => void): Promise<void> {
  let failure: string | undefined;
  for await (const text of readline.createInterface({ input: stream })) {
    if (text.trim() === "") continue;
    const line = JSON.parse(text) as StreamLine;
    failure ??= line.error;
    onLine(line);
  }
  if (failure !== undefined) throw new DockerError(failure, undefined, undefined);
}
