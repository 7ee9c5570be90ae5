import type { Finding } from "../problem";

/** How channels, and the payment systems of descriptor files, are called. Both go into the names of containers and volumes. */
export const channelNamePattern = "^[a-z][a-z0-9-]{0,18}[a-z0-9]$";
export const channelNameForm = '2 to 20 of a-z, 0-9 and "-", beginning with a letter, not ending with "-"';

/** Why `name`, a file name without ".yaml", cannot be the name of a payment system. */
export const channelNameFinding = (name: string): Finding | undefined =>
  new RegExp(channelNamePattern).test(name)
    ? undefined
    : {
        code: "descriptor/syntax",
        why: `the file name is what channels name it by: ${channelNameForm}; rename the file`,
      };
