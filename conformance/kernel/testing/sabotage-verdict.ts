/** What a sabotage must do: make its own case fail, by the clause it names if it names one, and leave every other case alone. */
import type { Sabotage } from "../sabotages.ts";
import type { SabotageResult } from "./sabotage-pool.ts";

/** In words what is wrong with the result; empty when it is as it must be. */
export function complaint({ case: id, clause }: Sabotage, result: SabotageResult | undefined): string {
  if (!result) return "no result";
  if ("error" in result) return result.error;
  const failed = result.cases.filter(({ verdict }) => verdict !== "pass" && verdict !== "not-offered");
  const others = new Set(failed.map((item) => item.id).filter((other) => other !== id));
  if (others.size > 0) return `other cases fail too: ${[...others].join(", ")}`;
  const own = failed.filter((item) => item.id === id);
  if (own[0]?.verdict !== "fail") return `its case ends with ${own[0]?.verdict ?? "pass"}`;
  const wrong = own.find((item) => clause !== undefined && item.clause !== clause);
  return wrong ? `it fails ${wrong.clause}` : "";
}

/** Clauses that none of these results fails. */
export function clausesUnfailed(clauses: readonly string[], results: Iterable<SabotageResult>): string[] {
  const cases = [...results].flatMap((result) => ("cases" in result ? result.cases : []));
  const failed = new Set(cases.map(({ clause }) => clause));
  return clauses.filter((id) => !failed.has(id));
}
