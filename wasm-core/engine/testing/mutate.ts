// Broken binaries: bit flips, bytes replaced, cut, deleted and spliced, lies about lengths.
import { Random } from "./random-tables.ts";

function mutate(bytes: Uint8Array<ArrayBuffer>, random: Random): Uint8Array<ArrayBuffer> {
  const at = random.below(bytes.length);
  switch (random.below(6)) {
    case 0:
      bytes[at] = (bytes[at] ?? 0) ^ (1 << random.below(8));
      return bytes;
    case 1:
      bytes[at] = random.below(256);
      return bytes;
    case 2:
      return bytes.slice(0, at + 1);
    case 3:
      return new Uint8Array([...bytes.slice(0, at), ...bytes.slice(at + random.below(10))]);
    // A section lies about its length.
    case 4:
      if (bytes.length > 16) bytes[sectionSize(bytes, random)] = random.below(128);
      return bytes;
    default: {
      const from = random.below(bytes.length);
      return new Uint8Array([...bytes.slice(0, at), ...bytes.slice(from, from + random.below(20)), ...bytes.slice(at)]);
    }
  }
}

/** Byte offset of the size field of a random section. */
function sectionSize(bytes: Uint8Array, random: Random): number {
  const found: number[] = [];
  for (let at = 8; at < bytes.length; ) {
    let size = 0;
    found.push(++at);
    for (let scale = 1; ; scale *= 128) {
      const byte = bytes[at++] ?? 0;
      size += (byte & 0x7f) * scale;
      if (byte < 0x80) break;
    }
    at += size;
  }
  return random.pick(found);
}

/** So many mutants of a valid module. */
export function* mutants(
  valid: Uint8Array<ArrayBuffer>,
  count: number,
  seed: number,
): Generator<{ bytes: Uint8Array<ArrayBuffer>; label: string }> {
  const random = new Random(seed + 1000);
  for (let i = 0; i < count; i++) {
    let bytes = valid.slice();
    for (let n = 1 + random.below(3); n > 0 && bytes.length > 0; n--) bytes = mutate(bytes, random);
    yield { bytes, label: `mutant ${i}` };
  }
}
