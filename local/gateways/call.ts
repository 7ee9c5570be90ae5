import * as http from "node:http";
import * as https from "node:https";
import { errorText } from "../files";
import { destinationOf, type Reach } from "./destination";
import type { Attempt, Callback } from "./types";

const mostKept = 2_048;

/** What came of one call. */
export type Called = Pick<Attempt, "status" | "location" | "body" | "error">;

/** Sends a callback, once. Redirects are not followed; what goes wrong is told, not thrown. */
export async function call(
  { method, url, headers, body }: Callback,
  reach: Reach,
  patienceSeconds: number,
): Promise<Called> {
  const signal = AbortSignal.timeout(patienceSeconds * 1000);
  try {
    const target = new URL(url);
    const { address, port } = await destinationOf(target, reach);
    const secure = target.protocol === "https:";
    const options: https.RequestOptions = {
      host: address,
      port,
      path: target.pathname + target.search,
      method,
      headers: {
        ...headers,
        host: target.host,
        "user-agent": "substation-sandbox-gateways",
        "content-length": Buffer.byteLength(body),
        connection: "close",
      },
      agent: false,
      signal,
      ...(secure ? { servername: target.hostname } : {}),
    };
    return await new Promise<Called>((resolve, reject) => {
      const request = (secure ? https : http).request(options, (response) => {
        read(response).then(resolve, reject);
      });
      request.on("error", reject);
      request.end(body);
    });
  } catch (error) {
    return { error: signal.aborted ? `no answer within ${patienceSeconds} s` : errorText(error) };
  }
}

async function read(response: http.IncomingMessage): Promise<Called> {
  const { statusCode: status = 0, headers } = response;
  const chunks: Buffer[] = [];
  let size = 0;
  for await (const chunk of response as AsyncIterable<Buffer>) {
    chunks.push(chunk);
    size += chunk.length;
    if (size >= mostKept) break; // which ends the connection
  }
  const body = Buffer.concat(chunks).toString("utf8").slice(0, mostKept);
  return { status, body, ...(headers.location === undefined ? {} : { location: headers.location }) };
}
