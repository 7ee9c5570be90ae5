import { choice, list, quantity } from "../forms";
import { money } from "../units";
import type { Module } from "./types";

export const carriers = ["mobile", "unicom", "telecom"] as const;
export type Carrier = (typeof carriers)[number];

const settings = {
  carriers: list(
    choice(carriers, {
      description: "中国移动 is mobile, 中国联通 is unicom, 中国电信 is telecom.",
      examples: ["mobile"],
    }),
    1,
    carriers.length,
    {
      description: "The carriers whose numbers can be topped up.",
      examples: [["mobile", "unicom", "telecom"]],
    },
  ),
  faceValues: list(
    quantity(money, "1.00", "1000.00", {
      description: "An amount that a number is topped up by, in yuan.",
      examples: ["50.00"],
    }),
    1,
    20,
    {
      description: "The amounts that can be bought, in yuan, in the order of the shop's pages.",
      examples: [["30.00", "50.00", "100.00"]],
    },
  ),
};

/** As in substation.json. */
export interface PhoneTopUp {
  readonly carriers: readonly Carrier[];
  /** Fen. */
  readonly faceValues: readonly number[];
}

export const phoneTopUp = {
  title: "话费充值",
  description: "Top-up of mobile phones: a number and an amount, delivered as a receipt.",
  settings,
  goods: { categories: carriers, faceValues: true },
  // Numbers under way; it starts no process of its own.
  needs: { memoryBytes: 4 * 2 ** 20, processes: 0 },
  normalise: (written): PhoneTopUp => ({
    carriers: written.carriers as Carrier[], // the schema lets no other pass
    faceValues: written.faceValues.map((amount) => money.value(amount)),
  }),
  sold: ({ carriers, faceValues }) => ({ categories: carriers, faceValues }),
} satisfies Module<typeof settings, PhoneTopUp>;
