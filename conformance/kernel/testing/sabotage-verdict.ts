/** What a sabotage must do: make its own case fail and leave every other case alone. */
import type { SabotageResult } from "./sabotage-pool.ts";

/** In words what is wrong with the result of the sabotage of case `id`; empty when it is as it must be. */
export function complaint(id: string, result: SabotageResult | undefined): string {
  if (!result) return "no result";
  if ("error" in result) return result.error;
  const failed = result.cases.filter(({ verdict }) => verdict !== "pass" && verdict !== "not-offered");
  const others = new Set(failed.map((item) => item.id).filter((other) => other !== id));
  if (others.size > 0) return `other cases fail too: ${[...others].join(", ")}`;
  const own = failed.find((item) => item.id === id);
  return own?.verdict === "fail" ? "" : `its case ends with ${own?.verdict ?? "pass"}`;
}
