import { sandboxText } from "./sandbox";

const merchant = { channel: "alipay", kind: "alipay", merchant: "2021000000000001" } as const;

test("it says what was done for each channel, and what is to be done", () => {
  expect(
    sandboxText({
      id: "mengxiang",
      group: "demo",
      merchants: [
        { ...merchant, registered: "new", stored: ["alipay-key"] },
        { ...merchant, channel: "alipay-2", registered: "known", stored: [] },
        { ...merchant, channel: "alipay-3", registered: "changed", stored: [] },
      ],
      left: ["hema"],
    }),
  ).toEqual([
    "alipay: merchant 2021000000000001 is registered at the sandbox's alipay; stored alipay-key",
    "alipay-2: merchant 2021000000000001 was registered at the sandbox's alipay before",
    "alipay-3: merchant 2021000000000001 is registered anew at the sandbox's alipay, which refuses shops that know it by its former keys",
    "hema: left out; the sandbox has no gateway of its kind",
    "commit stacks/Pulumi.demo.yaml, which holds alipay-key, encrypted; shops have them after the next update: npm run up -- demo",
  ]);
  expect(sandboxText({ id: "mengxiang", group: "demo", merchants: [], left: [] })).toEqual([
    "mengxiang has no channel with sandbox: true",
  ]);
});
