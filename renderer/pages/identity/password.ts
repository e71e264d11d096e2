const ALPHABET = 'abcdefghjkmnpqrstuvwxyzABCDEFGHJKMNPQRSTUVWXYZ23456789';

/** A password of 20 letters and digits that cannot be mistaken for each other: more than 110 bits. */
export function makePassword(): string {
  let text = '';
  while (text.length < 20) {
    for (const byte of crypto.getRandomValues(new Uint8Array(32))) {
      // Bytes beyond the last whole multiple would make some letters likelier.
      const most = 256 - (256 % ALPHABET.length);
      if (byte < most && text.length < 20) text += ALPHABET[byte % ALPHABET.length] ?? '';
    }
  }
  return text;
}
