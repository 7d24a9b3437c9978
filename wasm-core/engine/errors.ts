// Why the last load, link or initialisation failed. One record; nothing is thrown in wasm-core.

/** Kinds of failure of moduleLoad, linking and instanceInit. */
export const E_NONE: u32 = 0;
/** The bytes are not a WebAssembly module. */
export const E_MALFORMED: u32 = 1;
/** A module, but it breaks a validation rule. */
export const E_INVALID: u32 = 2;
/** Valid or not, it uses a feature outside the supported language. */
export const E_UNSUPPORTED: u32 = 3;
/** Over one of engineLimits. */
export const E_LIMIT: u32 = 4;
/** The instance's memory (96 MiB cap) is used up. */
export const E_MEMORY: u32 = 5;
/** An import is unbound or bound to something of another type. */
export const E_LINK: u32 = 6;
/** An active segment does not fit. */
export const E_INIT: u32 = 7;

@unmanaged
export class EngineError {
  code: u32;
  /** Byte offset in the module. */
  offset: u32;
  /** Function index, -1 outside function bodies. */
  func: i32;
  /** ASCII sentence. */
  textPtr: usize;
  textLen: u32;
}

const TEXT_MAX: u32 = 240;
const record = changetype<EngineError>(memory.data(20, 8));
const textBuffer: usize = memory.data(240, 8);

/** Set by fail(), cleared by errorClear(); every decoding loop looks at it. */
export let failed: bool = false;

export function engineError(): EngineError {
  return record;
}

export function errorClear(): void {
  failed = false;
  record.code = E_NONE;
  record.offset = 0;
  record.func = -1;
  record.textPtr = textBuffer;
  record.textLen = 0;
}

/** Notes the first failure since errorClear(); later ones are its consequences and are dropped. */
export function fail(code: u32, offset: u32, text: string): void {
  if (failed) return;
  failed = true;
  record.code = code;
  record.offset = offset;
  record.textPtr = textBuffer;
  record.textLen = 0;
  appendText(text);
}

/** Refuses a feature outside the supported language; its encoding begins at this offset. */
export function unsupported(offset: u32, feature: string): void {
  if (failed) return;
  fail(E_UNSUPPORTED, offset, "feature ");
  appendText(feature);
  appendText(" is not supported");
}

/** Notes in which function the failure happened. */
export function failedIn(func: i32): void {
  if (failed) record.func = func;
}

function appendText(text: string): void {
  for (let i = 0, n = text.length; i < n && record.textLen < TEXT_MAX; i++) {
    store<u8>(textBuffer + record.textLen, load<u16>(changetype<usize>(text) + ((<usize>i) << 1)));
    record.textLen += 1;
  }
}
