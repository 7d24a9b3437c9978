// A small assembler of binary modules, so that tests own their data.

export const I32 = 0x7f;
export const I64 = 0x7e;
export const FUNCREF = 0x70;

export function unsigned(value: number): number[] {
  const bytes: number[] = [];
  let rest = value >>> 0;
  do {
    const more = rest >= 0x80;
    bytes.push((rest & 0x7f) | (more ? 0x80 : 0));
    rest >>>= 7;
  } while (rest);
  return bytes;
}

export function signed(value: bigint | number): number[] {
  const bytes: number[] = [];
  let rest = BigInt(value);
  for (;;) {
    const byte = Number(rest & 0x7fn);
    rest >>= 7n;
    const done = (rest === 0n && !(byte & 0x40)) || (rest === -1n && byte & 0x40);
    bytes.push(byte | (done ? 0 : 0x80));
    if (done) return bytes;
  }
}

export const name = (text: string): number[] => {
  const bytes = [...new TextEncoder().encode(text)];
  return [...unsigned(bytes.length), ...bytes];
};

export const vector = (items: number[][]): number[] => [...unsigned(items.length), ...items.flat()];

export const section = (id: number, bytes: number[]): number[] => [id, ...unsigned(bytes.length), ...bytes];

export const HEADER = [0, 0x61, 0x73, 0x6d, 1, 0, 0, 0];

export interface FunctionSource {
  params?: number[];
  results?: number[];
  locals?: number[];
  /** Instructions without the last `end`. */
  code: number[];
  export?: string;
}

export interface ModuleSource {
  /** [module, field, params, results] */
  imports?: [string, string, number[], number[]][];
  functions?: FunctionSource[];
  /** Pages: [min, max]; exported as "memory". */
  memory?: [number, number];
  /** Table of funcref with these functions in it; exported as "table". */
  table?: number[];
  /** Mutable i32 (or other) globals: [type, initial]. */
  globals?: [number, number][];
  data?: [number, number[]][];
  start?: number;
}

/** Assembles a module; every function gets a type of its own, in order, imports first. */
export function assemble(source: ModuleSource): Uint8Array<ArrayBuffer> {
  const { imports = [], functions = [], globals = [], data = [] } = source;
  const type = (params: number[], results: number[]) => [
    0x60,
    ...unsigned(params.length),
    ...params,
    ...unsigned(results.length),
    ...results,
  ];
  const types = [
    ...imports.map(([, , params, results]) => type(params, results)),
    ...functions.map((f) => type(f.params ?? [], f.results ?? [])),
  ];
  const exports = functions.flatMap((f, i) =>
    f.export ? [[...name(f.export), 0, ...unsigned(imports.length + i)]] : [],
  );
  if (source.memory) exports.push([...name("memory"), 2, 0]);
  if (source.table) exports.push([...name("table"), 1, 0]);
  const bytes = [...HEADER, ...section(1, vector(types))];
  if (imports.length)
    bytes.push(
      ...section(2, vector(imports.map(([module, field], i) => [...name(module), ...name(field), 0, ...unsigned(i)]))),
    );
  bytes.push(...section(3, vector(functions.map((_, i) => unsigned(imports.length + i)))));
  if (source.table) bytes.push(...section(4, vector([[FUNCREF, 0, ...unsigned(source.table.length)]])));
  if (source.memory)
    bytes.push(...section(5, vector([[1, ...unsigned(source.memory[0]), ...unsigned(source.memory[1])]])));
  if (globals.length)
    bytes.push(
      ...section(
        6,
        vector(globals.map(([kind, value]) => [kind, 1, kind === I64 ? 0x42 : 0x41, ...signed(value), 0x0b])),
      ),
    );
  bytes.push(...section(7, vector(exports)));
  if (source.start !== undefined) bytes.push(...section(8, unsigned(source.start)));
  if (source.table)
    bytes.push(...section(9, vector([[0, 0x41, 0, 0x0b, ...vector(source.table.map((f) => unsigned(f)))]])));
  bytes.push(...section(10, vector(functions.map(body))));
  if (data.length)
    bytes.push(
      ...section(
        11,
        vector(data.map(([at, content]) => [0, 0x41, ...signed(at), 0x0b, ...unsigned(content.length), ...content])),
      ),
    );
  return new Uint8Array(bytes);
}

function body(f: FunctionSource): number[] {
  const bytes = [...vector((f.locals ?? []).map((type) => [1, type])), ...f.code, 0x0b];
  return [...unsigned(bytes.length), ...bytes];
}
