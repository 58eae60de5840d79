/** Many files as one: a ZIP archive (PKWARE APPNOTE 6.3), in which nothing is compressed. */

const remainders = Uint32Array.from({ length: 256 }, (_, n) => {
  let value = n;
  for (let bit = 0; bit < 8; bit++) value = value & 1 ? 0xedb88320 ^ (value >>> 1) : value >>> 1;
  return value;
});

function checksum(bytes: Uint8Array): number {
  let value = 0xffffffff;
  for (const byte of bytes) value = remainders[(value ^ byte) & 0xff] ^ (value >>> 8);
  return (value ^ 0xffffffff) >>> 0;
}

/** Return numbers as bytes, each given with how many it has. */
function little(...numbers: [value: number, bytes: number][]): Uint8Array<ArrayBuffer> {
  return Uint8Array.from(
    numbers.flatMap(([value, bytes]) => Array.from({ length: bytes }, (_, i) => value >>> (8 * i))),
  );
}

const UTF8 = 0x0800;
const DATE = (2026 - 1980) * 512 + 32 + 1;

/** Return an archive of files by name. */
export function zip(files: Map<string, Uint8Array<ArrayBuffer>>): Blob {
  const parts: Uint8Array<ArrayBuffer>[] = [];
  const directory: Uint8Array<ArrayBuffer>[] = [];
  let [at, size] = [0, 0];
  const encoder = new TextEncoder();
  for (const [name, bytes] of files) {
    const called = encoder.encode(name);
    const common: [number, number][] = [
      [20, 2],
      [UTF8, 2],
      [0, 2],
      [0, 2],
      [DATE, 2],
      [checksum(bytes), 4],
      [bytes.length, 4],
      [bytes.length, 4],
      [called.length, 2],
      [0, 2],
    ];
    const head = little([0x04034b50, 4], ...common);
    const entry = little([0x02014b50, 4], [20, 2], ...common, [0, 2], [0, 2], [0, 2], [0, 4], [at, 4]);
    parts.push(head, called, bytes);
    directory.push(entry, called);
    at += head.length + called.length + bytes.length;
    size += entry.length + called.length;
  }
  const count: [number, number] = [files.size, 2];
  const end = little([0x06054b50, 4], [0, 2], [0, 2], count, count, [size, 4], [at, 4], [0, 2]);
  return new Blob([...parts, ...directory, end], { type: "application/zip" });
}
