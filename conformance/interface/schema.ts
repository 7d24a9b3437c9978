/** Types of the PVI catalogue: one declaration per op, from which SDKs, op table, documents and coverage come. */

/** How a backend realises ops. Full virtualisation is a machine kind and is graded as `native`. */
export type Profile = "native" | "enlightened" | "shadow" | "direct";
export const profiles: readonly Profile[] = ["native", "enlightened", "shadow", "direct"];

/** `core`: owed for conformance. `optional`: graded when offered. `none`: has no meaning in that profile. */
export type Tier = "core" | "optional" | "none";

/** Scalar types that cross a module border; nothing else does. */
export type Scalar = "i32" | "i64";

export interface Parameter {
  name: string;
  type: Scalar;
  /** Meaning, unit and range. */
  doc: string;
}

/** One normative sentence. Its id is `group.name.n`. */
export interface Clause {
  n: number;
  text: string;
  source: string;
}

/** Where published interfaces disagree: what they say, and what this interface says and why. */
export interface Decision {
  conflict: string;
  choice: string;
}

export interface Op {
  /** `group.name`; the export of a half is `group_name`. */
  id: string;
  summary: string;
  params: Parameter[];
  result: "void" | Scalar;
  /** What the result means; negative values of a fallible op are `errors`. */
  resultDoc?: string;
  /** True when a negative result is an error; a `void` op can never fail silently (rule G7). */
  fallible?: boolean;
  tiers: Record<Profile, Tier>;
  clauses: Clause[];
  /** What a backend may do differently from the native sequence. */
  deviations: string[];
  /** Choices made where the sources conflict. */
  decisions?: Decision[];
  sources: string[];
  /** True for a rule that holds for all ops: it is graded like an op, and nobody calls it. */
  rule?: boolean;
  /** True when the op has a native meaning, so that a half may leave it to `native.wasm`. */
  native: boolean;
}

/** One function that a module imports from the VM. */
export interface ImportedFunction {
  name: string;
  /** Name in the AssemblyScript SDK where `name` is a reserved word there. */
  alias?: string;
  params: { name: string; type: Scalar }[];
  result: "void" | Scalar;
  doc: string;
}

/** A named number of the interface, generated into the SDKs. */
export interface Constant {
  name: string;
  /** A bigint becomes an i64 constant. */
  value: number | bigint;
  doc: string;
}

/** Declares an op; checks nothing by itself, the catalogue does. */
export function op(declaration: Op): Op {
  return declaration;
}

/** Core in every profile. */
export const coreEverywhere: Record<Profile, Tier> = {
  native: "core",
  enlightened: "core",
  shadow: "core",
  direct: "core",
};

/** Optional where there is a hypervisor, without meaning on bare metal. */
export const optionalWithHost: Record<Profile, Tier> = {
  native: "none",
  enlightened: "optional",
  shadow: "optional",
  direct: "optional",
};

/** Optional in every profile: graded when offered. */
export const optionalEverywhere: Record<Profile, Tier> = {
  native: "optional",
  enlightened: "optional",
  shadow: "optional",
  direct: "optional",
};

/**
 * Declares an imported function by its signature in words, e.g. `fn("load8", "(va i64) -> i32", "…")`.
 * @throws Error naming the function when the signature cannot be read.
 */
export function fn(name: string, signature: string, doc: string, alias?: string): ImportedFunction {
  const match = /^\(([^)]*)\)(?: -> (i32|i64))?$/.exec(signature);
  if (!match) throw new Error(`${name}: signature "${signature}" is not "(name type, …) -> type"`);
  const params = (match[1] ?? "")
    .split(",")
    .filter((part) => part.trim() !== "")
    .map((part) => parameter(name, part.trim()));
  return { name, params, result: (match[2] as Scalar | undefined) ?? "void", doc, ...(alias ? { alias } : {}) };
}

function parameter(owner: string, text: string): { name: string; type: Scalar } {
  const [name, type] = text.split(" ");
  if (!name || (type !== "i32" && type !== "i64"))
    throw new Error(`${owner}: parameter "${text}" is not "name i32" or "name i64"`);
  return { name, type };
}
