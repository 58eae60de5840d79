// What Python hands over: bytes as base64 text, compressed, with named arrays inside (see wilks.model.export).

/** @typedef {Float64Array | Int32Array | Uint8Array} TypedArray */
/** @typedef {{header: Record<string, any>, arrays: Record<string, any>}} Content */

/**
 * The bytes of base64 text.
 * @param {string} text
 * @returns {Uint8Array}
 */
export function fromBase64(text) {
  const characters = atob(text.replace(/\s+/g, ""));
  const bytes = new Uint8Array(characters.length);
  for (let i = 0; i < bytes.length; ++i) bytes[i] = characters.charCodeAt(i);
  return bytes;
}

/**
 * The base64 text of bytes, or of the bytes of an array (little-endian).
 * @param {TypedArray} array
 * @returns {string}
 */
export function toBase64(array) {
  const bytes = new Uint8Array(array.buffer, array.byteOffset, array.byteLength);
  const parts = [];
  for (let i = 0; i < bytes.length; i += 0x8000) parts.push(String.fromCharCode(...bytes.subarray(i, i + 0x8000)));
  return btoa(parts.join(""));
}

/**
 * What was compressed with gzip.
 * @param {Uint8Array} bytes
 * @returns {Promise<Uint8Array>}
 */
export async function gunzip(bytes) {
  const stream = new Blob([/** @type {BlobPart} */ (bytes)]).stream().pipeThrough(new DecompressionStream("gzip"));
  return new Uint8Array(await new Response(stream).arrayBuffer());
}

/**
 * The numbers whose bytes stand apart: all first bytes, then all second ones, and so on.
 * @param {Uint8Array} bytes
 * @returns {Float64Array}
 */
function joined(bytes) {
  const count = bytes.length / 8;
  const whole = new Uint8Array(bytes.length);
  for (let b = 0; b < 8; ++b) for (let i = 0; i < count; ++i) whole[8 * i + b] = bytes[b * count + i];
  return new Float64Array(whole.buffer);
}

/**
 * The header and the arrays of a container that is not compressed any more.
 * @param {Uint8Array} bytes
 * @returns {Content}
 */
export function unpack(bytes) {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const length = view.getUint32(0, true);
  const header = JSON.parse(new TextDecoder().decode(bytes.subarray(4, 4 + length)));
  /** @type {Record<string, any>} */
  const arrays = {};
  let at = 4 + length;
  for (const [name, type, count] of header.arrays) {
    const size = { f8: 8, i4: 4, u1: 1 }[/** @type {"f8" | "i4" | "u1"} */ (type)];
    const part = bytes.slice(at, at + size * count);
    if (part.length !== size * count) throw new Error(`the array ${name} of the model is cut off`);
    at += size * count;
    arrays[name] = type === "f8" ? joined(part) : type === "i4" ? new Int32Array(part.buffer) : part;
  }
  return { header, arrays };
}

/**
 * The content of a compressed container, handed in as bytes or as base64 text.
 * @param {Uint8Array | string} source
 * @returns {Promise<Content>}
 */
export async function read(source) {
  return unpack(await gunzip(typeof source === "string" ? fromBase64(source) : source));
}
