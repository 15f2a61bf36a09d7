// CRC-32 with the polynomial of IEEE 802.3, as in zlib. It distinguishes the parts of one message from those of
// another.

const POLYNOMIAL = 0xedb88320;
const BITS = 8;

/** The checksum as eight upper-case hexadecimal digits. */
export function checksumOf(bytes: Uint8Array): string {
  let remainder = 0xffffffff;
  for (const byte of bytes) {
    remainder ^= byte;
    for (let bit = 0; bit < BITS; bit += 1) {
      remainder = (remainder & 1) === 1 ? (remainder >>> 1) ^ POLYNOMIAL : remainder >>> 1;
    }
  }
  return ((remainder ^ 0xffffffff) >>> 0).toString(16).toUpperCase().padStart(8, "0");
}
