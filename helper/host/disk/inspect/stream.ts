import { assertDeclared, assertSafe, inspection, ReadBudget, type DeclaredFormat } from './inspect.ts';
import type { DetectedFormat, ImageInspection, ReadRequest } from './types.ts';

/** Kept of what went by while headers are read: a qcow2 cluster is 2 MiB at most, all else is nearer or ahead. */
const KEPT_HEAD = 2 * 1024 * 1024;
/** Parsers ask for no more of the end than this. */
const KEPT_TAIL = 1024;

/**
 * Judges an image while it arrives. Keeps 2 MiB at most, and only until the headers are read.
 *
 * It serves to end hopeless uploads early. Inspect the file again when it is complete and in its place: that is the
 * judgement that counts.
 */
export class StreamInspector {
  readonly #parser = inspection((format) => {
    this.#format = format;
  });
  readonly #budget = new ReadBudget();
  #format: DetectedFormat | undefined;
  #result: ImageInspection | undefined;
  #head: Buffer[] = [];
  #headLength = 0;
  #tail: Buffer = Buffer.alloc(0);
  #position = 0;
  #request: ReadRequest | undefined;
  #capture: Buffer[] = [];
  #captured = 0;

  constructor() {
    this.#follow(this.#parser.next());
  }

  /** Takes the next bytes of the stream, in pieces of any size. The buffer may be used again afterwards. */
  push(chunk: Uint8Array): void {
    if (this.#result !== undefined || chunk.byteLength === 0) return;
    const bytes = Buffer.from(chunk.buffer, chunk.byteOffset, chunk.byteLength);
    const start = this.#position;
    this.#position += bytes.length;
    this.#keep(bytes, start);
    while (this.#request !== undefined && this.#request.offset >= 0) {
      if (!this.#collect(this.#request, bytes, start)) return;
      this.#reply(Buffer.concat(this.#capture));
    }
  }

  /**
   * Ends an upload that cannot become good any more. Cheap; call it after each `push`.
   *
   * @throws {UnsafeImageError}
   */
  assertSoFar(declared: DeclaredFormat): void {
    if (this.#result !== undefined) assertSafe(this.#result, declared);
    else if (this.#format !== undefined && this.#format !== 'foreign') assertDeclared(this.#format, declared);
  }

  /** The verdict on all that was pushed. */
  finish(): ImageInspection {
    while (this.#result === undefined) {
      const { offset, length } = this.#request ?? { offset: 0, length: 0 };
      if (offset < 0) this.#reply(this.#tail.subarray(Math.max(0, this.#tail.length - length)));
      else this.#reply(Buffer.concat(this.#capture));
    }
    return this.#result;
  }

  #keep(bytes: Buffer, start: number): void {
    if (start < KEPT_HEAD && (this.#request?.offset ?? 0) >= 0) {
      const part = Buffer.from(bytes.subarray(0, KEPT_HEAD - start));
      this.#head.push(part);
      this.#headLength += part.length;
    }
    const last = bytes.length >= KEPT_TAIL ? bytes : Buffer.concat([this.#tail, bytes]);
    this.#tail = Buffer.from(last.subarray(-KEPT_TAIL));
  }

  /** Adds to the bytes of a request what this chunk has of them. True when no more can come. */
  #collect({ offset, length }: ReadRequest, chunk: Buffer, start: number): boolean {
    const from = offset + this.#captured - start;
    // Went by and was not kept: the parser gets a short answer, and refuses.
    if (from < 0) return true;
    this.#add(chunk.subarray(from, offset + length - start));
    return this.#captured >= length;
  }

  #add(part: Buffer): void {
    if (part.length === 0) return;
    this.#capture.push(Buffer.from(part));
    this.#captured += part.length;
  }

  #reply(bytes: Buffer): void {
    this.#follow(this.#parser.next({ bytes, size: this.#position }));
  }

  #follow(step: IteratorResult<ReadRequest, ImageInspection>): void {
    this.#request = undefined;
    this.#capture = [];
    this.#captured = 0;
    if (step.done === true) this.#result = step.value;
    else if (this.#budget.take(step.value.length)) this.#request = step.value;
    else this.#result = ReadBudget.exceeded();
    if (this.#request === undefined || this.#request.offset < 0) {
      // Parsers ask for the end last, so the beginning is not needed any more.
      this.#head = [];
      this.#headLength = 0;
    } else if (this.#request.offset < this.#headLength) {
      this.#head = [Buffer.concat(this.#head)];
      const { offset, length } = this.#request;
      this.#add(this.#head[0]?.subarray(offset, offset + length) ?? Buffer.alloc(0));
    }
  }
}
