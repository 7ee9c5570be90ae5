import { join } from "node:path";
import { folderName } from "./export/folder";

/** Where the certificate of a closing lies, in the project's folder; file and order are moved beside it. @param since when its removal began */
export const certificateFile = (id: string, since: string): string =>
  join("closed", id, folderName(since), "certificate.json");
