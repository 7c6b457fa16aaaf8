import { describe, expect, it } from '@jest/globals';
import { codePoints, unstorable } from './text.js';

describe(unstorable.name, () => {
  it.each(['\0', '\u0007', '\n', '\u007f', '\u0085'])(
    'refuses the control character %j',
    (text) => {
      expect(unstorable(`a${text}b`)).toContain('control characters');
    },
  );

  it.each(['\ud800', 'a\udfffb'])('refuses the lone surrogate in %j', (text) => {
    expect(unstorable(text)).toContain('lone surrogate');
  });

  it.each(['שלום', 'e\u0301', '\u202eabc', '👩‍👩‍👧‍👦', ' '])('accepts %j', (text) => {
    expect(unstorable(text)).toBeUndefined();
  });
});

describe(codePoints.name, () => {
  it('counts an astral character once', () => {
    expect(codePoints('😀'.repeat(140))).toBe(140);
  });
});
