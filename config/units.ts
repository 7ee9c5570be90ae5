import type { Finding, ProblemCode } from "./problem";

/** A kind of value that is written with its unit. `parse` takes the one form that is allowed; `suggest` guesses from others. */
export interface Unit {
  readonly code: ProblemCode;
  /** The allowed form as an ECMAScript regular expression, for the JSON Schema too. */
  readonly pattern: string;
  /** The allowed form in words. */
  readonly form: string;
  /** @returns the value in the base unit as an integer, or undefined where `text` is not of the allowed form */
  readonly parse: (text: string) => number | undefined;
  /** The same for what has been checked. @throws Error where it was not */
  readonly value: (text: string) => number;
  /** The inverse of `parse`, in the largest unit that fits without a fraction. */
  readonly format: (value: number) => string;
  /** What the writer of `text` probably meant, in allowed forms, likeliest first. */
  readonly suggest: (text: string) => readonly string[];
}

/** Bytes. 1 MB is 1,048,576 bytes, as Docker counts. */
export const size: Unit = scaled({
  code: "unit/size",
  form: 'a whole number, a space, and MB or GB, like "512 MB"',
  space: " ",
  bareFrom: 2 ** 20,
  units: { MB: 2 ** 20, GB: 2 ** 30 },
  also: { "": 2 ** 20, b: 1, k: 2 ** 10, m: 2 ** 20, g: 2 ** 30 },
});

/** Of cores, to three decimals: 0.1 + 0.2 is not 0.3. */
export const thousandths = (cores: number): number => Math.round(cores * 1000) / 1000;

/** Milliseconds. */
export const duration: Unit = scaled({
  code: "unit/duration",
  form: 'a whole number followed by ms, s, m (minutes) or h, like "30s"',
  space: "",
  bareFrom: 1_000,
  units: { ms: 1, s: 1_000, m: 60_000, h: 3_600_000 },
  also: {
    "": 1_000,
    msec: 1,
    sec: 1_000,
    second: 1_000,
    秒: 1_000,
    min: 60_000,
    minute: 60_000,
    分钟: 60_000,
    hour: 3_600_000,
    小时: 3_600_000,
  },
});

/** Milliseconds, for what lasts longer: the time in which a closing can be undone. */
export const period: Unit = scaled({
  code: "unit/duration",
  form: 'a whole number followed by s, m (minutes), h or d (days), like "30d"',
  space: "",
  bareFrom: 1_000,
  units: { s: 1_000, m: 60_000, h: 3_600_000, d: 86_400_000 },
  also: {
    "": 86_400_000,
    day: 86_400_000,
    天: 86_400_000,
    hour: 3_600_000,
    小时: 3_600_000,
    min: 60_000,
    分钟: 60_000,
  },
});

/** Basis points, 0 to 10,000: a share of money is never a floating-point number. */
export const share: Unit = {
  code: "unit/share",
  pattern: "^(?:100(?:\\.0{1,2})?|(?:0|[1-9][0-9]?)(?:\\.[0-9]{1,2})?)%$",
  form: 'a percentage from 0% to 100% with at most two decimals, like "12.5%"',
  parse: (text) => (new RegExp(share.pattern).test(text) ? hundredths(text.slice(0, -1)) : undefined),
  value: (text) => checkedValue(share, text),
  format: (value) => `${Math.floor(value / 100)}${fraction(value % 100)}%`,
  suggest(text) {
    const match = /^([0-9]{1,9})(?:[.,。]([0-9]{1,9}))?\s*(%?)$/.exec(text.normalize("NFKC").trim());
    if (!match) return [];
    const [, whole = "0", decimals = "", sign] = match;
    const below = hundredths(`${whole}.${decimals.slice(0, 2)}`);
    const inexact = /[1-9]/.test(decimals.slice(2));
    const guesses = inexact ? [below, below + 1] : [below];
    // 0.125 without a sign may mean either.
    const ratio = hundredths(`${decimals.slice(0, 2).padEnd(2, "0")}.${decimals.slice(2)}`);
    if (!sign && Number(whole) === 0 && ratio > 0) guesses.unshift(ratio);
    return guesses.filter((value) => value <= 10_000).map((value) => share.format(value));
  },
};

