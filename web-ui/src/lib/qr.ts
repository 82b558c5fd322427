/*
 * qr: a text as a QR code (ISO/IEC 18004:2015), byte mode, error correction M, versions 1 to 20 (666 bytes: more than an
 * invitation has). Pure. tests/unit/page holds it to matrices made by libqrencode.
 */

const MAX_VERSION = 20;
const QUIET = 4; // modules around the code, section 6.3.8
/* Table 9, level M: error correction codewords of a block, and blocks, by version. */
const EC_WORDS = [0, 10, 16, 26, 18, 24, 16, 18, 22, 22, 26, 30, 22, 22, 24, 24, 28, 28, 26, 26, 26];
const BLOCKS = [0, 1, 1, 1, 2, 2, 4, 4, 4, 5, 5, 5, 8, 9, 9, 10, 10, 11, 13, 14, 16];
const FORMAT_M = 0; // the level's bits in the format information

/* ── GF(256) by x^8 + x^4 + x^3 + x^2 + 1 ── */

const exp = new Uint8Array(510);
const log = new Uint8Array(256);
for (let i = 0, x = 1; i < 255; i++) {
  exp[i] = exp[i + 255] = x;
  log[x] = i;
  x = (x << 1) ^ (x & 0x80 ? 0x11d : 0);
}
const times = (a: number, b: number): number => (a && b ? exp[log[a]! + log[b]!]! : 0);

function generator(degree: number): Uint8Array {
  let poly = new Uint8Array([1]);
  for (let i = 0; i < degree; i++) {
    const next = new Uint8Array(poly.length + 1);
    poly.forEach((c, at) => {
      next[at]! ^= c;
      next[at + 1]! ^= times(c, exp[i]!);
    });
    poly = next;
  }
  return poly;
}

function correction(data: Uint8Array, degree: number): Uint8Array {
  const poly = generator(degree);
  const rest = new Uint8Array(data.length + degree);
  rest.set(data);
  for (let at = 0; at < data.length; at++) {
    const factor = rest[at]!;
    for (let i = 0; i < poly.length; i++) rest[at + i]! ^= times(poly[i]!, factor);
  }
  return rest.slice(data.length);
}

/* ── sizes ── */

function alignments(version: number): number[] {
  if (version === 1) return [];
  const n = Math.floor(version / 7) + 2;
  const last = version * 4 + 10;
  const step = Math.ceil((last - 6) / (n - 1) / 2) * 2;
  return [6, ...Array.from({ length: n - 1 }, (_, i) => last - step * (n - 2 - i))];
}

function codewords(version: number): number {
  const n = version === 1 ? 0 : Math.floor(version / 7) + 2;
  const modules = (16 * version + 128) * version + 64 - (n ? (25 * n - 10) * n - 55 : 0) - (version >= 7 ? 36 : 0);
  return modules >> 3;
}

const dataWords = (version: number): number => codewords(version) - EC_WORDS[version]! * BLOCKS[version]!;
const lengthBits = (version: number): number => (version < 10 ? 8 : 16);

/* ── the stream of codewords ── */

function dataOf(bytes: Uint8Array, version: number): Uint8Array {
  const bits: number[] = [];
  const put = (value: number, width: number): void => {
    for (let i = width - 1; i >= 0; i--) bits.push((value >> i) & 1);
  };
  put(4, 4);
  put(bytes.length, lengthBits(version));
  for (const byte of bytes) put(byte, 8);
  const room = dataWords(version) * 8;
  put(0, Math.min(4, room - bits.length));
  put(0, (8 - (bits.length % 8)) % 8);
  for (let pad = 0xec; bits.length < room; pad ^= 0xec ^ 0x11) put(pad, 8);
  return Uint8Array.from({ length: room / 8 }, (_, i) => bits.slice(i * 8, i * 8 + 8).reduce((sum, bit) => sum * 2 + bit, 0));
}

