import { Resolver } from "node:dns/promises";
import { setTimeout as sleep } from "node:timers/promises";
import type { Lab } from "../e2e/lab";
import { inParallel, said } from "./commands";

/** Milliseconds within which a host must answer once all of it has been made. */
const patience = 20_000;

/**
 * Waits until every host is found in the DNS zone and answers 200 through the ingress, as a visitor's browser would find it. Fails where one
 * does not within 20 s.
 */
export async function awaitAnswers(lab: Lab, hosts: readonly string[], signal: AbortSignal): Promise<void> {
  await inParallel(8, hosts, (host) => awaitAnswer(lab, host, signal));
}

async function awaitAnswer(lab: Lab, host: string, signal: AbortSignal): Promise<void> {
  const end = performance.now() + patience;
  for (;;) {
    const found = await look(lab, host, signal);
    if (found === "200") return;
    signal.throwIfAborted();
    if (performance.now() > end)
      throw new Error(
        `http://${host}:${lab.ingressPort}/ does not answer 200 within ${patience / 1000} s, but ${found}`,
      );
    await sleep(50);
  }
}

/** The status of the home page, or why there is none. */
async function look(lab: Lab, host: string, signal: AbortSignal): Promise<string> {
  const resolver = new Resolver({ timeout: 2_000, tries: 1 });
  resolver.setServers([`127.0.0.1:${lab.dnsPort}`]);
  let address: string | undefined;
  try {
    [address] = await resolver.resolve4(host);
  } catch (error) {
    return `has no address (${(error as NodeJS.ErrnoException).code})`;
  }
  const port = lab.ingressPort;
  const args = ["--silent", "--max-time", "10", "--output", "/dev/null", "--write-out", "%{http_code}"];
  return await said("curl", [...args, "--resolve", `${host}:${port}:${address}`, `http://${host}:${port}/`], {
    signal,
  });
}