/** Fen (分), an integer; written in yuan with both decimals, as text: YAML would read 1.10 as a number that is not exactly that. */
export const money: Unit = {
  code: "unit/money",
  pattern: "^(?:0|[1-9][0-9]{0,7})\\.[0-9]{2}$",
  form: 'an amount in yuan with two decimals, in quotes, like "50.00"',
  parse: (text) => (new RegExp(money.pattern).test(text) ? hundredths(text) : undefined),
  value: (text) => checkedValue(money, text),
  format: (fen) => `${Math.floor(fen / 100)}.${String(fen % 100).padStart(2, "0")}`,
  suggest(text) {
    const plain = text.normalize("NFKC").trim();
    const match = /^¥?\s*([0-9]{1,8}|[0-9]{1,3}(?:,[0-9]{3}){1,2})(?:\.([0-9]{1,9}))?\s*元?$/.exec(plain);
    if (!match) return [];
    const [, whole = "", decimals = ""] = match;
    const below = hundredths(`${whole.replaceAll(",", "")}.${decimals}`);
    const guesses = /[1-9]/.test(decimals.slice(2)) ? [below, below + 1] : [below];
    return guesses.map(money.format).filter((guess) => money.parse(guess) !== undefined);
  },
};

/** Why `text` is not a value of `unit`, with what was probably meant; undefined where it is one. */
export function unitFinding(unit: Unit, text: string): Finding | undefined {
  if (unit.parse(text) !== undefined) return undefined;
  const guesses = unit.suggest(text);
  const likely = guesses.length > 0 ? `write ${guesses.map((g) => `"${g}"`).join(" or ")}; ` : "";
  return { code: unit.code, why: `${likely}the form is ${unit.form}` };
}

interface Scale {
  readonly code: ProblemCode;
  readonly form: string;
  /** What stands between number and unit. */
  readonly space: string;
  /** A number without a unit, this large or larger, is probably meant in the base unit, as other tools want it. */
  readonly bareFrom: number;
  /** Ascending. */
  readonly units: Readonly<Record<string, number>>;
  /** Other people's spellings, in lower case, without the "s" of a plural and the "ib" or "b" of bytes. */
  readonly also: Readonly<Record<string, number>>;
}

function scaled({ code, form, space, bareFrom, units, also }: Scale): Unit {
  const pattern = `^[1-9][0-9]{0,5}${space}(?:${Object.keys(units).join("|")})$`;
  const whole = new RegExp(pattern);
  const smallest = Math.min(...Object.values(units));
  const format = (value: number): string => {
    const [name, scale] = Object.entries(units).findLast(([, s]) => value % s === 0) ?? ["", 1];
    return `${value / scale}${space}${name}`;
  };
  const parse = (text: string): number | undefined =>
    whole.test(text) ? parseInt(text, 10) * (units[text.replace(/^[0-9]+ ?/, "")] ?? NaN) : undefined;
  const unit: Unit = {
    code,
    pattern,
    form,
    parse,
    value: (text) => checkedValue(unit, text),
    format,
    suggest(text) {
      const match = /^([0-9]{1,12}(?:\.[0-9]{1,6})?)\s*(\p{L}*)$/u.exec(text.normalize("NFKC").trim());
      const [, number = "", name = ""] = match ?? [];
      const spelled = name.toLowerCase();
      const names = [spelled, spelled.replace(/s$/, ""), spelled.replace(/(?<=[kmg])i?b?$/, "")];
      const scale = names
        .map((spelling) => also[spelling] ?? units[spelling])
        .find((found) => found !== undefined);
      if (!match || scale === undefined) return [];
      const value = name === "" && Number(number) >= bareFrom ? Number(number) : Number(number) * scale;
      const guess = format(value - (value % smallest));
      return parse(guess) === undefined ? [] : [guess];
    },
  };
  return unit;
}

function checkedValue(unit: Unit, text: string): number {
  const value = unit.parse(text);
  if (value === undefined) throw new Error(`${JSON.stringify(text)} was let pass: the form is ${unit.form}.`);
  return value;
}

/** "12.5" → 1250, by digits alone; decimals past the second are cut. */
function hundredths(decimal: string): number {
  const [whole = "", decimals = ""] = decimal.split(".");
  return parseInt(whole || "0", 10) * 100 + parseInt(decimals.slice(0, 2).padEnd(2, "0"), 10);
}

const fraction = (hundredths: number): string =>
  hundredths === 0 ? "" : `.${String(hundredths).padStart(2, "0").replace(/0$/, "")}`;
