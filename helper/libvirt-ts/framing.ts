/** Cuts the byte stream of the socket into frames: each is preceded by a word with its length, word included. */
import { HEADER_BYTES, LENGTH_BYTES, MESSAGE_MAX } from './protocol.ts';
import { XdrError } from './xdr.ts';

/**
 * Collects partial reads. A length below the header's size or above libvirt's limit is an error at once, before
 * anything is kept for it; after an error the stream cannot be trusted and the decoder must not be used again.
 */
export class FrameDecoder {
  #chunks: Buffer[] = [];
  #size = 0;

  /** Adds what the socket gave; returns the frames that are complete now, without their length words. */
  push(chunk: Buffer): Buffer[] {
    this.#chunks.push(chunk);
    this.#size += chunk.length;
    const frames: Buffer[] = [];
    while (this.#size >= LENGTH_BYTES) {
      const length = this.#peekLength();
      if (length < LENGTH_BYTES + HEADER_BYTES || length > LENGTH_BYTES + MESSAGE_MAX) {
        throw new XdrError(`packet length ${length} is out of bounds`);
      }
      if (this.#size < length) break;
      const all = this.#join();
      frames.push(all.subarray(LENGTH_BYTES, length));
      this.#size -= length;
      this.#chunks = this.#size === 0 ? [] : [all.subarray(length)];
    }
    return frames;
  }

  #peekLength(): number {
    const first = this.#chunks[0];
    return (first !== undefined && first.length >= LENGTH_BYTES ? first : this.#join()).readUInt32BE(0);
  }

  /** Joined only when a frame is complete (or four bytes are cut), so a large frame is copied once. */
  #join(): Buffer {
    const [first] = this.#chunks;
    const all =
      this.#chunks.length === 1 && first !== undefined ? first : Buffer.concat(this.#chunks, this.#size);
    this.#chunks = [all];
    return all;
  }
}
