/** Who defines an op where: its sources by the system that they belong to. */
import type { Op } from "./schema.ts";

/** Systems in the order in which they are shown; a source of none of them is of the machine or of several alike. */
export const systems = ["Linux", "KVM", "Hyper-V", "Xen", "VMI", "QEMU"] as const;
export type System = (typeof systems)[number] | "other";

/** Systems that have a source, in the order above. A source that names several before its own words is each one's. */
export function definedWhere(op: Op): { system: System; sources: string[] }[] {
  return [...systems, "other" as const]
    .map((system) => ({ system, sources: op.sources.filter((source) => systemsOf(source).includes(system)).map(bare) }))
    .filter(({ sources }) => sources.length > 0);
}

const name = `(?:${systems.join("|")}|VMware|ACRN)`;
const leading = new RegExp(`^${name}(?:(?:, | and )${name})*(?=[ :_])`);

function systemsOf(source: string): System[] {
  const named = leading.exec(source)?.[0] ?? "";
  const found = systems.filter((system) => named.includes(system));
  return found.length > 0 ? found : ["other"];
}

/** Without the system's name, if it is one word before others. */
function bare(source: string): string {
  const named = leading.exec(source)?.[0] ?? "";
  const rest = source.slice(named.length).replace(/^:? /, "");
  return (systems as readonly string[]).includes(named) && !rest.startsWith("_") ? rest : source;
}
