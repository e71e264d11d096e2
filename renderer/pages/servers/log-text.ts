/** The escape sequences of a terminal (ECMA-48): CSI, OSC, and the short ones. */
const ESCAPES = new RegExp(
  String.raw`\u001b(?:\[[0-?]*[ -/]*[@-~]|\][^\u0007\u001b]*(?:\u0007|\u001b\\)?|[ -/]*[0-~])`,
  'g',
);

/** Colours whose escape character compute has taken out of the output, as it does with all control characters. */
const COLOURS = /\[(?:\d{1,3}(?:;\d{1,3})*)?m|\[\d?[HJK]/g;

/** A console's output as lines of plain text: without colours, and with what was written over last. */
export function plainLines(output: string): readonly string[] {
  const lines = output.replaceAll(ESCAPES, '').replaceAll(COLOURS, '').replaceAll('\r\n', '\n').split('\n');
  if (lines.at(-1) === '') lines.pop();
  return lines.map((line) => {
    // A carriage return goes back to the line's beginning: progress bars write over themselves.
    let shown = '';
    for (const piece of line.split('\r')) shown = piece + shown.slice(piece.length);
    return shown.replaceAll(/[^\t\P{C}]/gu, '');
  });
}

/** The numbers of the lines that have the text in them, whatever its case. */
export function matching(lines: readonly string[], text: string): readonly number[] {
  const wanted = text.toLowerCase();
  if (wanted === '') return [];
  return lines.flatMap((line, at) => (line.toLowerCase().includes(wanted) ? [at] : []));
}
