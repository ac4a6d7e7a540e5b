// Photos as browsers get them: the picture alone. Everything else that a JPEG or PNG file can hold is left out, because
// cameras write where and by whom a photo was taken, and because a file may hold more than a picture.

export interface Picture {
  bytes: Buffer;
  width: number;
  height: number;
}

/** Null: it is broken. */
export function pictureOnly(bytes: Buffer, mimeType: string): Picture | null {
  try {
    return mimeType === 'image/png' ? pngOnly(bytes) : jpegOnly(bytes);
  } catch (error) {
    // A length that points behind the end.
    if (error instanceof RangeError) return null;
    throw error;
  }
}

const pngHead = 8;
const pngChunks = ['IHDR', 'PLTE', 'tRNS', 'sRGB', 'gAMA', 'IDAT', 'IEND'];

function pngOnly(bytes: Buffer): Picture | null {
  // At another place the size would be read differently here than by browsers.
  if (bytes.toString('latin1', 12, 16) !== 'IHDR') return null;
  const kept = [bytes.subarray(0, pngHead)];
  for (let at = pngHead; ; ) {
    const type = bytes.toString('latin1', at + 4, at + 8);
    const end = at + 12 + bytes.readUInt32BE(at);
    if (end > bytes.length) return null;
    if (pngChunks.includes(type)) kept.push(bytes.subarray(at, end));
    if (type === 'IEND') break;
    at = end;
  }
  return { bytes: Buffer.concat(kept), width: bytes.readUInt32BE(16), height: bytes.readUInt32BE(20) };
}

const startOfScan = 0xda;
const endOfImage = 0xd9;
/** Adobe's segment is kept: it says how the colours are coded. */
const keptApps = [0xe0, 0xee];

function jpegOnly(bytes: Buffer): Picture | null {
  const kept = [bytes.subarray(0, 2)];
  let size: { width: number; height: number } | null = null;
  let turn = 1;
  for (let at = 2; ; ) {
    if (bytes[at] !== 0xff) return null;
    const marker = bytes.readUInt8(at + 1);
    const end = at + 2 + bytes.readUInt16BE(at + 2);
    if (end > bytes.length) return null;
    const segment = bytes.subarray(at, end);
    if (isFrame(marker)) size = { height: segment.readUInt16BE(5), width: segment.readUInt16BE(7) };
    if (marker === 0xe1) turn = orientationIn(segment) ?? turn;
    const isOther = (marker >= 0xe0 && marker <= 0xef && !keptApps.includes(marker)) || marker === 0xfe;
    if (!isOther) kept.push(segment);
    at = end;
    if (marker !== startOfScan) continue;
    // The rest is the picture's data, up to the last end mark; what follows that is no picture.
    const last = bytes.lastIndexOf(Buffer.from([0xff, endOfImage]));
    if (last < at || !size) return null;
    kept.push(bytes.subarray(at, last + 2));
    break;
  }
  if (turn !== 1) kept.splice(1, 0, orientationSegment(turn));
  const isTurned = turn >= 5;
  return {
    bytes: Buffer.concat(kept),
    width: isTurned ? size.height : size.width,
    height: isTurned ? size.width : size.height,
  };
}

/** SOF0 to SOF15, without the three markers of that range that are something else. */
function isFrame(marker: number): boolean {
  return marker >= 0xc0 && marker <= 0xcf && ![0xc4, 0xc8, 0xcc].includes(marker);
}

/** How the camera was held: entry 0x0112 of the first directory of Exif. */
function orientationIn(segment: Buffer): number | null {
  if (segment.toString('latin1', 4, 10) !== 'Exif\0\0') return null;
  const tiff = segment.subarray(10);
  const isLittle = tiff.toString('latin1', 0, 2) === 'II';
  const short = (at: number) => (isLittle ? tiff.readUInt16LE(at) : tiff.readUInt16BE(at));
  const long = (at: number) => (isLittle ? tiff.readUInt32LE(at) : tiff.readUInt32BE(at));
  const directory = long(4);
  for (let entry = 0; entry < short(directory); entry += 1) {
    const at = directory + 2 + entry * 12;
    const value = short(at + 8);
    if (short(at) === 0x0112) return value >= 1 && value <= 8 ? value : null;
  }
  return null;
}

/** Exif with nothing but the orientation. */
function orientationSegment(turn: number): Buffer {
  const exif = Buffer.from('ffe100224578696600004d4d002a00000008000101120003000000010000000000000000', 'hex');
  exif.writeUInt16BE(turn, 28);
  return exif;
}
