/**
 * Finds what looks like a secret in text that everybody can read who can ask the engine: environment, labels, command lines. By name ("PGPASSWORD=…"), by form (a key, a
 * token, a URL with a password), and by chance (long, and of more kinds of characters than words have).
 */

const secretName =
  /(?:^|[^a-z])(?:pass(?:wd|word|phrase)?|pgpassword|secrets?|tokens?|credentials?|api[_.-]?key|access[_.-]?key|private[_.-]?key|signing[_.-]?key|session[_.-]?key|encryption[_.-]?key)(?:$|[^a-z])/;

/** Names whose values are long and random, and public: checksums and fingerprints. The last two are labels of the images that Substation builds. */
const publicName =
  /(?:sha(?:1|256|512)?|digest|checksum|hash|revision|commit|fingerprint|gpg[_-]?keys?|^substation\.(?:recipe|content))(?:sum)?$/i;

const forms: readonly (readonly [what: string, form: RegExp])[] = [
  ["a private key", /-----BEGIN [A-Z ]*PRIVATE KEY-----/],
  ["a URL with a password", /[a-z][a-z0-9+.-]*:\/\/[^\s:@/]*:[^\s@/]+@/i],
  ["a JSON web token", /\beyJ[\w-]{10,}\.eyJ[\w-]{10,}\.[\w-]{10,}/],
  ["an access key", /\b(?:AKIA[0-9A-Z]{16}|gh[pousr]_\w{36,}|sk_live_\w{16,}|xox[abp]-[\w-]{10,})/],
];

/**
 * What of a secret there is in a value, or undefined: "a URL with a password". Never the value itself.
 * @param name of the variable, label or option, where it has one
 */
export function secretIn(name: string, value: string): string | undefined {
  if (isNamedSecret(name) && !isHarmless(value)) return "a value by a secret's name";
  const form = forms.find(([, pattern]) => pattern.test(value));
  if (form) return form[0];
  return !publicName.test(name) && wordsOf(value).some(isRandom) ? "a random value" : undefined;
}

/** PGPASSWORD, apiKey, db.password, X-Auth-Token; not PASSWORD_FILE, which names a file, nor PWD. */
export function isNamedSecret(name: string): boolean {
  const spaced = name.replace(/([a-z0-9])([A-Z])/g, "$1_$2").toLowerCase();
  return secretName.test(spaced) && !/(?:file|path|dir|folder)$/.test(spaced);
}

/** A path to a secret, a switch and a small number are none. */
const isHarmless = (value: string): boolean => /^(?:|\/.*|true|false|[0-9]{1,5})$/.test(value);

/** Without what is no secret by its form: image ids, and what stands between words. */
const wordsOf = (value: string): readonly string[] =>
  value.replace(/\bsha(?:256|512):[0-9a-f]{40,128}\b/g, " ").match(/[A-Za-z0-9+/_-]{20,}/g) ?? [];

/**
 * Whether it is as if drawn at random: many different characters for its length, and of several kinds in such shares as words and camelCase do not have.
 * The product's own opaque names, hashes of 10 and 16 characters, are shorter.
 */
function isRandom(word: string): boolean {
  const count = (kind: RegExp) => word.match(kind)?.length ?? 0;
  const [digits, lower, upper] = [count(/[0-9]/g), count(/[a-z]/g), count(/[A-Z]/g)];
  if (/^[0-9a-f]+$/i.test(word)) return word.length >= 32 && digits > 0 && lower + upper > 0;
  const bits = entropy(word);
  if (bits < 3.9) return false;
  // Paths and names are of short parts; of a token, at least one part is long.
  const longest = Math.max(...word.split(/[-_/]/).map((part) => part.length));
  if (lower === 0 || upper === 0) return digits > 0 && longest >= 20;
  if (bits > 4.5 && !word.includes("/")) return true;
  return longest >= 12 && Math.min(lower, upper) >= word.length / 5;
}

/** Bits by character. */
function entropy(word: string): number {
  const counts = new Map<string, number>();
  for (const character of word) counts.set(character, (counts.get(character) ?? 0) + 1);
  let bits = 0;
  for (const count of counts.values()) bits -= (count / word.length) * Math.log2(count / word.length);
  return bits;
}
