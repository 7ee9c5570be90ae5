/** Bytes of a size as Docker and the kernel write it: "16777216", "10m", "1g". Undefined where it is none, or a share such as "50%". */
export function parseSize(text: string | undefined): number | undefined {
  const [, number, unit = ""] = /^([0-9]+)([bkmg]?)b?$/i.exec(text ?? "") ?? [];
  if (number === undefined) return undefined;
  return Number(number) * 1024 ** Math.max(0, "bkmg".indexOf(unit.toLowerCase() || "b"));
}

/** In MB of 1,048,576 bytes, as the typed files count, to at most one decimal. */
export const showBytes = (bytes: number): string => `${Math.round((bytes / 1024 ** 2) * 10) / 10} MB`;
