/**
 * Compresses batches with zstd. All go through one stream, each as a frame of its own: a compressor made anew for each
 * batch leaves garbage that lets an idle agent's memory grow by half.
 */
import { constants, createZstdCompress, type ZstdCompress } from "node:zlib";

/** 128 KB are looked back over: batches are small, and the hub needs no more memory to unpack one. */
const windowBits = 17;
const outputBytes = 4 * 1024;

export class Packer implements Disposable {
  #stream: ZstdCompress | null = null;
  #last: Promise<unknown> = Promise.resolve();

  /** The bytes as one zstd frame. */
  pack(bytes: Uint8Array): Promise<Buffer> {
    const packed = this.#last.then(() => this.#frameOf(bytes));
    this.#last = packed.catch(() => {
      // Whoever asked for it is told; the next batch gets another stream.
      this[Symbol.dispose]();
    });
    return packed;
  }

  [Symbol.dispose](): void {
    this.#stream?.destroy();
    this.#stream = null;
  }

  async #frameOf(bytes: Uint8Array): Promise<Buffer> {
    const stream = (this.#stream ??= createZstdCompress({
      chunkSize: outputBytes,
      params: { [constants.ZSTD_c_windowLog]: windowBits },
    }));
    const chunks: Buffer[] = [];
    const { promise, resolve, reject } = Promise.withResolvers<void>();
    const keep = (chunk: Buffer): void => void chunks.push(chunk);
    stream.on("data", keep).on("error", reject);
    stream.write(bytes);
    stream.flush(constants.ZSTD_e_end, (error?: Error | null) =>
      error instanceof Error ? reject(error) : resolve(),
    );
    await promise;
    stream.off("data", keep).off("error", reject);
    return Buffer.concat(chunks);
  }
}