function interleaved(data: Uint8Array, version: number): number[] {
  const blocks = BLOCKS[version]!;
  const short = Math.floor(data.length / blocks);
  const firstLong = blocks - (data.length % blocks);
  const parts: Uint8Array[] = [];
  for (let i = 0, at = 0; i < blocks; i++) {
    const size = short + (i >= firstLong ? 1 : 0);
    parts.push(data.slice(at, at + size));
    at += size;
  }
  const checks = parts.map((part) => correction(part, EC_WORDS[version]!));
  const column = (lists: Uint8Array[], i: number): number[] => lists.filter((list) => i < list.length).map((list) => list[i]!);
  const stream: number[] = [];
  for (let i = 0; i <= short; i++) stream.push(...column(parts, i));
  for (let i = 0; i < EC_WORDS[version]!; i++) stream.push(...column(checks, i));
  return stream;
}

/* ── the matrix ── */

class Matrix {
  readonly size: number;
  readonly dark: Uint8Array;
  readonly fixed: Uint8Array;

  constructor(size: number) {
    this.size = size;
    this.dark = new Uint8Array(size * size);
    this.fixed = new Uint8Array(size * size);
  }
  get(x: number, y: number): number {
    return this.dark[y * this.size + x]!;
  }
  fix(x: number, y: number, dark: boolean | number): void {
    if (x < 0 || y < 0 || x >= this.size || y >= this.size) return;
    this.dark[y * this.size + x] = dark ? 1 : 0;
    this.fixed[y * this.size + x] = 1;
  }
}

function drawSquare(m: Matrix, cx: number, cy: number, reach: number, light: number[]): void {
  for (let dy = -reach; dy <= reach; dy++)
    for (let dx = -reach; dx <= reach; dx++) m.fix(cx + dx, cy + dy, !light.includes(Math.max(Math.abs(dx), Math.abs(dy))));
}

function remainder(value: number, poly: number, degree: number): number {
  let rest = value << degree;
  for (let bit = 31 - Math.clz32(rest); bit >= degree; bit = 31 - Math.clz32(rest)) rest ^= poly << (bit - degree);
  return rest;
}

function drawFormat(m: Matrix, mask: number): void {
  const value = (FORMAT_M << 3) | mask;
  const bits = ((value << 10) | remainder(value, 0x537, 10)) ^ 0x5412;
  const bit = (i: number): number => (bits >> i) & 1;
  for (let i = 0; i < 6; i++) m.fix(8, i, bit(i));
  m.fix(8, 7, bit(6));
  m.fix(8, 8, bit(7));
  m.fix(7, 8, bit(8));
  for (let i = 9; i < 15; i++) m.fix(14 - i, 8, bit(i));
  for (let i = 0; i < 8; i++) m.fix(m.size - 1 - i, 8, bit(i));
  for (let i = 8; i < 15; i++) m.fix(8, m.size - 15 + i, bit(i));
  m.fix(8, m.size - 8, 1);
}

function drawFixed(m: Matrix, version: number): void {
  for (let i = 0; i < m.size; i++) {
    m.fix(6, i, i % 2 === 0);
    m.fix(i, 6, i % 2 === 0);
  }
  const end = m.size - 4;
  for (const [x, y] of [[3, 3], [end, 3], [3, end]] as const) drawSquare(m, x, y, 4, [2, 4]);
  const places = alignments(version);
  const last = places.length - 1;
  places.forEach((x, i) =>
    places.forEach((y, j) => {
      if (!((i === 0 && j === 0) || (i === 0 && j === last) || (i === last && j === 0))) drawSquare(m, x, y, 2, [1]);
    }),
  );
  if (version < 7) return;
  const bits = (version << 12) | remainder(version, 0x1f25, 12);
  for (let i = 0; i < 18; i++) {
    const a = m.size - 11 + (i % 3);
    const b = Math.floor(i / 3);
    m.fix(a, b, (bits >> i) & 1);
    m.fix(b, a, (bits >> i) & 1);
  }
}

