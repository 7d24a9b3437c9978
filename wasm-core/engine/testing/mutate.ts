// Broken binaries: bit flips, bytes replaced, cut, deleted and spliced, of random valid modules.
import { RandomModule } from "./random-module.ts";
import { Random } from "./random-tables.ts";

function mutate(bytes: Uint8Array<ArrayBuffer>, random: Random): Uint8Array<ArrayBuffer> {
  const at = random.below(bytes.length);
  switch (random.below(5)) {
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
    default: {
      const from = random.below(bytes.length);
      return new Uint8Array([...bytes.slice(0, at), ...bytes.slice(from, from + random.below(20)), ...bytes.slice(at)]);
    }
  }
}

/** `each` mutants of each of `modules` random modules. */
export function* mutants(modules: number, each: number): Generator<{ bytes: Uint8Array<ArrayBuffer>; label: string }> {
  for (let seed = 1; seed <= modules; seed++) {
    const random = new Random(seed + 1000);
    const valid = new RandomModule(seed).bytes();
    for (let i = 0; i < each; i++) {
      let bytes = valid.slice();
      for (let n = 1 + random.below(3); n > 0 && bytes.length > 0; n--) bytes = mutate(bytes, random);
      yield { bytes, label: `seed ${seed}, mutant ${i}` };
    }
  }
}
