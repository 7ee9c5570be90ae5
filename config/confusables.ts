/**
 * Which characters pass for which ASCII letters in a host name: the part of Unicode's confusables (UTS #39) for the scripts that are
 * used for it, Cyrillic, Greek, Armenian, and Latin's own odd letters. Full-width and mathematical letters and accents need no table:
 * compatibility normalisation takes them away. Each pair is the odd letter and the plain one.
 */
const pairs: Readonly<Record<string, string>> = {
  Cyrillic: "аa ьb вb сc ԁd еe ҽe ғf ԍg һh нh іi јj кk ӏl мm пn оo рp ԛq гr ѕs тt цu ѵv ԝw шw хx уy з3 б6",
  Greek: "αa βb ϲc δd εe ηn ιi κk μu νv οo ρp σo τt υu χx γy ωw",
  Armenian: "ցg հh ոn օo զq սu աw",
  Latin: "ıi ɩi ɑa ʙb ƅb ᴄc đd ɖd ɡg ɢg ħh ɦh ʟl łl ɴn ŋn øo ᴏo ʀr ꜱs ŧt ᴜu ᴠv ᴡw ʏy ᴢz",
};
const table = new Map(
  Object.values(pairs).flatMap((list) => list.split(" ").map((pair) => [pair.slice(0, -1), pair.slice(-1)])),
);

const zeroWidth = /[\p{Cf}\p{Default_Ignorable_Code_Point}]/gu;

/** The ASCII host name that `host` passes for, or undefined where it passes for none (梦想.test). */
export function asciiLook(host: string): string | undefined {
  const dotted = host.normalize("NFKC").toLowerCase().replace(/[。｡]/g, ".");
  const plain = dotted.replace(zeroWidth, "").normalize("NFD").replace(/\p{M}/gu, "");
  const look = [...plain].map((c) => table.get(c) ?? c).join("");
  return /^[\x21-\x7e]+$/.test(look) ? look : undefined;
}

/**
 * What is left of an ASCII name when one looks at it from afar. Two names are look-alikes if one of their skeletons agrees:
 * "1" passes for "l" as well as for "i", while "l" and "i" themselves are told apart (mall and mail are two words).
 */
export function skeletons(name: string): readonly [string, string] {
  const base = name
    .toLowerCase()
    .replace(/rn/g, "m")
    .replace(/vv/g, "w")
    .replace(/cl/g, "d")
    .replace(/0/g, "o")
    .replace(/5/g, "s");
  return [base.replace(/1/g, "l"), base.replace(/1/g, "i")];
}

const scripts = [
  "Latin",
  "Cyrillic",
  "Greek",
  "Armenian",
  "Han",
  "Hiragana",
  "Katakana",
  "Hangul",
  "Arabic",
  "Hebrew",
].map((name) => ({ name, has: new RegExp(`\\p{Script=${name}}`, "u") }));

/** The writing systems that `text` uses, of those that the host names of the world use most. */
export function scriptsOf(text: string): readonly string[] {
  return scripts.filter((script) => script.has.test(text)).map((script) => script.name);
}