/* Two columns at a time from the right, up and down in turn; the column of the timing pattern is left out. */
function drawData(m: Matrix, stream: number[]): void {
  let at = 0;
  for (let right = m.size - 1, up = true; right > 0; right -= 2, up = !up) {
    if (right === 6) right--;
    for (let step = 0; step < m.size; step++) {
      const y = up ? m.size - 1 - step : step;
      for (const x of [right, right - 1]) {
        if (m.fixed[y * m.size + x]) continue;
        m.dark[y * m.size + x] = ((stream[at >> 3] ?? 0) >> (7 - (at & 7))) & 1;
        at++;
      }
    }
  }
}

const masks: ((x: number, y: number) => boolean)[] = [
  (x, y) => (x + y) % 2 === 0,
  (_x, y) => y % 2 === 0,
  (x) => x % 3 === 0,
  (x, y) => (x + y) % 3 === 0,
  (x, y) => (Math.floor(x / 3) + Math.floor(y / 2)) % 2 === 0,
  (x, y) => ((x * y) % 2) + ((x * y) % 3) === 0,
  (x, y) => (((x * y) % 2) + ((x * y) % 3)) % 2 === 0,
  (x, y) => (((x + y) % 2) + ((x * y) % 3)) % 2 === 0,
];

function drawMask(m: Matrix, mask: number): void {
  for (let y = 0; y < m.size; y++)
    for (let x = 0; x < m.size; x++) if (!m.fixed[y * m.size + x] && masks[mask]!(x, y)) m.dark[y * m.size + x]! ^= 1;
}

/* Section 7.8.3, for one line: runs of five and more, and what looks like a finder. */
function linePenalty(line: string): number {
  let sum = 0;
  for (const run of line.match(/0{5,}|1{5,}/g) ?? []) sum += run.length - 2;
  for (let at = line.indexOf('1011101'); at >= 0; at = line.indexOf('1011101', at + 1)) {
    const before = line.slice(Math.max(0, at - 4), at);
    const after = line.slice(at + 7, at + 11);
    if (!before.includes('1') || !after.includes('1')) sum += 40;
  }
  return sum;
}

function penalty(m: Matrix): number {
  let sum = 0;
  let dark = 0;
  for (let a = 0; a < m.size; a++) {
    let across = '';
    let down = '';
    for (let b = 0; b < m.size; b++) {
      across += m.get(b, a);
      down += m.get(a, b);
      dark += m.get(a, b);
      if (a && b && m.get(a, b) === m.get(a - 1, b) && m.get(a, b) === m.get(a, b - 1) && m.get(a, b) === m.get(a - 1, b - 1)) sum += 3;
    }
    sum += linePenalty(across) + linePenalty(down);
  }
  return sum + Math.floor(Math.abs((dark * 100) / m.size ** 2 - 50) / 5) * 10;
}

/* Rows of modules, 1 is dark. Of the eight masks the one with the least penalty, or the one that is asked for. */
export function qrMatrix(value: string, mask = -1): number[][] {
  const bytes = new TextEncoder().encode(value);
  let version = 1;
  while (version <= MAX_VERSION && bytes.length * 8 + 4 + lengthBits(version) > dataWords(version) * 8) version++;
  if (version > MAX_VERSION) throw new RangeError('the text is too long for a code');
  const stream = interleaved(dataOf(bytes, version), version);
  let best: Matrix | null = null;
  let least = Infinity;
  for (let tried = 0; tried < 8; tried++) {
    if (mask >= 0 && tried !== mask) continue;
    const m = new Matrix(version * 4 + 17);
    drawFixed(m, version);
    drawFormat(m, tried);
    drawData(m, stream);
    drawMask(m, tried);
    const cost = penalty(m);
    if (cost < least) [best, least] = [m, cost];
  }
  return Array.from({ length: best!.size }, (_, y) => Array.from({ length: best!.size }, (_, x) => best!.get(x, y)));
}

/* As one path of an SVG, with the quiet zone around it. */
export function qrPath(value: string): { size: number; path: string } {
  const rows = qrMatrix(value);
  const parts = rows.flatMap((row, y) => row.flatMap((dark, x) => (dark ? [`M${x + QUIET} ${y + QUIET}h1v1h-1z`] : [])));
  return { size: rows.length + 2 * QUIET, path: parts.join('') };
}
