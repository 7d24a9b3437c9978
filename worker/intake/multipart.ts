import type { BuildParts } from "../../conformance/runner/index.ts";
import { PART_SIZE_MAX_BYTES } from "../limits.ts";
import { ProblemError } from "../problems.ts";

const names = ["manifest", "guest", "host", "rom"] as const;

/**
 * Parts of a multipart submission: `manifest` and `guest` and/or `host`, optional `rom`, each once.
 * @throws ProblemError malformed-request, too-large
 */
export async function readMultipart(bytes: Uint8Array<ArrayBuffer>, contentType: string): Promise<BuildParts> {
  let form: FormData;
  try {
    form = await new Response(bytes, { headers: { "Content-Type": contentType } }).formData();
  } catch {
    throw new ProblemError(
      "malformed-request",
      "The body is not whole multipart/form-data with the boundary of its header.",
    );
  }
  for (const name of form.keys()) {
    if (!(names as readonly string[]).includes(name)) {
      throw new ProblemError(
        "malformed-request",
        `There is no part "${name.slice(0, 40)}"; parts are ${names.join(", ")}.`,
      );
    }
    if (form.getAll(name).length > 1)
      throw new ProblemError("malformed-request", `Part "${name}" is there more than once.`);
  }
  const parts: BuildParts = { manifest: null };
  for (const name of names) {
    const entry = form.get(name);
    if (entry !== null) parts[name] = await partBytes(name, entry);
  }
  return parts;
}

async function partBytes(name: (typeof names)[number], entry: FormDataEntryValue): Promise<Uint8Array> {
  const bytes = typeof entry === "string" ? new TextEncoder().encode(entry) : new Uint8Array(await entry.arrayBuffer());
  checkSize(name, bytes.length);
  return bytes;
}

/** @throws ProblemError too-large, naming part and limit */
export function checkSize(part: keyof typeof PART_SIZE_MAX_BYTES, sizeBytes: number): void {
  const max = PART_SIZE_MAX_BYTES[part];
  if (sizeBytes > max) {
    throw new ProblemError("too-large", `Part "${part}" has ${sizeBytes} bytes; at most ${max} are taken.`);
  }
}
