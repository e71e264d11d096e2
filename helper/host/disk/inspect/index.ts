/**
 * Judges image files by their headers before any tool opens them (S1 to S6). Three ways in:
 *
 * - `await inspectImage(reader, size)`, `await inspectFile(handle)`: a file that is there;
 * - `new StreamInspector()`: a file that is arriving; `push(chunk)` for each piece, `finish()` at its end;
 * - `assertSafe(inspection, declaredFormat)`: throws `UnsafeImageError` unless the file may be used as that format.
 */
export { assertSafe, inspectFile, inspectImage, type DeclaredFormat } from './inspect.ts';
export { StreamInspector } from './stream.ts';
export {
  UnsafeImageError,
  type DetectedFormat,
  type ImageInspection,
  type RandomReader,
  type SafetyProblem,
} from './types.ts';
