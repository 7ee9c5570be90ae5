import { cpSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import * as http from "node:http";
import { tmpdir } from "node:os";
import { basename, join } from "node:path";
import { parseDocument } from "yaml";
import { loadFleet } from "../../config/fleet";
import type { Attempt } from "./attempt";
import { localPort, type Facts } from "./facts";
import type { Answer } from "./questions";

/** An attempt that a container has no means for: it is tried from here, in its place. */
export interface OutsideAttempt extends Omit<Attempt, "questions"> {
  readonly run: () => Promise<Answer> | Answer;
}

/** Names of others: in the typed files, in the zone, at the ingress. */
export function outside(facts: Facts): OutsideAttempt[] {
  const { target } = facts;
  const { dns } = target.platform;
  const { neighbour } = target;
  return [
    {
      id: "names/reserved",
      title: "claim a reserved host name in its file",
      expected: ["host/reserved"],
      run: () => claim(facts, `admin.${dns.name}`),
    },
    {
      id: "names/neighbour",
      title: "claim its neighbour's host name in its file",
      expected: ["host/taken"],
      neighbour: true,
      run: () => claim(facts, neighbour?.host ?? ""),
    },
    {
      id: "names/zone",
      title: "change the zone without its token",
      expected: ["HTTP 400", "HTTP 401", "HTTP 403"],
      ...(localPort(dns.api) === undefined ? { untried: "the zone's API is not on this machine" } : {}),
      run: () => changeZone(facts),
    },
    {
      id: "names/ingress",
      title: "answer in its neighbour's name at the ingress",
      expected: ["another"],
      neighbour: true,
      run: () => whoAnswers(facts, neighbour?.host ?? ""),
    },
  ];
}

/** Whether the typed files may say so, tried on a copy of them. */
function claim({ target: { owner, stacks } }: Facts, host: string): Answer {
  const copy = mkdtempSync(join(tmpdir(), "substation-attack-"));
  try {
    // Settings of the stacks hold encrypted secrets, which have no business in a temporary folder.
    cpSync(stacks, copy, { recursive: true, filter: (file) => !/^Pulumi\..*\.yaml/.test(basename(file)) });
    const file = join(copy, owner.group, `${owner.id}.yaml`);
    const document = parseDocument(readFileSync(file, "utf8"));
    document.setIn(["domain", "host"], host);
    writeFileSync(file, String(document));
    const problem = loadFleet(copy).problems.find(
      (found) => found.code.startsWith("host/") && basename(found.file) === basename(file),
    );
    return problem ? { failed: problem.code, message: problem.message } : { ok: host };
  } finally {
    rmSync(copy, { recursive: true, force: true });
  }
}

/** With a token that somebody made up. A record that is made nevertheless is shown as what got through, and removed. */
async function changeZone({ target: { platform, owner } }: Facts): Promise<Answer> {
  const { api = "", id, name } = platform.dns;
  const send = (method: string, path: string, body?: object) =>
    fetch(`${api}/zones/${id}/dns_records${path}`, {
      method,
      headers: { authorization: `Bearer ${"made-up-".repeat(5)}`, "content-type": "application/json" },
      ...(body ? { body: JSON.stringify(body) } : {}),
      signal: AbortSignal.timeout(5_000),
    });
  const host = `intruder-${owner.id}.${name}`;
  const response = await send("POST", "", { type: "A", name: host, content: "127.0.0.1", ttl: 60 });
  if (!response.ok)
    return { failed: `HTTP ${response.status}`, message: (await response.text()).slice(0, 200) };
  const { result } = (await response.json()) as { result: { id: string } };
  await send("DELETE", `/${result.id}`);
  return { ok: `record ${host}` };
}

/** The reference shop says in a header which container answers. */
function whoAnswers({ target: { platform }, shop }: Facts, host: string): Promise<Answer> {
  const { address, port } = platform.ingress;
  return new Promise((resolve, reject) => {
    const request = http.get({ host: address, port, headers: { host }, timeout: 5_000 }, (response) => {
      response.resume();
      const instance = response.headers["x-substation-instance"];
      if (instance === undefined)
        resolve({ missing: "the shop's image does not say which container answers" });
      else if (instance === shop.Config.Hostname) resolve({ ok: `${host} is answered by the intruder` });
      else resolve({ failed: "another", message: `answered by ${String(instance)}` });
    });
    request.on("timeout", () => request.destroy(new Error(`no answer for ${host} within 5 s`)));
    request.on("error", reject);
  });
}
