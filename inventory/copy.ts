import type { Client, Connection, Submittable } from "pg";

/** What pg hands to the query under way, as far as COPY needs it: the library has no COPY of its own, but its protocol layer does. */
interface CopyHandlers extends Submittable {
  handleCopyData(message: { readonly chunk: Buffer }): void;
  handleCommandComplete(message: { readonly text: string }): void;
  handleError(error: Error): void;
  handleReadyForQuery(): void;
}

/**
 * Runs `COPY … TO STDOUT`.
 * @param write is given each piece as it comes, and must be done with it when it returns
 * @returns how many rows came
 * @throws the server's error, or what `write` threw
 */
export function copyOut(client: Client, statement: string, write: (chunk: Buffer) => void): Promise<number> {
  return new Promise((resolve, reject) => {
    let rows = 0;
    let failure: Error | undefined;
    const handlers: CopyHandlers = {
      submit: (connection: Connection) =>
        (connection as unknown as { query(text: string): void }).query(statement),
      handleCopyData({ chunk }) {
        try {
          if (!failure) write(chunk);
        } catch (error) {
          failure = error as Error; // the rest comes nevertheless, and is let go of
        }
      },
      handleCommandComplete: ({ text }) => (rows = Number(/^COPY (\d+)$/.exec(text)?.[1])),
      handleError: reject,
      handleReadyForQuery: () => (failure ? reject(failure) : resolve(rows)),
    };
    client.query(handlers);
  });
}
