// Hostile variants of reference halves: one module each, compiled like a half.
import { join } from "node:path/posix";
import { variants } from "../../conformance/variants/variants.ts";
import { halfArgs } from "./targets.mjs";

const folder = "conformance/variants";

const outOf = ({ peer, name, module }) =>
  module ? join(folder, `${module}.wasm`) : `${folder}/build/${peer}-${name}.wasm`;

const entryOf = ({ peer, name, source }) => `${folder}/${source?.path ?? `${peer}/${name}`}.ts`;

export function variantJobs() {
  return variants
    .filter(({ module }) => !module)
    .map((variant) => ({
      name: `${variant.peer}+${variant.name}`,
      entry: entryOf(variant),
      out: outOf(variant),
      inputs: ["conformance/backends", `${folder}/${variant.peer}`, "conformance/sdk"],
      args: halfArgs,
      ...(variant.source && {
        edits: variant.source.edits.map((edit) => ({ file: entryOf(variant), ...edit })),
      }),
    }));
}

/** The variants as packSuite takes them. */
export function readVariants(read) {
  return variants.map(({ source: _, ...variant }) => ({ ...variant, module: read(outOf(variant)) }));
}
