import { z } from "zod";

import { channelsSchema } from "../channels/schema";
import { checked, choice, keyForm, keyPattern, line, list, mapKey, name, prose, quantity } from "../forms";
import { modules } from "../modules";
import { modulesSchema } from "../modules/schema";
import type { Finding } from "../problem";
import { substationSchema } from "../schema";
import { money, share, unitFinding } from "../units";

/** The most goods that a template may list; each may stand for several articles. */
const mostGoods = 200;

const key = (description: string, example: string) => name({ description, examples: [example] });

const variableName = mapKey(
  keyPattern,
  { code: "template/variable", why: `no name for a variable: it is ${keyForm}` },
  "What stands between double braces in texts.",
);

const texts = "`{{title}}`, `{{host}}`, `{{owner.name}}`, `{{owner.contact}}` and variables are filled in.";

const variableSchema = z
  .strictObject({
    description: line(1, 120, { description: "What it is, for who fills it in.", examples: ["客服时间"] }),
    default: line(1, 200, {
      description: "What is meant where a substation's file gives no value. Absent, the file has to.",
      examples: ["9:00–22:00"],
    }).optional(),
  })
  .meta({ description: "A value that substations give in `variables`." });

/** An amount, or a share of the face value. */
const mainPriceFinding = (text: string): Finding | undefined => {
  const unit = text.includes("%") ? share : money;
  return unitFinding(unit, text) ?? ((unit.parse(text) ?? 0) > 0 ? undefined : nothing);
};
const nothing: Finding = { code: "value/range", why: "goods that cost nothing are not sold; write more" };

const goodsSchema = z
  .strictObject({
    module: choice(Object.keys(modules), {
      description: "The module that sells it. Articles of modules that are off wait until they are on.",
      examples: ["gameCards"],
    }),
    category: key(
      "A category (a carrier) of the module. Absent: one article for each that a substation sells and no other goods here name.",
      "steam",
    ).optional(),
    key: key(
      "Tells articles of one category and face value apart. An article's module, category, face value and key name it for ever.",
      "monthly",
    ).optional(),
    title: line(1, 80, {
      description: `What visitors read. ${texts} So are \`{{category}}\`, the category's title, and \`{{faceValue}}\`.`,
      examples: ["Steam 钱包充值卡 {{faceValue}} 元"],
    }),
    description: prose(1000, {
      description: "Shown on the article's page; filled in like the title.",
      examples: ["付款后立即显示卡密。"],
    }).optional(),
    faceValues: list(
      quantity(money, "0.01", "100000.00", { description: "In yuan.", examples: ["50.00"] }),
      1,
      50,
      {
        description:
          "One article for each, in yuan. Absent: those of the substation's settings; for a module without such, one article without a face value.",
        examples: [["50.00", "100.00"]],
      },
    ).optional(),
    mainPrice: z
      .string()
      .superRefine(checked(mainPriceFinding))
      .meta({
        description:
          "The main station's price until it says another: a share of the face value, or an amount in yuan, in quotes. Rounded down to fen.",
        examples: ["97%", "48.50"],
        pattern: `(?:${share.pattern})|(?:${money.pattern})`,
      }),
    sampleCards: z
      .number()
      .min(0)
      .max(1000)
      .int()
      .meta({
        description:
          "Made-up codes in stock, which only payments of a sandbox take. None where it is absent.",
        examples: [100],
      })
      .optional(),
  })
  .meta({ description: "Goods: one article, or one for each category and face value." });

const noticeSchema = z
  .strictObject({
    key: key("Names the notice for ever.", "hours"),
    text: prose(500, { description: `What visitors read. ${texts}`, examples: ["客服 {{hours}} 在线。"] }),
  })
  .meta({ description: "A notice on the home page." });

const pageSchema = z
  .strictObject({
    slug: key("Names the page for ever, and ends its address: /pages/about.", "about"),
    title: line(1, 40, {
      description: `What the link and the page's heading say. ${texts}`,
      examples: ["关于本店"],
    }),
    text: prose(20_000, {
      description: `Plain text; an empty line begins a new paragraph. ${texts}`,
      examples: ["{{title}}由{{owner.name}}经营。"],
    }),
  })
  .meta({ description: "A page of the shop, linked at the foot of all others." });

const categoryTitles = z
  .strictObject(
    Object.fromEntries(
      Object.entries(modules).map(([name, { title }]) => [
        name,
        z
          .record(
            key(`A category of ${name}.`, "steam"),
            line(1, 20, { description: "What visitors read.", examples: ["Steam"] }),
          )
          .meta({ description: `${title}: titles of its categories, by name.` })
          .optional(),
      ]),
    ),
  )
  .meta({ description: "Titles of categories, by module." });

const { tier, revenueShare, markup, resources } = substationSchema.shape;

export const templateSchema = z
  .strictObject({
    title: line(1, 40, { description: "What people call the template.", examples: ["标准店铺"] }),
    description: line(1, 120, { description: "For whom it is.", examples: ["点卡和话费，适合大多数店铺"] }),
    variables: z
      .record(variableName, variableSchema)
      .meta({ description: "Values that differ from shop to shop, beside those of the file." })
      .optional(),
    categories: categoryTitles.optional(),
    goods: z.array(goodsSchema).max(mostGoods).meta({ description: "What a new shop sells." }).optional(),
    notices: z.array(noticeSchema).max(20).meta({ description: "Notices, the last one on top." }).optional(),
    pages: z
      .array(pageSchema)
      .max(20)
      .meta({ description: "Pages, in the order of their links." })
      .optional(),
    substation: z
      .strictObject({
        tier: tier.optional(),
        revenueShare: revenueShare.optional(),
        markup,
        modules: modulesSchema(modules).optional(),
        channels: channelsSchema.optional(),
        resources,
      })
      .meta({ description: "Keys that `substation new` writes into the file of a new substation." })
      .optional(),
  })
  .meta({
    title: "templates/<name>/template.yaml",
    description: "What a new shop begins with: goods, categories, notices and pages.",
  });

export type TemplateFile = z.infer<typeof templateSchema>;
export type TemplateGoods = z.infer<typeof goodsSchema>;
