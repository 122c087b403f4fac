/** What is used of `snappyjs`, which comes without types. */
declare module "snappyjs" {
  /** Snappy's block format. */
  export function compress(bytes: Uint8Array<ArrayBuffer>): Uint8Array<ArrayBuffer>;
  /** Throws what is not Snappy's block format, or longer than `maxLength` bytes. */
  export function uncompress(
    bytes: Uint8Array<ArrayBuffer>,
    maxLength?: number,
  ): Uint8Array<ArrayBuffer>;
}
