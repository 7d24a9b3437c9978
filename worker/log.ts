import { reasonOf } from "./db/client.ts";

/** One line of JSON for the operator: text from outside cannot start a line of its own. */
export function logFailure(what: string, about: Record<string, string | number>, error: unknown): void {
  console.error(JSON.stringify({ failure: what, ...about, reason: reasonOf(error) }));
}
