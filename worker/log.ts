import { reasonOf } from "./db/client.ts";

/** Something that the operator should know of and that went well otherwise. One line of JSON. */
export function logNotice(what: string, about: Record<string, unknown>): void {
  console.warn(JSON.stringify({ notice: what, ...about }));
}

/** One line of JSON for the operator: text from outside cannot start a line of its own. */
export function logFailure(what: string, about: Record<string, string | number>, error: unknown): void {
  console.error(JSON.stringify({ failure: what, ...about, reason: reasonOf(error) }));
}
