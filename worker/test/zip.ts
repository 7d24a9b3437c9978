import { crc32 } from "../identity/token.ts";

export interface ZipEntry {
  name: string;
  bytes: Uint8Array<ArrayBuffer>;
  /** What the directory says, if it lies. */
  crc?: number;
  flags?: number;
}

/** A deflated zip file, as workflow artefacts are. */
export async function zipOf(entries: readonly ZipEntry[]): Promise<Uint8Array<ArrayBuffer>> {
  const locals: Uint8Array[] = [];
  const directory: Uint8Array[] = [];
  let at = 0;
  for (const { name, bytes, crc = crc32(bytes), flags = 0 } of entries) {
    const text = new TextEncoder().encode(name);
    const stream = new Response(bytes).body?.pipeThrough(new CompressionStream("deflate-raw"));
    const data = new Uint8Array(await new Response(stream as ReadableStream).arrayBuffer());
    const common = fields(
      [2, 20],
      [2, flags],
      [2, 8],
      [4, 0],
      [4, crc],
      [4, data.length],
      [4, bytes.length],
      [2, text.length],
    );
    const local = join([fields([4, 0x04034b50]), common, fields([2, 0]), text, data]);
    const rest = fields([2, 0], [2, 0], [2, 0], [2, 0], [4, 0], [4, at]);
    directory.push(join([fields([4, 0x02014b50], [2, 20]), common, rest, text]));
    locals.push(local);
    at += local.length;
  }
  const central = join(directory);
  const count = entries.length;
  const end = fields([4, 0x06054b50], [4, 0], [2, count], [2, count], [4, central.length], [4, at], [2, 0]);
  return join([...locals, central, end]);
}

/** Little-endian numbers: [bytes, value]. */
function fields(...list: [number, number][]): Uint8Array {
  return Uint8Array.from(
    list.flatMap(([size, value]) => Array.from({ length: size }, (_, i) => (value >>> (8 * i)) & 255)),
  );
}

function join(parts: readonly Uint8Array[]): Uint8Array<ArrayBuffer> {
  return Uint8Array.from(parts.flatMap((part) => Array.from(part)));
}
