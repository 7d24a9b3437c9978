/** Known-bad halves: a correct reference half plus a textual edit, and the clauses that must fail because of it. Node only. */
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { z } from "zod";

const folder = fileURLToPath(new URL(".", import.meta.url));

const mutantSchema = z.strictObject({
  base: z.string(),
  half: z.enum(["guest", "host"]),
  title: z.string().min(1),
  source: z.string().min(1),
  edits: z.array(z.strictObject({ file: z.string(), find: z.string().min(1), replace: z.string() })).min(1),
  clauses: z.array(z.string()).min(1),
  /** Hostile variants of the other half: with each of them something fails, and with nobody else. */
  variant: z
    .union([z.string(), z.array(z.string()).min(1)])
    .transform((value) => (typeof value === "string" ? [value] : value))
    .default([]),
});

/** A mutant; `name` is its folder. Edits must match exactly once. `clauses` are all that may fail, and each must. */
export type Mutant = z.output<typeof mutantSchema> & { name: string };

/** The known-bad builds that `npm test` runs or reads; the others are compiled for `npm run whole` and `npm run mutants`. */
export const sampledMutants: readonly string[] = [
  "fullvirt-enable-forgets-pending",
  "kvm-kick-not-sticky",
  "kvm-no-global-clamp",
  "kvm-no-remote-flush",
  "kvm-torn-pvclock",
  "native-halt-window",
  "native-ipi-no-fence",
];

/** All mutants by name. Throws the schema's error, naming the file, for one that cannot be read. */
export function readMutants(): Mutant[] {
  return readdirSync(folder, { withFileTypes: true })
    .filter((entry) => entry.isDirectory() && existsSync(`${folder}${entry.name}/mutant.json`))
    .map((entry) => entry.name)
    .sort()
    .map(readMutant);
}

function readMutant(name: string): Mutant {
  const parsed = mutantSchema.safeParse(JSON.parse(readFileSync(`${folder}${name}/mutant.json`, "utf8")));
  if (!parsed.success) throw new Error(`conformance/mutants/${name}/mutant.json: ${z.prettifyError(parsed.error)}`);
  return { name, ...parsed.data };
}
