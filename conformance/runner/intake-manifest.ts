/** Checks parley.json: bytes, JSON, schema. */
import { type Manifest, readManifest } from "../interface/manifest.ts";
import { PART_BYTES_MAX } from "./limits.ts";
import type { Problem } from "./types.ts";

const SEE = "See conformance/interface/manifest.schema.json for every key.";

/** The manifest, or null and why. */
export function checkManifest(bytes: Uint8Array | null): { manifest: Manifest | null; problems: Problem[] } {
  const refuse = (problem: Omit<Problem, "part">) => ({
    manifest: null,
    problems: [{ ...problem, part: "manifest" as const }],
  });
  if (!bytes || bytes.length === 0) {
    return refuse({
      code: "manifest-missing",
      title: "The manifest is missing",
      detail: "A build is described by parley.json, and none came with it.",
      action: "Send parley.json as the part named manifest.",
    });
  }
  const max = PART_BYTES_MAX.manifest;
  if (bytes.length > max) {
    return refuse({
      code: "too-large",
      title: "The manifest is too large",
      detail: `parley.json has ${bytes.length} bytes; at most ${max} are allowed.`,
      action: "Send the manifest alone, without code in it.",
    });
  }
  const parsed = parse(bytes);
  if ("problem" in parsed) return refuse(parsed.problem);
  const read = readManifest(parsed.value);
  if (read.ok) return { manifest: read.manifest, problems: [] };
  return {
    manifest: null,
    problems: read.problems.map(({ pointer, code, message }) => schemaProblem(pointer, code, message)),
  };
}

function parse(bytes: Uint8Array): { value: unknown } | { problem: Omit<Problem, "part"> } {
  const title = "The manifest is not JSON";
  const action = "Send parley.json as UTF-8 JSON without a byte order mark.";
  let text: string;
  try {
    text = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(bytes);
  } catch {
    return {
      problem: { code: "manifest-not-utf8", title, detail: "parley.json holds bytes that are not UTF-8.", action },
    };
  }
  try {
    return { value: JSON.parse(text) };
  } catch (error) {
    return {
      problem: {
        code: "manifest-not-json",
        title,
        detail: `parley.json cannot be read: ${error instanceof Error ? error.message : "bad JSON"}.`,
        action,
      },
    };
  }
}

function schemaProblem(pointer: string, code: string, message: string): Problem {
  const unknown = code === "unrecognized_keys";
  return {
    code: unknown ? "manifest-unknown-key" : "manifest-invalid",
    title: unknown ? "The manifest has an unknown key" : "The manifest is not valid",
    detail: `${pointer === "" ? "parley.json" : pointer}: ${message}.`,
    action: unknown ? `Remove the key. ${SEE}` : `Correct the value. ${SEE}`,
    pointer,
    part: "manifest",
  };
}
