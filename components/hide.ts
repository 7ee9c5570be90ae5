import * as pulumi from "@pulumi/pulumi";

/** The plain values of secrets, for a hook that is about to show what a container said. */
export const plainValues = (values: readonly pulumi.Input<string>[]): Promise<readonly string[]> =>
  new Promise((resolve) => {
    pulumi.all([...values]).apply(resolve);
  });

/** A log without secrets: whole ones, and the lines of those that have several. */
export function hide(log: string, values: readonly string[]): string {
  const parts = values.flatMap((value) => [value, JSON.stringify(value).slice(1, -1), ...value.split("\n")]);
  return parts
    .filter((part) => part.trim().length >= 4)
    .sort((a, b) => b.length - a.length) // one that holds another goes first, else the rest of it would stay
    .reduce((text, part) => text.replaceAll(part, "[secret]"), log);
}
