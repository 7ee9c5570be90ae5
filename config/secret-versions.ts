/** What can be renewed of a substation: its root, and with it everything, or one secret that is derived from the root. */
export const secretNames = [
  "root",
  "migratePassword",
  "appPassword",
  "sessionKey",
  "mainStationToken",
  "callbackSigningKey",
] as const;

export type SecretName = (typeof secretNames)[number];

/** From 1 up. Another number is another secret; the same number under the same root is the same secret again. */
export type SecretVersions = Readonly<Record<SecretName, number>>;

/** The largest number that a file may hold: more than anybody will ever need, so that a typing mistake is found. */
export const largestSecretVersion = 1_000_000;

/** Versions where nothing was ever renewed, save what is given. */
export const secretVersions = (given: Partial<SecretVersions> = {}): SecretVersions =>
  ({ ...Object.fromEntries(secretNames.map((name) => [name, 1])), ...given }) as SecretVersions;

/** What was renewed, in a fixed order and in short: `root=2 appPassword=3`; empty where nothing was. */
export const formatSecretVersions = (versions: SecretVersions): string =>
  secretNames
    .filter((name) => versions[name] > 1)
    .map((name) => `${name}=${versions[name]}`)
    .join(" ");

/** The inverse; of a name that is not known, nothing is said. */
export function parseSecretVersions(text: string): SecretVersions {
  const entries = text.split(" ").flatMap((entry) => {
    const [name = "", version] = entry.split("=");
    return secretNames.includes(name as SecretName) ? [[name, Number(version)]] : [];
  });
  return secretVersions(Object.fromEntries(entries) as Partial<SecretVersions>);
}
