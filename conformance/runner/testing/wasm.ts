/** Writes small WebAssembly modules by hand, for tests of intake. Types are in the notation of describe(). */

export interface ModuleParts {
  imports?: { module: string; name: string; type: string }[];
  /** Imported memories, for what a half must not do. */
  memoryImports?: { module: string; name: string }[];
  /** Exported functions; a body is its code without locals and end. Without a body it is `unreachable`. */
  functions?: { name: string; type: string; body?: number[] }[];
  memory?: { min: number; max?: number };
  /** Index of the start function. */
  start?: number;
}

const header = [0x00, 0x61, 0x73, 0x6d, 0x01, 0x00, 0x00, 0x00];
const valueTypes: Record<string, number> = { i32: 0x7f, i64: 0x7e, f32: 0x7d, f64: 0x7c };
const UNREACHABLE = 0x00;
const END = 0x0b;

export function wasmModule(parts: ModuleParts): Uint8Array<ArrayBuffer> {
  const { imports = [], memoryImports = [], functions = [], memory, start } = parts;
  const types = [...new Set([...imports, ...functions].map((item) => item.type))];
  const typeOf = (type: string) => leb(types.indexOf(type));
  const importEntries = [
    ...imports.map((item) => [...name(item.module), ...name(item.name), 0x00, ...typeOf(item.type)]),
    ...memoryImports.map((item) => [...name(item.module), ...name(item.name), 0x02, 0x00, 0x01]),
  ];
  const bodies = functions.map(({ body = [UNREACHABLE] }) => [...leb(body.length + 2), 0x00, ...body, END]);
  return new Uint8Array([
    ...header,
    ...section(1, types.map(functionType)),
    ...section(2, importEntries),
    ...section(
      3,
      functions.map((item) => typeOf(item.type)),
    ),
    ...(memory
      ? section(5, [
          memory.max === undefined ? [0x00, ...leb(memory.min)] : [0x01, ...leb(memory.min), ...leb(memory.max)],
        ])
      : []),
    ...section(
      7,
      functions.map((item, index) => [...name(item.name), 0x00, ...leb(imports.length + index)]),
    ),
    ...(start === undefined ? [] : [0x08, 0x01, ...leb(start)]),
    ...section(10, bodies),
  ]);
}

function section(id: number, entries: number[][]): number[] {
  if (entries.length === 0) return [];
  const data = [...leb(entries.length), ...entries.flat()];
  return [id, ...leb(data.length), ...data];
}

/** "(i32,i64)->(i64)" as bytes. */
function functionType(text: string): number[] {
  const [params = "", results = ""] = text.split("->").map((list) => list.slice(1, -1));
  return [0x60, ...values(params), ...values(results)];
}

function values(list: string): number[] {
  const types = list === "" ? [] : list.split(",");
  return [...leb(types.length), ...types.map((type) => valueTypes[type] ?? 0)];
}

function name(text: string): number[] {
  const bytes = new TextEncoder().encode(text);
  return [...leb(bytes.length), ...bytes];
}

function leb(value: number): number[] {
  const bytes: number[] = [];
  let rest = value;
  do {
    bytes.push(rest > 127 ? (rest & 127) | 128 : rest);
    rest >>>= 7;
  } while (rest > 0);
  return bytes;
}
