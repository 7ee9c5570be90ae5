/** What to do about what engines, servers and shops say, by words of theirs. The first that fits counts. */
const remedies: readonly (readonly [RegExp, string])[] = [
  [
    /^the engine said nothing for/,
    "Docker, PostgreSQL or the DNS service has taken what it was asked for, and does not answer: see that it does, then open it again.",
  ],
  [
    /no such image|unable to (?:find|pull) (?:or pull )?(?:image|the image)|pull access denied|manifest unknown|unable to create container with image/i,
    "The engine has no such image and cannot get it: mend the digest in `image`, or load the image on the host.",
  ],
  [
    /unhealthy|healthy state|container exited/i,
    "Its container does not become healthy: look at its log (docker ps -a shows its name, docker logs what it said), mend the image or what it needs, and open it again.",
  ],
  [
    /the migration of its database ended with exit code|was not migrated/i,
    "The migration failed: its last words say why. Mend that, and open it again; nothing was opened half.",
  ],
  [
    /8105[378]|identical record/i,
    'There is a record of that name: if it is this substation\'s, "npm run substation -- repair <group>" adopts it; else have its owner remove it.',
  ],
  [
    /already exists|name .* is already in use/i,
    "Something of that name is there already. The next run looks whose it is: what is this substation's own is adopted, or made anew where it is a container; open it again.",
  ],
  [
    /too many connections|remaining connection slots|53300/i,
    "PostgreSQL has no connection left: see who holds them (pg_stat_activity), then open it again; docs/capacity.md says how many there are.",
  ],
  [/disk full|no space left|53100|ENOSPC/i, "A disk is full: make room on it, then open it again."],
  [
    /read-only transaction|25006/i,
    "The database server takes no writes (a replica, or one that is full): see to the server, then open it again.",
  ],
  [
    /deadlock detected|tuple concurrently updated/i,
    "Another change of the same database came between: open it again.",
  ],
  [
    /password authentication failed|28P01|role .* is not permitted to log in/i,
    "The provisioner cannot log in: set its password anew in the platform's stack (docs/platform.md).",
  ],
  [
    /\b429\b|too many requests|rate limit/i,
    "The DNS service takes no more requests for now: wait five minutes, then open it again.",
  ],
  [
    /81045|record quota/i,
    "The zone holds as many records as its plan allows: remove some, or have the plan changed.",
  ],
  [
    /cloudflare|dns_records/i,
    "The DNS service refused it: its words say why. The shop runs, and nobody finds it yet; open it again once that is mended.",
  ],
  [
    /cannot connect to the docker daemon|docker daemon running|error during connect|docker\.sock/i,
    "The Docker engine does not answer: start it, then open it again.",
  ],
  [
    /connection refused|ECONNREFUSED|no route to host|i\/o timeout|context deadline exceeded/i,
    "A server does not answer: its address is in the words above. See that it runs, then open it again.",
  ],
  [
    /incorrect passphrase|passphrase must be set/i,
    "The passphrase does not fit the stack: set PULUMI_CONFIG_PASSPHRASE or PULUMI_CONFIG_PASSPHRASE_FILE.",
  ],
  [
    /no stack named/i,
    'The group has no stack in this backend: make it with "pulumi stack init <group>", or set PULUMI_BACKEND_URL to the backend that has it.',
  ],
  [
    /plugin|resource provider.*(?:exited|closed)|transport is closing|error reading from server/i,
    "A plugin of the engine ended: open it again; nothing is lost.",
  ],
];

export const remedyOf = (text: string): string =>
  remedies.find(([words]) => words.test(text))?.[1] ?? "Mend what it says, and open it again.";

/** Whether a part of one that was stopped ended only because the engine went away under it. */
export const isCutOff = (cause: string): boolean =>
  /cancell?ed|before hook|code = Unavailable|\bEOF\b|signal: interrupt/i.test(cause);

/** Of what an engine printed, where its events told no cause: its errors, or its last lines. */
export function causeInOutput(output: string): string {
  const lines = output.split("\n").filter((line) => line.trim() !== "");
  const errors = lines.filter((line) => /^\s*error: /.test(line));
  const cause = causeOf(
    errors.map((line) => line.replace(/^\s*error: /, "")).filter((line) => !lastWord.test(line)),
  );
  return cause || lines.slice(-5).join("\n");
}

/** What an engine ends with whatever it was. */
export const lastWord = /^(?:update|preview) failed$/;

/** What a provider writes into its log comes as an error too, before the one that ends the step with the same words. */
const ofLog = /^sdk-v2\/\S+: |: provider=\S+@\S+$/;

/** Of what was said about one thing its cause: a provider wraps it in counts and URNs, and tells it twice. */
export function causeOf(texts: readonly string[]): string {
  const lines = texts
    .flatMap((text) => text.split("\n"))
    .map((line) => line.replace(/^[\s*]+/, "").trimEnd())
    .map((line) => line.replace(/^(?:error: )?(?:creating|updating|deleting|refreshing) urn:\S+?: /, ""))
    .filter(
      (line) => !/^(?:(?:creating|updating|deleting|refreshing) \S+: )?\d+ errors? occurred:$/.test(line),
    )
    .filter((line) => line !== "");
  const plain = lines.filter((line) => !ofLog.test(line));
  return [...new Set(plain.length > 0 ? plain : lines)].join("\n");
}
