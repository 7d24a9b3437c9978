// Hostile variants of reference halves: one module each, compiled like a half.
import { join } from "node:path/posix";
import { variants } from "../../conformance/variants/variants.ts";
import { halfArgs } from "./targets.mjs";

const folder = "conformance/variants";

const outOf = ({ peer, name, module }) =>
  module ? join(folder, `${module}.wasm`) : `${folder}/build/${peer}-${name}.wasm`;

export function variantJobs() {
  return variants
    .filter(({ module }) => !module)
    .map((variant) => ({
      name: `${variant.peer}+${variant.name}`,
      entry: `${folder}/${variant.peer}/${variant.name}.ts`,
      out: outOf(variant),
      inputs: ["conformance/backends", `${folder}/${variant.peer}`, "conformance/sdk"],
      args: halfArgs,
    }));
}

/** The variants as packSuite takes them. */
export function readVariants(read) {
  return variants.map((variant) => ({ ...variant, module: read(outOf(variant)) }));
}
