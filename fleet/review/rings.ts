import { weight, type ReviewMember } from "./report";

/**
 * In which order substations are opened, changed or removed: first the one with the smallest change, then a tenth of all of them, then the rest. What is wrong with a change
 * shows in one, and what shows only sometimes, in a tenth.
 */
export function ringsOf(members: readonly ReviewMember[]): readonly (readonly ReviewMember[])[] {
  const sorted = [...members].sort((a, b) => weight(a) - weight(b) || (a.id < b.id ? -1 : 1));
  const tenth = 1 + Math.ceil(sorted.length / 10);
  return [sorted.slice(0, 1), sorted.slice(1, tenth), sorted.slice(tenth)].filter((ring) => ring.length > 0);
}
