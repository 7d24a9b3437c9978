// Build parts out of a zip file (PKWARE APPNOTE 6.3): only the central directory is believed, and only known names are read.
//
//   [local header 30+ │ data]…   [central header 46+]…   end 22 │ comment
import { crc32 } from "../identity/token.ts";
import { ZIP_ENTRIES_MAX } from "../limits.ts";
import { readCapped } from "../outbound.ts";

/** The file is no zip, or one that plays tricks. */
export class ZipError extends Error {
  override readonly name = "ZipError";
}

/** The named files at the root of a zip. @param limits name → most bytes after inflation @throws ZipError */
export async function readZip(
  bytes: Uint8Array<ArrayBuffer>,
  limits: Readonly<Record<string, number>>,
): Promise<Map<string, Uint8Array<ArrayBuffer>>> {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
  try {
    return await entries(bytes, view, limits);
  } catch (error) {
    if (error instanceof RangeError) throw new ZipError("The zip is cut off, or points outside itself.");
    throw error;
  }
}

async function entries(bytes: Uint8Array<ArrayBuffer>, view: DataView, limits: Readonly<Record<string, number>>) {
  const end = endOf(view);
  const count = view.getUint16(end + 10, true);
  if (count > ZIP_ENTRIES_MAX) throw new ZipError(`The zip has ${count} entries; at most ${ZIP_ENTRIES_MAX} are read.`);
  const found = new Map<string, Uint8Array<ArrayBuffer>>();
  let at = view.getUint32(end + 16, true);
  for (let entry = 0; entry < count; entry++) {
    if (view.getUint32(at, true) !== 0x02014b50) throw new ZipError("The zip's directory is broken.");
    const nameLength = view.getUint16(at + 28, true);
    const name = new TextDecoder().decode(bytes.subarray(at + 46, at + 46 + nameLength));
    const max = Object.hasOwn(limits, name) ? limits[name] : undefined;
    if (max !== undefined) {
      if (found.has(name)) throw new ZipError(`The zip has ${name} more than once.`);
      found.set(name, await content(bytes, view, { at, name, max }));
    }
    at += 46 + nameLength + view.getUint16(at + 30, true) + view.getUint16(at + 32, true);
  }
  return found;
}

function endOf(view: DataView): number {
  const first = Math.max(0, view.byteLength - 22 - 0xffff);
  for (let at = view.byteLength - 22; at >= first; at--) {
    if (view.getUint32(at, true) === 0x06054b50) return at;
  }
  throw new ZipError("The file is no zip.");
}

async function content(
  bytes: Uint8Array<ArrayBuffer>,
  view: DataView,
  { at, name, max }: { at: number; name: string; max: number },
): Promise<Uint8Array<ArrayBuffer>> {
  const method = view.getUint16(at + 10, true);
  const encrypted = (view.getUint16(at + 8, true) & 1) !== 0;
  if (encrypted || (method !== 0 && method !== 8)) throw new ZipError(`${name} is neither stored nor deflated.`);
  const local = view.getUint32(at + 42, true);
  const start = local + 30 + view.getUint16(local + 26, true) + view.getUint16(local + 28, true);
  const data = bytes.slice(start, start + view.getUint32(at + 20, true));
  const inflated = method === 0 ? data : await inflate(data, name, max);
  if (inflated.length > max) throw new ZipError(`${name} is larger than ${max} bytes.`);
  if (crc32(inflated) !== view.getUint32(at + 16, true)) throw new ZipError(`${name} does not match its checksum.`);
  return inflated;
}

/** Stops at the cap, so that a small file cannot become a large one. */
async function inflate(data: Uint8Array<ArrayBuffer>, name: string, max: number): Promise<Uint8Array<ArrayBuffer>> {
  const stream = new Response(data).body?.pipeThrough(new DecompressionStream("deflate-raw")) ?? null;
  try {
    return await readCapped(stream as ReadableStream<Uint8Array> | null, max, () => {
      throw new ZipError(`${name} is larger than ${max} bytes.`);
    });
  } catch (error) {
    if (error instanceof ZipError) throw error;
    throw new ZipError(`${name} does not inflate.`);
  }
}
