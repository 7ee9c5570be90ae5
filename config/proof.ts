import { createHash } from "node:crypto";
import { z } from "zod";
import { documentHash } from "./document-hash";
import { moment, sha256, writtenBy } from "./document-parts";

/**
 * A proof of opening, as it is kept in `proofs/<id>/<time>.json`: what was tried on one substation, and what came of it. It holds no secret, and of what was delivered a hash
 * alone.
 */

/** Characters of a text in a proof, at most. */
export const mostWords = 2000;
const text = z.string().min(1).max(mostWords);
const milliseconds = z.int().min(0).describe("Milliseconds that it took.");

export const stepNames = ["container", "dns", "tls", "shop", "goods", "notify", "purchase"] as const;
export const outcomes = ["ok", "stopped-before-payment", "failed", "not-tried"] as const;

const purchaseSchema = z.strictObject({
  goods: text.describe("Title of the article."),
  amountFen: z.int().positive().describe("Its price, in fen."),
  outTradeNo: text
    .optional()
    .describe("The shop's number of the payment, by which the gateway knows it too."),
  gateway: text
    .optional()
    .describe("Where the payment began: origin of the gateway's page, or scheme of a code."),
  gatewayState: z
    .enum(["paid", "open"])
    .optional()
    .describe("What the gateway's page said after the button was pressed; open: it could still be paid."),
  deliveredAfter: z
    .int()
    .min(0)
    .optional()
    .describe("Milliseconds from the payment to the delivery, and so the longest that the callback took."),
  delivered: z
    .strictObject({
      kind: z.enum(["card", "receipt"]).describe("A code from stock, or the receipt of a top-up."),
      sha256: sha256("SHA-256 of its text."),
    })
    .optional()
    .describe("What the shop handed out."),
});

const stepSchema = z
  .strictObject({
    step: z.enum(stepNames).describe("What was looked at."),
    channel: text.optional().describe("Id of the payment channel, for steps of one."),
    outcome: z
      .enum(outcomes)
      .describe(
        "stopped-before-payment: the merchant is a real one, and all went well up to where money would move.",
      ),
    what: text.describe("What was seen, or why it was not tried."),
    remedy: text.optional().describe("What to do about it."),
    milliseconds,
    purchase: purchaseSchema.optional().describe("Evidence of a purchase."),
  })
  .describe("One step.");

const subjectSchema = z.strictObject({
  container: text.describe("Name of the shop's container: its end is a hash of all that it was made from."),
  containerId: sha256("The engine's id of it."),
  image: text.describe("Id of its image."),
  file: text.describe("The substation's file, in the project's folder."),
  blob: z
    .string()
    .regex(/^[0-9a-f]{40}$/)
    .meta({
      description:
        "Git's id of that file's content: `git cat-file -p <blob>` shows it, once it is committed.",
      examples: ["ce013625030ba8dba906f756967f9e9ca394464a"],
    }),
});

export const proofSchema = z
  .strictObject({
    version: z.literal(1).describe("Of this form."),
    platform: text.describe("Name of the platform."),
    group: text.describe("The substation's stack."),
    id: text.describe("The substation."),
    host: text.describe("Its name in DNS."),
    url: text.describe("Its home page."),
    when: moment("When it began, UTC; the file's name says the same."),
    milliseconds,
    by: writtenBy("What proved it."),
    subject: subjectSchema.describe("What was proved: another container needs another proof."),
    result: z.enum(["proved", "failed"]).describe("proved: every step is ok, or stopped before money moved."),
    steps: z.array(stepSchema).describe("In the order in which they were taken."),
    previous: sha256("`hash` of the proof before this one; absent in the first.").optional(),
    hash: sha256("SHA-256 of this proof without this key, as JSON with sorted keys and no spaces."),
  })
  .describe("A proof that a substation is open: written by `substation prove`, never by hand.");

export type Proof = z.infer<typeof proofSchema>;
export type ProofStep = z.infer<typeof stepSchema>;
export type Purchase = z.infer<typeof purchaseSchema>;
export type Subject = z.infer<typeof subjectSchema>;

/** The hash that a proof must carry. */
export const proofHash = (proof: Omit<Proof, "hash"> & { readonly hash?: string }): string =>
  documentHash(proof);

/** Id that git gives to a file's content. */
export const gitBlob = (content: Buffer): string =>
  createHash("sha1").update(`blob ${content.length}\0`).update(content).digest("hex");
