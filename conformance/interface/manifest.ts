/** Schema of `parley.json`, the manifest of a build. Unknown keys are refused. */
import { z } from "zod";

const slug = z.string().regex(/^[a-z0-9-]{1,39}$/, "must be 1 to 39 of a-z, 0-9 and -");
const pviVersion = z.string().regex(/^(0|[1-9]\d{0,4})\.(0|[1-9]\d{0,4})$/, "must be major.minor, e.g. 1.0");
const bitmap = z.string().regex(/^(0|[1-9]\d{0,19})$/, "must be an unsigned decimal string of at most 64 bits");
const opId = z.string().regex(/^[a-z0-9]+\.[a-z0-9_]+$/, "must be the id of an op, group.name");
const abiName = z.string().regex(/^[a-z0-9-]{1,64}$/, "must be an ABI name such as kvm-pv or x-VENDOR in lower case");
const abiVersion = z.string().regex(/^\d{1,6}(-\d{1,6})?$/, "must be a number or min-max");
const pages = (most: number) => z.int().min(0).max(most);

const shape = z.strictObject({
  parley: z.literal(1),
  vendor: slug,
  backend: slug,
  version: z.string().regex(/^[0-9A-Za-z.+-]{1,64}$/, "must be 1 to 64 of letters, digits, . + -"),
  profile: z.enum(["native", "enlightened", "shadow", "direct"]),
  machine: z.enum(["native", "enlightened", "shadow", "direct", "fullvirt"]),
  slat: z.boolean().default(false),
  pvi: z.strictObject({ min: pviVersion, max: pviVersion }),
  abi: z.strictObject({ name: abiName, version: abiVersion }).nullable(),
  complete_with: z.strictObject({ guest: slug.optional(), host: slug.optional() }).nullable().default(null),
  offers: z.array(opId).max(256).default([]),
  features: z.strictObject({ offered: bitmap, hints: bitmap }).default({ offered: "0", hints: "0" }),
  shares: z.array(slug).max(32).default([]),
  needs: z.strictObject({
    vcpus: z.int().min(1).max(8),
    memory_pages: z.int().min(128).max(2048),
    host_pages: pages(1024),
    guest_memory_pages: z.int().min(1).max(32),
    host_memory_pages: pages(64),
  }),
});

/** What holds between fields; each message says which field to change. */
export const manifestSchema = shape.superRefine((manifest, context) => {
  const complain = (path: (string | number)[], message: string) => context.addIssue({ code: "custom", path, message });
  const graded = manifest.machine === "fullvirt" ? "native" : manifest.machine;
  if (manifest.profile !== graded) complain(["profile"], `machine ${manifest.machine} is graded by profile ${graded}`);
  const bare = manifest.machine === "native" || manifest.machine === "fullvirt";
  if (bare && manifest.abi !== null)
    complain(["abi"], `machine ${manifest.machine} has no guest–host ABI: set abi to null`);
  if (!bare && manifest.abi === null)
    complain(["abi"], `machine ${manifest.machine} needs the ABI that both halves speak`);
  if (manifest.slat && manifest.machine !== "direct")
    complain(["slat"], "only machine direct chooses second-level translation");
  if (manifest.machine === "native" && manifest.needs.host_pages > 0)
    complain(["needs", "host_pages"], "machine native has no host half: set 0");
  checkRange(manifest, complain);
  if (new Set(manifest.offers).size !== manifest.offers.length) complain(["offers"], "names an op twice");
  for (const key of ["offered", "hints"] as const) {
    const word = manifest.features[key];
    if (/^\d+$/.test(word) && BigInt(word) >= 1n << 64n) complain(["features", key], "is more than 64 bits");
  }
});

function checkRange(
  manifest: z.output<typeof shape>,
  complain: (path: (string | number)[], message: string) => void,
): void {
  const [minMajor = 0, minMinor = 0] = manifest.pvi.min.split(".").map(Number);
  const [maxMajor = 0, maxMinor = 0] = manifest.pvi.max.split(".").map(Number);
  if (minMajor !== maxMajor) complain(["pvi", "max"], "must have the major number of pvi.min");
  else if (minMinor > maxMinor) complain(["pvi", "max"], "is lower than pvi.min");
  const [low = 0, high = low] = (manifest.abi?.version ?? "0").split("-").map(Number);
  if (low > high) complain(["abi", "version"], "its first number is greater than its last");
}

/** A manifest with its defaults filled in. */
export type Manifest = z.output<typeof manifestSchema>;

export interface ManifestProblem {
  /** RFC 6901 pointer into parley.json. */
  pointer: string;
  /** zod's code, or "custom" for a rule between fields. */
  code: string;
  message: string;
}

/** Checks parsed JSON; reports every problem at once. Never throws. */
export function readManifest(
  value: unknown,
): { ok: true; manifest: Manifest } | { ok: false; problems: ManifestProblem[] } {
  const result = manifestSchema.safeParse(value);
  if (result.success) return { ok: true, manifest: result.data };
  return { ok: false, problems: result.error.issues.flatMap(problemsOf) };
}

function problemsOf(issue: z.core.$ZodIssue): ManifestProblem[] {
  if (issue.code !== "unrecognized_keys")
    return [{ pointer: pointerOf(issue.path), code: issue.code, message: issue.message }];
  return issue.keys.map((key) => ({
    pointer: pointerOf([...issue.path, key]),
    code: issue.code,
    message: "is not a key of parley.json: remove it",
  }));
}

function pointerOf(path: readonly PropertyKey[]): string {
  return path.map((part) => `/${String(part).replaceAll("~", "~0").replaceAll("/", "~1")}`).join("");
}

/** JSON Schema (draft 2020-12) of the manifest as a vendor writes it; rules between fields are only in `readManifest`. */
export function manifestJsonSchema(): string {
  const schema = z.toJSONSchema(shape, { io: "input", target: "draft-2020-12" });
  const text = JSON.stringify(
    { ...schema, title: "parley.json", description: "Manifest of a backend build." },
    null,
    2,
  );
  // Lists of words on one line, as the formatter has them.
  const flat = text.replace(/\[\s+("[^[\]{}]*")\s+\]/g, (_, words: string) => `[${words.replace(/\s+/g, " ")}]`);
  return `${flat}\n`;
}
